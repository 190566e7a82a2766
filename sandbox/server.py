"""A SuperOffice tenant on this machine, as tests and `python -m sandbox` start it."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import Any, Self

from sandbox import archive_cache, collation, control, seed
from sandbox.listener import Listener
from sandbox.wire import respond
from sandbox.world import World


def start(port: int = 0, keep: str | Path | None = None) -> RunningSandbox:
    """Listen on a port (0: any free one). Raises OSError (port taken) and keep.UnusableFile."""
    listener = Listener(port)
    try:
        world = World(listener.url, Path(keep) if keep else None)
    except BaseException:
        listener.server_close()
        raise
    listener.serve(functools.partial(respond, world))
    return RunningSandbox(world, listener)


class RunningSandbox:
    """An online tenant at `url`, an onsite one at `onsite_url`, and what a test may ask of them in-process."""

    tenant_id = seed.TENANT_ID

    def __init__(self, world: World, listener: Listener):
        self._world, self._listener = world, listener
        self.url = world.url
        self.onsite_url = self.app["onsite_url"]

    @property
    def app(self) -> dict[str, str]:
        """The app's registration: what `GET /sandbox/app` answers."""
        return control.application(self._world)

    @property
    def relations(self) -> dict[int, dict[str, Any]]:
        """ContactRelationEntity by id, in English."""
        return control.entities(self._world)

    @property
    def companies(self) -> dict[int, dict[str, Any]]:
        """ContactEntity by id, deleted ones too."""
        return control.companies(self._world)

    @property
    def persons(self) -> dict[int, dict[str, Any]]:
        """PersonEntity by id, retired ones too."""
        return control.persons(self._world)

    @property
    def counts(self) -> Counter[str]:
        """By operation (SaveContactRelation, GET Relation/{id}, …) and by effect.

        Effects are created, updated, deleted (relations), created_companies, created_persons and the like, logins,
        and from_archive_cache: a query that was answered from an earlier one's first pass.
        """
        return self._world.journal.counts()

    @property
    def calls(self) -> list[dict[str, Any]]:
        """Calls to the API and the login, the oldest first.

        Each has method, path, operation, status (None while under way, and after a dropped line), ms, headers (by
        name in any case), query, body (JSON where it is that), and connection (the caller's end).
        """
        return self._world.journal.calls()

    @property
    def connections(self) -> int:
        """How many connections the calls came over."""
        return len({call["connection"] for call in self.calls})

    def fault(self, **told: Any) -> None:
        """Misbehave as the fields of sandbox.faults.Fault say."""
        self._world.faults.add(told)

    def clear_faults(self) -> None:
        """Behave again."""
        self._world.faults.clear()

    def set_state(self, name: str) -> None:
        """Put the tenant into a state, for instance OfflineMaintenance."""
        self._world.set_state(name)

    def set_collation(self, **told: bool) -> None:
        """Compare texts as the fields of sandbox.collation.Collation say; those not told are as they come."""
        self._world.collation = collation.read(told)

    def set_archive_cache(self, seconds: float) -> None:
        """Remember first passes for so long; 0 is never."""
        self._world.archive_cache = archive_cache.read({"seconds": seconds})

    def set_clock(self, ahead: float = 0.0, *, login: float = 0.0) -> None:
        """Date relations so many seconds later than this machine's clock says; have the login's clock as fast."""
        self._world.tenant.clock_ahead, self._world.clock_off = ahead, login

    def expire(self) -> None:
        """End all tickets, access tokens and codes."""
        self._world.expire()

    def reset(self) -> None:
        """Back to the seed."""
        self._world.reset()

    def close(self) -> None:
        """Hang up on everybody and free the port."""
        self._world.interrupt()
        self._listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
