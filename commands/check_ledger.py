"""What `./liaison check` looks at behind the webhook: the ledger, the queue, and who may call for what is due."""

from __future__ import annotations

from collections.abc import Iterator

from commands import printing
from commands.findings import Finding
from schemas.ledger import HELD, WAITING
from services.errors import InvalidSettings, LedgerDown
from services.ledger.opening import open_ledger
from services.settings import Settings
from services.task_queue import open_queue


def ledger_findings(settings: Settings) -> Iterator[Finding]:
    """Look at the ledger, the queue in front of `deliver`, and who is let in there."""
    yield _ledger(settings)
    yield _queue(settings)
    yield _invoker(settings)


@printing.log_aside()
def _ledger(settings: Settings) -> Finding:
    """Open it and read, as every submission does; nothing is written."""
    try:
        counts = open_ledger(settings.ledger).store.backlog(settings.environment).counts
    except InvalidSettings as error:
        return Finding("ledger", False, error.detail)
    except LedgerDown as error:
        return Finding("ledger", False, error.why)
    waiting = sum(counts.get(status, 0) for status in (*WAITING, *HELD))
    refused = sum(counts.get(status, 0) for status in ("rejected", "dead"))
    return Finding("ledger", True, f"{settings.ledger} answers; {waiting} wait, {refused} are refused")


def _queue(settings: Settings) -> Finding:
    try:
        queue = open_queue(settings.queue)
    except InvalidSettings as error:
        return Finding("queue", False, error.detail)
    if queue is None:
        return Finding("queue", True, "none: what waits is delivered by redeliver alone")
    return Finding("queue", True, f"{queue.queue.path} calls {queue.queue.url}")


def _invoker(settings: Settings) -> Finding:
    if settings.is_on_cloud_run:
        return Finding("invoker", True, "IAM says who may call deliver and redeliver")
    if not settings.invoker:
        return Finding("invoker", True, "none: only this machine may call deliver and redeliver")
    return Finding("invoker", True, f"{settings.invoker} may call deliver and redeliver")
