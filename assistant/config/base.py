"""What every section of the configuration is: strict, frozen, closed to unknown keys."""

import hashlib
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
    """A section of long lists, by which its compiled form is looked up turn after turn: compared by a digest."""

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of all values."""
        return hashlib.sha256(self.model_dump_json().encode("utf-8")).hexdigest()

    def __eq__(self, other: object) -> bool:
        """Tell whether the other one is of the same kind and holds the same."""
        return isinstance(other, Lexicon) and type(other) is type(self) and other.digest == self.digest

    def __hash__(self) -> int:
        """Return the same for equal lexicons."""
        return hash(self.digest)
