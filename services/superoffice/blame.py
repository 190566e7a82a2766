"""What is said where words lead to no company, person or definition: which selector found how many, and what to do.

Never who was found: whoever sends a form may be a stranger to the people in SuperOffice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.errors import FieldError, InvalidSubmission, PartyAmbiguous, PartyMismatch, PartyNotFound, Refused
from services.superoffice.looks import Look
from services.superoffice.narrowing import Finding, Verdict

LONGEST_DETAIL = 249  # characters; several tools show no more
BETTER = {"company": ("orgnr", "number", "id"), "person": ("email", "id")}  # selectors that rarely find two

GONE = {
    "company": "The company that was found is deleted in SuperOffice: restore it there, or send another.",
    "person": "The person who was found is marked as a former employee in SuperOffice: clear the mark there, "
    "or send another.",
}


@dataclass(frozen=True)
class Mistake:
    """One thing that the sender can mend, and the error that it makes where it is the only one."""

    error: type[Refused]
    field: str
    message: str


def refuse(mistakes: Sequence[Mistake]) -> Refused:
    """Make one error of all mistakes; its detail fits where tools show only that."""
    errors = [FieldError(mistake.field, mistake.message) for mistake in mistakes]
    kinds = {mistake.error for mistake in mistakes}
    error = kinds.pop() if len(kinds) == 1 else InvalidSubmission
    if len(mistakes) == 1:
        return error(_cut(f"{errors[0].field}: {errors[0].message}"), errors=errors)
    names = ", ".join(dict.fromkeys(mistake.field for mistake in mistakes))
    return error(_cut(f"{len(mistakes)} fields are wrong; mend them and send again: {names}"), errors=errors)


def of(verdict: Verdict, path: str, looks: Sequence[Look], findings: Sequence[Finding], where: str = "") -> Mistake:
    """Say why the selectors of the company or person at `path` did not come to one."""
    kind = path.rpartition(".")[2]
    tally = count(findings)
    match verdict.outcome:
        case "several":
            return Mistake(PartyAmbiguous, field(path, looks), _several(kind, looks, tally, where))
        case "stopped":
            message = f"{tally}. Correct the {verdict.by}, or enter it on the card of that {kind} in SuperOffice."
            return Mistake(PartyMismatch, field(path, looks, verdict.by), message)
        case "contradicted":
            message = f"The {verdict.by} is that of another {kind}: {tally}. Correct one of them, or leave it out."
            return Mistake(PartyMismatch, field(path, looks, verdict.by), message)
    if any(finding.gone for finding in findings):
        return Mistake(PartyNotFound, field(path, looks), GONE[kind])
    message = f"No {kind} was found{where}: {tally}. Correct what was sent, or add the {kind} in SuperOffice."
    return Mistake(PartyNotFound, field(path, looks), message)


def count(findings: Sequence[Finding]) -> str:
    """Say which selector found how many."""
    return ", ".join(f"{finding.kind} found {len(finding.ids) or 'none'}" for finding in findings)


def field(path: str, looks: Sequence[Look], kind: str = "") -> str:
    """Return the sender's own name of a selector's field, the first selector's where no kind is given."""
    look = next((look for look in looks if look.kind == kind), looks[0])
    return next(iter(look.selector.names), f"{path}.{look.kind}")


def _several(kind: str, looks: Sequence[Look], tally: str, where: str) -> str:
    given = {look.kind for look in looks}
    more = [better for better in BETTER[kind] if better not in given]
    wish = " or ".join(filter(None, (", ".join(more[:-1]), *more[-1:])))
    advice = f"Send its {wish} as well" if more else "Correct what was sent"
    return f"More than one {kind} fits{where}: {tally}. {advice}, or merge the doubles in SuperOffice."


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1].rstrip() + "…"
