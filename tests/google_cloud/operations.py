"""Long-running operations: begun by a change, asked for until they are done."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from tests.google_cloud.state import State
from tests.google_cloud.wire import Call, not_found


@dataclass
class Operation:
    """What was begun; done from `ready` on (time.monotonic), with a response or an error."""

    name: str
    ready: float
    metadata: dict[str, Any]
    response: dict[str, Any] = field(default_factory=dict)
    error: dict[str, Any] | None = None

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return time.monotonic() >= self.ready


def begin(state: State, name: str, metadata: dict[str, Any], **outcome: Any) -> dict[str, Any]:
    """Keep a new operation that ends in `response=` or `error=`, and answer as the API does: it is under way."""
    state.operations[name] = Operation(name, time.monotonic() + state.seconds, metadata, **outcome)
    return {"name": name, "metadata": metadata}


def show(operation: Operation) -> dict[str, Any]:
    """Return the operation in the API's form."""
    shown: dict[str, Any] = {"name": operation.name, "metadata": operation.metadata}
    if not operation.done:
        return shown
    if operation.error:
        return shown | {"done": True, "error": operation.error}
    return shown | {"done": True, "response": operation.response}


def get(state: State, call: Call) -> dict[str, Any]:
    """Answer how far an operation is."""
    name = call.path.split("/", 2)[2]
    if name not in state.operations:
        raise not_found(f"Operation {name} was not found.")
    return show(state.operations[name])
