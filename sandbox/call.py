"""One HTTP call to the sandbox and the answer to it, as every part of the sandbox sees them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from werkzeug.datastructures import Headers
from werkzeug.sansio.request import Request

from sandbox.records import Associate

if TYPE_CHECKING:
    from sandbox.world import World

JSON_TYPES = {"application/json", "text/json", "application/json-patch+json", "application/merge-patch+json"}
# ISO codes to the country codes of SuperOffice's multi-language texts.
LANGUAGES = {"en": "US", "no": "NO", "nb": "NO", "nn": "NO", "de": "GE"}
UNTRANSLATED = {"", "*", "x", "-"}


@dataclass(frozen=True)
class Answer:
    """What goes back; the length is added on the way out."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: Any, status: int = 200) -> Answer:
    """Make an answer; `None` is the JSON null that agents give for "nothing"."""
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Answer(status, body, {"Content-Type": "application/json; charset=utf-8"})


def html_answer(page: str, status: int = 200) -> Answer:
    """Make an answer of a whole page."""
    return Answer(status, page.encode(), {"Content-Type": "text/html; charset=utf-8"})


class Refusal(Exception):
    """Ends a call early with the answer it carries."""

    def __init__(self, answer: Answer):
        super().__init__(answer.status)
        self.answer = answer


def refusal(status: int, kind: str, message: str) -> Refusal:
    """Make the error object of the REST documentation."""
    body = {
        "Error": True,
        "ErrorType": kind,
        "ErrorMessage": message,
        "ErrorSource": "SuperOffice.Services.Implementation",
    }
    return Refusal(json_answer(body, status))


def malformed(detail: str, status: int = 400) -> Refusal:
    """Make the answer of the framework under the WebAPI, before SuperOffice's own code sees the call."""
    return Refusal(json_answer({"Message": "The request is invalid.", "MessageDetail": detail}, status))


class Call(Request):
    """A request whose body has been read in full; `address` is the caller's end of the connection."""

    def __init__(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes, address: str):
        path, _, query = target.partition("?")
        super().__init__(
            method=method,
            scheme="http",
            server=None,
            root_path="",
            path=unquote(path),
            query_string=query.encode("latin-1"),
            headers=Headers(list(headers)),
            remote_addr=address,
        )
        self.body = body

    def json(self) -> Any:
        """Read the body with .NET's manners: the label counts, and what cannot be read is 400."""
        if self.mimetype not in JSON_TYPES:
            raise malformed(f"The sandbox reads JSON, not '{self.mimetype}'.", 415)
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise malformed(f"The body is not JSON: {error}") from error

    def form_fields(self) -> dict[str, str]:
        """Read an urlencoded body: the first value of each name."""
        return {name: values[0] for name, values in parse_qs(self.body.decode("utf-8", "replace")).items()}

    @property
    def language(self) -> str | None:
        """SuperOffice's country code; None asks for texts in all languages at once."""
        wanted = self.headers.get("SO-Language") or self.headers.get("Accept-Language", "")
        if wanted.strip().lower() in UNTRANSLATED:
            return None
        tags = [part.partition(";")[0].strip()[:2].lower() for part in wanted.split(",")]
        return next((LANGUAGES[tag] for tag in tags if tag in LANGUAGES), "US")

    @property
    def zone(self) -> str:
        """The time zone that dates are wished in; empty: the server's own."""
        return str(self.headers.get("SO-TimeZone", ""))


@dataclass(frozen=True)
class Context:
    """A call that was let in: by whom, and to what."""

    world: World
    call: Call
    user: Associate


def members(value: Any) -> dict[str, Any]:
    """Key a JSON object by its names in lower case (the WebAPI reads them in any); empty for anything else."""
    return {name.lower(): member for name, member in value.items()} if isinstance(value, dict) else {}
