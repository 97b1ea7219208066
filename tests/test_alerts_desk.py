"""Alerts on the desk: what is open, who has seen to it, once more; and which commands tell anybody at all."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.apps.cli import app
from assistant.apps.desk import span
from assistant.build import build_outbox
from assistant.config.layers import load
from assistant.errors import AssistantError
from assistant.store.message import message_of
from tests.turns import GRIM, alarming


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "own.yaml"
    box, out = tmp_path / "box.sqlite", tmp_path / "out.jsonl"
    alerts = f"{{outbox: {box}, sinks: {{file: {{kind: jsonl, path: {out}}}}}, grace_s: 1}}"
    file.write_text(f"journal: {{folder: null}}\nlanguage: en\nalerts: {alerts}\n", encoding="utf-8")
    yield file


def call(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "120"})
    if isinstance(done.exception, AssistantError):
        return done.exception.exit_code, str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def store(settings: Path, *names: str) -> None:
    with closing(build_outbox(load(files=[str(settings)], env={}).config)) as outbox:
        for name in names:
            message = message_of(alarming(name).record, include_text=False)
            assert message is not None
            outbox.put(message, ["file"])


def test_the_list_shows_what_is_open_and_how_far_each_delivery_is(settings: Path) -> None:
    store(settings, "one")
    code, shown = call("alerts", "list", "-c", settings)
    assert code == 0
    for part in ("urgent", "one-1-crisis-passive", "· crisis level 2", "→ file: waiting", " 0 s"):
        assert part in shown
    code, shown = call("alerts", "list", "--json", "-c", settings)
    entry = json.loads(shown)
    assert entry["message"]["id"] == "one-1-crisis-passive"
    assert entry["deliveries"][0]["state"] == "pending"


def test_seen_to_it_leaves_the_list_and_stays_in_the_whole_one(settings: Path) -> None:
    store(settings, "one")
    code, shown = call("alerts", "ack", "one-1-crisis-passive", "--by", "Li", "--note", "called back", "-c", settings)
    assert (code, shown) == (0, "one-1-crisis-passive: seen to by Li; nobody else will be told.\n")
    assert call("alerts", "list", "-c", settings) == (0, "No alert is open.\n")
    code, shown = call("alerts", "list", "--all", "-c", settings)
    assert "✓ seen to by Li, 0 s ago: called back" in shown
    assert "→ file: will not be told any more" in shown
    code, shown = call("alerts", "ack", "one-1-crisis-passive", "-c", settings)
    assert code == 5
    assert "Li has seen to it already" in shown


def test_sent_again_it_is_delivered_at_once_or_said_not_to_be(settings: Path, tmp_path: Path) -> None:
    store(settings, "one")
    code, shown = call("alerts", "resend", "one-1-crisis-passive", "-c", settings)
    assert code == 0
    assert "→ file: delivered 0 s ago" in shown
    assert "one-1-crisis-passive" in (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    code, shown = call(
        "alerts", "resend", "one-1-crisis-passive", "-c", settings, "-s", f"alerts.sinks.file.path={tmp_path}"
    )
    assert code == 5
    assert "Is a directory" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("ack", "two"), 5, "no alert 'two'"),
        (("resend", "two"), 5, "no alert 'two'"),
        (("resend", "one-1-crisis-passive", "--sink", "fax"), 2, "no sink 'fax'; known in alerts.sinks: file"),
        (("list", "-s", "alerts.outbox=/no/where.sqlite"), 5, "no outbox of alerts is there"),
        (("list", "-s", "alerts.outbox=null", "-s", "alerts.sinks=null"), 2, "alerts"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_code(
    settings: Path, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    store(settings, "one")
    got, shown = call("alerts", *arguments, "-c", settings)
    assert (got, sentence in shown) == (code, True), shown


def test_without_an_outbox_the_desk_says_how_to_get_one() -> None:
    assert call("alerts", "list") == (
        2,
        "alerts.outbox is null: no alerts are kept; name a file: -s alerts.outbox=runs/alerts.sqlite",
    )


def test_a_turn_tells_nobody_unless_it_is_asked_to(settings: Path, tmp_path: Path) -> None:
    code, shown = call("turn", "--text", GRIM, "-c", settings)
    assert code == 0, shown
    assert not (tmp_path / "box.sqlite").exists()


def test_each_run_that_is_asked_to_tells_is_a_case_of_its_own(settings: Path, tmp_path: Path) -> None:
    for _ in range(2):
        code, shown = call("turn", "--text", GRIM, "--alert", "-c", settings)
        assert code == 0, shown
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == 2


def test_a_replay_tells_nobody(settings: Path, tmp_path: Path) -> None:
    script = tmp_path / "grim.yaml"
    turn = f"{{text: {GRIM}, expect: {{alert: urgent}}}}"
    script.write_text(f"name: grim\nabout: a script\nlanguage: zh\nturns:\n  - {turn}\n", encoding="utf-8")
    code, shown = call("replay", script, "-c", settings)
    assert code == 0, shown
    assert not (tmp_path / "box.sqlite").exists()
    assert not (tmp_path / "out.jsonl").exists()


def test_a_secret_is_shown_nowhere(settings: Path) -> None:
    hook = "alerts.sinks.duty={kind: webhook, url: 'https://127.0.0.1/', secret: hush}"
    code, shown = call("config", "-c", settings, "-s", hook)
    assert code == 0
    assert "hush" not in shown
    assert "alerts.sinks.duty.secret" in shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-1, "0 s"), (59.4, "59 s"), (60, "1 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_a_length_of_time_is_shown_in_its_largest_unit(seconds: float, shown: str) -> None:
    assert span(seconds) == shown
