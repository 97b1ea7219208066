"""Sinks: what arrives where, and what is said when it doesn't; the webhook against a real server."""

import base64
import io
import json
import os
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from assistant.config.alerts import CommandSink, WebhookSink, resolved
from assistant.config.layers import load
from assistant.errors import ConfigError, DeliveryError
from assistant.store.message import AlertMessage, decode
from assistant.store.sinks.build import build_route
from assistant.store.sinks.command import Command
from assistant.store.sinks.jsonl import Jsonl
from assistant.store.sinks.terminal import Terminal
from assistant.store.sinks.webhook import Webhook, key_of, sign
from assistant.types import Level
from tests.hook import drip, garbage, reset, serve, slow, status
from tests.soak.outbox import genuine

SECRET = "a secret between the two of us"
LEVELS = {Level.INFO: "提示", Level.WARNING: "注意", Level.URGENT: "紧急"}


def message(name: str = "s-1-anger", text: str | None = None) -> AlertMessage:
    return AlertMessage(
        name, Level.URGENT, "anger", "s", "有人该看一看", ("turn 1",), "2026-11-21T04:00:00+00:00", text
    )


def refused(url: str, timeout_s: float = 2.0) -> str:
    with pytest.raises(DeliveryError) as caught:
        Webhook(url, SECRET, timeout_s).deliver(message())
    return str(caught.value)


def test_a_webhook_gets_the_alert_signed_and_under_its_id() -> None:
    with serve(status(204)) as hook:
        Webhook(hook.url, SECRET, clock=lambda: 1_800_000_000.9).deliver(message())
    (request,) = hook.received
    assert decode(request.body.decode("utf-8")) == message()
    assert request.headers["content-type"] == "application/json"
    assert request.headers["idempotency-key"] == request.headers["webhook-id"] == "s-1-anger"
    assert request.headers["webhook-timestamp"] == "1800000000"
    assert genuine(request, SECRET.encode())
    assert not genuine(request, b"another secret")


def test_the_signature_is_that_of_the_specification() -> None:
    """The worked example of Standard Webhooks' own libraries."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    assert sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_every_attempt_has_the_same_key_and_body_and_its_own_time_and_signature() -> None:
    now = [1_800_000_000.0]
    with serve(status(500), status(200)) as hook:
        webhook = Webhook(hook.url, SECRET, clock=lambda: now[0])
        with pytest.raises(DeliveryError, match=r"127\.0\.0\.1: answered 500"):
            webhook.deliver(message())
        now[0] += 60
        webhook.deliver(message())
    first, second = hook.received
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert genuine(first, SECRET.encode())
    assert genuine(second, SECRET.encode())


def test_without_a_secret_nothing_is_signed() -> None:
    with serve(status(200)) as hook:
        Webhook(hook.url).deliver(message())
    assert "webhook-signature" not in hook.received[0].headers


def test_an_id_that_no_header_can_hold_is_percent_encoded() -> None:
    with serve(status(200)) as hook:
        Webhook(hook.url, SECRET).deliver(message("客服 1\r\nx-evil: 1-anger"))
    (request,) = hook.received
    assert request.headers["idempotency-key"] == "%E5%AE%A2%E6%9C%8D%201%0D%0Ax-evil:%201-anger"
    assert "x-evil" not in request.headers
    assert genuine(request, SECRET.encode())


@pytest.mark.parametrize("endpoint", [slow(1.0), drip], ids=["slow", "dripping"])
def test_an_endpoint_that_takes_its_time_is_left_in_time(endpoint: object) -> None:
    with serve(endpoint) as hook:  # type: ignore[arg-type]
        began = time.monotonic()
        assert refused(hook.url, timeout_s=0.3) == "127.0.0.1: no answer within 0.3 s"
        assert time.monotonic() - began < 0.8


def test_a_connection_torn_down_and_an_answer_that_is_none_are_failures() -> None:
    with serve(reset, garbage) as hook:
        assert refused(hook.url).startswith("127.0.0.1: ")
        assert refused(hook.url).startswith("127.0.0.1: RemoteProtocolError")


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_no_redirect_is_followed_and_the_words_go_nowhere_else(code: int) -> None:
    with serve(status(200)) as elsewhere, serve(status(code, location=f"{elsewhere.url}?stolen=1")) as hook:
        assert refused(hook.url) == f"127.0.0.1: answered {code}, a redirect to 127.0.0.1; none is followed"
        assert elsewhere.received == []


@pytest.mark.parametrize("location", ["http://[broken", "//", "", "javascript:alert(1)"])
def test_a_redirect_to_nonsense_is_a_failure_like_any_other(location: str) -> None:
    with serve(status(302, location=location)) as hook:
        assert refused(hook.url).startswith("127.0.0.1: ")


def test_what_an_address_hides_is_in_no_error() -> None:
    with serve(status(403)) as hook:
        assert refused(f"{hook.url}?access_token=abc") == "127.0.0.1: answered 403"
    assert "abc" not in refused("http://127.0.0.1:9/?access_token=abc")


@pytest.mark.parametrize(
    "url", ["ftp://host/?token=abc", "host/hook?token=abc", "http://host:port/?token=abc", "http:///abc"]
)
def test_an_address_that_cannot_be_posted_to_is_refused_before_any_alert_needs_it(url: str) -> None:
    with pytest.raises(ConfigError, match="the webhook's address") as caught:
        Webhook(url)
    assert "abc" not in str(caught.value)


def test_a_secret_that_claims_to_be_base64_must_be() -> None:
    assert key_of("whsec_" + base64.b64encode(b"key").decode()) == b"key"
    with pytest.raises(ConfigError, match="no base64"):
        key_of("whsec_not base64!")


def test_a_command_gets_the_alert_on_its_input_and_no_shell_sees_its_arguments(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    script = (
        "import sys; open(sys.argv[1], 'w', encoding='utf-8').write(sys.argv[2] + sys.stdin.buffer.read().decode())"
    )
    Command([sys.executable, "-c", script, str(out), "$HOME; true"]).deliver(message())
    told = out.read_text(encoding="utf-8")
    assert told.startswith("$HOME; true{")
    assert decode(told.removeprefix("$HOME; true").rstrip("\n")) == message()


def test_a_command_that_fails_says_why_by_its_last_line() -> None:
    script = "import sys; print('first\\n没有信号', file=sys.stderr); sys.exit(3)"
    command = Command([sys.executable, "-X", "utf8", "-c", script])
    with pytest.raises(DeliveryError, match=r"exit code 3: 没有信号$"):
        command.deliver(message())


def test_a_command_that_reads_nothing_may_still_do_its_work() -> None:
    Command([sys.executable, "-c", ""]).deliver(message(text="很长" * 200_000))


def test_a_command_that_is_not_there_is_named() -> None:
    with pytest.raises(DeliveryError, match="/no/such/pager: can't be run: No such file or directory"):
        Command(["/no/such/pager"]).deliver(message())


@pytest.mark.skipif(os.name != "posix", reason="sessions of processes are a thing of POSIX")
def test_past_its_time_a_command_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    command = Command(["sh", "-c", f"sleep 60 & echo $! > {pid}; wait"], timeout_s=0.5)
    began = time.monotonic()
    with pytest.raises(DeliveryError, match=r"sh: not done within 0\.5 s"):
        command.deliver(message())
    assert time.monotonic() - began < 5
    child = int(pid.read_text(encoding="utf-8"))
    for _ in range(100):
        if not _alive(child):
            break
        time.sleep(0.02)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    """Tell whether a process runs; what waits to be buried by init does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def test_a_file_gets_a_line_per_alert_that_only_its_owner_may_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "alerts.jsonl"
    for name in ("s-1-anger", "s-2-anger"):
        Jsonl(path).deliver(message(name))
    assert [decode(line).id for line in path.read_text(encoding="utf-8").splitlines()] == ["s-1-anger", "s-2-anger"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_torn_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"id":"s-1-an', encoding="utf-8")
    Jsonl(path).deliver(message("s-2-anger"))
    _, whole = path.read_text(encoding="utf-8").splitlines()
    assert decode(whole).id == "s-2-anger"


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match=f"{tmp_path}: Is a directory"):
        Jsonl(tmp_path).deliver(message())


def test_the_terminal_shows_level_message_and_id() -> None:
    screen = io.StringIO()
    Terminal(LEVELS, Console(file=screen, width=200)).deliver(message("s-[1]-anger"))
    assert screen.getvalue().split() == ["紧急", "有人该看一看", "s-[1]-anger"]


def test_nothing_but_the_necessary_leaves_the_house() -> None:
    with serve(status(200)) as hook:
        Webhook(hook.url).deliver(message())
    fields = {"id", "level", "rule", "session", "message", "evidence", "time", "version"}
    assert set(json.loads(hook.received[0].body)) == fields


def test_address_and_secret_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    choice = WebhookSink(kind="webhook", url="env:DUTY_URL", secret="env:DUTY_SECRET")
    monkeypatch.setenv("DUTY_SECRET", SECRET)
    with serve(status(200)) as hook:
        with pytest.raises(ConfigError, match=r"sinks\.duty\.url: the environment variable DUTY_URL is not set"):
            build_route("duty", choice, LEVELS)
        monkeypatch.setenv("DUTY_URL", hook.url)
        build_route("duty", choice, LEVELS).sink.deliver(message())
    assert genuine(hook.received[0], SECRET.encode())
    assert resolved("as it is", "key") == "as it is"


def test_a_delivery_may_take_as_long_as_its_sink_says() -> None:
    assert build_route("pager", CommandSink(kind="command", argv=("page",), timeout_s=7), LEVELS).takes_s == 7


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("alerts.sinks.x={kind: fax}", "unknown kind 'fax' in 'alerts.sinks.x'; known: 'terminal', 'jsonl', 'webhook'"),
        ("alerts.sinks.x={kind: webhook, url: 'ftp://a/?token=abc'}", "must be an http:// or https:// address"),
        ("alerts.sinks.x={kind: command, argv: []}", "'alerts.sinks.x.argv'"),
        ("alerts.sinks.x={kind: jsonl, path: a, form_level: info}", "did you mean 'from_level'?"),
        ("alerts.sinks={X Y: {kind: terminal}}", "alerts.sinks.X Y"),
        ("alerts.retry.first_s=900", "first_s <= cap_s must hold"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(setting: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(sets=["alerts.outbox=box.sqlite", setting], env={})
    assert sentence in str(caught.value)
    assert "abc" not in str(caught.value)


def test_sinks_without_an_outbox_are_refused() -> None:
    with pytest.raises(ConfigError, match="sinks need an outbox"):
        load(sets=["alerts.sinks.x={kind: terminal}"], env={})
