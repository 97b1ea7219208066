"""Alerts from the turn that raises one to whoever is told: kept first, told at least once, nobody else bothered."""

import json
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from assistant.config.alerts import Retry
from assistant.config.policy import Rule
from assistant.errors import AlertError, DeliveryError
from assistant.events import Notice, SpeechStarted, TurnCompleted
from assistant.store.dispatcher import Dispatcher, deliver_next
from assistant.store.entry import State
from assistant.store.message import AlertMessage, message_of, quotes
from assistant.store.outbox import Outbox
from assistant.store.sinks.command import Command
from assistant.store.sinks.sink import Route, Sink
from assistant.store.sinks.webhook import Webhook
from assistant.types import Level
from tests.hook import serve, slow, status
from tests.soak.outbox import soak
from tests.stubs import TUNING
from tests.turns import GRIM, alarming, turns

RETRY = Retry(first_s=0.05, cap_s=1, give_up_after_s=600)


@dataclass
class Basket:
    """A sink that keeps what it is brought, after the first `refuses` times."""

    refuses: int = 0
    takes_s: float = 0.0
    held: list[AlertMessage] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)

    def deliver(self, message: AlertMessage) -> None:
        time.sleep(self.takes_s)
        if self.refuses:
            self.refuses -= 1
            raise DeliveryError("not now")
        self.held.append(message)
        self.came.set()


class Bug:
    """A sink with a mistake of its programmer."""

    def deliver(self, message: AlertMessage) -> None:
        raise KeyError(message.id)


def dispatcher(
    path: Path, sinks: Mapping[str, Sink], *, from_level: Level = Level.INFO, grace_s: float = 2.0, text: bool = False
) -> Dispatcher:
    routes = {name: Route(sink, from_level, 1.0) for name, sink in sinks.items()}
    return Dispatcher(Outbox(path, RETRY), routes, include_text=text, grace_s=grace_s)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.sqlite"


# --- What is told --------------------------------------------------------------------------------------------------


def test_a_turn_with_an_alert_is_told_and_other_events_pass(path: Path) -> None:
    basket = Basket()
    alerts = dispatcher(path, {"duty": basket})
    alerts.start()
    calm, grim = turns("今天天气真好", GRIM)
    for event in (SpeechStarted("u1", 0.0), Notice("info", "hello"), TurnCompleted(calm), TurnCompleted(grim)):
        alerts.take(event)
    assert alerts.close() == 0
    (told,) = basket.held
    assert (told.id, told.level, told.rule) == ("s-2-crisis-passive", Level.URGENT, "crisis-passive")
    assert told.time is not None
    assert told.text is None
    assert "crisis level 2" in told.evidence
    assert GRIM not in str(told)


def test_the_words_go_along_only_where_that_is_configured(path: Path) -> None:
    basket = Basket()
    alerts = dispatcher(path, {"duty": basket}, text=True)
    alerts.start()
    alerts.take(alarming("s"))
    alerts.close()
    assert basket.held[0].text == GRIM


def test_no_phrase_that_a_rule_listens_for_leaves_in_the_evidence() -> None:
    phrases = [phrase for rule in TUNING.policy.rules if rule.when.says for phrase in rule.when.says.any_of]
    rule = {
        "id": "listens",
        "when": {"says": {"any_of": phrases}},
        "then": {
            "action": "answer",
            "template": "replies.answer",
            "alert": {"level": "info", "message": "alerts.anger", "cool_down_s": 0},
        },
    }
    rules = (Rule.model_validate_json(json.dumps(rule)), *TUNING.policy.rules)
    tuning = TUNING.model_copy(update={"policy": TUNING.policy.model_copy(update={"rules": rules})})
    heard = 0
    for record in turns(*phrases, tuning=tuning):
        alert, message = record.decision.alert, message_of(record, include_text=False)
        assert alert is not None
        assert message is not None
        heard += any("says" in fact for fact in alert.evidence)
        assert message.evidence == tuple(fact for fact in alert.evidence if not fact.startswith("says"))
        assert record.observation.text not in str(message.evidence)
    assert heard == len(phrases) > 50


@pytest.mark.parametrize(
    "fact", ["crisis level 2", "about self", "label angry", "polarity of the words 负向", "valence -0.60"]
)
def test_facts_that_quote_nobody_stay(fact: str) -> None:
    assert not quotes(fact)


@pytest.mark.parametrize("fact", ["says human agent", "says 投诉", "keyword 投诉", "heard Schüssel"])
def test_facts_that_quote_somebody_go(fact: str) -> None:
    assert quotes(fact)


def test_a_sink_for_the_urgent_hears_of_nothing_less(path: Path) -> None:
    basket = Basket()
    alerts = dispatcher(path, {"duty": basket}, from_level=Level.URGENT)
    alerts.start()
    event = alarming("s")
    alert = event.record.decision.alert
    assert alert is not None
    mild = replace(alert, id="s-1-mild", level=Level.WARNING)
    alerts.take(TurnCompleted(replace(event.record, decision=replace(event.record.decision, alert=mild))))
    alerts.take(event)
    assert alerts.close() == 0
    assert [message.level for message in basket.held] == [Level.URGENT]
    with closing(Outbox(path, RETRY)) as outbox:
        assert len(outbox.entries()) == 2


# --- At least once -------------------------------------------------------------------------------------------------


def test_the_same_turn_taken_twice_is_told_once(path: Path) -> None:
    basket = Basket()
    alerts = dispatcher(path, {"duty": basket})
    alerts.start()
    alerts.take(alarming("s"))
    alerts.take(alarming("s"))
    assert alerts.close() == 0
    assert len(basket.held) == 1


def test_what_fails_is_tried_again_within_the_grace_time(path: Path) -> None:
    basket = Basket(refuses=3)
    alerts = dispatcher(path, {"duty": basket})
    alerts.start()
    alerts.take(alarming("s"))
    assert alerts.close() == 0
    assert len(basket.held) == 1


def test_what_could_not_be_delivered_is_left_for_the_next_run(path: Path) -> None:
    first = dispatcher(path, {"duty": Basket(refuses=1000)}, grace_s=0.2)
    first.start()
    first.take(alarming("s"))
    assert first.close() == 1
    basket = Basket()
    second = dispatcher(path, {"duty": basket}, grace_s=5)
    second.start()
    assert basket.came.wait(10)
    assert second.close() == 0
    assert [message.id for message in basket.held] == ["s-1-crisis-passive"]


def test_what_another_process_has_stored_is_delivered_too(path: Path) -> None:
    basket = Basket()
    alerts = dispatcher(path, {"duty": basket})
    alerts.start()
    message = message_of(alarming("elsewhere").record, include_text=False)
    assert message is not None
    with closing(Outbox(path, RETRY)) as other:
        other.put(message, ["duty"])
    assert basket.came.wait(10)
    assert alerts.close() == 0


def test_a_sink_that_hangs_holds_up_neither_the_turn_nor_the_others_nor_the_end(path: Path) -> None:
    basket = Basket()
    with serve(slow(3)) as hook:
        alerts = dispatcher(path, {"hangs": Webhook(hook.url, timeout_s=3), "duty": basket}, grace_s=0.5)
        alerts.start()
        began = time.monotonic()
        alerts.take(alarming("s"))
        assert time.monotonic() - began < 0.5
        assert basket.came.wait(2)
        assert alerts.close() == 1
        assert time.monotonic() - began < 2.5


def test_a_mistake_in_a_sink_costs_its_attempts_and_no_other(path: Path) -> None:
    basket = Basket()
    alerts = dispatcher(path, {"broken": Bug(), "duty": basket}, grace_s=0.3)
    alerts.start()
    alerts.take(alarming("s"))
    assert alerts.close() == 1
    assert len(basket.held) == 1
    with closing(Outbox(path, RETRY)) as outbox:
        broken, duty = outbox.entries()[0].deliveries
    assert broken.error == "KeyError: 's-1-crisis-passive'"
    assert duty.state is State.DELIVERED


def test_what_a_sink_says_of_its_failure_is_one_line_that_no_terminal_obeys(path: Path) -> None:
    script = "import sys; print('\\x1b[2Jall\\x07 gone', file=sys.stderr); sys.exit(1)"
    alerts = dispatcher(path, {"pager": Command([sys.executable, "-c", script])}, grace_s=1)
    alerts.start()
    alerts.take(alarming("s"))
    assert alerts.close() == 1
    with closing(Outbox(path, RETRY)) as outbox:
        assert outbox.entries()[0].deliveries[0].error == f"{sys.executable}: exit code 1: [2Jall gone"


def test_an_alert_that_cannot_be_kept_is_an_error_at_once(path: Path) -> None:
    alerts = dispatcher(path, {})
    alerts.close()
    with pytest.raises(AlertError, match="can't be used"):
        alerts.take(alarming("s"))


def test_attempts_follow_the_clock_that_is_passed_in(path: Path) -> None:
    now = [1_800_000_000.0]
    with serve(status(500), status(500), status(200)) as hook:
        route = Route(Webhook(hook.url), Level.INFO, 5.0)
        retry = Retry(first_s=60, cap_s=3600, give_up_after_s=86_400)
        with closing(Outbox(path, retry, clock=lambda: now[0])) as outbox:
            message = message_of(alarming("s").record, include_text=False)
            assert message is not None
            outbox.put(message, ["duty"])
            made = []
            for minute in range(6):
                if deliver_next(outbox, "duty", route):
                    made.append(minute)
                now[0] += 60
            assert outbox.waiting("duty") == 0
    assert made == [0, 1, 3]
    assert len({request.headers["idempotency-key"] for request in hook.received}) == 1


def test_twenty_kills_between_writing_and_delivering_lose_nothing(tmp_path: Path) -> None:
    tally = soak(20, 1, tmp_path)
    assert tally.with_open > 0
    assert tally.announced > 0
    assert (tally.lost, tally.changed, tally.sound) == (0, 0, True)


# --- Cool-downs, which are the policy's ----------------------------------------------------------------------------


def raised(*said: tuple[float, str]) -> list[str]:
    return [record.decision.alert.id for record in turns(*said) if record.decision.alert]


def test_a_rule_that_cools_down_is_silent_and_its_silence_does_not_prolong_itself() -> None:
    assert raised(*[(at, GRIM) for at in (0.0, 200.0, 400.0, 599.0, 601.0)]) == [
        "s-1-crisis-passive",
        "s-5-crisis-passive",
    ]


def test_the_same_rule_after_its_cool_down_is_another_alert_for_the_outbox(path: Path) -> None:
    with closing(Outbox(path, RETRY)) as outbox:
        for record in turns((0.0, GRIM), (601.0, GRIM)):
            message = message_of(record, include_text=False)
            assert message is not None
            assert outbox.put(message, ["duty"])
        assert outbox.waiting("duty") == 2


def test_one_rule_that_cools_down_silences_no_other() -> None:
    assert raised((0.0, GRIM), (1.0, "我写好遗书了")) == ["s-1-crisis-passive", "s-2-crisis-explicit"]


def test_a_cool_down_does_not_reach_into_the_next_conversation() -> None:
    assert raised((0.0, GRIM)) == raised((1.0, GRIM)) == ["s-1-crisis-passive"]
