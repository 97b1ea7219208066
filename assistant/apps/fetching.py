"""Fetch models with a person looking on: how much it is, what room there is, how far it is; and the offer to do so."""

import sys
from collections.abc import Sequence

import typer
from rich.console import Console

from assistant.apps.bytes import followed
from assistant.config.models import Models
from assistant.config.tree import Config
from assistant.hub.fetch import Plan, fetch, plan
from assistant.hub.reference import Reference
from assistant.hub.remote import address_of
from assistant.hub.size import shown
from assistant.hub.store import root
from assistant.hub.uses import missing, references_of


def ready(config: Config, *, hearing: bool = True) -> None:
    """Offer to fetch what a configuration lacks, before its models are loaded, if a person is there to be asked.

    Where nobody is, or the answer is no, nothing happens: loading then says what is missing and what to do. `hearing`
    as in `build_engine`.
    """
    lacking = missing(references_of(config, hearing=hearing), config.models)
    if not lacking or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return
    known = [model.model for model in lacking]
    size = (
        f"about {shown(sum(each.about_bytes for each in known if each))}" if all(known) else "of a size not known yet"
    )
    console = Console(stderr=True, soft_wrap=True)
    for model in lacking:
        console.print(f"  {model}", style="dim", markup=False, highlight=False)
    noun = "1 model is" if len(lacking) == 1 else f"{len(lacking)} models are"
    if typer.confirm(f"{noun} not on this machine yet, {size}: fetch now?", err=True):
        bring(lacking, config.models, console)


def bring(models: Sequence[Reference], settings: Models, console: Console, *, dry_run: bool = False) -> None:
    """Fetch models, saying first how much it is and what room there is."""
    addresses = dict.fromkeys(address_of(model.hub, settings) for model in missing(models, settings))
    if addresses:
        console.print(f"asking {' and '.join(addresses)}", style="dim", markup=False, highlight=False)
    planned = plan(models, settings)
    _tell(planned, settings, console)
    if dry_run or not planned.jobs:
        return
    try:
        with followed(console) as progress:
            fetch(planned, settings, progress)
    except KeyboardInterrupt:
        console.print("stopped; what has arrived is kept, the same command goes on from there", style="yellow")
        raise
    done = f"✓ in {root(settings)}; from now on no network is needed"
    console.print(done, style="green", markup=False, highlight=False)


def _tell(planned: Plan, settings: Models, console: Console) -> None:
    for model in planned.present:
        console.print(f"✓ {model} is here", style="green", markup=False, highlight=False)
    for job in planned.jobs:
        known = job.model.model
        licence = f", {known.licence} ({known.stated})" if known else ""
        console.print(f"  {job.model}: {shown(job.bytes)}{licence}", markup=False, highlight=False)
    if planned.jobs:
        here = f", of which {shown(planned.arrived)} are here already" if planned.arrived else ""
        free = f"{shown(planned.free)} are free in {root(settings)}"
        console.print(f"{shown(planned.bytes)} to fetch{here}; {free}", markup=False, highlight=False)
