"""Settings of the analysis of recordings."""

from typing import Annotated

from pydantic import Field, model_validator

from assistant.config.base import Probability, Section


class Frames(Section):
    """The window that slides over the frames of a voice, and the step from one place of it to the next, in seconds."""

    window_s: Annotated[float, Field(ge=0.1, le=15)]
    hop_s: Annotated[float, Field(ge=0.02, le=15)]

    @model_validator(mode="after")
    def _without_gaps(self) -> "Frames":
        if self.hop_s > self.window_s:
            raise ValueError("hop_s <= window_s must hold, or what lies between two windows would go unheard")
        return self


class Analysis(Section):
    """How recordings are analysed."""

    frames: Frames
    confident: Probability
    max_seconds: Annotated[float, Field(gt=0, le=134_000)]
