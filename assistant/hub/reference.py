"""How a setting names a model of a hub: `modelscope:OWNER/NAME@REVISION`, pinned there or in the catalog."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import cast

from assistant.errors import ConfigError
from assistant.hub.catalog import CATALOG, Hub, Model

# A path segment that no file system reads as anything but a name: no `..`, no slash, no drive, no trailing dot.
_SEGMENT = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9_-])?"
_REFERENCE = re.compile(rf"(modelscope|huggingface):({_SEGMENT})/({_SEGMENT})(?:@(.*))?")
_REVISION = re.compile(_SEGMENT)
_BRANCHES = ("master", "main", "head", "latest", "dev")
_FORM = "modelscope:OWNER/NAME@REVISION or huggingface:OWNER/NAME@REVISION"


@dataclass(frozen=True, slots=True)
class Reference:
    """A model of a hub at one revision. Made by `parse`, so every part is a plain name that is safe in a path."""

    hub: Hub
    owner: str
    name: str
    revision: str

    @property
    def id(self) -> str:
        """Return `OWNER/NAME`, as the hub has it."""
        return f"{self.owner}/{self.name}"

    @property
    def place(self) -> PurePosixPath:
        """Return where the model lies below the folder of models."""
        return PurePosixPath(self.hub, self.owner, self.name, self.revision)

    @property
    def model(self) -> Model | None:
        """Return the catalog's entry of this very revision."""
        return next((m for m in CATALOG if (m.hub, m.id, m.revision) == (self.hub, self.id, self.revision)), None)

    def __str__(self) -> str:
        return f"{self.hub}:{self.id}@{self.revision}"


def parse(text: str) -> Reference:
    """Read a reference. Raises ConfigError where it is malformed, names a branch, or leaves the revision open."""
    match = _REFERENCE.fullmatch(text)
    if not match:
        raise ConfigError(f"model {text!r}: must read {_FORM}")
    hub, owner, name = cast("Hub", match[1]), match[2], match[3]
    if match[4] is None:
        known = next((model for model in CATALOG if (model.hub, model.id) == (hub, f"{owner}/{name}")), None)
        if known is None:
            raise ConfigError(f"{text}: add @REVISION, a tag or a commit; only these are pinned already:\n{_known()}")
        return Reference(hub, owner, name, known.revision)
    revision = match[4]
    if revision.lower() in _BRANCHES:
        raise ConfigError(
            f"{text}: {revision} is a branch that can change under the same name; "
            "write a commit or a tag instead, so that what was tested is what runs"
        )
    if not _REVISION.fullmatch(revision):
        raise ConfigError(f"{text}: the revision must be a tag or a commit; {_FORM}")
    return Reference(hub, owner, name, revision)


def _known() -> str:
    return "\n".join(f"  {model.hub}:{model.id}" for model in CATALOG)
