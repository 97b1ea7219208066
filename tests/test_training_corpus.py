from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.training.corpus import LABELS, expand, load_corpus, strip_punctuation

CORPUS = load_corpus()
BY_TEXT = {sentence.text: sentence for sentence in CORPUS.sentences}


def test_the_corpus_is_large_and_every_sentence_is_there_once() -> None:
    assert len(CORPUS.sentences) >= 1500
    assert len(BY_TEXT) == len(CORPUS.sentences)


def test_sentences_are_short_spoken_chinese_without_punctuation() -> None:
    for text in BY_TEXT:
        assert 1 <= len(text) <= 20, text
        assert all("\u4e00" <= character <= "\u9fff" for character in text), text


def test_every_label_is_in_every_split() -> None:
    for split in ("train", "fillings", "templates", "free"):
        assert {sentence.sentiment for sentence in CORPUS.of(split)} == set(LABELS), split


def test_held_out_templates_share_no_template_with_training() -> None:
    held_out = {sentence.template for sentence in CORPUS.of("templates")}
    assert len(held_out) >= 15
    assert held_out.isdisjoint(sentence.template for sentence in CORPUS.of("train", "fillings"))


def test_held_out_fillings_come_from_templates_that_are_trained() -> None:
    trained = {sentence.template for sentence in CORPUS.of("train")}
    assert {sentence.template for sentence in CORPUS.of("fillings")} <= trained


def test_there_are_forty_free_sentences_each_its_own_template() -> None:
    free = CORPUS.of("free")
    assert len(free) >= 40
    assert len({sentence.template for sentence in free}) == len(free)


def test_every_character_to_be_recognised_occurs_in_training() -> None:
    trained = {character for sentence in CORPUS.of("train") for character in sentence.text}
    written = {character for text in BY_TEXT for character in text}
    assert len(written - trained) <= 5, written - trained


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("不想活了", "负向"),
        ("累死了", "负向"),
        ("气死我了", "激动"),
        ("笑死我了", "正向"),
        ("想死你了", "正向"),
        ("我没生气", "中性"),
        ("今天天气怎么样", "中性"),
    ],
)
def test_lines_that_others_rely_on_are_labelled_right(text: str, label: str) -> None:
    assert BY_TEXT[text].sentiment == label


def test_a_line_of_a_dialogue_script_is_never_trained_on(tmp_path: Path) -> None:
    line = next(s for s in CORPUS.of("train") if "(" in s.template)
    (tmp_path / "one.yaml").write_text(f"turns:\n  - say: {line.text}。\n", encoding="utf-8")
    after = {sentence.text: sentence.split for sentence in load_corpus(tmp_path).sentences}
    assert after[line.text] != "train"


def test_without_any_dialogue_script_the_corpus_still_loads(tmp_path: Path) -> None:
    assert len(load_corpus(tmp_path / "nowhere").sentences) == len(CORPUS.sentences)


def test_loading_twice_gives_the_same() -> None:
    assert load_corpus() == CORPUS


def test_a_pattern_expands_to_every_combination_in_order() -> None:
    assert list(expand("今天(很冷|下雨)(吗|)")) == ["今天很冷吗", "今天很冷", "今天下雨吗", "今天下雨"]


@given(st.lists(st.lists(st.sampled_from("我你他天气好坏"), min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_pattern_has_as_many_fillings_as_its_slots_multiply_to(slots: list[list[str]]) -> None:
    pattern = "".join(f"({'|'.join(slot)})" for slot in slots)
    count = 1
    for slot in slots:
        count *= len(slot)
    assert len(list(expand(pattern))) == count


@pytest.mark.parametrize("pattern", ["今天(很冷", "今天很冷)", "今天(很(冷|热)|好)"])
def test_a_bracket_without_its_partner_is_an_error(pattern: str) -> None:
    with pytest.raises(ValueError, match="brackets"):
        list(expand(pattern))


def test_punctuation_and_blanks_are_not_spoken() -> None:
    assert strip_punctuation("好的，我 知道了！") == "好的我知道了"
