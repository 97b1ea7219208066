"""Draw the README's pictures from real runs: `python -m tests.picture` plays a dialogue and analyses it as a recording.

It keeps the screen of the first and the timeline of the second.
"""

import html
import io
import re
import shutil
import wave
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.cells import cell_len
from rich.console import Console

from assistant.apps.analysis.choices import Channel, Granularity
from assistant.apps.analysis.options import Options
from assistant.apps.analyze import analyze
from assistant.apps.dialogue import load_dialogue
from assistant.apps.replay.run import replay
from assistant.apps.screen import Screen
from assistant.apps.sources import lay_out
from assistant.config.files import DIALOGUES
from assistant.config.layers import load
from assistant.types import SAMPLE_RATE

_TEXT = re.compile(r'(?P<before><text [^>]*)textLength="(?P<length>[0-9.]+)"(?P<after>[^>]*>)(?P<content>[^<]+)<')
PICTURES = Path(__file__).resolve().parent.parent / ".github"
SCRIPT = DIALOGUES / "complaint.yaml"
PAUSE_S = 0.8


def main() -> None:
    """Write the pictures; fails like a replay when the dialogue doesn't hold."""
    PICTURES.mkdir(exist_ok=True)
    code = _screen()
    with TemporaryDirectory() as folder:
        code = _timeline(Path(folder)) or code
    raise SystemExit(code)


def _timeline(folder: Path) -> int:
    """Join the dialogue to one recording and analyse it as `main.py analyze --granularity frame` does."""
    config = load(env={}).config
    recording = folder / "complaint.wav"
    with wave.open(str(recording), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "not compressed"))
        for cue in lay_out(load_dialogue(SCRIPT), DIALOGUES, config.audio_files, PAUSE_S):
            file.writeframes((cue.samples * 32767).astype("<i2").tobytes())
    code = analyze(config, [recording], folder / "out", Options(Granularity.FRAME, Channel.MIX, embedding=False))
    (drawn,) = (folder / "out").glob("outputs_*/timeline.png")
    shutil.copyfile(drawn, PICTURES / "timeline.png")
    return code


def _screen() -> int:
    """Play the dialogue and keep what is seen of it."""
    config = load(sets=["journal.folder=null"], env={}).config
    console = Console(
        record=True,
        width=110,
        file=io.StringIO(),
        force_terminal=True,
        force_interactive=False,
        color_system="truecolor",
    )
    code = replay(config, [SCRIPT], Screen(config, console))
    drawn = console.export_svg(title="python main.py replay tests/dialogues/complaint.yaml")
    (PICTURES / "replay.svg").write_text(_TEXT.sub(_with_wide_characters, drawn), encoding="utf-8")
    return code


def _with_wide_characters(text: re.Match[str]) -> str:
    """Return a text element as long as its cells are wide: rich takes a Chinese character for one cell, not two."""
    content = html.unescape(text["content"])
    length = float(text["length"]) / len(content) * cell_len(content)
    return f'{text["before"]}textLength="{length:g}"{text["after"]}{text["content"]}<'


if __name__ == "__main__":
    main()
