"""What was done to the tenant: the last calls with what came in, and counts by operation and by effect."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from datetime import UTC, datetime
from typing import Any

from sandbox.call import Call

KEPT_CALLS = 2000
SHOWN_CALLS = 200


class Journal:
    """Counts by operation (SaveContactRelation, GET Relation/{id}, …) and by effect (created, logins, …)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: deque[dict[str, Any]] = deque(maxlen=KEPT_CALLS)
        self._counts: Counter[str] = Counter()

    def arrive(self, call: Call, operation: str) -> dict[str, Any]:
        """Write a call down before anything is done; its status is None until it is answered."""
        record = {
            "method": call.method,
            "path": call.path,
            "status": None,
            "ms": None,
            "operation": operation,
            "at": datetime.now(UTC),
            "headers": call.headers,
            "query": call.args.to_dict(),
            "body": _read(call.body),
            "connection": call.remote_addr,
            "started": time.perf_counter(),
        }
        with self._lock:
            self._calls.append(record)
            self._counts[operation] += 1
        return record

    def leave(self, record: dict[str, Any], status: int | None) -> None:
        """Note how a call ended; None is a line closed without an answer."""
        record["ms"] = round((time.perf_counter() - record["started"]) * 1000, 1)
        record["status"] = status

    def count(self, effect: str) -> None:
        """Count one more of it."""
        with self._lock:
            self._counts[effect] += 1

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._calls.clear()
            self._counts.clear()

    def calls(self) -> list[dict[str, Any]]:
        """List the last 2,000 as they came, with headers, query and body."""
        with self._lock:
            return list(self._calls)

    def counts(self) -> Counter[str]:
        """Copy the counts; what never happened counts 0."""
        with self._lock:
            return Counter(self._counts)

    def shown(self) -> list[dict[str, Any]]:
        """List the last 200 without anything secret or personal."""
        names = ("method", "path", "status", "ms")
        return [{name: record[name] for name in names} for record in self.calls()[-SHOWN_CALLS:]]


def _read(body: bytes) -> Any:
    """Give the JSON, else the text; None for no body."""
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")
