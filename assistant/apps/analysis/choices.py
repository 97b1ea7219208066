"""What can be chosen for an analysis; light, because the command line reads it for its help."""

from enum import StrEnum


class Granularity(StrEnum):
    """How finely the voice is scored: once per utterance, or in a window that slides over it."""

    UTTERANCE = "utterance"
    FRAME = "frame"


class Channel(StrEnum):
    """Which channel of a recording is heard; `MIX` is the mean of all."""

    LEFT = "left"
    RIGHT = "right"
    MIX = "mix"
