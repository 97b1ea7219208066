"""Replay as a test tool: scripts that say what is wrong, settings of their own, reports for CI, programs and people."""

import json
import os
import re
import subprocess
import sys
import wave
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from assistant.apps.cli import app
from assistant.apps.dialogue import Perceived, load_dialogue
from assistant.apps.replay.coverage import coverage
from assistant.apps.replay.engines import Engines
from assistant.apps.replay.given import observation
from assistant.apps.replay.junit import junit
from assistant.apps.replay.outcome import Kind, Outcome
from assistant.apps.replay.play import play
from assistant.apps.replay.schema import FILE, schema
from assistant.apps.replay.stage import stage
from assistant.apps.scripts import problems
from assistant.config.files import CONFIGS, DIALOGUES
from assistant.config.layers import load
from assistant.errors import ScriptError
from assistant.types import Emotion
from tests.talk import TUNING

CONFIG = load(env={}).config

TALK = """\
name: talk
about: Somebody is angry, & says <so>.
language: zh
turns:
  - {text: 你好, expect: {rule: greeting}}
  - perceived: {text: 你们到底管不管, voice: {angry: 0.9}, words: {激动: 0.9}}
    expect: {emotion: sad, rule: goodbye, reply: {contains: 再见}}
  - {text: 谢谢, expect: {rule: thanks}}
"""


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["replay", *map(str, arguments), "--quiet", "--set", "journal.folder=null"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def played(folder: Path, text: str) -> Outcome:
    with Engines() as engines:
        return play(stage(script(folder, text), CONFIG), engines)


def script(folder: Path, text: str, name: str = "talk.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every report of a talk played twice, one turn of which misses."""
    folder = tmp_path_factory.mktemp("reports")
    path = script(folder, TALK)
    options = ("--junit", folder / "deep" / "r.xml", "--jsonl", folder / "r.jsonl", "--html", folder / "r.html")
    code, shown = run(path, *options, "--repeat", "2", "--coverage")
    assert code == 1
    (folder / "shown.txt").write_text(shown, encoding="utf-8")
    return folder


# --- scripts


def test_the_bundled_schema_is_that_of_the_model_and_the_command_prints_it() -> None:
    assert (DIALOGUES / FILE).read_text(encoding="utf-8") == schema()
    assert CliRunner().invoke(app, ["replay", "--schema"]).stdout == schema()
    assert "Silence before the turn" in json.loads(schema())["$defs"]["Turn"]["properties"]["after_s"]["description"]
    assert set(json.loads(schema())["properties"]) == set(yaml.safe_load(TALK)) | {"speaker", "sets", "absent"}


def test_every_spoken_script_says_what_it_is_worth() -> None:
    spoken = [path for path in DIALOGUES.glob("*.yaml") if stage(path, CONFIG).spoken]
    assert len(spoken) >= 10
    assert all("a demonstration, not a measurement" in path.read_text(encoding="utf-8") for path in spoken)


@pytest.mark.parametrize(
    ("wrong", "line", "sentence"),
    [
        ("expect: {acton: alert}", 6, "did you mean 'action'"),
        ("expect: {emotion: [sad, blue]}", 6, "'turns.0.expect.emotion': input should be 'angry'"),
        ("expect: {emotion: blue}", 6, "'turns.0.expect.emotion': input should be 'angry'"),
        ("expect: {confidence: {min: 0.8, max: 0.2}}", 6, "min must not be greater than max"),
        ("expect: {absent: {alert: loud}}", 6, "'turns.0.expect.absent.alert'"),
        ("expect: {within_ms: 0}", 6, "greater than 0"),
        ("audio: a.wav", 5, "exactly one of"),
        ("after_s: -1", 6, "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_with_a_script_is_told_with_file_line_and_key(
    wrong: str, line: int, sentence: str, tmp_path: Path
) -> None:
    path = script(tmp_path, f"name: x\nabout: x\nlanguage: zh\nturns:\n  - text: 好\n    {wrong}\n")
    with pytest.raises(ScriptError) as caught:
        load_dialogue(path)
    (told,) = str(caught.value).splitlines()
    assert told.startswith(f"{path}, line {line}: ")
    assert sentence in told


def test_scores_that_can_not_be_are_refused(tmp_path: Path) -> None:
    turn = "turns: [{perceived: {voice: {sad: 0.8, happy: 0.4}}}]"
    with pytest.raises(ScriptError, match="must not sum to more than 1"):
        load_dialogue(script(tmp_path, f"name: x\nabout: x\nlanguage: zh\n{turn}\n"))


def test_a_script_makes_its_own_settings_and_leaves_those_of_others_alone(tmp_path: Path) -> None:
    angry = "{perceived: {text: 你们到底管不管, voice: {angry: 0.95}, words: {激动: 0.9}}, expect: {rule: %s}}"
    heads = {
        "a": ("{}", "empathise-hot"),
        "b": ("{emotion_consent: refused}", "answer"),
        "c": ("{fusion.statement.category: 1, fusion.statement.mixed.total: 1, fusion.statement.group: 1}", "unknown"),
        "d": ("{}", "empathise-hot"),
    }
    for name, (sets, rule) in heads.items():
        text = f"name: {name}\nabout: x\nlanguage: zh\nsets: {sets}\nturns: [{angry % rule}]\n"
        script(tmp_path, text, f"{name}.yaml")
    code, shown = run(tmp_path)
    assert code == 0, shown


def test_a_script_without_consent_shares_no_engine_with_one_that_has_it(tmp_path: Path) -> None:
    head = "name: x\nabout: x\nlanguage: zh\nturns: [{text: 太难过了}]\n"
    with Engines() as engines:
        read = play(stage(script(tmp_path, head), CONFIG), engines).turns[0].record
        unread = play(stage(script(tmp_path, f"{head}sets: {{emotion_consent: refused}}\n"), CONFIG), engines)
    assert read is not None
    assert read.observation.sentiment is not None
    assert unread.turns[0].record is not None
    assert unread.turns[0].record.observation.sentiment is None


def test_a_setting_that_does_not_exist_is_told_before_anything_is_played(tmp_path: Path) -> None:
    text = "name: x\nabout: x\nlanguage: zh\nsets: {service_profil: companion}\nturns: [{text: 好}]\n"
    with pytest.raises(ScriptError, match=r"talk\.yaml, line 4: sets: .*did you mean 'service_profile'"):
        run(script(tmp_path, text))


def test_a_script_with_a_policy_of_its_own_is_checked_against_that_alone(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    policy = (CONFIGS / "policy.yaml").read_text(encoding="utf-8").replace("id: thanks", "id: my-thanks")
    own = script(tmp_path / "own", policy, "policy.yaml").as_posix()
    head, turns = "name: x\nabout: x\nlanguage: zh\n", "turns: [{text: 谢谢, expect: {rule: my-thanks}}]\n"
    path = script(tmp_path, f"{head}sets: {{files.policy: '{own}'}}\n{turns}")
    assert run(path)[0] == 0
    assert problems([path], TUNING) == []
    assert "no rule 'my-thanks'" in str(problems([script(tmp_path, f"{head}{turns}")], TUNING))


def test_silence_before_a_turn_passes_in_the_session_and_not_on_the_clock(tmp_path: Path) -> None:
    turns = "turns: [{text: 好}, {text: 好, after_s: 1000}]"
    outcome = played(tmp_path, f"name: x\nabout: x\nlanguage: zh\n{turns}\n")
    first, second = outcome.turns
    assert second.start - first.end == pytest.approx(1001)
    assert outcome.took_s < 100


# --- expectations


def test_what_must_not_happen_is_a_miss_where_it_does(tmp_path: Path) -> None:
    turn = "{perceived: {text: 我不想活了, voice: {sad: 0.9}, words: {负向: 0.9}}, expect: {absent: %s}}"
    head = "name: x\nabout: x\nlanguage: zh\n"
    absent = "{rule: crisis-passive, action: alert, emotion: sad, alert: [warning, urgent]}"
    (missed,) = played(tmp_path, f"{head}turns: [{turn % absent}]\n").turns
    assert [miss.kind for miss in missed.misses] == ["fusion", "policy", "policy", "policy", "alert"]
    assert missed.kind is Kind.FUSION
    (missed,) = played(tmp_path, f"{head}absent: {{alert: urgent}}\nturns: [{turn % '{}'}]\n").turns
    assert [miss.text for miss in missed.misses] == ["alert: urgent must not come"]
    (held,) = played(tmp_path, f"{head}absent: {{alert: info}}\nturns: [{turn % '{rule: crisis-stay}'}]\n").turns
    assert held.held


def test_latency_is_judged_at_the_speed_of_speech_only(tmp_path: Path) -> None:
    audio = DIALOGUES / "joy" / "2.flac"
    turn = f"{{audio: '{audio.as_posix()}', expect: {{within_ms: 0.000001}}}}"
    path = script(tmp_path, f"name: x\nabout: x\nlanguage: zh\nturns: [{turn}]\n")
    assert run(path)[0] == 0
    code, shown = run(path, "--realtime")
    assert code == 1
    assert "[latency] latency: expected within" in shown


@pytest.mark.parametrize(
    ("expect", "kind"),
    [
        ("heard: 完全不同的话", "asr"),
        ("sentiment: 负向", "sentiment"),
        ("emotion: sad", "fusion"),
        ("mood: {anger_turns: {min: 1}}", "memory"),
        ("mood: {denied: angry}", "memory"),
        ("mood: {belief: {sad: {min: 0.9}}}", "memory"),
        ("priority: {min: 1}", "policy"),
        ("typing: true", "policy"),
        ("template: replies.goodbye", "reply"),
        ("reply: {lacks: 不}", "reply"),
        ("alert_rule: anger-streak", "alert"),
        ("absent: {rule: thanks}", "policy"),
    ],
)
def test_a_miss_says_which_stage_it_points_to(expect: str, kind: str, tmp_path: Path) -> None:
    turn = f"{{text: 谢谢, expect: {{{expect}}}}}"
    (turn_outcome,) = played(tmp_path, f"name: x\nabout: x\nlanguage: zh\nturns: [{turn}]\n").turns
    assert turn_outcome.kind == kind, turn_outcome.misses


def test_a_turn_without_speech_points_to_the_voice_activity(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "silence.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 16000, "NONE", ""))
        file.writeframes(bytes(32000))
    outcome = played(tmp_path, "name: x\nabout: x\nlanguage: zh\nturns: [{audio: silence.wav}, {text: 好}]\n")
    assert [turn.kind for turn in outcome.turns] == ["vad", None]
    assert outcome.turns[0].record is None
    assert ElementTree.fromstring(junit([outcome])).get("failures") == "1"


def test_a_stage_that_failed_says_why_its_result_is_missing(tmp_path: Path) -> None:
    turn = "{perceived: {failed: [asr, sentiment]}, expect: {heard: 好, sentiment: 正向}}"
    (outcome,) = played(tmp_path, f"name: x\nabout: x\nlanguage: zh\nturns: [{turn}]\n").turns
    assert [miss.text.rpartition(" (")[2] for miss in outcome.misses] == ["failed, as the script says)"] * 2


@given(st.dictionaries(st.sampled_from(list(Emotion)), st.floats(0, 1), max_size=len(Emotion)))
def test_scores_given_in_part_become_a_whole_distribution(given_scores: dict[Emotion, float]) -> None:
    total = sum(given_scores.values())
    scores = {emotion: share / max(total, 1.0) for emotion, share in given_scores.items()}
    assume(scores and (len(scores) < len(Emotion) or sum(scores.values()) > 0.01))
    voice = observation(Perceived(voice=scores), 1).voice
    assert voice is not None
    assert list(voice.scores) == list(Emotion)
    assert sum(voice.scores.values()) == pytest.approx(1)
    if len(scores) < len(Emotion):
        assert {emotion: voice.scores[emotion] for emotion in scores} == scores


# --- reports


def test_a_journal_gives_reports_too_even_an_empty_one(reports: Path, tmp_path: Path) -> None:
    path = script(tmp_path, TALK)
    result = CliRunner().invoke(app, ["replay", str(path), "-q", "-s", f"journal.folder={tmp_path / 'runs'}"])
    assert result.exit_code == 1
    (journal,) = (tmp_path / "runs").glob("*.jsonl")
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    code, shown = run(journal, tmp_path / "empty.jsonl", "--html", tmp_path / "r.html")
    assert code == 0, shown
    assert "你们到底管不管" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_junit_has_a_suite_per_run_and_a_failure_with_the_stage_that_missed_first(reports: Path) -> None:
    top = ElementTree.parse(reports / "deep" / "r.xml").getroot()
    assert (top.tag, top.get("tests"), top.get("failures")) == ("testsuites", "6", "2")
    assert [suite.get("name") for suite in top] == ["talk (run 1)", "talk (run 2)"]
    (failure,) = top[0].iter("failure")
    assert failure.get("type") == "fusion"
    assert failure.text == (
        "[fusion] emotion: expected sad, got angry\n"
        "[policy] rule: expected goodbye, got empathise-hot\n"
        f"[reply] reply: expected '再见' in '{found(reports)[1]['reply']}'"
    )


def test_json_lines_have_what_every_turn_came_to(reports: Path) -> None:
    entries = [json.loads(line) for line in (reports / "r.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(entry["run"], entry["turn"], entry["held"]) for entry in entries] == [
        (run, turn, turn != 2) for run in (1, 2) for turn in (1, 2, 3)
    ]
    assert entries[1]["kind"] == "fusion"
    assert entries[1]["expected"] == {"emotion": ["sad"], "rule": ["goodbye"], "reply": {"contains": ["再见"]}}
    assert [found(reports)[1][key] for key in ("text", "voice", "emotion", "rule")] == [
        "你们到底管不管",
        "angry",
        "angry",
        "empathise-hot",
    ]


def found(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line)["found"] for line in (folder / "r.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_page_is_whole_in_both_languages_and_asks_nothing_of_any_network(reports: Path) -> None:
    text = (reports / "r.html").read_text(encoding="utf-8")

    class Reader(HTMLParser):
        open: list[str] = []  # noqa: RUF012

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert not {"src", "href", "srcset"} & {name for name, _ in attrs}
            if tag not in ("meta", "br", "input"):
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if self.open[-1] != tag:
                assert self.getpos() and False, (tag, self.open, self.getpos())
            self.open.pop()

    reader = Reader()
    reader.feed(re.sub(r"<(rect|line|circle|polyline)\b[^>]*/>", "", text))
    assert reader.open == []
    assert "://" not in text
    assert text.count('<article class="missed">') == 2
    assert "&amp; says &lt;so&gt;" in text
    assert "✗ fusion" in text
    for word in ("对话重放", "Replay of dialogues", "e-angry", "emotion: sad, rule: goodbye"):
        assert word in text


def test_repeated_dialogues_show_how_often_each_turn_held(reports: Path) -> None:
    shown = (reports / "shown.txt").read_text(encoding="utf-8")
    assert re.search(r"talk +0/2", shown)
    assert re.search(r"第 2 轮 +0/2", shown)
    assert not re.search(r"第 1 轮 +2/2", shown)


# --- coverage


def test_coverage_names_the_rules_alerts_and_texts_that_no_turn_reaches(tmp_path: Path) -> None:
    reached = coverage(TUNING.policy, [played(tmp_path, TALK)])
    assert {each.name: each.turns for each in reached.rules if each.turns} == {
        "greeting": 1,
        "empathise-hot": 1,
        "thanks": 1,
    }
    assert "crisis-explicit" in reached.missing["rules"]
    assert "clarify-limit" in reached.missing["rules"]
    assert set(reached.missing["alerts"]) >= {"anger-streak", "crisis-explicit"}
    assert "replies.empathise.angry" not in reached.missing["templates"]
    assert "replies.empathise.disgusted" in reached.missing["templates"]


def test_the_bundled_dialogues_reach_every_rule_alert_and_text_in_all_profiles_and_languages() -> None:
    scripts = [stage(path, CONFIG) for path in sorted(DIALOGUES.glob("*.yaml"))]
    assert len(scripts) >= 25
    assert sum(len(each.dialogue.turns) for each in scripts) >= 150
    assert {each.config.service_profile for each in scripts} == {"companion", "customer_service", "assistant"}
    assert {each.dialogue.language for each in scripts} == {"zh", "en"}
    with Engines() as engines:
        outcomes = [play(each, engines) for each in scripts]
    assert coverage(TUNING.policy, outcomes).missing == {"rules": (), "alerts": (), "templates": ()}


# --- pytest


def test_pytest_runs_a_script_as_a_test_per_turn_and_needs_nothing_where_none_matches(tmp_path: Path) -> None:
    script(tmp_path, TALK, "talk.dialogue.yaml")
    script(tmp_path, "name: broken\n", "other.yaml")
    code, shown = pytest_in(tmp_path)
    assert code == 1
    assert "1 failed, 2 passed" in shown
    assert "[fusion] emotion: expected sad, got angry" in shown
    assert "Traceback" not in shown
    (tmp_path / "pytest.ini").write_text("[pytest]\nassistant_dialogues = other.yaml\n", encoding="utf-8")
    code, shown = pytest_in(tmp_path)
    assert code == 2
    assert "other.yaml, line 1: missing key 'about'" in shown
    (tmp_path / "pytest.ini").write_text("[pytest]\nassistant_dialogues = none.yaml\n", encoding="utf-8")
    light = "import sys\ndef test_light(): assert not {'numpy', 'pydantic', 'torch'} & set(sys.modules)\n"
    (tmp_path / "test_light.py").write_text(light, encoding="utf-8")
    code, shown = pytest_in(tmp_path)
    assert (code, "1 passed" in shown) == (0, True), shown


def test_settings_of_pytest_reach_the_assistant(tmp_path: Path) -> None:
    script(tmp_path, TALK.replace("rule: goodbye", "rule: answer"), "talk.dialogue.yaml")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nassistant_settings =\n    emotion_consent=refused\n    language=en\n", encoding="utf-8"
    )
    _, shown = pytest_in(tmp_path, "-k", "2")
    assert "emotion: expected sad, got None" in shown
    assert "rule: expected" not in shown


def pytest_in(folder: Path, *more: str) -> tuple[int, str]:
    """Return the exit code and the output of pytest in a folder."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "assistant.apps.pytest_plugin",
        "-W",
        "error",
        "-p",
        "no:cacheprovider",
    ]
    top = str(Path(__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": top, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [*command, *more], cwd=folder, env=environment, check=False, capture_output=True, encoding="utf-8"
    )
    return done.returncode, done.stdout + done.stderr
