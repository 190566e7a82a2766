"""Everything that can go wrong, as the sender, the operator and the retry logic see it.

LiaisonError                 status, reason (a slug for logs), detail (a sentence that says what to do)
├── Refused                    the sender can mend it; trying again unchanged is no use
│   ├── UnreadableBody           400
│   ├── UnknownHook              400
│   ├── UnknownDelivery          400
│   ├── NotProven                401
│   ├── MethodNotAllowed         405
│   ├── BodyTooLarge             413
│   ├── UnsupportedContentType   415
│   ├── InvalidSubmission        422, with the fields to blame
│   ├── PartyNotFound            422: no company or person, or only one that is deleted or retired
│   ├── PartyAmbiguous           422: more than one, with how many each selector found
│   ├── PartyMismatch            422: what was sent speaks against itself, or the person is another company's
│   ├── DefinitionUnknown        422, with the definitions that fit
│   ├── RelationNotFound         422: nothing to delete
│   ├── GivenUp                  422: its days of trying are over; an operator has it now
│   └── RefusedBySuperOffice     422, in SuperOffice's own words
├── Misconfigured              500: the operator must mend it; a stranger is not told what is wrong
│   ├── InvalidSettings
│   ├── InvalidHook
│   ├── SecretUnusable           missing, empty, disabled, forbidden or damaged
│   └── LoginRefused             SuperOffice takes neither our ticket nor a new one
└── Unavailable                503: for now; trying again later may do
    ├── SecretStoreDown
    ├── LedgerDown               nothing could be written down, so the sender must try again
    ├── NoSweep                  deliveries are due, and nobody comes to them
    ├── QueueDown                what is in the ledger could not be queued; the sweep comes to it all the same
    └── SuperOfficeUnavailable   not_done: SuperOffice surely did nothing
        ├── TenantDown             the whole tenant is away: nobody else need try
        ├── PairBusy               another submission about the same two is under way
        ├── NoTime                 its turn, or its answer, would have come too late
        └── InDoubt                it may have done the work and the answer got lost
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class FieldError(NamedTuple):
    """One mistake of a submission: the field as the sender calls it, and what is wrong with it."""

    field: str
    message: str


class LiaisonError(Exception):
    """Any failure that has been understood. `detail` never holds a secret or another person's data."""

    status = 500
    reason = "internal-error"
    title = "Something went wrong here"
    tells_of_superoffice = False  # whether the words come out of the CRM, and are not for strangers

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None):
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


class Refused(LiaisonError):
    """The sender's mistake; the same request will be refused again."""

    status = 400


class UnreadableBody(Refused):
    """The body cannot be read; the detail says where."""

    reason, title = "unreadable-body", "The body cannot be read"


class UnknownHook(Refused):
    """No such address. 400 and not 404: some senders switch a webhook off for good on 404."""

    reason, title = "unknown-hook", "There is no such address"


class UnknownDelivery(Refused):
    """No delivery of this tenant has that id."""

    reason, title = "unknown-delivery", "There is no such delivery"


class NotProven(Refused):
    """The proof of who sent this is missing, wrong or too old."""

    status, reason, title = 401, "not-proven", "The sender is not proven"


class MethodNotAllowed(Refused):
    """The address does not take this method; `Allow` lists those it takes."""

    status, reason, title = 405, "method-not-allowed", "Method not allowed"


class BodyTooLarge(Refused):
    """The body is larger than the hook's limit."""

    status, reason, title = 413, "body-too-large", "The body is too large"


class UnsupportedContentType(Refused):
    """Neither JSON nor a form, whatever its label."""

    status, reason, title = 415, "unsupported-content-type", "This content type is not read"


class InvalidSubmission(Refused):
    """Fields are missing or wrong; each is named in `errors`."""

    status, reason, title = 422, "invalid-submission", "The submission cannot be used"


class PartyNotFound(Refused):
    """No company or person was found by what was sent; the detail counts, and names nobody."""

    status, reason, title = 422, "party-not-found", "A company or person was not found"


class PartyAmbiguous(Refused):
    """Several companies or persons fit."""

    status, reason, title = 422, "party-ambiguous", "More than one company or person fits"


class PartyMismatch(Refused):
    """Two things that were sent do not belong together."""

    status, reason, title = 422, "party-mismatch", "What was sent does not belong together"


class DefinitionUnknown(Refused):
    """No definition of that name or id fits the parties, or several do."""

    status, reason, title = 422, "definition-unknown", "The definition is not known"


class RelationNotFound(Refused):
    """The relation that is to be deleted is not there."""

    status, reason, title = 422, "relation-not-found", "There is no such relation"
    tells_of_superoffice = True


class GivenUp(Refused):
    """What failed for now failed for too long; nobody tries again by himself."""

    status, reason, title = 422, "given-up", "It was tried for as long as it is to be"

    def __init__(self) -> None:
        super().__init__(
            "SuperOffice could not take it for as long as it is tried. It is kept, and waits for the operator."
        )


class RefusedBySuperOffice(Refused):
    """SuperOffice refused for good; its own words are in the detail."""

    status, reason, title = 422, "refused-by-superoffice", "SuperOffice refused it"
    tells_of_superoffice = True


class Misconfigured(LiaisonError):
    """The operator's to mend. The words go to the log and `/health`, never to the stranger."""

    reason, title = "misconfigured", "The receiver is not set up correctly"


class InvalidSettings(Misconfigured):
    """A setting is missing or wrong, or hooks.yaml cannot be read."""

    reason = "invalid-settings"


class InvalidHook(Misconfigured):
    """This one hook is wrong in hooks.yaml; the others go on."""

    reason = "invalid-hook"


class SecretUnusable(Misconfigured):
    """A secret is missing, empty, disabled, forbidden to us, or damaged on the way."""

    reason = "secret-unusable"


class LoginRefused(Misconfigured):
    """SuperOffice takes neither our ticket nor our credentials."""

    reason = "login-refused"


class Unavailable(LiaisonError):
    """Not now. `retry_after` is in whole seconds."""

    status, reason, title = 503, "unavailable", "Temporarily unavailable"

    def __init__(self, detail: str, *, retry_after: int = 30):
        super().__init__(detail, headers={"Retry-After": str(max(1, retry_after))})
        self.retry_after = retry_after


class SecretStoreDown(Unavailable):
    """The secret store does not answer, and no value is young enough to go on with."""

    reason = "secret-store-down"


class LedgerDown(Unavailable):
    """Nothing could be written down. `why` is for the operator: it names files and projects."""

    reason = "ledger-down"

    def __init__(self, why: str) -> None:
        super().__init__("Nothing could be written down here just now. Send it again in half a minute.")
        self.why = why


class NoSweep(Unavailable):
    """Deliveries have been due for some time, and no sweep came to them."""

    reason, title = "no-sweep", "Nothing is being delivered"


class QueueDown(Unavailable):
    """What is in the ledger could not be queued as well. `why` is for the operator: it names the queue."""

    reason = "queue-down"

    def __init__(self, why: str) -> None:
        super().__init__("The queue takes nothing just now. What was sent is kept, and goes by itself.")
        self.why = why


class SuperOfficeUnavailable(Unavailable):
    """SuperOffice cannot do it now and surely did nothing: safe to try again."""

    reason = "superoffice-unavailable"


class TenantDown(SuperOfficeUnavailable):
    """The whole tenant is in maintenance, or out of reach."""

    reason = "tenant-down"


class PairBusy(SuperOfficeUnavailable):
    """Another submission about the same parties is under way, so this one waits: not a try that failed."""

    reason = "pair-busy"


class NoTime(SuperOfficeUnavailable):
    """Nothing was asked of SuperOffice: our own rate, or the time that was left, did not let it."""

    reason = "no-time"


class InDoubt(SuperOfficeUnavailable):
    """SuperOffice may have done it: look before trying again."""

    reason = "in-doubt"
