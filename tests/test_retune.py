"""Tuning while it runs: a file edited between two turns decides the second one; a broken file decides nothing."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.apps.retune import Retuner, retuner
from assistant.build import build_engine, build_session
from assistant.config.files import CONFIGS, PROMPTS
from assistant.config.layers import load
from assistant.events import Event, Input, Notice, TurnCompleted, TypedText
from assistant.session import Session

OFF = ("asr.kind=none", "emotion.kind=none", "sentiment.kind=none", "punctuator.kind=none", "language=zh")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A user's own copies of the policy and the texts, and a file of settings that names them."""
    shutil.copy(CONFIGS / "policy.yaml", tmp_path / "policy.yaml")
    shutil.copytree(PROMPTS, tmp_path / "prompts")
    settings = f"files: {{policy: {tmp_path / 'policy.yaml'}, prompts: {tmp_path / 'prompts'}}}\n"
    (tmp_path / "mine.yaml").write_text(settings, encoding="utf-8")
    return tmp_path


def watch(files: Path) -> Retuner:
    return retuner(None, [str(files / "mine.yaml")], OFF)


def session(files: Path, watched: Retuner, name: str = "s") -> Session:
    config = load(None, [str(files / "mine.yaml")], OFF, env={}).config
    return build_session(config, build_engine(config), watched.tuning, name)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def notices(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.level, event.text) for event in events if isinstance(event, Notice)]


def rules(events: list[Event]) -> list[str]:
    return [event.record.decision.rule for event in events if isinstance(event, TurnCompleted)]


def say(talk: Session, watched: Retuner, text: str) -> list[Event]:
    return list(watched.follow(talk, talk.run([TypedText(text, 0.0)], patient=True)))


def test_a_rule_added_between_two_turns_decides_the_second(files: Path) -> None:
    watched = watch(files)
    talk = session(files, watched)

    def turns() -> Iterator[Input]:
        yield TypedText("外卖到哪里了", 0.0)
        rule = "{id: takeaway, when: {says: {any_of: [外卖]}}, then: {action: answer, template: replies.go_on}}"
        edit(files / "policy.yaml", "  - id: thanks\n", f"  - {rule}\n  - id: thanks\n")
        yield TypedText("外卖到哪里了", 9.0)

    events = list(watched.follow(talk, talk.run(turns(), patient=True)))
    first, second = rules(events)
    assert first != "takeaway"
    assert second == "takeaway"
    (notice,) = notices(events)
    assert notice[0] == "info"
    assert "policy.yaml" in notice[1]
    records = [event.record for event in events if isinstance(event, TurnCompleted)]
    assert records[0].tuning != records[1].tuning == watched.tuning.hash()


def test_nothing_is_said_and_nothing_read_while_the_files_stay_as_they_are(files: Path) -> None:
    watched = watch(files)
    talk = session(files, watched)
    before = watched.tuning
    assert notices(say(talk, watched, "你好") + say(talk, watched, "你好")) == []
    assert watched.tuning is before


def test_broken_yaml_keeps_the_last_good_policy_and_says_so_once(files: Path) -> None:
    watched = watch(files)
    talk = session(files, watched)
    good = (files / "policy.yaml").read_text(encoding="utf-8")
    (files / "policy.yaml").write_text("rules: [", encoding="utf-8")
    broken = say(talk, watched, "谢谢")
    assert rules(broken) == ["thanks"]
    ((level, text),) = notices(broken)
    assert level == "error"
    assert "policy.yaml" in text
    assert notices(say(talk, watched, "谢谢")) == []
    (files / "policy.yaml").write_text(good, encoding="utf-8")
    mended = say(talk, watched, "谢谢")
    assert [level for level, _ in notices(mended)] == ["info"]
    assert notices(say(talk, watched, "谢谢")) == []


def test_another_mistake_is_another_change_and_told_again(files: Path) -> None:
    watched = watch(files)
    talk = session(files, watched)
    edit(files / "policy.yaml", "template: replies.thanks", "template: replies.no_such_text")
    ((_, first),) = notices(say(talk, watched, "谢谢"))
    edit(files / "policy.yaml", "template: replies.no_such_text", "template: replies.nor_this_one")
    ((_, second),) = notices(say(talk, watched, "谢谢"))
    assert "no_such_text" in first
    assert "nor_this_one" in second


def test_a_deleted_file_is_no_policy_and_a_restored_one_is(files: Path) -> None:
    watched = watch(files)
    talk = session(files, watched)
    (files / "policy.yaml").rename(files / "away.yaml")
    ((level, text),) = notices(say(talk, watched, "谢谢"))
    assert (level, "policy.yaml" in text) == ("error", True)
    (files / "away.yaml").rename(files / "policy.yaml")
    edit(files / "policy.yaml", "{any_of: [谢谢, 多谢", "{any_of: [外卖, 谢谢, 多谢")
    events = say(talk, watched, "外卖")
    assert rules(events) == ["thanks"]
    assert [level for level, _ in notices(events)] == ["info"]


def test_another_wording_is_heard_at_the_next_turn(files: Path) -> None:
    watched = watch(files)
    talk = session(files, watched)
    path = files / "prompts" / "zh" / "replies.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("不客气", "小事一桩"), encoding="utf-8")
    events = say(talk, watched, "谢谢") + say(talk, watched, "谢谢") + say(talk, watched, "谢谢")
    replies = [event.record.reply.text for event in events if isinstance(event, TurnCompleted)]
    assert any("小事一桩" in reply for reply in replies)
    ((_, text),) = notices(events)
    assert "replies.yaml" in text


def test_a_new_file_of_texts_is_seen(files: Path) -> None:
    watched = watch(files)
    talk = session(files, watched)
    for language in ("zh", "en"):
        (files / "prompts" / language / "shop.yaml").write_text("hours: [a, b, c]\n", encoding="utf-8")
    assert len(notices(say(talk, watched, "谢谢"))) == 1
    assert talk.tuning is watched.tuning
    assert "shop.hours" in str(talk.tuning.texts)


def test_a_threshold_in_a_file_of_settings_follows_too(files: Path) -> None:
    watched = watch(files)
    talk = session(files, watched)
    mine = files / "mine.yaml"
    mine.write_text(f"{mine.read_text(encoding='utf-8')}fusion: {{statement: {{category: 0.77}}}}\n", encoding="utf-8")
    ((_, text),) = notices(say(talk, watched, "谢谢"))
    assert "mine.yaml" in text
    assert talk.tuning.fusion.statement.category == 0.77


def test_a_save_that_keeps_size_and_time_of_the_file_is_seen_by_its_place_on_the_disk(files: Path) -> None:
    watched = watch(files)
    talk = session(files, watched)
    policy = files / "policy.yaml"
    before = policy.stat()
    other = files / "other.yaml"
    shutil.copy(policy, other)
    edit(other, "template: replies.thanks", "template: replies.go_on ")
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(policy)
    assert len(notices(say(talk, watched, "谢谢"))) == 1


def test_every_session_is_retuned_and_told(files: Path) -> None:
    watched = watch(files)
    first, second = session(files, watched, "a"), session(files, watched, "b")
    edit(files / "policy.yaml", "{any_of: [谢谢, 多谢", "{any_of: [外卖, 谢谢, 多谢")
    for talk in (first, second):
        events = say(talk, watched, "外卖")
        assert rules(events) == ["thanks"]
        assert len(notices(events)) == 1
    assert first.tuning is second.tuning


def test_a_session_built_with_an_equal_tuning_is_told_nothing(files: Path) -> None:
    watched = watch(files)
    talk = session(files, watch(files))
    assert talk.tuning is not watched.tuning
    assert notices(say(talk, watched, "谢谢")) == []
