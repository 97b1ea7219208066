"""Kill -9 between writing an alert and delivering it, again and again, and count what arrives.

    python -m tests.soak.outbox [--kills 200] [--seed 0]

A process raises alerts; a real HTTP server, moody, plays the endpoint; at a random moment the process is killed, and
the next one takes over. At the end what is left is delivered. SIGKILL proves the order of writing and delivering; that
a commit survives a power cut is SQLite's promise (WAL, synchronous FULL) and isn't tested here.
"""

import argparse
import base64
import hashlib
import hmac
import json
import multiprocessing
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.hook import Received, moody, serve_by, status
from tests.soak.worker import ANNOUNCED, LEASE_S, SECRET, dispatcher, work

DRAIN_S = 60.0


@dataclass(frozen=True)
class Tally:
    """What came of it.

    stored: alerts in the outbox; announced: those whose `take` had returned. with_open: kills that left alerts stored
    but not delivered; amid: kills in the midst of a delivery. lost: announced or stored, never taken by the endpoint.
    deliveries: how many it took; again: those it had already. changed: ids that came with different bodies, keys or
    wrong signatures.
    """

    kills: int
    with_open: int
    amid: int
    stored: int
    announced: int
    lost: int
    deliveries: int
    again: int
    changed: int
    sound: bool
    seconds: float


def soak(kills: int, seed: int, folder: Path) -> Tally:
    """Kill so many processes, deliver the rest, and count."""
    chance = random.Random(seed)
    calm = False
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.soak.worker"])
    began = time.monotonic()
    with_open = amid = 0
    with serve_by(lambda: status(200) if calm else moody(chance)) as hook:
        for number in range(kills):
            process = context.Process(target=work, args=(folder, hook.url, f"run{number}", seed + number))
            started = time.time()
            process.start()
            _wait_for_news(folder, f"run{number}-", hurry=chance.random() < 0.1)
            time.sleep(chance.uniform(0, 0.12))
            process.kill()
            process.join()
            with_open += bool(_open(folder))
            amid += bool(_open(folder, since=started))
        calm = True
        _deliver_the_rest(folder, hook.url)
    return _count(folder, hook.taken, kills, with_open, amid, time.monotonic() - began)


def _wait_for_news(folder: Path, run: str, *, hurry: bool) -> None:
    """Wait until a run has announced its first alert; in a hurry don't: then the kill may hit its very start."""
    give_up = time.monotonic() + (0.02 if hurry else 30)
    file = folder / ANNOUNCED
    while time.monotonic() < give_up:
        if file.exists() and run in file.read_text(encoding="utf-8"):
            return
        time.sleep(0.002)


def _open(folder: Path, since: float | None = None) -> int:
    """Return how many deliveries are outstanding; with `since`, how many of them were begun from then on."""
    which = "state IN ('pending', 'sending')" if since is None else f"state = 'sending' AND due >= {since + LEASE_S}"
    with closing(sqlite3.connect(folder / "alerts.sqlite")) as db:
        try:
            return int(db.execute(f"SELECT count(*) FROM delivery WHERE {which}").fetchone()[0])
        except sqlite3.OperationalError:  # killed before the tables were there
            return 0


def _deliver_the_rest(folder: Path, url: str) -> None:
    alerts = dispatcher(folder, url)
    alerts.start()
    give_up = time.monotonic() + DRAIN_S
    while time.monotonic() < give_up and _open(folder):
        time.sleep(0.1)
    alerts.close()


def _count(folder: Path, taken: list[Received], kills: int, with_open: int, amid: int, seconds: float) -> Tally:
    with closing(sqlite3.connect(folder / "alerts.sqlite")) as db:
        stored = {name for (name,) in db.execute("SELECT id FROM alert")}
        sound = db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    announced = set((folder / ANNOUNCED).read_text(encoding="utf-8").split())
    arrived = Counter(request.headers["idempotency-key"] for request in taken)
    bodies: dict[str, set[bytes]] = {}
    changed: set[str] = set()
    for request in taken:
        name = request.headers["idempotency-key"]
        bodies.setdefault(name, set()).add(request.body)
        if json.loads(request.body)["id"] != name or not genuine(request, SECRET.encode()):
            changed.add(name)
    changed |= {name for name, seen in bodies.items() if len(seen) > 1}
    return Tally(
        kills=kills,
        with_open=with_open,
        amid=amid,
        stored=len(stored),
        announced=len(announced),
        lost=len((stored | announced) - set(arrived)),
        deliveries=len(taken),
        again=len(taken) - len(arrived),
        changed=len(changed),
        sound=sound,
        seconds=seconds,
    )


def genuine(request: Received, key: bytes) -> bool:
    """Tell whether a request bears the right signature, as a receiver would that knows only the specification."""
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(request.headers["webhook-signature"], f"v1,{wanted}")


def main() -> int:
    """Print the tally; exit 1 if anything was lost or changed."""
    parser = argparse.ArgumentParser(description="Kill -9 between writing an alert and delivering it.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tally = soak(arguments.kills, arguments.seed, Path(folder))
    print(f"kills                    {tally.kills} in {tally.seconds:.0f} s")
    print(f"  with alerts not yet delivered  {tally.with_open}")
    print(f"  in the midst of a delivery     {tally.amid}")
    print(f"alerts stored            {tally.stored}, of which announced {tally.announced}")
    print(f"alerts lost              {tally.lost}")
    print(f"deliveries               {tally.deliveries}, of which duplicates {tally.again}")
    print(f"changed on the way       {tally.changed}")
    print(f"outbox sound             {'yes' if tally.sound else 'NO'}")
    return 1 if tally.lost or tally.changed or not tally.sound else 0


if __name__ == "__main__":
    sys.exit(main())
