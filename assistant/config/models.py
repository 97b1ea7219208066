"""Settings of the models that are fetched from a hub: where they lie and where they come from."""

from typing import Annotated

from pydantic import Field

from assistant.config.base import Section

Address = Annotated[str, Field(pattern=r"^https?://[^/\s]+(/[^\s]*)?$")]


class Models(Section):
    """The folder of fetched models, and the address of each hub: its own, or a mirror's."""

    folder: str
    modelscope: Address
    huggingface: Address
