"""Draw the README's picture from a real run: `python -m tests.picture` plays a dialogue and keeps the screen."""

import io
from pathlib import Path

from rich.console import Console

from assistant.apps.replay import replay
from assistant.apps.screen import Screen
from assistant.config.files import DIALOGUES
from assistant.config.layers import load

PICTURE = Path(__file__).resolve().parent.parent / ".github" / "replay.svg"


def main() -> None:
    """Write the picture; fails like a replay when the dialogue doesn't hold."""
    config = load(sets=["journal.folder=null"], env={}).config
    console = Console(record=True, width=110, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    code = replay(config, [DIALOGUES / "complaint.yaml"], Screen(config, console))
    PICTURE.parent.mkdir(exist_ok=True)
    console.save_svg(str(PICTURE), title="python main.py replay tests/dialogues/complaint.yaml")
    raise SystemExit(code)


if __name__ == "__main__":
    main()
