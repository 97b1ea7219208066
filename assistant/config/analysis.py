"""Settings of the analysis of recordings."""

from typing import Annotated

from pydantic import Field

from assistant.config.base import Probability, Section


class Frames(Section):
    """The window that slides over the frames of a voice, and the step from one place of it to the next, in seconds."""

    window_s: Annotated[float, Field(ge=0.1, le=15)]
    hop_s: Annotated[float, Field(ge=0.02, le=15)]


class Analysis(Section):
    """How recordings are analysed."""

    frames: Frames
    confident: Probability
    max_seconds: Annotated[float, Field(gt=0)]
