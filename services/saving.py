"""A relation is saved once: looked for before it is made, one submission at a time on a pair, and never blindly again.

On disk stands that a save is in doubt before it goes out. Who comes later looks whether it was done:

- found: it is ours, and nothing is saved again;
- not found, less than 60 s after the attempt: SuperOffice may still be at it; later;
- not found by a fresh look after that: it was never done, and goes out anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from schemas.contact_relation import ContactRelation
from schemas.ledger import Doubt
from services.deadline import Deadline
from services.errors import InDoubt, PairBusy, RelationNotFound
from services.ledger.contract import LEASE
from services.logs import log
from services.pairs import pair_of, relation_of, wanted_of
from services.superoffice.directory import Directory
from services.superoffice.existing import Existing, entity_of, find_added, find_existing, same_text
from services.superoffice.relations import Outcome, Request, carry_out, read_entity
from services.work import Work

PATIENCE = 5.0  # seconds for a pair that another process holds; of one that was killed it stays held for a minute
LEASE_MARGIN = 1.0  # seconds that are left of a lease when the last call under it ends

Before = Callable[[ContactRelation, Request], Request]


def save(relation: ContactRelation, existing: str, work: Work, directory: Directory, request: Request) -> Outcome:
    """Carry out what the relation says, under a pair that is held for it; `superseded` where a newer one was saved.

    `existing` is what happens to one that is there: update, keep or add.
    """
    name = pair_of(relation)
    # Whoever has the pair already must not queue behind those of this process who wait for it.
    with nullcontext() if work.holds(name) else directory.turns.take([name], request.deadline):
        _take_pair(name, relation, work, request.deadline)
        if work.is_superseded and not _adds(relation, existing):
            return Outcome("superseded", {})
        if work.doubt is not None:
            done = _done_before(work.doubt, existing, work, directory, request)
            if done is None:
                _check_age(work.doubt, work)
            elif work.doubt.pair != name:  # what came anew, or an operator, means others now
                log("NOTICE", "saved-before", delivery=work.delivery.id, relation=done.relation.get("RelationId"))
                if done.status != "deleted":
                    work.was_saved(done.relation["RelationId"])
            elif not _is_corrected(relation, work.doubt):
                return done
            elif done.status != "deleted" and relation.action == "save":
                relation = ContactRelation(relation_id=done.relation["RelationId"], comment=relation.comment)
            work.is_settled()
        return look_and_save(relation, existing, directory, request, _mark(work))


def _take_pair(name: str, relation: ContactRelation, work: Work, deadline: Deadline) -> None:
    """Hold the pair, marked for this save unless there is an older mark to be looked into first."""
    marks = work.doubt is None and not _is_delete_by_parties(relation)
    wanted = wanted_of(relation) if marks else None
    patience = Deadline.after(min(deadline.remaining(), PATIENCE))
    if not patience.until(lambda: work.hold_pair(name, wanted)):
        raise PairBusy("Another submission about the same two is still under way.", retry_after=1)
    if work.waits_for is not None:
        raise PairBusy("Another submission about the same two is in doubt, and is looked into first.", retry_after=5)


def look_and_save(
    relation: ContactRelation, existing: str, directory: Directory, request: Request, before: Before
) -> Outcome:
    """Look whether it is there, where that is asked for, and save; `before` is called with what is about to go out."""

    def carry_it_out(changed: ContactRelation) -> Outcome:
        return carry_out(changed, directory.webapi, before(changed, request))

    if relation.relation_id is not None or _adds(relation, existing):
        return carry_it_out(relation)
    found = find_existing(relation, directory.webapi, request.deadline)
    if relation.action == "delete":
        if found is None:
            raise RelationNotFound("There is no such relation between these two, so there is nothing to delete.")
        return carry_it_out(relation._replace(relation_id=found.relation_id))
    if found is None:
        return carry_it_out(relation)
    if _is_as_wanted(found, relation, existing):
        return Outcome("unchanged", entity_of(found, relation, request.select))
    return carry_it_out(ContactRelation(relation_id=found.relation_id, comment=relation.comment))


def _mark(work: Work) -> Before:
    """Have the save go out under a mark that says what it is, and end within the lease."""

    def mark(relation: ContactRelation, request: Request) -> Request:
        work.mark(wanted_of(relation))
        left = work.lease_left() - LEASE_MARGIN
        if left >= request.deadline.remaining():
            return request
        return request._replace(deadline=Deadline.after(left, request.deadline.clock))

    return mark


def _done_before(doubt: Doubt, existing: str, work: Work, directory: Directory, request: Request) -> Outcome | None:
    """Look whether a save that went out earlier was done: what came of it, or None."""
    wanted, how = relation_of(doubt.wanted), str(doubt.wanted.get("how"))
    webapi, deadline = directory.webapi, request.deadline
    if wanted.relation_id is not None:
        entity = read_entity(wanted.relation_id, webapi, deadline)
        if how == "deleted":
            return Outcome(how, {"RelationId": wanted.relation_id}) if entity is None else None
        return Outcome(how, _selected(entity, request)) if entity and _holds(entity, wanted) else None
    if existing == "add":
        entity = find_added(wanted, work.newest_relation(doubt.pair), doubt.at, webapi, deadline)
        return Outcome(how, _selected(entity, request)) if entity else None
    found = find_existing(wanted, webapi, deadline)
    if found is None or not _is_as_wanted(found, wanted, existing):
        return None
    return Outcome(how, entity_of(found, wanted, request.select))


def _is_corrected(relation: ContactRelation, doubt: Doubt) -> bool:
    """Tell whether something else is wanted now: a refused submission may come again with what the sender mended."""
    was = relation_of(doubt.wanted)
    other_comment = relation.comment is not None and not same_text(relation.comment, was.comment or "")
    return relation.action != was.action or other_comment


def _check_age(doubt: Doubt, work: Work) -> None:
    """Raise InDoubt while SuperOffice may still be at work on the earlier attempt."""
    left = doubt.at + LEASE - work.clock()
    if left > 0:
        raise InDoubt("It is not there yet, and may still be on its way.", retry_after=int(left) + 1)


def _adds(relation: ContactRelation, existing: str) -> bool:
    """Tell whether this makes a relation whatever is there: a newer one says nothing against it."""
    return existing == "add" and relation.action == "save" and relation.relation_id is None


def _is_delete_by_parties(relation: ContactRelation) -> bool:
    return relation.action == "delete" and relation.relation_id is None


def _is_as_wanted(found: Existing, relation: ContactRelation, existing: str) -> bool:
    return existing == "keep" or relation.comment is None or same_text(relation.comment, found.comment)


def _holds(entity: Mapping[str, Any], wanted: ContactRelation) -> bool:
    """Tell whether a relation has all that an update was to give it."""
    from schemas.contact_relation_entity import written_fields

    return all(
        same_text(str(value), str(entity.get(name) or "")) if name == "Comment" else entity.get(name) == value
        for name, value in written_fields(wanted).items()
    )


def _selected(entity: Mapping[str, Any] | None, request: Request) -> Mapping[str, Any]:
    return {name: value for name, value in (entity or {}).items() if not request.select or name in request.select}
