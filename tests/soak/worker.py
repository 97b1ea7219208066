"""The process that is killed: it raises one alert after the other and has them delivered."""

import os
import random
import time
from pathlib import Path

from assistant.config.alerts import Retry
from assistant.store.dispatcher import MARGIN_S, Dispatcher
from assistant.store.outbox import Outbox
from assistant.store.sinks.sink import Route
from assistant.store.sinks.webhook import Webhook
from assistant.types import Level
from tests.turns import alarming

SECRET = "not much of a secret"
RETRY = Retry(first_s=0.02, cap_s=0.5, give_up_after_s=3600)
ANNOUNCED = "announced.txt"
TAKES_S = 1.0
LEASE_S = TAKES_S + MARGIN_S


def dispatcher(folder: Path, url: str) -> Dispatcher:
    """Return a dispatcher on the outbox of a folder."""
    route = Route(Webhook(url, SECRET, timeout_s=TAKES_S), Level.INFO, TAKES_S)
    return Dispatcher(Outbox(folder / "alerts.sqlite", RETRY), {"hook": route})


def work(folder: Path, url: str, name: str, seed: int) -> None:
    """Raise alerts until killed, and announce each in a file once `take` has returned."""
    chance = random.Random(seed)
    alerts = dispatcher(folder, url)
    alerts.start()
    announced = os.open(folder / ANNOUNCED, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    number = 0
    while True:
        number += 1
        event = alarming(name, number)
        alerts.take(event)
        assert event.record.decision.alert is not None
        os.write(announced, f"{event.record.decision.alert.id}\n".encode())
        time.sleep(chance.uniform(0, 0.02))
