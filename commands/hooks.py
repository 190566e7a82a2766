"""`./liaison hooks`: for each hook what was last accepted and refused, how many wait, and what never got in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from commands import printing, rows
from commands.opening import open_ledger_of
from commands.printing import columns, printable, section, verdict
from commands.times import shown
from commands.where import find_settings, hooks_file, say_where
from schemas.ledger import Delivery
from services.finding import gone_hooks
from services.hooks import Hooks, read_hooks
from services.ledger.contract import HookState, Refusal
from services.standing import when

MOST = 5  # refusals at the door that people are shown; --json has all that are kept


@click.command(short_help="Tell what each hook last took and refused.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a script.")
def hooks(as_json: bool) -> None:
    """Tell for each hook what was last accepted, what was last refused and why, and how many wait.

    Below that stands what was refused at the door, before it could be kept: a wrong secret, an empty body. Where
    nothing stands at all, nothing ever came. One that is gone from hooks.yaml is told of while deliveries wait for it.
    """
    where = find_settings()
    if not as_json:
        say_where(where)
    ledger, settings = open_ledger_of(where)
    known = read_hooks(hooks_file(where))
    known = Hooks({**known.by_name, **gone_hooks(ledger, settings.environment, known)})
    states = {name: ledger.hook_state(settings.environment, name) for name in known.by_name}
    if as_json:
        printing.as_json([_told(name, state, known) for name, state in states.items()])
        return
    for name, state in states.items():
        section(printable(name))
        columns(list(_lines(name, state, known)))


def _lines(name: str, state: HookState, known: Hooks) -> Iterator[tuple[str, str]]:
    if mistake := _mistake(name, known):
        yield "mistake", verdict(False, printable(mistake))
    if not (state.accepted or state.refused or state.refusals):
        yield "", "Nothing ever came."
        return
    yield "last accepted", _delivery(state.accepted)
    yield "last refused", _delivery(state.refused)
    yield "waiting", str(state.waiting)
    for number, refusal in enumerate(state.refusals[:MOST]):
        yield "" if number else "at the door", _refusal(refusal)
    if len(state.refusals) > MOST:
        yield "", f"… and {len(state.refusals) - MOST} more: --json shows them all"


def _delivery(delivery: Delivery | None) -> str:
    if delivery is None:
        return "none"
    identity, came, _, *more = rows.row(delivery)
    return "  ".join(filter(None, (came, identity, *more)))


def _refusal(refusal: Refusal) -> str:
    return f"{shown(refusal.at)}  {refusal.status} {refusal.reason}, {refusal.size} bytes"


def _told(name: str, state: HookState, known: Hooks) -> dict[str, Any]:
    door = [{**refusal._asdict(), "at": when(refusal.at)} for refusal in state.refusals]
    return {
        "hook": name,
        "mistake": _mistake(name, known) or None,
        "accepted": state.accepted and rows.told(state.accepted),
        "refused": state.refused and rows.told(state.refused),
        "waiting": state.waiting,
        "at_the_door": door,
    }


def _mistake(name: str, known: Hooks) -> str:
    hook = known.by_name[name]
    return hook if isinstance(hook, str) else ""
