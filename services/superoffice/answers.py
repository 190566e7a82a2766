"""What SuperOffice's answers mean: done, refused for good, not now, in doubt, or ours to mend.

| answer                                            | meaning                                             |
| ------------------------------------------------- | --------------------------------------------------- |
| 2xx that carries what was asked for               | done                                                |
| 400, 404, 409, 412, or 2xx with an error object   | refused for good, in SuperOffice's own words        |
| 401, 403                                          | one renewal of the ticket, then ours to mend        |
| 429, 503                                          | not done; later                                     |
| no answer, other 5xx, a redirect, what cannot be read | later; a save may have been done: in doubt      |

Shapes of an error: `{"Error": true, "ErrorType", "ErrorMessage", "ErrorSource"}` from REST, with `Message` instead in
some versions, and `{"Message", "MessageDetail"}` from agents, also under 200.
Source: SuperOffice docs, "RESTful WebAPI" and "Agents WebAPI", sections on errors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import orjson

from services.errors import InDoubt, LiaisonError, LoginRefused, RefusedBySuperOffice, SuperOfficeUnavailable


class Busy(SuperOfficeUnavailable):
    """429 or 503: nothing was done; `Retry-After` may say when to come back."""


class WrongHost(SuperOfficeUnavailable):
    """421: the tenant has moved to another host, and nothing was done."""


class TicketRefused(LoginRefused):
    """401 or 403: nothing was done, and a new ticket may do."""


REFUSALS = frozenset({400, 404, 409, 412})
LONGEST_PAUSE = 3600  # seconds; a longer Retry-After is not believed
_NO_JSON = object()
_WORDS = ("ErrorMessage", "Message", "MessageDetail")


class WebApiAnswer:
    """A whole answer of the WebAPI: its body is read, up to a bound."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def is_success(self) -> bool:
        """Whether the status is a 2xx, which for an agent does not yet mean that it was done."""
        return 200 <= self.status < 300

    @cached_property
    def parsed(self) -> Any:
        """The body as JSON, or a mark that it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return self._parsed_leniently()

    def _parsed_leniently(self) -> Any:
        """Read what begins with a byte order mark, too."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return _NO_JSON

    def json(self) -> Any:
        """Return the body as JSON; raise InDoubt where it is none."""
        if self.parsed is _NO_JSON:
            raise InDoubt(f"SuperOffice answered {self.status} with something that is not JSON.")
        return self.parsed

    def pause(self) -> int | None:
        """Return the whole seconds that `Retry-After` asks for, or None where it does not say so in seconds."""
        value = self.headers.get("Retry-After", "").strip()
        return min(int(value), LONGEST_PAUSE) if value.isascii() and value.isdigit() and len(value) < 10 else None


def error_words(answer: WebApiAnswer) -> str | None:
    """Return what SuperOffice says went wrong, or None where the body is not one of its error objects."""
    body = answer.parsed
    if not isinstance(body, dict):
        return None
    words = next((str(body[key]) for key in _WORDS if body.get(key)), None)
    if "RelationId" in body or not (words or body.get("Error") is True):
        return None
    return words or str(body.get("ErrorType") or "no reason was given")


def failure(answer: WebApiAnswer, hide: Callable[[str], str]) -> LiaisonError | None:
    """Return what an answer means where it is not a success; None where it is. `hide` takes secrets out of words."""
    words = error_words(answer)
    if answer.status in REFUSALS or (answer.is_success and words is not None):
        return RefusedBySuperOffice(refusal(hide(words or f"it answered {answer.status} without a reason")))
    if answer.is_success:
        return None
    if answer.status in (401, 403):
        return TicketRefused(f"SuperOffice answers {answer.status} to the ticket of this login.")
    if answer.status in (429, 503):
        pause = answer.pause()
        return Busy("SuperOffice is busy or in maintenance.", retry_after=30 if pause is None else pause)
    if answer.status == 421:
        return WrongHost("The SuperOffice tenant has moved to another host.")
    return InDoubt(f"SuperOffice answered {answer.status}; it may or may not have done it.")


def refusal(words: str) -> str:
    """Put SuperOffice's own words into a sentence of under 250 characters."""
    words = " ".join(words.split())
    short = words if len(words) <= 180 else words[:179].rstrip() + "…"
    return f"SuperOffice refused it: {short}"
