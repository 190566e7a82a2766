"""The sandbox's own addresses: `/` for people, `/sandbox…` for tests and for `make run`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from sandbox import archive_cache, carriers, collation, page, party_carriers, seed
from sandbox.access import is_ours
from sandbox.call import Answer, Call, Refusal, html_answer, json_answer, members
from sandbox.world import World


def answer(world: World, call: Call) -> Answer | None:
    """Answer, or give None where the address is SuperOffice's and not ours."""
    path = call.path.rstrip("/")
    if path not in ("", "/favicon.ico", "/sandbox") and not path.startswith("/sandbox/"):
        return None
    if not is_ours(call):
        return _wrong("The sandbox answers on this machine only: call it as 127.0.0.1 or localhost.", 421)
    method = "GET" if call.method == "HEAD" else call.method
    action = ACTIONS.get((method, path))
    if action is None:
        known = ", ".join(f"{verb} {known or '/'}" for verb, known in ACTIONS)
        return _wrong(f"The sandbox's own addresses are {known}.", 404)
    try:
        return action(world, call)
    except Refusal as refusal:
        return refusal.answer
    except ValueError as error:
        return _wrong(str(error), 400)


def application(world: World) -> dict[str, str]:
    """Tell what an administrator would have got from SuperOffice, and where it is good."""
    return {
        **world.sessions.public(),
        "tenant": seed.TENANT_ID,
        "url": world.url,
        "onsite_url": f"{world.url}/SuperOffice/api/v1",
    }


def entities(world: World) -> dict[int, dict[str, Any]]:
    """Render the relations as the API gives them in English, by id."""
    return {relation.id: carriers.render(relation, world.tenant.parties, "US") for relation in world.tenant.snapshot()}


def companies(world: World) -> dict[int, dict[str, Any]]:
    """Render the companies as the API gives them, by id."""
    return {each.id: party_carriers.render_company(each) for each in list(world.tenant.parties.companies.values())}


def persons(world: World) -> dict[int, dict[str, Any]]:
    """Render the persons as the API gives them, by id."""
    parties = world.tenant.parties
    everybody = list(parties.persons.values())
    return {each.id: party_carriers.render_person(each, parties.company(each.company)) for each in everybody}


def _page(world: World, call: Call) -> Answer:
    del call
    return html_answer(page.render(world, list(entities(world).values())))


def _show(world: World, call: Call) -> Answer:
    del call
    return json_answer(
        {
            "tenant": seed.TENANT_ID,
            "state": world.state,
            "collation": asdict(world.collation),
            "archive_cache": {"seconds": world.archive_cache.seconds},
            "relations": list(entities(world).values()),
            "counts": world.journal.counts(),
            "calls": world.journal.shown(),
        }
    )


def _application(world: World, call: Call) -> Answer:
    del call
    return json_answer(application(world))


def _add_fault(world: World, call: Call) -> Answer:
    world.faults.add(call.json())
    return Answer(204)


def _clear_faults(world: World, call: Call) -> Answer:
    del call
    world.faults.clear()
    return Answer(204)


def _set_state(world: World, call: Call) -> Answer:
    world.set_state(members(call.json()).get("state") or "")
    return Answer(204)


def _set_collation(world: World, call: Call) -> Answer:
    world.collation = collation.read(call.json())
    return Answer(204)


def _set_archive_cache(world: World, call: Call) -> Answer:
    world.archive_cache = archive_cache.read(call.json())
    return Answer(204)


def _set_clock(world: World, call: Call) -> Answer:
    told = members(call.json())
    for name, seconds in told.items():
        if name not in ("ahead", "login") or isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ValueError('The clock is told as {"ahead": 60} for relations, {"login": 60} for logins, in seconds.')
    world.tenant.clock_ahead = float(told.get("ahead", world.tenant.clock_ahead))
    world.clock_off = float(told.get("login", world.clock_off))
    return Answer(204)


def _reset(world: World, call: Call) -> Answer:
    del call
    world.reset()
    return Answer(204)


def _expire(world: World, call: Call) -> Answer:
    del call
    world.expire()
    return Answer(204)


def _no_icon(world: World, call: Call) -> Answer:
    """Satisfy browsers, which ask for it with every page."""
    del world, call
    return Answer(204)


def _wrong(message: str, status: int) -> Answer:
    return json_answer({"error": message}, status)


ACTIONS: dict[tuple[str, str], Callable[[World, Call], Answer]] = {
    ("GET", ""): _page,
    ("GET", "/favicon.ico"): _no_icon,
    ("GET", "/sandbox"): _show,
    ("GET", "/sandbox/app"): _application,
    ("POST", "/sandbox/faults"): _add_fault,
    ("DELETE", "/sandbox/faults"): _clear_faults,
    ("PUT", "/sandbox/state"): _set_state,
    ("PUT", "/sandbox/collation"): _set_collation,
    ("PUT", "/sandbox/archive-cache"): _set_archive_cache,
    ("PUT", "/sandbox/clock"): _set_clock,
    ("POST", "/sandbox/reset"): _reset,
    ("POST", "/sandbox/expire"): _expire,
}
