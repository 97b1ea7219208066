"""Draw the README's picture from a real run: `python -m tests.picture` plays a dialogue and keeps the screen."""

import html
import io
import re
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console

from assistant.apps.replay import replay
from assistant.apps.screen import Screen
from assistant.config.files import DIALOGUES
from assistant.config.layers import load

_TEXT = re.compile(r'(?P<before><text [^>]*)textLength="(?P<length>[0-9.]+)"(?P<after>[^>]*>)(?P<content>[^<]+)<')
PICTURE = Path(__file__).resolve().parent.parent / ".github" / "replay.svg"


def main() -> None:
    """Write the picture; fails like a replay when the dialogue doesn't hold."""
    config = load(sets=["journal.folder=null"], env={}).config
    console = Console(
        record=True,
        width=110,
        file=io.StringIO(),
        force_terminal=True,
        force_interactive=False,
        color_system="truecolor",
    )
    code = replay(config, [DIALOGUES / "complaint.yaml"], Screen(config, console))
    PICTURE.parent.mkdir(exist_ok=True)
    drawn = console.export_svg(title="python main.py replay tests/dialogues/complaint.yaml")
    PICTURE.write_text(_TEXT.sub(_with_wide_characters, drawn), encoding="utf-8")
    raise SystemExit(code)


def _with_wide_characters(text: re.Match[str]) -> str:
    """Return a text element as long as its cells are wide: rich takes a Chinese character for one cell, not two."""
    content = html.unescape(text["content"])
    length = float(text["length"]) / len(content) * cell_len(content)
    return f'{text["before"]}textLength="{length:g}"{text["after"]}{text["content"]}<'


if __name__ == "__main__":
    main()
