"""`kill -9` at every step of a delivery, a restart, and sweeps: SuperOffice then holds what it would hold without.

The steps are counted by a run that lives, and each is then the last one of a run of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.crashes import held, program
from tests.examples import PARTNERS

VERIFY = {"verify": {"header": "X-Api-Key", "secret": "example-key"}, "answer_within": 1}
NEWCO = {
    **VERIFY,
    "missing": "create",
    "relation": {
        "definition": "Partner of",
        "source": {"company": {"name": "{company}"}, "person": {"email": "{email}", "name": "{name}"}},
        "destination": {"company": {"id": 4}},
        "comment": "{comment}",
    },
}
LEAVE = {
    **VERIFY,
    "relation": {
        "action": "delete",
        "definition": "Partner of",
        "source": {"company": {"id": "{company}"}},
        "destination": {"company": {"id": 4}},
    },
}
HOOKS = {**{how: {**VERIFY, "existing": how} for how in ("update", "add", "keep")}, "newco": NEWCO, "leave": LEAVE}
SAVE = "SaveContactRelation"
LATER = {**PARTNERS, "Comment": "Since 2021"}
AN_UPDATE = {"RelationId": 888, "Comment": "Since 2021"}
EVA = {"company": "Newco", "email": "eva@newco.example", "name": "Eva Berg", "comment": "Signed up"}
THREE = [
    {**PARTNERS, "Comment": f"Number {number}", "DestinationContactId": company}
    for number, company in enumerate((4, 11, 4))
]
DROPPED = {"path": SAVE, "drop": "after"}
DONE_BUT_500 = {"path": SAVE, "status": 500, "work": True}
BUSY = {"path": "/api/v1/", "status": 503, "headers": {"Retry-After": "60"}}


@dataclass(frozen=True)
class Case:
    """What is done before, what is done while the process may die, and what a sender does after it.

    `faults` come with `before`, or without that with `acts`; `is_repeat`: the sender knows nothing, and sends again.
    """

    acts: tuple[tuple[Any, ...], ...]
    before: tuple[tuple[Any, ...], ...] = ()
    faults: tuple[dict[str, Any], ...] = ()
    is_repeat: bool = False
    ahead: float = 0.0


def posted(hook, payload, key="id-1"):
    """Make the one act of a case."""
    return (("post", hook, payload, key),)


SWEEP = (("sweep",),)
CASES = {
    "update, nothing there": Case(posted("update", PARTNERS)),
    "update, one is there": Case(posted("update", LATER), before=posted("update", PARTNERS, "id-0")),
    "add": Case(posted("add", PARTNERS)),
    "add, the same again": Case(posted("add", PARTNERS), before=posted("add", PARTNERS, "id-0")),
    "keep, nothing there": Case(posted("keep", PARTNERS)),
    "keep, one is there": Case(posted("keep", LATER), before=posted("keep", PARTNERS, "id-0")),
    "an update by RelationId": Case(posted("update", AN_UPDATE), before=posted("add", PARTNERS, "id-0")),
    "a delete by parties, of two": Case(
        posted("leave", {"company": 686}), before=(*posted("add", PARTNERS, "id-0"), *posted("add", LATER, "id-00"))
    ),
    "a company and a person are made": Case(posted("newco", EVA)),
    "an array, update": Case(posted("update", THREE)),
    "an array, add": Case(posted("add", THREE)),
    "sent again, update": Case(posted("update", PARTNERS), is_repeat=True),
    "sent again, add": Case(posted("add", PARTNERS), is_repeat=True),
    "sent again, without an id": Case(posted("add", PARTNERS, None), is_repeat=True),
    "sent again, a company and a person": Case(posted("newco", EVA), is_repeat=True),
    "the line drops, update": Case(posted("update", PARTNERS), faults=(DROPPED,)),
    "the line drops, add": Case(posted("add", PARTNERS), faults=(DROPPED,)),
    "500 after the effect, add": Case(posted("add", PARTNERS), faults=(DONE_BUT_500,)),
    "a sweep": Case(SWEEP, before=posted("update", PARTNERS), faults=(BUSY,), ahead=100.0),
    "a sweep, an array": Case(SWEEP, before=posted("add", THREE), faults=(BUSY, BUSY, BUSY), ahead=100.0),
    "a sweep after the line dropped, update": Case(
        SWEEP, before=posted("update", PARTNERS), faults=(DROPPED,), ahead=100.0
    ),
    "a sweep after the line dropped, add": Case(SWEEP, before=posted("add", PARTNERS), faults=(DROPPED,), ahead=100.0),
    "a sweep after the line dropped, and drops again": Case(
        SWEEP, before=posted("add", PARTNERS), faults=({**DROPPED, "drop": "before"}, DROPPED), ahead=100.0
    ),
    "a sweep after the line dropped, a delete by parties": Case(
        SWEEP,
        before=(*posted("add", PARTNERS, "id-0"), *posted("add", LATER, "id-00"), *posted("leave", {"company": 686})),
        faults=({"path": "DeleteContactRelation", "drop": "after"},),
        ahead=100.0,
    ),
    "a sweep, a company and a person are made": Case(
        SWEEP, before=posted("newco", EVA), faults=({"path": "SavePersonEntity", "status": 503},), ahead=100.0
    ),
}


@pytest.fixture
def crash(tmp_path, secrets, sandbox):
    """Return a player of cases: `crash(case, 3)` dies at the third step; it returns what was told, and what is held."""
    with program(tmp_path, HOOKS, secrets, sandbox) as process:

        def play(case, dies_at=None):
            _begin_anew(tmp_path, sandbox)
            if case.before:
                for fault in case.faults:
                    sandbox.fault(**fault)
                process.run(*case.before)
            else:
                for fault in case.faults:
                    sandbox.fault(**fault)
            came = process.run(*case.acts, ahead=case.ahead, dies_at=dies_at)
            sandbox.clear_faults()
            repeat = case.acts if case.is_repeat else ()
            kept = process.run(("list",), *repeat, ("rest",), ahead=case.ahead)["told"][0]
            return came, kept, held(sandbox)

        yield play


def _begin_anew(folder, sandbox):
    sandbox.reset()
    for file in folder.glob("ledger.db*"):
        file.unlink()


def survives(case, crash):
    """Kill it at each step; return in words where something is lost or doubled."""
    came, _, wanted = crash(case)
    assert not came["killed"]
    untouched = _held_before(case, crash)
    wrong = []
    for number, step in enumerate(came["steps"], 1):
        died, kept, there = crash(case, dies_at=number)
        assert died["killed"]
        new = len(kept) > len([act for act in case.before if act[0] == "post"]) or case.acts[0][0] == "sweep"
        expected = wanted if new or case.is_repeat else untouched
        if there != expected:
            wrong.append(f"killed at step {number} ({step}): lost {expected - there}, doubled {there - expected}")
    return came["steps"], wrong


def _held_before(case, crash):
    """Return what the tenant holds where nothing was kept."""
    return crash(Case((("list",),), case.before))[-1]


def test_killed_at_any_step_nothing_is_lost_or_doubled(crash):
    """A process that dies between the mark, the look, the save and the end leaves all that its successor needs."""
    steps, wrong = survives(CASES["update, nothing there"], crash)

    assert len(steps) >= 6
    assert wrong == []


@pytest.mark.check
@pytest.mark.parametrize("name", CASES)
def test_killed_at_every_step(name, crash):
    """Whatever a delivery does, and however it began, there is no step at which dying loses or doubles anything."""
    assert survives(CASES[name], crash)[1] == []
