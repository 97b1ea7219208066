"""Marks are set where FunASR sets them, and nothing but marks: the words stay as they are."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.errors import ModelError, ModelMissingError
from assistant.models.ct_transformer import CtTransformer
from tests.checkpoints import ct_transformer, edit_weights

MARKS = "，。？、,.?"
CHINESE = "今天天气真好我很难过你是谁去哪里吃什么了吗的"

CHECKPOINTS = {
    "usual": {},
    "without an end": {"。": -1e4, "？": -1e4},
    "only commas now and then": {"。": -1e4, "？": -1e4, "、": -1e4, "，": -2.0},
    "asking": {"？": 2.0},
}
"""What each likes to say; the middle ones make sentences longer than FunASR bears."""

TEXTS = (
    "今",
    CHINESE[:20],
    CHINESE[:21],
    CHINESE * 3,
    CHINESE[::-1] * 20,
    "我 很 难 过",
    "hello world ok",
    "今天ok吗 hello world 我很好",
    "买了3个app去哪里 3 ok",
    "x1 y2 " * 120,
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("punctuation")
    for name, likings in CHECKPOINTS.items():
        ct_transformer(folder / name, likings=likings)
    ct_transformer(folder / "silent", likings=dict.fromkeys("，。？、", -1e4))
    return folder


@pytest.fixture(scope="module")
def usual(shelf: Path) -> CtTransformer:
    return CtTransformer(shelf / "usual", "cpu")


def bare(text: str) -> str:
    return "".join(character for character in text if character not in MARKS)


def test_the_marks_are_those_of_funasr(shelf: Path) -> None:
    code = f"""
import json
from funasr import AutoModel
said = {{}}
for name in {list(CHECKPOINTS)!r}:
    model = AutoModel(model={str(shelf)!r} + "/" + name, disable_update=True, ncpu=1)
    said[name] = [model.generate(text, disable_pbar=True)[0]["text"] for text in {TEXTS!r}]
print("#" + json.dumps(said))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("#"))
    seen = dict.fromkeys(CHECKPOINTS, "")
    for name, expected in json.loads(line[1:]).items():
        punctuator = CtTransformer(shelf / name, "cpu")
        for text, funasr in zip(TEXTS, expected, strict=True):
            ours = punctuator.punctuate(text)
            if not text.isascii() and text.isalpha():
                assert ours == funasr, (name, text)
            # In a text with Latin letters FunASR capitalises the beginning of a sentence and sets its own spaces.
            assert re.sub(r"\s", "", ours) == re.sub(r"\s", "", funasr.lower()), (name, text)
            seen[name] += ours
    assert set(seen["usual"]) >= set("，。？、,.?")
    assert not set(seen["without an end"]) & set("？?")


words = st.lists(
    st.one_of(
        st.text(alphabet=CHINESE + "龘ａé", min_size=1, max_size=12),
        st.from_regex(r"[A-Za-z0-9%'-]{1,8}", fullmatch=True),
        st.sampled_from([" ", "  ", "\t", "\n", "\u3000"]),
    ),
    max_size=60,
)


@given(words.map("".join))
@example("")
@example("  hello  世界 ")
def test_without_its_marks_the_text_is_what_was_said(usual: CtTransformer, text: str) -> None:
    punctuated = usual.punctuate(text)
    assert bare(punctuated) == text
    if text.strip():
        assert punctuated.rstrip()[-1] in "。？.?"
        assert not re.search(rf"[{MARKS}]\s*[{MARKS}]", punctuated)


@given(st.text(alphabet=CHINESE + "ab 3，。！,.?；\n", max_size=80))
def test_marks_that_are_there_stay_and_none_is_put_beside_them(usual: CtTransformer, text: str) -> None:
    punctuated = usual.punctuate(text)
    left = iter(punctuated)
    assert all(character in left for character in text), "the text, in order, with more between"
    for found in re.finditer(r"[，。！；,.?？、]{2,}", punctuated):
        assert found[0] in text, "side by side only where they were"


def test_a_half_width_mark_follows_a_word_in_letters(shelf: Path) -> None:
    asking = CtTransformer(shelf / "asking", "cpu")
    assert asking.punctuate("hello world").endswith(("world?", "world."))
    assert asking.punctuate("world你").endswith(("你？", "你。"))


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000"])
def test_without_a_word_there_is_nothing_to_mark(usual: CtTransformer, text: str) -> None:
    assert usual.punctuate(text) == text


@pytest.mark.parametrize("text", ["好。", "好！", "ok?", "好……", "好， "])
def test_an_end_that_is_marked_is_left_as_it_is(usual: CtTransformer, text: str) -> None:
    assert usual.punctuate(text) == text


@pytest.mark.parametrize("name", ["usual", "without an end", "silent"])
def test_ten_thousand_characters_are_read_a_little_at_a_time(shelf: Path, name: str) -> None:
    punctuator = CtTransformer(shelf / name, "cpu")
    lengths: list[int] = []
    hook = punctuator._network.encoder.register_forward_pre_hook(lambda _, inputs: lengths.append(inputs[0].shape[1]))
    text = (CHINESE * 500)[:10_000]
    assert bare(punctuator.punctuate(text)) == text
    hook.remove()
    assert max(lengths) <= 400
    assert len(lengths) == 500


def test_a_text_is_read_the_same_whatever_was_read_before(usual: CtTransformer) -> None:
    first = usual.punctuate(CHINESE)
    usual.punctuate("hello world")
    assert usual.punctuate(CHINESE) == first


# --- what is wrong with a checkpoint is said when it is loaded


def changed(folder: Path, change: Callable[[dict[str, dict[str, object]]], object]) -> None:
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    change(config)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")


def test_the_marks_may_be_listed_in_half_width(usual: CtTransformer, tmp_path: Path) -> None:
    folder = ct_transformer(tmp_path / "half")
    changed(folder, lambda config: config["model_conf"].update(punc_list=["<unk>", "_", ",", "。", "?", "、"]))
    assert CtTransformer(folder, "cpu").punctuate(CHINESE) == usual.punctuate(CHINESE)


def test_other_marks_are_refused(tmp_path: Path) -> None:
    folder = ct_transformer(tmp_path / "other")
    changed(folder, lambda config: config["model_conf"].update(punc_list=["<unk>", "_", "，", "。", "！", "；"]))
    with pytest.raises(ModelError, match="has the marks <unk> _ ， 。 ！ ；; lacking: ？ 、"):
        CtTransformer(folder, "cpu")


def test_a_vocabulary_without_a_word_for_the_unknown_is_refused(tmp_path: Path) -> None:
    folder = ct_transformer(tmp_path / "all-knowing")
    tokens = json.loads((folder / "tokens.json").read_text(encoding="utf-8"))
    (folder / "tokens.json").write_text(json.dumps([*tokens[:-1], "x"]), encoding="utf-8")
    with pytest.raises(ModelError, match="no '<unk>'"):
        CtTransformer(folder, "cpu")


@pytest.mark.parametrize("file", ["model.pt", "config.yaml", "tokens.json"])
def test_an_incomplete_folder_names_the_file_that_is_missing(tmp_path: Path, file: str) -> None:
    folder = ct_transformer(tmp_path / "part")
    (folder / file).unlink()
    with pytest.raises(ModelMissingError, match=file):
        CtTransformer(folder, "cpu")


def test_a_weight_that_is_missing_is_named(tmp_path: Path) -> None:
    folder = ct_transformer(tmp_path / "part")
    edit_weights(folder, {"embed.weight": None})
    with pytest.raises(ModelError, match=r"embed\.weight is missing"):
        CtTransformer(folder, "cpu")


def test_scores_that_are_no_numbers_are_a_failure_not_marks(tmp_path: Path) -> None:
    folder = ct_transformer(tmp_path / "broken")
    edit_weights(folder, {"decoder.bias": torch.full([6], torch.nan)})
    with pytest.raises(ModelError, match=r"punctuation: .*aren't finite"):
        CtTransformer(folder, "cpu")
