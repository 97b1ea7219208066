"""What models there are: who uses each, where it lies, its size, revision, licence and state."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.table import Table
from rich.text import Text

from assistant.config.files import BUNDLED, locate
from assistant.config.tree import Config
from assistant.hub.catalog import CATALOG
from assistant.hub.reference import Reference, parse
from assistant.hub.size import shown
from assistant.hub.store import State, folder_of, is_hub, manifest_of, state_of
from assistant.hub.uses import models_of

_STYLES = {"fetched": "green", "bundled": "green", "local": "green", "incomplete": "yellow", "missing": "red"}


@dataclass(frozen=True, slots=True)
class Row:
    """A model; `used_by` as `profile: slot`, `bytes` None where unknown, `about` where not exact."""

    model: str
    used_by: list[str]
    state: State | Literal["bundled", "local"]
    bytes: int | None
    about: bool
    revision: str | None
    licence: str | None
    stated: str | None
    purpose: str | None
    where: str


def inventory(configs: Iterable[tuple[str, Config]]) -> list[Row]:
    """Return the models of profiles, given by name, then those of the catalog that no profile uses."""
    uses: dict[str, list[str]] = {}
    settings = None
    for profile, config in configs:
        settings = settings or config.models
        for slot, model in models_of(config).items():
            name = str(parse(model)) if is_hub(model) else model
            uses.setdefault(name, []).append(f"{profile}: {slot}")
    assert settings is not None
    for known in CATALOG:
        uses.setdefault(f"{known.hub}:{known.id}@{known.revision}", [])
    return [
        _of_hub(parse(name), users, folder_of(parse(name), settings), state_of(parse(name), settings))
        if is_hub(name)
        else _of_disk(name, users)
        for name, users in uses.items()
    ]


def table(rows: Iterable[Row]) -> Table:
    """Return the rows for a terminal; revisions are shortened, `--json` has them whole."""
    shape = Table(box=None, pad_edge=False, header_style="dim")
    shape.add_column("state", no_wrap=True)
    shape.add_column("size", justify="right", no_wrap=True)
    shape.add_column("model, who uses it, what it is", overflow="fold")
    for row in rows:
        size = "?" if row.bytes is None else f"{'~' if row.about else ''}{shown(row.bytes)}"
        revision = f"revision {row.revision[:12]}" if row.revision else None
        notes = [", ".join(row.used_by) or "no profile's", row.purpose, revision, row.licence]
        if row.state not in ("missing", "incomplete"):
            notes.append(row.where)
        text = Text.assemble(row.model.partition("@")[0], "\n", (" · ".join(note for note in notes if note), "dim"))
        shape.add_row(Text(row.state, style=_STYLES[row.state]), size, text)
    return shape


def _of_hub(model: Reference, users: list[str], folder: Path, state: State) -> Row:
    known, manifest = model.model, manifest_of(folder)
    return Row(
        model=str(model),
        used_by=users,
        state=state,
        bytes=manifest.bytes if manifest else known.about_bytes if known else None,
        about=manifest is None,
        revision=model.revision,
        licence=manifest.licence if manifest else known.licence if known else None,
        stated=known.stated if known else None,
        purpose=known.purpose if known else None,
        where=str(folder),
    )


def _of_disk(name: str, users: list[str]) -> Row:
    path = locate(name)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return Row(
        model=name,
        used_by=users,
        state="missing" if not files else "bundled" if name.startswith(BUNDLED) else "local",
        bytes=sum(file.stat().st_size for file in files) if files else None,
        about=False,
        revision=None,
        licence=None,
        stated=None,
        purpose=None,
        where=str(path),
    )
