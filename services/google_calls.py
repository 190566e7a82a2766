"""What every call to a Google API has in common: it ends in time, and an outage is told from a refusal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_NOT_SIGNED_IN = "metadata from plugin failed"  # how gRPC words that google-auth got no token

_Answer = TypeVar("_Answer")


def call(send: Callable[[float], _Answer], deadline: float) -> _Answer:
    """Return what `send(timeout)` returns, repeated while there is an outage and time is left (monotonic).

    Raises the GoogleAPICallError of the last try. The clients' own default repeats for longer, and their `timeout`
    bounds a try, not the call: `send` passes `retry=None` and its argument as `timeout`.
    """
    from google.api_core import exceptions, retry

    def attempt() -> _Answer:
        return send(max(deadline - time.monotonic(), 0.05))

    repeat = retry.Retry(is_outage, initial=0.1, maximum=1.0, timeout=deadline - time.monotonic())
    try:
        answer: _Answer = repeat(attempt)()
    except exceptions.RetryError as error:
        raise error.cause from error
    return answer


def is_outage(error: BaseException) -> bool:
    """Tell whether Google may answer the same question later."""
    from google.api_core import exceptions

    return isinstance(
        error,
        exceptions.ServiceUnavailable
        | exceptions.GatewayTimeout  # DEADLINE_EXCEEDED
        | exceptions.InternalServerError
        | exceptions.Unknown
        | exceptions.TooManyRequests  # RESOURCE_EXHAUSTED: the quota of calls in a minute
        | exceptions.Aborted
        | exceptions.Cancelled,
    )


def is_without_token(error: BaseException | None) -> bool:
    """Tell whether it was not the API that failed: google-auth got no access token to call it with."""
    return _NOT_SIGNED_IN in str(error)


def status_of(error: BaseException | None) -> str:
    """Return gRPC's name for what went wrong, such as `UNAVAILABLE`."""
    code = getattr(error, "grpc_status_code", None)
    return code.name if code else "no status"
