"""How Liaison is: what is wrong, in words, and how many deliveries wait. Holds no secret, and nothing of a person.

Each part is asked with a short time limit, so that whoever watches has an answer within some seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.composition import Services
from services.deadline import Deadline
from services.errors import LedgerDown, LiaisonError, NoSweep, Unavailable
from services.finding import gone_hooks
from services.ledger.contract import Backlog
from services.ledger.notes import Sweep, try_room
from services.standing import when
from services.superoffice.identity import WHO_AM_I
from services.superoffice.tenant import Tenant
from services.superoffice.transport import Transport

ASKED = 4.0  # seconds for the tenant's state, and as many for the login with one call
OVERDUE = 300.0  # seconds for which something may be due without a sweep


@dataclass
class Condition:
    """What was found, part by part; `failure` is what makes it no use to go on watching."""

    parts: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    failure: Unavailable | None = None

    def note(self, part: str, *problems: str, **more: Any) -> None:
        """Add a part, and what is wrong with it."""
        self.parts[part] = {"ok": not problems, **more, **({"problems": list(problems)} if problems else {})}
        self.problems += problems

    def blame(self, part: str, *problems: str) -> None:
        """Add what is wrong with a part that was noted before."""
        if problems:
            earlier = self.parts[part].get("problems", [])
            self.parts[part] |= {"ok": False, "problems": [*earlier, *problems]}
            self.problems += problems


def examine(services: Services) -> Condition:
    """Look at everything; nothing is raised that a part of it would say."""
    found = Condition()
    settings = services.settings
    found.note("settings", environment=settings.environment, login=settings.superoffice_login)
    found.note("hooks", *services.hooks.mistakes, count=len(services.hooks.by_name))
    found.note("secrets", *services.unusable_secrets())
    sweep = _examine_ledger(found, services)
    _examine_superoffice(found, services, sweep)
    return found


def _examine_ledger(found: Condition, services: Services) -> Sweep:
    """Tell whether it answers and takes more, what waits in it, and whether anybody comes to that."""
    environment, now = services.settings.environment, services.clock()
    try:
        try_room(services.ledger.store, environment, now)
        backlog, sweep = services.ledger.store.backlog(environment), services.ledger.sweep(environment)
        gone = gone_hooks(services.ledger, environment, services.hooks)
    except LedgerDown as error:
        found.note("ledger", error.why)
        found.failure = error
        return Sweep()
    found.note("ledger")
    found.blame("hooks", *gone.values())
    due_since = backlog.due_since if backlog.due_since is not None and backlog.due_since <= now else None
    found.parts["deliveries"] = {
        "counts": dict(backlog.counts),
        "waiting_since": when(backlog.waiting_since),
        "due_since": when(due_since),
    }
    problems = []
    if _is_late(backlog, sweep, now):
        last = f"the last sweep ran at {when(sweep.swept_at)}" if sweep.swept_at is not None else "no sweep ever ran"
        problems.append(f"Something has been due since {when(due_since)}, and {last}: see that redeliver is called.")
        found.failure = NoSweep("Deliveries are due and nobody comes to them: see that redeliver is called.")
    found.note("redeliver", *problems, last=when(sweep.swept_at))
    return sweep


def _is_late(backlog: Backlog, sweep: Sweep, now: float) -> bool:
    latest = now - OVERDUE
    is_due = backlog.due_since is not None and backlog.due_since <= latest
    return is_due and (sweep.swept_at is None or sweep.swept_at <= latest)


def _examine_superoffice(found: Condition, services: Services, sweep: Sweep) -> None:
    """Ask for the tenant's state, log in, and have SuperOffice tell who that is."""
    settings = services.settings
    outage = {"outage_since": when(sweep.outage_since), "outage_reason": sweep.outage_reason}
    problems: tuple[str, ...] = ()
    if not settings.is_onsite:
        fresh = Tenant(settings, Transport(pool_size=1))  # the one that is kept is asked no more often than it says
        problems = _asked(lambda: fresh.base(Deadline.after(ASKED)))
    found.note("tenant", *problems, **outage)
    if not problems:
        found.note("login", *_asked(lambda: services.webapi.send(WHO_AM_I, Deadline.after(ASKED))))


def _asked(ask: Callable[[], Any]) -> tuple[str, ...]:
    try:
        ask()
    except LiaisonError as error:
        return (error.detail,)
    return ()
