"""The shipped words and rules fit together, and a mistake in them is reported with its file and its key."""

import shutil
from pathlib import Path

import pytest

from assistant.config.check import broken, check
from assistant.config.deployment import Deployment, Region
from assistant.config.files import CONFIGS, PROMPTS
from assistant.config.texts import Texts, load_texts
from assistant.config.tuning import Tuning, TuningFiles, load_tuning
from assistant.config.yaml import parse_yaml, read_yaml
from assistant.errors import ConfigError
from assistant.types import Language
from tests.talk import TUNING


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Copy the shipped tuning files to where a test may spoil them."""
    shutil.copytree(CONFIGS, tmp_path / "configs")
    shutil.copytree(PROMPTS, tmp_path / "prompts")
    return tmp_path


def tuning_of(files: Path) -> Tuning:
    configs = files / "configs"
    return load_tuning(
        TUNING.fusion,
        TUNING.memory,
        TUNING.manners,
        Deployment("auto", TUNING.service_profile, TUNING.emotion_consent, Region.CN, minor_mode=False),
        TuningFiles(
            policy=configs / "policy.yaml",
            services=configs / "services.yaml",
            crisis=configs / "crisis.yaml",
            corrections=configs / "corrections.yaml",
            wording=configs / "wording.yaml",
            prompts=files / "prompts",
        ),
    )


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_the_shipped_files_have_no_problem() -> None:
    assert check(TUNING) == []


@pytest.mark.parametrize("language", list(Language))
def test_both_languages_have_the_same_keys(language: Language) -> None:
    assert set(TUNING.texts[language].phrasings) == set(TUNING.texts[Language.ZH].phrasings)


SPOILED = [
    (
        "configs/policy.yaml",
        "answer, template: replies.goodbye}",
        "answer, template: replies.offer_human}",
        "replies.offer_human: {service} has no value here",
    ),
    ("prompts/en/replies.yaml", "thanks:", "thank:", "prompts/en/replies.yaml: missing key 'replies.thanks'"),
    ("prompts/en/replies.yaml", "thanks:", "thank:", "prompts/en/replies.yaml: nothing uses the key 'replies.thank'"),
    ("prompts/zh/labels.yaml", "  neutral_sad:", "  sad_neutral:", "missing key 'labels.mixed.neutral_sad'"),
    ("prompts/zh/replies.yaml", "  - 不客气。还有别的事也可以说。\n", "", "replies.thanks: 2 phrasings"),
    ("prompts/zh/replies.yaml", "不客气。还有", "不客气{service}。还有", "replies.thanks: {service} has no value here"),
    (
        "prompts/zh/replies.yaml",
        "您客气了。还需要什么,直接告诉我就行。",
        "嗯,您说。",
        "two keys hold the phrasing '嗯,您说。'",
    ),
    (
        "prompts/en/console.yaml",
        "turn {number}",
        "turn {nr}",
        "prompts/*/console.yaml: console.turn: the languages differ",
    ),
    ("prompts/en/console.yaml", "sound: sound\n", "", "prompts/en/console.yaml: missing key 'console.sound'"),
    (
        "configs/policy.yaml",
        "service: relaxation",
        "service: spa",
        "no service 'spa'; known in services.yaml: human_agent",
    ),
    (
        "configs/policy.yaml",
        "service: relaxation",
        "service: counselling",
        "no rule of policy.yaml recommends 'relaxation'",
    ),
    (
        "configs/policy.yaml",
        ", service: relaxation",
        "",
        "rules.recommend-relaxation.then.service: action recommend needs",
    ),
    (
        "configs/policy.yaml",
        "answer, template: replies.thanks}",
        "answer, template: replies.thx}",
        "needed by policy.yaml: rules.thanks.then",
    ),
    (
        "configs/policy.yaml",
        "    alert: {level: warning, message: alerts.anger",
        "    alert: {level: warning, message: alerts.rage",
        "needed by policy.yaml: watch.anger-streak",
    ),
    ("configs/services.yaml", "services.relaxation", "services.rest", "needed by services.yaml: relaxation"),
]


@pytest.mark.parametrize(("file", "old", "new", "complaint"), SPOILED)
def test_what_does_not_fit_is_reported(files: Path, file: str, old: str, new: str, complaint: str) -> None:
    spoil(files / file, old, new)
    problems = check(tuning_of(files))
    assert any(complaint in problem for problem in problems), problems


UNREADABLE = [
    (
        "prompts/zh/replies.yaml",
        "不客气。还有",
        "不客气{name}。还有",
        "unknown placeholder {name}; known: emergency, feeling, help_line, service",
    ),
    ("prompts/zh/replies.yaml", "不客气。还有", "不客气}。还有", "stray brace"),
    ("prompts/zh/replies.yaml", "  - 不客气。还有别的事也可以说。", '  - ""', "replies.thanks: a phrasing is empty"),
    (
        "prompts/zh/replies.yaml",
        "  - 不客气。还有别的事也可以说。",
        "  - 1",
        "replies.thanks: must be a text or a list of texts",
    ),
    ("prompts/zh/replies.yaml", "goodbye:", "thanks:", "key 'thanks' stands twice"),
    (
        "configs/policy.yaml",
        "disgusted], anger_turns: {min: 2}",
        "disgusted], anger_turn: {min: 2}",
        "did you mean 'anger_turns'?",
    ),
    ("configs/policy.yaml", "{min: 2, max: 2}", "{min: two, max: 2}", "got 'two'"),
    ("configs/policy.yaml", "id: conflict", "id: thanks", "id 'thanks' stands twice"),
    ("configs/services.yaml", "tel:12356", '"call us"', "link"),
    ("configs/services.yaml", "id: help_line", "id: counselling", "service 'counselling' stands twice"),
    ("configs/crisis.yaml", "negations:", "negation:", "did you mean 'negations'?"),
    ("configs/crisis.yaml", "level: 3", "level: 4", "signs.0.level"),
]


@pytest.mark.parametrize(("file", "old", "new", "complaint"), UNREADABLE)
def test_what_can_not_be_read_names_file_and_key(files: Path, file: str, old: str, new: str, complaint: str) -> None:
    spoil(files / file, old, new)
    with pytest.raises(ConfigError) as caught:
        tuning_of(files)
    assert str(files / file) in str(caught.value)
    assert complaint in str(caught.value)


def test_an_unused_text_does_not_stop_a_conversation_but_a_missing_one_would(files: Path) -> None:
    with (files / "prompts" / "zh" / "replies.yaml").open("a", encoding="utf-8") as file:
        file.write("\nspare: [甲, 乙, 丙]\n")
    assert broken(tuning_of(files)) == []
    spoil(files / "prompts" / "zh" / "replies.yaml", "thanks:", "thank:")
    assert broken(tuning_of(files)) != []


def test_a_language_without_its_folder_is_named(files: Path) -> None:
    shutil.rmtree(files / "prompts" / "en")
    with pytest.raises(ConfigError, match=r"prompts.en: missing; each of zh, en"):
        tuning_of(files)
    (files / "prompts" / "en").mkdir()
    with pytest.raises(ConfigError, match="no text files"):
        tuning_of(files)


def test_the_hash_changes_with_a_word_and_only_with_a_word(files: Path) -> None:
    assert tuning_of(files).hash() == tuning_of(files).hash() == TUNING.hash()
    with (files / "configs" / "policy.yaml").open("a", encoding="utf-8") as file:
        file.write("# a comment\n")
    assert tuning_of(files).hash() == TUNING.hash()
    spoil(files / "prompts" / "zh" / "replies.yaml", "不用谢,应该的。", "不用谢。")
    assert tuning_of(files).hash() != TUNING.hash()
    assert len(TUNING.hash()) == 12


def test_a_text_without_its_value_or_an_unknown_key_is_an_error() -> None:
    texts = Texts(phrasings={"replies.offer": ("请找{service}",)})
    assert texts.say("replies.offer", {"service": "人工客服"}) == "请找人工客服"
    with pytest.raises(ConfigError, match=r"replies.yaml: replies.offer: nothing to fill \{service\} with"):
        texts.say("replies.offer")
    with pytest.raises(ConfigError, match=r"replies.yaml: no text 'replies.offers'"):
        texts.say("replies.offers")


def test_a_value_with_braces_is_said_as_it_is() -> None:
    assert Texts(phrasings={"replies.x": ("{service}",)}).say("replies.x", {"service": "{feeling}"}) == "{feeling}"


def test_keys_tell_their_file(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("x: {y: [一, 二]}\nz: 三\n", encoding="utf-8")
    assert load_texts(tmp_path).phrasings == {"a.x.y": ("一", "二"), "a.z": ("三",)}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a: 1\na: 2", "x.yaml, line 2: key 'a' stands twice, first in line 1"),
        ("a: {b: 1, b: 2}", "x.yaml, line 1: key 'b' stands twice"),
        ("a:\n  1: x", "x.yaml, line 2: key '1' is not text; put it in quotes"),
        ("a: [1\nb: 2", "x.yaml, line 2:"),
        ("a: !!python/name:os.system x", "x.yaml, line 1: could not determine a constructor"),
    ],
)
def test_yaml_mistakes_come_with_their_line(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "x.yaml")
    assert complaint in str(caught.value)


def test_yaml_has_no_surprises() -> None:
    data = parse_yaml("a: off\nb: 12:30\nc: 1e-4\nd: 2026-01-01\ne: 007\nf: ~\ng: -3\nh: true\ni: no", "x.yaml")
    assert data == {
        "a": "off",
        "b": "12:30",
        "c": 1e-4,
        "d": "2026-01-01",
        "e": "007",
        "f": None,
        "g": -3,
        "h": True,
        "i": "no",
    }


def test_a_file_that_is_missing_or_not_utf8_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        read_yaml(tmp_path / "gone.yaml")
    (tmp_path / "gbk.yaml").write_bytes("a: 你好".encode("gbk"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        read_yaml(tmp_path / "gbk.yaml")
