"""What a submission wants: the relation that its fields name, or that its hook's `relation:` makes of them."""

from __future__ import annotations

from dataclasses import replace

from schemas.contact_relation import ContactRelation, PayloadError, load_contact_relation
from schemas.hooks import Hook
from services.deadline import Deadline
from services.errors import FieldError, InvalidSubmission
from services.ids_only import ids_only
from services.mapping import MappedRelation, map_submission, refusal, wanted
from services.senders.unpack import Submission
from services.superoffice.client import WebApi
from services.superoffice.identity import own_associate


def is_ignored(submission: Submission, hook: Hook) -> bool:
    """Tell whether nothing is to be done: a probe, a test event, or `when` says no."""
    return submission.is_test or (hook.when is not None and not wanted(hook.when, submission.fields))


def is_our_own(submission: Submission, webapi: WebApi, deadline: Deadline) -> bool:
    """Tell whether SuperOffice tells of a change that we made: acting on those would never end."""
    return bool(submission.changed_by) and submission.changed_by == str(own_associate(webapi, deadline))


def read_relation(submission: Submission, hook: Hook) -> ContactRelation:
    """Return the relation that is wanted; InvalidSubmission names every mistake, in the sender's own words."""
    if submission.refusal:
        raise submission.refusal
    mapped = _map(submission, hook)
    try:
        relation = load_contact_relation(submission.record if mapped is None else ids_only(mapped))
    except PayloadError as error:
        raise refusal([FieldError(name, message) for name, message in error.mistakes]) from error
    if relation.intent not in hook.allow:
        raise InvalidSubmission(f"This address may not {relation.intent} relations: see `allow` of its hook.")
    warnings = (*submission.warnings, *mapped.warnings) if mapped else submission.repeated
    return replace(relation, warnings=(*warnings, *relation.warnings)) if warnings else relation


def _map(submission: Submission, hook: Hook) -> MappedRelation | None:
    if hook.relation is None:
        return None
    try:
        return map_submission(hook.relation, submission.fields)
    except InvalidSubmission as error:
        names = submission.names
        own = [FieldError(names.get(mistake.field, mistake.field), mistake.message) for mistake in error.errors]
        raise refusal(own) from error
