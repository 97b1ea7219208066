"""The main job: the bundled dialogues hold through real inference, and no stage can go missing unnoticed."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from assistant.apps.cli import app
from assistant.apps.dialogue import load_dialogue
from assistant.apps.expect import character_error_rate, misses
from assistant.config.files import CONFIGS, DIALOGUES
from assistant.config.yaml import read_yaml
from assistant.errors import AudioError, ScriptError
from assistant.store.journal import read_journal
from assistant.types import RECORD_VERSION


def replay(*arguments: str | Path, journal: Path | None = None) -> tuple[int, str]:
    folder = f"journal.folder={journal}" if journal else "journal.folder=null"
    result = CliRunner().invoke(app, ["replay", *map(str, arguments), "--set", folder])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_every_expectation_of_the_bundled_dialogues_holds_through_real_inference() -> None:
    code, shown = replay("--quiet")
    assert code == 0, shown


def test_the_bundled_dialogues_hold_with_the_other_detector_and_without_speculation() -> None:
    code, shown = replay("--quiet", "--set", "vad.kind=silero", "--set", "engine.speculate=false")
    assert code == 0, shown


def test_the_bundled_dialogues_are_spoken_and_cover_what_they_promise() -> None:
    dialogues = [load_dialogue(path) for path in sorted(DIALOGUES.glob("*.yaml"))]
    turns = [turn for dialogue in dialogues for turn in dialogue.turns]
    assert len(dialogues) >= 4
    assert sum(turn.audio is not None for turn in turns) >= 40
    assert all(turn.expect.model_fields_set for turn in turns)


ONE_RULE = {
    "styles": {"normal": {}},
    "limits": {
        "remark_every": 3,
        "clarify_in_a_row": 2,
        "instead": {"action": "answer", "template": "replies.answer"},
    },
    "hand_off": {"anger": 0, "distress": 0, "cap": 0},
    "rules": [
        {"id": "out", "when": {"leaves": True}, "then": {"action": "end", "template": "manners.end", "fixed": True}},
        {"id": "only", "when": {}, "then": {"action": "answer", "template": "replies.answer", "fixed": True}},
    ],
}

NULLED = {
    "vad": ["vad.energy_floor=0.1", "vad.mode=3"],
    "quality": ["quality.min_rms=0", "quality.min_snr_db=-99"],
    "asr": ["asr.kind=none"],
    "emotion": ["emotion.kind=none"],
    "sentiment": ["sentiment.kind=none"],
    "fusion": ["fusion.statement.category=1", "fusion.statement.group=1", "fusion.statement.mixed.total=1"],
    "memory": ["memory.streak.enter=1"],
    "crisis": ["files.crisis={tmp}/crisis.yaml"],
    "policy": ["files.policy={tmp}/policy.yaml"],
}


@pytest.mark.parametrize("stage", NULLED)
def test_a_dialogue_fails_when_a_stage_is_nulled(stage: str, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(ONE_RULE), encoding="utf-8")
    lexicon = read_yaml(CONFIGS / "crisis.yaml")
    assert isinstance(lexicon, dict)
    lexicon["signs"] = []
    (tmp_path / "crisis.yaml").write_text(json.dumps(lexicon, ensure_ascii=False), encoding="utf-8")
    changes = [part for setting in NULLED[stage] for part in ("--set", setting.format(tmp=tmp_path))]
    code, shown = replay("--quiet", *changes)
    assert code == 1, shown


def test_the_journal_of_a_replay_replays_byte_for_byte_whatever_is_configured_by_then(tmp_path: Path) -> None:
    code, _ = replay(DIALOGUES / "complaint.yaml", DIALOGUES / "conflict.yaml", journal=tmp_path)
    assert code == 0
    (journal,) = tmp_path.glob("*.jsonl")
    code, shown = replay(journal, "--quiet", "--set", "fusion.statement.category=0.9")
    assert code == 0, shown


def test_a_journal_may_hold_the_same_conversation_twice(tmp_path: Path) -> None:
    code, _ = replay(DIALOGUES / "joy.yaml", DIALOGUES / "joy.yaml", journal=tmp_path)
    assert code == 0
    code, shown = replay(*tmp_path.glob("*.jsonl"), "--quiet")
    assert code == 0, shown


def test_a_record_that_was_tampered_with_is_noticed(tmp_path: Path) -> None:
    replay(DIALOGUES / "complaint.yaml", journal=tmp_path)
    (journal,) = tmp_path.glob("*.jsonl")
    tuning, first, *rest = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    assert '"action":"answer"' in first
    forged = first.replace('"action":"answer"', '"action":"clarify"')
    journal.write_text("".join([tuning, forged, *rest]), encoding="utf-8")
    code, shown = replay(journal, "--quiet")
    assert code == 1
    assert "decision.action" in shown


@pytest.mark.parametrize("line", [0, 1])
def test_a_journal_of_another_version_is_refused_with_what_to_do(tmp_path: Path, line: int) -> None:
    replay(DIALOGUES / "conflict.yaml", journal=tmp_path)
    (journal,) = tmp_path.glob("*.jsonl")
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[line] = lines[line].replace(f'"version":{RECORD_VERSION}', '"version":1', 1)
    journal.write_text("".join(lines), encoding="utf-8")
    result = CliRunner().invoke(app, ["replay", str(journal)])
    assert isinstance(result.exception, ScriptError)
    wanted = f"line {line + 1}: written with records of version 1; this program reads version {RECORD_VERSION}"
    assert wanted in str(result.exception)


def test_a_journal_from_before_versions_were_told_is_refused_too(tmp_path: Path) -> None:
    journal = tmp_path / "old.jsonl"
    journal.write_text('{"tuning":{"language":"auto"}}\n', encoding="utf-8")
    result = CliRunner().invoke(app, ["replay", str(journal)])
    assert "written with records of version 1" in str(result.exception)


def test_no_sound_and_no_voice_embedding_is_written_down(tmp_path: Path) -> None:
    replay(DIALOGUES / "joy.yaml", journal=tmp_path)
    (journal,) = tmp_path.glob("*.jsonl")
    assert '"samples"' not in journal.read_text(encoding="utf-8")
    for record in read_journal(journal).records:
        assert record.observation.voice is not None
        assert record.observation.voice.embedding is None


def test_typed_and_recorded_turns_play_like_spoken_ones(tmp_path: Path) -> None:
    replay(DIALOGUES / "sadness.yaml", journal=tmp_path)
    (journal,) = tmp_path.glob("*.jsonl")
    recorded = read_journal(journal).records[1]
    script = tmp_path / "mixed.yaml"
    observation = yaml.safe_load(journal.read_text(encoding="utf-8").splitlines()[2])["turn"]["observation"]
    turns = [
        {"text": "我跟男朋友分手了", "expect": {"heard": "我跟男朋友分手了"}},
        {"observation": observation, "expect": {"emotion": str(recorded.affect.label)}},
    ]
    data = {"name": "mixed", "about": "x", "language": "zh", "turns": turns}
    script.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    code, shown = replay(script, "--quiet")
    assert code == 0, shown


def test_a_miss_is_shown_with_what_was_expected_and_what_came(tmp_path: Path) -> None:
    script = tmp_path / "wrong.yaml"
    script.write_text(
        "name: wrong\nabout: x\nlanguage: zh\nturns: [{text: 今天天气怎么样, expect: {action: alert}}]\n",
        encoding="utf-8",
    )
    code, shown = replay(script, "--quiet")
    assert code == 1
    assert "action: expected alert, got" in shown


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("turns: []", "missing key 'name'"),
        ("name: x\nabout: x\nlanguage: zh\nturns: [{text: 好, audio: a.wav}]", "exactly one of"),
        ("name: x\nabout: x\nlanguage: zh\nturns: [{audio: a.wav}]", "line 4: turn 1: audio file"),
        ("name: x\nabout: x\nlanguage: zh\nturns: [{text: 好, expect: {acton: alert}}]", "did you mean 'action'"),
        ("name: x\nname: y", "stands twice"),
    ],
)
def test_a_script_that_can_not_be_played_says_why(text: str, sentence: str, tmp_path: Path) -> None:
    script = tmp_path / "bad.yaml"
    script.write_text(text, encoding="utf-8")
    with pytest.raises(ScriptError, match=r"bad\.yaml") as caught:
        replay(script)
    assert sentence in str(caught.value)


def test_sound_that_can_not_be_decoded_stops_the_replay_before_it_begins(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("no sound", encoding="utf-8")
    script = tmp_path / "bad.yaml"
    script.write_text("name: x\nabout: x\nlanguage: zh\nturns: [{audio: a.wav}]\n", encoding="utf-8")
    with pytest.raises(AudioError, match=r"a\.wav"):
        replay(script)


@pytest.mark.parametrize("line", ["{}", "no json", '{"turn":{"version":1}}'])
def test_a_broken_journal_names_the_line(line: str, tmp_path: Path) -> None:
    journal = tmp_path / "broken.jsonl"
    journal.write_text(f"{line}\n", encoding="utf-8")
    with pytest.raises(ScriptError, match=r"broken\.jsonl, line 1"):
        replay(journal)


def test_character_error_rate_counts_edits_per_character_of_the_reference() -> None:
    assert character_error_rate("今天天气", "今天天气") == 0
    assert character_error_rate("今天天气", "今天气") == 0.25
    assert character_error_rate("今天天气", "明天天气好") == 0.5
    assert character_error_rate("好", "") == 1


def test_every_expectation_can_be_missed(tmp_path: Path) -> None:
    replay(DIALOGUES / "joy.yaml", journal=tmp_path)
    (journal,) = tmp_path.glob("*.jsonl")
    record = read_journal(journal).records[0]
    wrong: dict[str, object] = {
        "heard": "完全不同的一句话",
        "contains": "没有说过",
        "quality": "noisy",
        "voice": "disgusted",
        "sentiment": "负向",
        "emotion": "fearful",
        "certainty": "group",
        "conflict": "banter_or_relief",
        "action": "alert",
        "rule": "no-such-rule",
        "service": "no-such-service",
        "alert": "urgent",
    }
    script = tmp_path / "one.yaml"
    turn = {"text": "好", "expect": wrong}
    data = {"name": "x", "about": "x", "language": "zh", "turns": [turn]}
    script.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    expect = load_dialogue(script).turns[0].expect
    assert {miss.text.partition(":")[0] for miss in misses(expect, record)} == {"text", *wrong} - {"heard", "contains"}
