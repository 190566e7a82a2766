"""The log: one JSON line on stdout for each outcome, as Cloud Logging wants it; plain text on a terminal.

Fields: https://cloud.google.com/logging/docs/structured-logging
"""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from types import MappingProxyType
from typing import Any

from schemas.encoding import to_json

_CONTEXT: ContextVar[Mapping[str, Any]] = ContextVar("log_context", default=MappingProxyType({}))
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_CLOUD_TRACE = re.compile(r"([0-9a-f]{32})(?:/.*)?")
STDOUT = 1


def bind(headers: Mapping[str, str], project: str | None) -> None:
    """Tie all that this thread logs from now on to the request it serves."""
    context: dict[str, Any] = {}
    if execution_id := headers.get("Function-Execution-Id"):
        context["logging.googleapis.com/labels"] = {"execution_id": execution_id[:64]}
    trace = project and (
        _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
        or _CLOUD_TRACE.fullmatch(headers.get("X-Cloud-Trace-Context", ""))
    )
    if trace:
        context["logging.googleapis.com/trace"] = f"projects/{project}/traces/{trace[1]}"
    _CONTEXT.set(context)


def log(severity: str, event: str, message: str = "", **details: Any) -> None:
    """Write one line: what happened, a sentence for the operator, and ids. Never what people typed.

    Each line is one write, so that threads cannot mix them.
    """
    known = {name: value for name, value in details.items() if value is not None}
    if _is_terminal():
        told = " ".join(f"{name}={value}" for name, value in known.items())
        words = f"{time.strftime('%H:%M:%S')} {severity:7} {event} {told} {message}".rstrip()
        line = words.encode("utf-8", "replace").replace(b"\n", b" ")
    else:
        line = to_json({"severity": severity, "message": message or event, "event": event, **known, **_CONTEXT.get()})
    os.write(STDOUT, line + b"\n")


@cache
def _is_terminal() -> bool:
    return os.isatty(STDOUT)


class _Handler(logging.Handler):
    """Carries what libraries log into the same lines."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            message = record.getMessage()
            if record.exc_info and record.exc_info[0]:
                message += f" ({record.exc_info[0].__name__})"
            log(record.levelname, record.name, message)
        except (TypeError, ValueError, OSError):
            self.handleError(record)


def take_over() -> None:
    """Write warnings of libraries, and our own of `liaison`, in the same form."""
    root = logging.getLogger()
    if not any(isinstance(handler, _Handler) for handler in root.handlers):
        root.handlers = [_Handler()]
    root.setLevel(logging.WARNING)
    sys.stdout.flush()
