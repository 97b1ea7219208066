"""The picture of a recording shows what was heard, in any language, at any length, and bothers nobody."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from assistant.apps.analysis.choices import Channel, Granularity
from assistant.apps.analysis.envelope import Envelope
from assistant.apps.analysis.lettering import FONT, fitted, shown, width_em, wrapped
from assistant.apps.analysis.page import COLOURS, DPI, Colour
from assistant.apps.analysis.result import Fused, Heard, Recording, Source
from assistant.apps.analysis.timeline import draw
from assistant.apps.words import Words
from assistant.types import (
    SAMPLE_RATE,
    Certainty,
    Doubt,
    Emotion,
    EmotionFrame,
    Group,
    Language,
    Level,
    Quality,
    Samples,
    Verdict,
)
from tests.talk import TUNING, scores

WORDS = {language: Words(TUNING.texts[language], language) for language in Language}
CLEAR = Quality(0.1, 30, 0.9, 0, 2.5, Verdict.OK)
UNSURE = Fused("unknown", Certainty.AMBIGUOUS, 0.0, 0.0, 0.0, 0.0)
YELLOW = (0.941, 0.894, 0.259)


def felt(label: str, certainty: Certainty = Certainty.LABEL) -> Fused:
    return Fused(label, certainty, 0.9, 0.0, 0.0, 0.0)


def heard(
    start: float,
    end: float,
    fused: Fused = UNSURE,
    text: str = "今天天气不错",
    voice: dict[Emotion, float] | None = None,
    frames: tuple[EmotionFrame, ...] | None = None,
    alert: Level | None = None,
) -> Heard:
    spoken = scores(voice or {Emotion.UNKNOWN: 1.0})
    return Heard(start, end, text, Language.ZH, 0.9, spoken, frames, None, fused, CLEAR, (), alert, "rule", ())


def recording(duration_s: float, *utterances: Heard, name: str = "客服.wav", profile: str = "full") -> Recording:
    return Recording(
        version=1,
        source=Source(name, "0" * 64, duration_s, Channel.MIX),
        emotion=Emotion.UNKNOWN,
        confidence=0.0,
        scores=scores({Emotion.UNKNOWN: 1.0}),
        fused=UNSURE,
        granularity=Granularity.UTTERANCE,
        timestamp="2026-11-21T04:00:00+00:00",
        fallback_action=None,
        suggested_response="",
        doubts=(Doubt.NOISE, Doubt.MIXED),
        speech_s=1.0,
        profile=profile,
        settings="",
        utterances=utterances,
    )


def sound(seconds: float) -> Samples:
    return (0.3 * np.sin(np.arange(int(seconds * SAMPLE_RATE)) / 20)).astype(np.float32)


def picture(path: Path, shows: Recording, language: Language = Language.ZH) -> np.ndarray:
    """Return the picture as [height, width, 3], 0-1."""
    envelope = Envelope()
    envelope.push(sound(min(shows.source.duration_s, 70)))
    draw(path / "timeline.png", shows, envelope, WORDS[language])
    with Image.open(path / "timeline.png") as image:
        return np.asarray(image)[..., :3] / 255


def area(image: np.ndarray, colour: Colour) -> int:
    """Return how many pixels have exactly, as far as a byte can tell, this colour."""
    return int((np.abs(image - colour).max(axis=-1) < 1.5 / 255).sum())


# --- what is seen


@pytest.mark.parametrize(
    ("fused", "group"),
    [
        (felt("happy"), Group.POSITIVE),
        (felt("angry"), Group.NEGATIVE),
        (felt("neutral"), Group.NEUTRAL),
        (felt("negative", Certainty.GROUP), Group.NEGATIVE),
        (UNSURE, None),
    ],
)
def test_an_utterance_has_the_colour_of_what_it_came_to(tmp_path: Path, fused: Fused, group: Group | None) -> None:
    without = picture(tmp_path, recording(5))
    image = picture(tmp_path, recording(5, replace(heard(1, 4, fused), voice=None)))
    bar = 3 / 5 * (16 - 0.95 - 0.35) * 0.22 * DPI**2
    grown = {key: area(image, colour) - area(without, colour) for key, colour in COLOURS.items()}
    assert grown[group] == pytest.approx(bar, rel=0.15)
    assert all(abs(more) < bar / 20 for key, more in grown.items() if key != group)


def test_mixed_feelings_share_the_bar(tmp_path: Path) -> None:
    image = picture(tmp_path, recording(5, replace(heard(1, 4, felt("sad+neutral", Certainty.MIXED)), voice=None)))
    blank = picture(tmp_path, recording(5))
    sad, calm = (area(image, COLOURS[group]) - area(blank, COLOURS[group]) for group in (Group.NEGATIVE, Group.NEUTRAL))
    assert sad == pytest.approx(calm, rel=0.3)
    assert sad > 5000


def test_the_heat_map_follows_the_voice_in_time(tmp_path: Path) -> None:
    angry, happy = scores({Emotion.ANGRY: 1.0}), scores({Emotion.HAPPY: 1.0})
    frames = (
        EmotionFrame(0, 2, angry),
        EmotionFrame(1, 3, angry),
        EmotionFrame(2, 4, happy),
        EmotionFrame(3, 5, happy),
    )
    image = picture(tmp_path, recording(5, heard(0, 5, frames=frames)))
    strip = image[100:]
    turn = round((0.95 + 14.7 / 2) * DPI)
    left, right = strip[:, 110:turn], strip[:, turn:-45]
    red, blue = COLOURS[Group.NEGATIVE], COLOURS[Group.POSITIVE]
    assert area(left, red) > 5000 > 100 > area(left, blue)
    assert area(right, blue) > 5000 > 100 > area(right, red)


def test_an_alert_is_marked_where_it_would_be_raised(tmp_path: Path) -> None:
    calm = area(picture(tmp_path, recording(60, heard(1, 4), heard(30, 33))), YELLOW)
    image = picture(tmp_path, recording(60, heard(1, 4), heard(30, 33, alert=Level.URGENT)))
    assert area(image, YELLOW) > calm > 0, "one in the legend"
    below = image[60:]
    columns = np.flatnonzero((np.abs(below - YELLOW).max(axis=-1) < 0.01).any(axis=0)) / DPI
    assert 0.95 + 14.7 / 2 <= columns.min() <= columns.max() <= 0.95 + 14.7 / 2 + 0.2


def test_words_are_written_while_they_can_be_read_and_the_small_models_are_owned_up_to(tmp_path: Path) -> None:
    plain = picture(tmp_path, recording(30, heard(1, 9, text="")))
    written = picture(tmp_path, recording(30, heard(1, 9)))
    assert written.shape[0] > plain.shape[0]
    mini = picture(tmp_path, recording(30, heard(1, 9, text=""), profile="mini"))
    assert mini.shape[0] - plain.shape[0] == pytest.approx(0.25 * DPI, abs=1)
    long = picture(tmp_path, recording(3600, heard(1, 9)))
    assert (long == picture(tmp_path, recording(3600, heard(1, 9, text="")))).all()


@pytest.mark.parametrize(("seconds", "rows"), [(0, 1), (5, 1), (60, 1), (61, 2), (600, 10), (3600, 12), (40_000, 12)])
def test_a_recording_of_any_length_fits_on_a_page(tmp_path: Path, seconds: float, rows: int) -> None:
    height, width, _ = picture(tmp_path, recording(seconds)).shape
    assert width == 16 * DPI
    assert height == pytest.approx((0.8 + rows * 2.52 + (rows - 1) * 0.2 + 0.1) * DPI, abs=3)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("certainty", list(Certainty))
def test_every_result_has_its_words_in_every_language(tmp_path: Path, language: Language, certainty: Certainty) -> None:
    labels = {
        Certainty.LABEL: list(Emotion)[:1],
        Certainty.MIXED: ["+".join(pair) for pair in TUNING.fusion.statement.mixed.pairs],
        Certainty.GROUP: list(Group),
    }
    utterances = [
        heard(5 * n, 5 * n + 4, felt(label, certainty), alert=list(Level)[n % 3])
        for n, label in enumerate(labels.get(certainty, ["unknown"]))
    ]
    assert area(picture(tmp_path, recording(60, *utterances), language), YELLOW)


@pytest.mark.parametrize(
    "name", ["$\\frac$.wav", "😀🎉.mp3", "a\nb.wav", "繁體中文錄音.wav", "长" * 200 + ".wav", "%s{x}_^.wav"]
)
def test_any_name_and_any_words_can_be_drawn(tmp_path: Path, name: str) -> None:
    picture(tmp_path, recording(20, heard(1, 9, text=name * 3), name=name))


def test_the_same_recording_gives_the_same_picture(tmp_path: Path) -> None:
    shows = recording(20, heard(1, 9))
    picture(tmp_path, shows)
    first = (tmp_path / "timeline.png").read_bytes()
    picture(tmp_path, shows)
    assert (tmp_path / "timeline.png").read_bytes() == first


# --- what is not noticed


def test_drawing_is_silent_and_leaves_no_trace_on_a_fresh_machine(tmp_path: Path) -> None:
    code = f"""
import sys
from tests.test_timeline import heard, picture, recording
from pathlib import Path
assert "matplotlib" not in sys.modules
picture(Path({str(tmp_path)!r}), recording(20, heard(1, 9)))
import logging, matplotlib
before = matplotlib.rcParams.copy()
picture(Path({str(tmp_path)!r}), recording(20, heard(1, 9)))
assert matplotlib.rcParams.copy() == before
assert "matplotlib.pyplot" not in sys.modules
assert logging.getLogger("matplotlib").level == logging.NOTSET
"""
    environment = {**os.environ, "MPLCONFIGDIR": str(tmp_path / "fresh"), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", env=environment, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# --- the typeface


def test_the_typeface_has_every_sign_that_a_picture_may_show() -> None:
    glyphs = TTFont(FONT).getBestCmap()
    phrasings = [item for language in Language for item in TUNING.texts[language].phrasings.items()]
    shown = [text for key, text in phrasings if key.startswith("labels.") or key.count(".") == 1]
    texts = json.dumps(shown, ensure_ascii=False)
    assert {sign for sign in texts if sign.isprintable() and ord(sign) not in glyphs} == set()
    common = {bytes([high, low]).decode("gb2312") for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFA)}
    assert {sign for sign in common if ord(sign) not in glyphs} == set()


def test_the_typeface_travels_with_its_licence_and_under_a_name_of_its_own() -> None:
    assert "Reserved Font Name 'Source'" in (FONT.parent / "OFL.txt").read_text(encoding="utf-8")
    family = TTFont(FONT)["name"].getBestFamilyName()
    assert not {"noto", "source"} & set(family.lower().split())
    assert FONT.stat().st_size < 3_000_000


def test_what_has_no_sign_is_shown_as_an_empty_square() -> None:
    assert shown("好\n的 😀", {ord(sign) for sign in "好的 "}) == "好 的 □"


TEXTS = st.text("今天气真好，。、！ab cd,.", max_size=40)


@given(TEXTS, st.floats(2, 12), st.integers(1, 4))
def test_lines_stay_within_their_room(text: str, room_em: float, lines: int) -> None:
    broken = wrapped(text, room_em, lines)
    assert len(broken) <= lines
    assert all(line.strip() for line in broken)
    for line in broken:
        assert width_em(line.rstrip("，。、！,.…")) <= room_em + 1e-9


@given(st.text("今天气真好啊", max_size=40))
def test_nothing_is_left_out_where_there_is_room_for_all(text: str) -> None:
    assert "".join(wrapped(text, 10, 4)) == text


def test_lines_break_between_words_and_never_before_a_closing_mark() -> None:
    assert wrapped("今天天气真好，我们走吧。", 6, 3) == ["今天天气真好，", "我们走吧。"]
    assert wrapped("hello there, my friend", 4, 4) == ["hello", "there,", "my", "friend"]
    assert wrapped("今天天气真好我们走吧", 4, 2) == ["今天天气", "真好我…"]
    assert wrapped("", 4, 2) == []


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    assert fitted("今天天气", 4) == "今天天气"
    assert fitted("今天天气好", 4) == "今天天…"
    assert fitted("今天", 0.5) == ""


# --- the outline of the sound

SOUNDS = st.lists(st.floats(-1, 1, width=32), max_size=300).map(lambda values: np.array(values, np.float32))


@given(SOUNDS, st.lists(st.integers(0, 60), max_size=20))
def test_the_outline_does_not_depend_on_how_the_sound_came_in(samples: Samples, sizes: list[int]) -> None:
    at_once, by_and_by = Envelope(8, 2), Envelope(8, 2)
    at_once.push(samples)
    for piece in np.split(samples, np.cumsum(sizes)):
        by_and_by.push(piece)
    assert (at_once.outline == by_and_by.outline).all()
    assert at_once.step_s == by_and_by.step_s


@given(SOUNDS)
def test_each_stretch_has_its_least_and_its_greatest_sample(samples: Samples) -> None:
    envelope = Envelope(8, 2)
    envelope.push(samples)
    stretch = round(envelope.step_s * SAMPLE_RATE)
    stretches = [samples[at : at + stretch] for at in range(0, len(samples), stretch)]
    assert envelope.outline.tolist() == [[part.min(), part.max()] for part in stretches]


def test_hours_take_no_more_memory_than_a_minute() -> None:
    envelope, hum = Envelope(), sound(60)
    for _ in range(180):
        envelope.push(hum)
    assert len(envelope.outline) <= 16_384
    assert len(envelope.outline) * envelope.step_s == pytest.approx(3 * 3600, abs=envelope.step_s)
