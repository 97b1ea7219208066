"""Settings of the language model that phrases replies. Comments: configs/default.yaml."""

from typing import Annotated, Literal

from pydantic import Field

from assistant.config.base import Seconds, Section
from assistant.config.models import Address
from assistant.config.perception import Off


class OpenAi(Section):
    """Any endpoint that speaks OpenAI's chat completions: a server on this machine, or a provider."""

    kind: Literal["openai"]
    base_url: Address
    model: str
    api_key: str | None = None
    first_piece_s: Annotated[Seconds, Field(gt=0)] = 3.0
    whole_s: Annotated[Seconds, Field(gt=0)] = 8.0
    max_tokens: Annotated[int, Field(ge=8, le=2000)] = 160
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.7
    turns: Annotated[int, Field(ge=0, le=50)] = 6
    budget_tokens: Annotated[int, Field(ge=100)] = 1500


Replier = Annotated[OpenAi | Off, Field(discriminator="kind")]
