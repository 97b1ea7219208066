"""Why a result is not sure: the likely causes, told from what was perceived."""

from enum import StrEnum


class Doubt(StrEnum):
    """A likely cause of a result that is not sure."""

    NO_SPEECH = "no_speech"
    NOISE = "noise"
    QUIET = "quiet"
    SHORT = "short"
    CLIPPED = "clipped"
    LANGUAGE = "language"
    MIXED = "mixed"
    CONFLICT = "conflict"
