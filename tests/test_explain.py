"""One turn explained: every figure can be computed anew by a reader, every rule says at what it failed."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from typer.testing import CliRunner

from assistant.apps.cli import app
from assistant.config.deployment import Consent
from assistant.errors import ScriptError
from assistant.store.journal import read_journal
from assistant.tuning.explain import CLOSE, explain
from assistant.tuning.trace import Standing
from assistant.types import Certainty, Emotion, Mood, Observation, Polarity, TurnRecord
from tests.journals import conversations, recorded, spoken, stub_journal, tuned, written
from tests.stubs import TUNING

law = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])

SAD = {Emotion.SAD: 0.8}


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["explain", *map(str, arguments)], env={"COLUMNS": "200"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def before(records: tuple[TurnRecord, ...], index: int) -> Mood:
    return records[index - 1].mood if index else Mood()


@law
@given(conversations())
def test_whatever_is_recorded_adds_up_and_can_be_computed_by_hand(seen: tuple[Observation, ...]) -> None:
    records = recorded(seen)
    for index, record in enumerate(records):
        told = explain(record, before(records, index), TUNING)
        assert told.adds_up, told.drift
        assert told.error <= CLOSE
        for fused, share in (("fresh", record.affect.now), ("carried", record.affect.belief)):
            masses = {row.emotion: math.exp(getattr(row, fused) + row.voice + row.words) for row in told.rows}
            total = sum(masses.values())
            assert all(abs(masses[emotion] / total - share[emotion]) < 1e-9 for emotion in masses)


@law
@given(conversations())
def test_the_factors_of_a_reliability_multiply_to_it(seen: tuple[Observation, ...]) -> None:
    records = recorded(seen)
    for index, record in enumerate(records):
        told = explain(record, before(records, index), TUNING)
        trust = record.affect.reliability
        for factors, reliability in ((told.voice, trust.voice), (told.words, trust.words)):
            product = math.prod(factor.share for factor in factors) if factors else 0.0
            assert product == pytest.approx(reliability, abs=1e-12)


@law
@given(conversations())
def test_the_last_rule_asked_decided_and_all_before_it_say_why_not(seen: tuple[Observation, ...]) -> None:
    records = recorded(seen)
    for index, record in enumerate(records):
        told = explain(record, before(records, index), TUNING)
        *passed, last = told.stands
        assert told.limited or last.rule == record.decision.rule
        for stand in passed:
            if stand.standing is Standing.FAILS:
                assert not stand.conditions[-1].holds
                assert all(condition.holds for condition in stand.conditions[:-1])
            else:
                assert stand.hindrance
        assert told.ladder.certainty is record.affect.certainty


def test_a_denied_feeling_shows_on_the_ladder() -> None:
    angry = {Emotion.ANGRY: 0.9}
    records = recorded(
        [spoken("你们太差了", angry), spoken("我没生气", angry, at=9), spoken("我说了很多遍", angry, at=18)]
    )
    told = explain(records[2], records[1].mood, TUNING)
    assert told.ladder.certainty is Certainty.CORRECTED
    assert told.adds_up


def test_without_consent_no_factor_of_a_reading_is_shown() -> None:
    refused = tuned(f"emotion_consent={Consent.REFUSED}")
    (record,) = recorded([spoken("我好难过", SAD, Polarity.NEGATIVE)], refused)
    told = explain(record, Mood(), refused)
    assert (told.voice, told.words) == ((), ())
    assert told.adds_up


def test_a_forged_figure_is_noticed() -> None:
    (record,) = recorded([spoken("我好难过", SAD)])
    now = record.affect.now | {Emotion.SAD: record.affect.now[Emotion.SAD] + 0.01}
    told = explain(replace(record, affect=replace(record.affect, now=now)), Mood(), TUNING)
    assert not told.adds_up
    assert told.error == pytest.approx(0.01)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journal") / "talk.jsonl"
    stub_journal(path)
    return path


def test_every_turn_of_a_real_journal_can_be_explained(journal: Path) -> None:
    for number, record in enumerate(read_journal(journal).records, 1):
        code, shown = run(journal, str(number))
        assert code == 0, shown
        assert record.decision.rule in shown
        assert f"{record.session}:{number}" in shown
    assert run(journal, f"{record.session}:1")[0] == 0


def test_the_explanation_is_the_same_as_json(journal: Path) -> None:
    code, shown = run(journal, "3", "--json")
    assert code == 0
    data = json.loads(shown)
    assert {row["emotion"] for row in data["rows"]} == set(data["record"]["affect"]["now"])
    assert data["stands"][-1]["rule"] == data["record"]["decision"]["rule"] or data["limited"]


def test_a_forged_record_fails_the_command(journal: Path, tmp_path: Path) -> None:
    first, *rest = read_journal(journal).records
    forged = replace(first, decision=replace(first.decision, rule="answer"))
    code, shown = run(written(tmp_path / "forged.jsonl", (forged, *rest)), "1")
    assert code == 1
    assert "不一致" in shown


def test_a_turn_that_is_not_there_names_those_that_are(journal: Path, tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"no turn '99'; known: s:1-12"):
        run(journal, "99")
    two = written(
        tmp_path / "two.jsonl", (*recorded([spoken("谢谢", SAD)]), *recorded([spoken("谢谢", SAD)], name="b"))
    )
    with pytest.raises(ScriptError, match=r"known: s1:1-1, b:1-1"):
        run(two, "1")
    assert run(two, "b:1")[0] == 0
