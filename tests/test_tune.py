"""What another tuning changes: nothing unasked, every change with its reason, and numbers that add up."""

import gc
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from typer.testing import CliRunner

from assistant.apps.cli import app
from assistant.apps.tune_page import page
from assistant.apps.words import every_language
from assistant.config.policy import Rule
from assistant.config.tuning import Tuning
from assistant.config.when import Range, Said, When
from assistant.core.conditions import checks
from assistant.core.judge import judge, understand
from assistant.errors import ScriptError
from assistant.store.journal import encode, read_journal
from assistant.tuning.causes import Cause, Reason
from assistant.tuning.conversations import told
from assistant.tuning.diff import Aspect, Change, diff
from assistant.tuning.ladder import climb
from assistant.tuning.report import Report, report
from assistant.tuning.trace import Standing, asked, watching
from assistant.types import Emotion, Language, Mood, Observation, Polarity, TurnRecord
from tests.bench import decide
from tests.journals import book, conversations, phrased, recorded, spoken, stub_journal, tuned, written
from tests.stubs import CONFIG, TUNING

STRICTER = tuned("fusion.statement.category=0.7", "fusion.statement.group=0.8", "fusion.carry.share=0.2")

SAD = {Emotion.SAD: 0.8}
ANGRY = {Emotion.ANGRY: 0.9}
MILDLY_SAD = {Emotion.SAD: 0.6, Emotion.NEUTRAL: 0.2}

CHANGED = ("-s", "fusion.statement.min_reliability=1")
"""Under this nothing is stated of any feeling."""

law = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


def with_rules(change: Callable[[dict[str, Rule]], Iterable[Rule]]) -> Tuning:
    """Return the shipped tuning with other rules, made of the known ones by name."""
    policy = TUNING.policy
    rules = tuple(change({rule.id: rule for rule in policy.rules}))
    return TUNING.model_copy(update={"policy": policy.model_copy(update={"rules": rules})})


def narrowed(name: str, condition: str, wanted: Range) -> Tuning:
    """Return the shipped tuning with one condition more in one rule."""

    def change(rules: dict[str, Rule]) -> Iterable[Rule]:
        when = When(
            **{asked: getattr(rules[name].when, asked) for asked in rules[name].when.asked}, **{condition: wanted}
        )
        return (rules | {name: rules[name].model_copy(update={"when": when})}).values()

    return with_rules(change)


def causes(found: Report) -> dict[str, list[Reason]]:
    return {entry.turn: list(entry.reasons) for entry in found.entries}


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["tune", "diff", *map(str, arguments)], env={"COLUMNS": "200"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def test_the_place_stays_as_it_was_recorded_unless_the_settings_name_another(tmp_path: Path) -> None:
    served = tuned("service_profile=customer_service")
    journal = written(tmp_path / "talk.jsonl", recorded([spoken("你们怎么回事", ANGRY)], served), served)
    assert run("-j", journal, "--fail-on-change")[0] == 0
    assert run("-j", journal, "--fail-on-change", "-s", "service_profile=assistant")[0] == 1


@law
@given(conversations())
def test_a_tuning_changes_nothing_in_what_it_decided_itself(seen: tuple[Observation, ...]) -> None:
    found = diff(recorded(seen), TUNING)
    assert found.cases == ()
    assert found.count(Change.NONE) == found.turns == len(seen)


@law
@given(conversations())
def test_a_difference_is_the_same_every_time_and_its_counts_add_up(seen: tuple[Observation, ...]) -> None:
    records = recorded(seen)
    found = report([book(records)], STRICTER)
    assert found == report([book(records)], STRICTER)
    assert found.decision + found.reading + found.wording + found.same + found.orphans == found.turns == len(seen)
    assert len(found.entries) == found.turns - found.same - found.orphans
    assert sum(move.turns for move in found.moves) == sum(Aspect.RULE in entry.aspects for entry in found.entries)


@law
@given(conversations())
def test_the_new_side_is_what_the_session_would_have_decided(seen: tuple[Observation, ...]) -> None:
    changed = {case.name: case.anew for case in diff(recorded(seen), STRICTER).cases}
    for index, record in enumerate(recorded(seen, STRICTER)):
        if anew := changed.get(f"s1:{index + 1}"):
            assert (anew.affect, anew.mood, anew.decision, anew.reply) == (
                record.affect,
                record.mood,
                record.decision,
                record.reply,
            )


@law
@given(conversations())
def test_every_change_of_the_rule_has_a_reason_that_names_a_rule(seen: tuple[Observation, ...]) -> None:
    for entry in report([book(recorded(seen))], STRICTER).entries:
        if Aspect.RULE in entry.aspects:
            assert any(reason.rule for reason in entry.reasons), entry
        assert entry.reasons or entry.change is Change.WORDING, entry
        if entry.change is Change.READING:
            assert any(reason.cause is Cause.READING for reason in entry.reasons), entry
        assert not any(reason.cause is Cause.DRIFTED for reason in entry.reasons)


@law
@given(conversations())
def test_the_trace_ends_with_the_rule_that_decided_and_the_ladder_with_what_was_stated(
    seen: tuple[Observation, ...],
) -> None:
    mood = Mood()
    for observation in seen:
        now, judged = understand(observation, mood, TUNING), judge(observation, mood, TUNING, "s")
        last = asked(now, TUNING.policy)[-1]
        if last.standing is Standing.HOLDS:
            assert last.rule == judged.decision.rule
        else:
            assert last.standing is Standing.LIMITED
            assert judged.decision.reason.startswith(f"{last.rule} again")
        raised = [stand.rule for watch in TUNING.policy.watch if (stand := watching(watch, now)).standing == "holds"]
        if judged.decision.alert and judged.decision.alert.rule != judged.decision.rule:
            assert judged.decision.alert.rule == raised[0]
        denied = now.mood.denied(now.mood.turns)
        climbed = climb(judged.affect.now, judged.affect.reliability, TUNING.fusion.statement, denied)
        assert climbed.certainty is judged.affect.certainty
        mood = judged.mood


def test_every_condition_of_the_manual_is_asked_one_by_one() -> None:
    now = understand(spoken("你好", SAD), Mood(), TUNING)
    for rule in (*TUNING.policy.rules, *TUNING.policy.watch):
        assert len(list(checks(rule.when, now))) == len(rule.when.asked)
    assert set(When.model_fields) >= {name for rule in TUNING.policy.rules for name in rule.when.asked}


def test_sessions_that_talk_at_once_are_folded_each_for_itself() -> None:
    sad = recorded([spoken("我好难过", SAD, at=at) for at in (0, 9, 18)], name="a")
    angry = recorded([spoken("你们太差了", ANGRY, at=at) for at in (0, 9, 18)], name="b")
    mixed = [record for pair in zip(sad, angry, strict=True) for record in pair]
    assert diff(mixed, TUNING).cases == ()
    assert [each.name for each in told(mixed).conversations] == ["a", "b"]


def test_a_session_that_comes_twice_has_two_names() -> None:
    once = recorded([spoken("谢谢", SAD), spoken("再见", SAD, at=9)])
    turns = [name for talk in told([*once, *once]).conversations for name, _, _ in talk.turns()]
    assert turns == ["s1:1", "s1:2", "s1#2:1", "s1#2:2"]


def test_a_journal_without_its_beginning_is_decided_from_the_first_mood_it_knows() -> None:
    records = recorded([spoken("我好难过", SAD, at=9.0 * at) for at in range(5)])
    for torn in (records[2:], (*records[:1], *records[2:])):
        found = diff(torn, TUNING)
        assert (found.cases, found.orphans, found.turns) == ((), 1, len(torn))
    found = report([book(records[2:])], STRICTER)
    assert found.orphans == 1
    assert found.decision + found.reading + found.wording + found.same == 2


def test_a_condition_that_no_longer_holds_is_named_with_its_figure_then_and_now() -> None:
    stricter = narrowed("empathise-low", "confidence", Range(min=0.97))
    records = recorded([spoken("我跟男朋友分手了", SAD)])
    assert records[0].decision.rule == "empathise-low"
    found = report([book(records)], stricter)
    (entry,) = found.entries
    lost = entry.reasons[0]
    assert (lost.cause, lost.rule, lost.key) == (Cause.FAILS, "empathise-low", "confidence")
    assert "≥ 0.97" in lost.now
    assert [(move.then, move.turns) for move in found.moves] == [("empathise-low", 1)]


def test_a_new_rule_and_a_removed_one_are_told_as_such() -> None:
    own = Rule(id="own", when=When(says=Said(any_of=("分手",))), then=TUNING.policy.outcome("short"))
    richer = with_rules(lambda rules: [own, *rules.values()])
    seen = [spoken("我跟男朋友分手了", SAD)]
    there = causes(report([book(recorded(seen))], richer))["s1:1"]
    assert Reason(Cause.NEW, "own") in there
    assert Reason(Cause.OVERTAKEN, "empathise-low", now="own") in there
    back = causes(report([book(recorded(seen, richer), richer)], TUNING))["s1:1"]
    assert Reason(Cause.GONE, "own") in back


def test_a_limit_is_the_reason_where_it_makes_the_difference() -> None:
    strict = TUNING
    policy = strict.policy.model_copy(update={"limits": strict.policy.limits.model_copy(update={"remark_every": 1})})
    freer = strict.model_copy(update={"policy": policy})
    records = recorded([spoken("我好难过", SAD), spoken("真的很难过", SAD, at=9)])
    assert [record.decision.rule for record in records] == ["empathise-low", "company-low"]
    there = causes(report([book(records)], freer))["s1:2"]
    assert any((reason.cause, reason.rule) == (Cause.WAS_HELD_BACK, "empathise-low") for reason in there)
    back = causes(report([book(recorded([each.observation for each in records], freer), freer)], strict))["s1:2"]
    assert any((reason.cause, reason.rule) == (Cause.HELD_BACK, "empathise-low") for reason in back)


def test_what_only_follows_from_the_turn_before_is_said() -> None:
    shy = narrowed("empathise-low", "characters", Range(min=6))
    records = recorded([spoken("我好难过", SAD), spoken("今天真的是很难过啊", SAD, at=9)])
    found = causes(report([book(records)], shy))
    assert not any(reason.cause is Cause.CARRIED for reason in found["s1:1"])
    assert any(reason.cause is Cause.CARRIED for reason in found["s1:2"])


def test_a_changed_outcome_is_told_key_by_key() -> None:
    def change(rules: dict[str, Rule]) -> Iterable[Rule]:
        then = rules["thanks"].then.model_copy(update={"template": "replies.go_on"})
        return (rules | {"thanks": rules["thanks"].model_copy(update={"then": then})}).values()

    other = with_rules(change)
    (entry,) = report([book(recorded([spoken("谢谢", {Emotion.NEUTRAL: 0.9})]))], other).entries
    assert entry.aspects == (Aspect.TEMPLATE,)
    assert Reason(Cause.OUTCOME, "thanks", "template", "replies.thanks", "replies.go_on") in entry.reasons


def test_an_alert_that_is_no_longer_raised_is_a_change_with_its_reason() -> None:
    slow = tuned("memory.streak.need=3")
    records = recorded([spoken("你们太差了", ANGRY, Polarity.NEGATIVE, at=9.0 * number) for number in range(4)])
    assert any(record.decision.alert for record in records)
    found = report([book(records)], slow)
    (lost,) = [entry for entry in found.entries if entry.then.decision.alert and not entry.now.decision.alert]
    assert Aspect.ALERT in lost.aspects
    assert any(reason.key == "anger_turns" for reason in lost.reasons)


def test_a_stricter_bound_of_the_reading_is_told_as_the_step_that_failed() -> None:
    records = recorded([spoken("帮我查一下明天的天气", {Emotion.NEUTRAL: 0.6, Emotion.SAD: 0.3})])
    confidence = records[0].affect.confidence
    found = report([book(records)], tuned(f"fusion.statement.category={confidence + 0.05:.2f}"))
    (entry,) = found.entries
    step = next(reason for reason in entry.reasons if reason.cause is Cause.READING)
    assert step.key == "category"
    assert f"{confidence:.3f} <" in step.now


def test_other_words_for_the_same_decision_are_listed_apart() -> None:
    texts = {
        language: own.model_copy(
            update={"phrasings": {**own.phrasings, "replies.thanks": ("小事一桩。", "好说。", "嗯哪。")}}
        )
        for language, own in TUNING.texts.items()
    }
    found = report(
        [book(recorded([spoken("谢谢", {Emotion.NEUTRAL: 0.9})]))], TUNING.model_copy(update={"texts": texts})
    )
    assert (found.decision, found.reading, found.wording) == (0, 0, 1)
    assert found.entries[0].now.reply.text == "小事一桩。"


def test_the_words_of_a_language_model_are_neither_compared_nor_made_again() -> None:
    records = [phrased(record) for record in recorded([spoken("谢谢", SAD), spoken("我好难过", SAD, at=9)])]
    assert diff(records, TUNING).cases == ()
    found = report([book(records)], STRICTER)
    assert found.phrased == 2
    assert not any(entry.regenerated for entry in found.entries)


def test_a_record_that_its_own_tuning_does_not_give_is_marked() -> None:
    (record,) = recorded([spoken("谢谢", {Emotion.NEUTRAL: 0.9})])
    forged = replace(record, decision=replace(record.decision, rule="answer"))
    (entry,) = report([book([forged])], TUNING).entries
    assert any(reason.cause is Cause.DRIFTED for reason in entry.reasons)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("journal") / "talk.jsonl"
    stub_journal(path)
    return path


def test_a_real_journal_shows_no_change_with_the_same_settings_and_fails_nothing(journal: Path) -> None:
    code, shown = run("-j", journal, "--fail-on-change")
    assert code == 0
    assert "没有任何变化" in shown


def test_changes_fail_the_command_only_when_asked(journal: Path) -> None:
    code, shown = run("-j", journal, *CHANGED)
    assert code == 0
    assert "min_reliability" in shown
    assert run("-j", journal, *CHANGED, "--fail-on-change")[0] == 1


def test_json_holds_all_that_the_table_shows(journal: Path) -> None:
    code, shown = run("-j", journal, *CHANGED, "--json")
    assert code == 0
    data = json.loads(shown)
    assert data["turns"] == len(read_journal(journal).records)
    assert data["turns"] == data["decision"] + data["reading"] + data["wording"] + data["same"]
    assert len(data["entries"]) == data["turns"] - data["same"] > 0
    assert {"then", "now", "reasons", "turn", "heard", "change"} <= set(data["entries"][0])


def test_several_journals_are_told_apart(journal: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "other.jsonl", recorded([spoken("帮我查一下天气", MILDLY_SAD)]))
    code, shown = run("-j", journal, "-j", other, *CHANGED, "--json")
    assert code == 0
    data = json.loads(shown)
    assert data["journals"] == [str(journal), str(other)]
    assert {entry["journal"] for entry in data["entries"]} == {str(journal), str(other)}


def test_a_journal_keeps_every_tuning_and_each_turn_is_compared_with_its_own(tmp_path: Path) -> None:
    seen = [spoken("我好难过", SAD), spoken("谢谢", SAD, at=9)]
    path = tmp_path / "two.jsonl"
    written(path, recorded(seen, name="a"))
    written(path, recorded(seen, STRICTER, name="b"), STRICTER)
    data = json.loads(run("-j", path, "--json")[1])
    assert len(data["then"]) == 2
    assert not any(entry["turn"].startswith("a:") for entry in data["entries"])


def test_an_empty_journal_and_a_wrong_one_are_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(ScriptError, match=r"empty\.jsonl: holds no turn"):
        run("-j", tmp_path / "empty.jsonl")
    with pytest.raises(ScriptError, match=r"missing\.jsonl: can't be read"):
        run("-j", tmp_path / "missing.jsonl")


def test_the_page_asks_nothing_of_any_network_and_speaks_both_languages(journal: Path, tmp_path: Path) -> None:
    html = tmp_path / "out" / "diff.html"
    code, _ = run("-j", journal, *CHANGED, "--html", html)
    assert code == 0
    text = html.read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href|action)\s*=|url\(|@import|https?:""", text)
    assert "default-src 'none'" in text
    assert text.count('<span lang="zh">') == text.count('<span lang="en">') > 20
    assert "prefers-color-scheme: dark" in text
    assert "$" not in re.sub(r"<script>.*</script>", "", text, flags=re.S)


def test_what_was_said_can_not_break_the_page() -> None:
    said = '</article><script>alert("x")</script>&lt;'
    records = recorded([spoken(said, MILDLY_SAD)])
    found = report([book(records)], tuned("fusion.statement.category=0.9"))
    text = page(found, every_language(CONFIG), Language.ZH)
    assert found.entries
    assert said not in text
    assert text.count("<script>") == 1


def test_a_page_without_changes_is_whole(journal: Path, tmp_path: Path) -> None:
    html = tmp_path / "same.html"
    assert run("-j", journal, "--html", html)[0] == 0
    assert "没有任何变化" in html.read_text(encoding="utf-8")


def test_a_journal_read_again_gives_the_records_that_were_written(journal: Path, tmp_path: Path) -> None:
    played = read_journal(journal)
    copy = written(tmp_path / "copy.jsonl", played.records)
    strip = [encode(replace(record, wall_time=None)) for record in played.records]
    assert [encode(replace(record, wall_time=None)) for record in read_journal(copy).records] == strip


def test_record_order_is_kept_within_a_report() -> None:
    records: tuple[TurnRecord, ...] = recorded([spoken("我好难过", SAD, at=9.0 * number) for number in range(4)])
    turns = [entry.turn for entry in report([book(records)], STRICTER).entries]
    assert turns == sorted(turns)


def test_the_bench_prints_how_fast_turns_are_decided_anew(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["decide", "--turns", "60", "--rounds", "1", "--json"])
    decide.main()
    gc.unfreeze()
    shown = json.loads(capsys.readouterr().out)
    assert shown["turns"] == 60
    assert shown["changed"] > 0
    assert all(step["wall_s"] > 0 for step in shown["steps"].values())
