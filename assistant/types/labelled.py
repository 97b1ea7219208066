"""A turn whose emotion is known: what calibration learns from."""

from dataclasses import dataclass

from assistant.types.perceived import Emotion, Observation


@dataclass(frozen=True, slots=True)
class Labelled:
    """One observation with the truth about it.

    label: one of FELT. speaker: whose voice; nobody is on both sides of a split. snr_db: as it was recorded, where that
    is known. domain: where it comes from. conflict: whether the words say the opposite of the voice.
    """

    observation: Observation
    label: Emotion
    speaker: str
    snr_db: float | None = None
    domain: str | None = None
    conflict: bool | None = None
