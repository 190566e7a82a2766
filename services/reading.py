"""What a submission wants: the relation that its fields name, or that its hook's `relation:` makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from schemas.contact_relation import ContactRelation, PayloadError, load_contact_relation
from schemas.hooks import Hook
from services.deadline import Deadline
from services.errors import FieldError, InvalidSubmission, LiaisonError
from services.senders.unpack import Submission
from services.superoffice.directory import Directory
from services.superoffice.identity import own_associate

if TYPE_CHECKING:
    from services.mapping import MappedRelation

# What only a hook with `relation:` needs is imported when the first one is met: a cold start waits for every import.

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Wanted(NamedTuple):
    """What a submission wants before anybody is looked up: a relation by its ids, or one in the words of hooks.yaml."""

    relation: ContactRelation | None = None
    mapped: MappedRelation | None = None


class Wish(NamedTuple):
    """The relation that is wanted, by its ids; what found each party (`source.company`: `orgnr`), and what was made."""

    relation: ContactRelation
    matched: Mapping[str, str] = NOTHING
    created: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def is_ignored(submission: Submission, hook: Hook) -> bool:
    """Tell whether nothing is to be done: a probe, a test event, or `when` says no."""
    if submission.is_test or hook.when is None:
        return submission.is_test
    from services.mapping import wanted

    return not wanted(hook.when, submission.fields)


def is_our_own(submission: Submission, directory: Directory, deadline: Deadline) -> bool:
    """Tell whether SuperOffice tells of a change that we made: acting on those would never end."""
    return bool(submission.changed_by) and submission.changed_by == str(own_associate(directory.webapi, deadline))


def read_wanted(submission: Submission, hook: Hook, decision: Mapping[str, Any] = NOTHING) -> Wanted:
    """Return what is wanted; a Refused names every mistake, in the sender's own words.

    `decision` is an operator's: ids that stand in the place of what the submission says.
    """
    if submission.refusal:
        raise submission.refusal
    if hook.relation is None:
        wanted = Wanted(_named(submission, decision))
        intent = wanted.relation.intent if wanted.relation else ""
    else:
        mapped = map_relation(submission, hook, decision)
        wanted, intent = Wanted(mapped=mapped), intent_of(mapped)
    if intent not in hook.allow:
        raise InvalidSubmission(f"This address may not {intent} relations: see `allow` of its hook.")
    return wanted


def look_up(wanted: Wanted, submission: Submission, hook: Hook, directory: Directory, deadline: Deadline) -> Wish:
    """Return the relation by its ids, looked up where it is not given so; a Refused is in the sender's own words."""
    if wanted.mapped is not None:
        return _looked_up(wanted.mapped, submission, hook, directory, deadline)
    relation = wanted.relation or ContactRelation()
    return Wish(relation, warnings=(*submission.repeated, *relation.warnings))


def map_relation(submission: Submission, hook: Hook, decision: Mapping[str, Any] = NOTHING) -> MappedRelation:
    """Return what the hook's templates make of the submission; nothing is looked up yet."""
    from services.mapping import map_submission

    assert hook.relation is not None  # noqa: S101 - a hook without one names the fields itself
    mapping = hook.relation
    if decision:
        from schemas.decision import decided

        mapping = decided(mapping, decision)
    try:
        return map_submission(mapping, submission.fields)
    except InvalidSubmission as error:
        raise _in_own_words(error, submission) from error


def intent_of(mapped: MappedRelation) -> str:
    """Return `create`, `update` or `delete`, as a hook's `allow` calls it."""
    return ContactRelation(relation_id=mapped.relation_id, action=mapped.action).intent


def _named(submission: Submission, decision: Mapping[str, Any]) -> ContactRelation:
    try:
        return load_contact_relation(submission.record, decision)
    except PayloadError as error:
        from services.mapping import refusal

        raise refusal([FieldError(name, message) for name, message in error.mistakes]) from error


def _looked_up(
    mapped: MappedRelation, submission: Submission, hook: Hook, directory: Directory, deadline: Deadline
) -> Wish:
    from services.superoffice.resolving import resolve

    try:
        found = resolve(mapped, directory, deadline, may_create=hook.may_create)
    except LiaisonError as error:
        raise _in_own_words(error, submission, tells_of_superoffice=True) from error
    warnings = (*submission.warnings, *mapped.warnings, *found.warnings, *found.relation.warnings)
    return Wish(found.relation, found.matched, found.created, warnings)


def _in_own_words(error: LiaisonError, submission: Submission, *, tells_of_superoffice: bool = False) -> LiaisonError:
    """Name the fields as the sender does."""
    from services.mapping import refusal

    if not error.errors:
        return error
    names = submission.names
    own = [FieldError(names.get(mistake.field, mistake.field), mistake.message) for mistake in error.errors]
    worded = type(error)(refusal(own).detail, errors=own)
    worded.tells_of_superoffice = tells_of_superoffice
    return worded
