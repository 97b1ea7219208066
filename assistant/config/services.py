"""What can be recommended to a speaker: configs/services.yaml."""

from typing import Annotated

from pydantic import Field, field_validator

from assistant.config.base import Section
from assistant.config.policy import Id, Key


class Service(Section):
    """One offer: `text` is the key of its name as said; `link` is for a screen, never opened by the assistant."""

    id: Id
    text: Key
    link: Annotated[str, Field(pattern=r"^(?:https?://|tel:|app:)\S+$")] | None = None


class Services(Section):
    """All offers, each id once."""

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
