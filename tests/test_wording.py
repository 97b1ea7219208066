"""No text diagnoses, claims a feeling, states one as a fact, ties anybody down or promises secrecy."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.files import PROMPTS
from assistant.config.lint import lint
from assistant.config.texts import load_texts
from assistant.config.tuning import Tuning
from assistant.types import Language
from tests.talk import TUNING

WORDING = TUNING.wording

BANNED = {
    Language.ZH: {
        "断言": ["你很愤怒", "您现在很难过", "看得出您非常生气", "你太激动了", "您生气了", "你正在害怕"],
        "声称自己有感受": ["我会难过的", "我也很难过", "听到这个我真的很高兴", "我很心疼", "我为您高兴"],
        "声称理解": ["我理解你的感受", "我完全理解您的心情", "我懂你的痛苦", "我能感受到您的愤怒"],
        "制造依赖": ["只有我懂你", "别走", "不要离开我", "我会永远陪着你"],
        "承诺保密": ["我会替您保密", "我不会告诉任何人", "这是我们的秘密"],
        "作出诊断": ["您可能有抑郁症", "这是焦虑症的表现", "你病了", "像是双相"],
        "承诺做不到": ["一定会好起来的", "我保证没事"],
        "说自己是人": ["我是真人", "我不是机器人"],
    },
    Language.EN: {
        "fact": ["You are angry", "you're so sad", "Calm down", "You must be furious"],
        "claims a feeling": ["I'm sad to hear that", "I am so happy for you", "I feel hurt", "It breaks my heart"],
        "to know": ["I understand how you feel", "I know how you feel"],
        "dependent": ["Don't leave me", "Only I understand you", "you only need me"],
        "secrecy": ["This stays between us", "I won't tell anyone"],
        "diagnosis": ["That could be depression", "You suffer from panic attacks", "it may be PTSD"],
        "promises": ["I promise it will pass", "Everything will be fine"],
        "human": ["I'm a real person"],
    },
}


@pytest.mark.parametrize(
    ("language", "about", "text"),
    [(language, about, text) for language, kinds in BANNED.items() for about, texts in kinds.items() for text in texts],
)
def test_what_may_not_be_said_is_found_with_its_reason(language: Language, about: str, text: str) -> None:
    found = WORDING.objection(text, language)
    assert found is not None
    assert found.phrase in text.lower()
    assert about in found.why


@pytest.mark.parametrize(
    ("language", "text"),
    [
        (Language.ZH, "听起来您似乎挺恼火的。"),
        (Language.ZH, "声音听起来似乎有点紧张。"),
        (Language.ZH, "我在听,您接着讲。"),
        (Language.EN, "It sounds as if this has been frustrating."),
        (Language.EN, "You sound a little tense, it seems."),
        (Language.EN, "Are you sad about it?"),
        (Language.EN, "The madness of it"),
        (Language.EN, "I'm here, take your time."),
    ],
)
def test_what_may_be_said_passes(language: Language, text: str) -> None:
    assert WORDING.objection(text, language) is None


@pytest.mark.xfail(
    strict=True, reason="Chinese has no gaps between its words: a phrase inside longer words is found too"
)
def test_a_phrase_across_other_words_is_let_through() -> None:
    assert WORDING.objection("别走到马路中间", Language.ZH) is None


@pytest.mark.parametrize("text", ["I’M SAD", "I'm  sad", "Ｉ'ｍ ｓａｄ"])
def test_capitals_wide_letters_and_spaces_hide_nothing(text: str) -> None:
    assert WORDING.objection(text, Language.EN)


@given(st.text(max_size=40))
def test_any_text_can_be_looked_through(text: str) -> None:
    for language in Language:
        found = WORDING.objection(text, language)
        assert found is None or found.phrase


def test_the_shipped_texts_keep_to_it() -> None:
    assert lint(TUNING) == []


def reworded(tmp_path: Path, file: str, old: str, new: str) -> Tuning:
    shutil.copytree(PROMPTS, tmp_path / "prompts")
    path = tmp_path / "prompts" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    texts = {language: load_texts(tmp_path / "prompts" / language) for language in Language}
    return TUNING.model_copy(update={"texts": texts})


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        (
            "zh/replies.yaml",
            "听起来您似乎不太好受。",
            "听起来您似乎不太好受,我理解您的感受。",
            "prompts/zh/replies.yaml: replies.empathise.sad: '我理解您的感受' in",
        ),
        (
            "zh/replies.yaml",
            "听起来这件事似乎让您挺恼火的",
            "您很愤怒",
            "prompts/zh/replies.yaml: replies.empathise.angry: '您很愤怒' in",
        ),
        (
            "zh/crisis.yaml",
            "我在这儿,您慢慢说。",
            "我会替您保密。",
            "prompts/zh/crisis.yaml: crisis.passive: '保密' in",
        ),
        ("zh/clarify.yaml", "我拿不准", "我很难过", "prompts/zh/clarify.yaml"),
        (
            "en/replies.yaml",
            "Not at all.",
            "I'm so happy to help.",
            "prompts/en/replies.yaml: replies.thanks: 'i'm so happy' in 'I'm so happy to help.': claims a feeling",
        ),
        (
            "zh/replies.yaml",
            "听起来您似乎心情不错,快说说。",
            "快说说,后来呢?",
            "replies.empathise.happy: '快说说,后来呢?' remarks on a feeling without a hedge; say one of: 听起来",
        ),
        (
            "en/replies.yaml",
            "That seems rather sudden.",
            "That is rather sudden.",
            "replies.empathise.surprised: 'That is rather sudden. Take your time and tell me.' remarks on a feeling",
        ),
    ],
)
def test_a_text_that_goes_too_far_is_named_with_file_key_and_phrase(
    tmp_path: Path, file: str, old: str, new: str, complaint: str
) -> None:
    problems = lint(reworded(tmp_path, file, old, new))
    assert any(complaint in problem for problem in problems), problems


def test_answers_that_remark_on_no_feeling_need_no_hedge(tmp_path: Path) -> None:
    assert lint(reworded(tmp_path, "zh/replies.yaml", "不用谢,应该的。", "不用谢。")) == []
