"""What every section of the configuration is: strict, frozen, closed to unknown keys."""

from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class Section(BaseModel):
    """A part of the configuration. Wrong types and unknown keys are errors, values never change after validation."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True, protected_namespaces=()
    )


class Lexicon(Section):
    """A section of long lists, looked up by its hash whenever its compiled form is needed: hashed once."""

    @cached_property
    def digest(self) -> int:
        """Return the hash of all fields."""
        return hash(tuple(getattr(self, name) for name in type(self).model_fields))

    def __hash__(self) -> int:
        """Return the same for equal lexicons."""
        return self.digest
