"""A problem as RFC 9457 has it: what is told of an error, and what the ledger keeps of that."""

from __future__ import annotations

from typing import Any

from services.errors import LiaisonError, Misconfigured

LONGEST_DETAIL = 249  # characters; several tools cut what is longer


def problem_of(error: LiaisonError) -> dict[str, Any]:
    """Return the members of the problem; what is the operator's to mend is not told to a stranger."""
    detail = error.detail
    if isinstance(error, Misconfigured):
        detail = "The receiver is not set up correctly. Its operator finds the reason in the log under this delivery."
    detail = detail if len(detail) <= LONGEST_DETAIL else detail[: LONGEST_DETAIL - 1].rstrip() + "…"
    told: dict[str, Any] = {
        "type": f"urn:liaison:problem:{error.reason}",
        "title": error.title,
        "status": error.status,
        "detail": detail,
        "message": detail,
    }
    if error.errors:
        told["errors"] = [{"field": mistake.field, "message": mistake.message} for mistake in error.errors]
    return told
