"""What can be recommended to a speaker: configs/services.yaml."""

from typing import Annotated

from pydantic import Field, field_validator

from assistant.config.base import Section
from assistant.config.deployment import Region
from assistant.config.policy import Id, Key
from assistant.types import Language

Link = Annotated[str, Field(pattern=r"^(?:https?://|tel:|app:)\S+$")]


class Service(Section):
    """One offer: `text` is the key of its name as said; `link` is for a screen, never opened by the assistant."""

    id: Id
    text: Key
    link: Link | None = None


class Numbers(Section):
    """Whom to call, as it is said in the middle of a sentence."""

    help_line: Annotated[str, Field(min_length=1)]
    emergency: Annotated[str, Field(min_length=1)]


class Help(Section):
    """Where help is to be had in one region; `link` is for a screen, a dial card; it is never called by itself."""

    link: Link
    zh: Numbers
    en: Numbers

    def of(self, language: Language) -> dict[str, str]:
        """Return what stands for {help_line} and {emergency} in the texts of a language."""
        return (self.zh if language is Language.ZH else self.en).model_dump()


class Services(Section):
    """All offers, each id once, and the numbers for help of each region."""

    help: dict[Region, Help]
    services: tuple[Service, ...]

    @field_validator("services")
    @classmethod
    def _once(cls, services: tuple[Service, ...]) -> tuple[Service, ...]:
        ids = [service.id for service in services]
        if twice := {name for name in ids if ids.count(name) > 1}:
            raise ValueError(f"service '{min(twice)}' stands twice")
        return services

    def find(self, service_id: str) -> Service | None:
        """Return the service with this id, None if there is none."""
        return next((service for service in self.services if service.id == service_id), None)
