"""How Google's REST APIs are spoken: a call, the routes it may take, and refusals in Google's error form.

The error form: https://cloud.google.com/apis/design/errors#http_mapping
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ALREADY_EXISTS",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
READING_VERBS = ("getIamPolicy", "testIamPermissions", "generateUploadUrl")  # sent with POST, but nothing changes


@dataclass
class Call:
    """One request: `host` is the API's name (run.googleapis.com), `ids` what the route's pattern found in the path."""

    method: str
    host: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    body: Any = None
    headers: Any = None
    raw: bytes = b""
    region: str = ""  # of a regional host: europe-west1-run.googleapis.com
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether this call is there to change something; an upload alone changes nothing yet."""
        reads = self.method == "GET" or self.path.rpartition(":")[2] in READING_VERBS
        return not reads and self.host != "storage.googleapis.com"

    @property
    def project(self) -> str:
        """The project that the path names, or none."""
        return self.ids.get("project", "")

    @property
    def location(self) -> str:
        """The full name of the project's location."""
        return f"projects/{self.project}/locations/{self.ids['location']}"

    def asked(self, name: str, default: str = "") -> str:
        """Return a query parameter."""
        return self.query.get(name, [default])[0]


class Route(NamedTuple):
    """`{id}` in the path stands for one segment; a permission of none is one that everybody has."""

    method: str
    path: str
    permission: str | None
    answer: Callable[[Any, Call], Any]

    def ids(self, call: Call) -> dict[str, str] | None:
        """Return what the path names if the call takes this route."""
        if call.method != self.method:
            return None
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/:]+)", re.escape(self.path).replace(r"\{", "{").replace(r"\}", "}"))
        found = re.fullmatch(pattern, call.path)
        return found and found.groupdict()


class Refusal(Exception):
    """An answer in Google's error form. `status` is the word where it is not the HTTP status's usual one."""

    def __init__(self, code: int, message: str, status: str = "", details: list[dict[str, Any]] | None = None):
        super().__init__(message)
        self.code = code
        error = {"code": code, "message": message, "status": status or STATUSES.get(code, "UNKNOWN")}
        self.body = {"error": error | ({"details": details} if details else {})}


def not_found(message: str) -> Refusal:
    """Refuse: the thing is not there."""
    return Refusal(404, message)


def already_there(message: str) -> Refusal:
    """Refuse: a thing of that name is there."""
    return Refusal(409, message)


def invalid(message: str) -> Refusal:
    """Refuse: the request itself is wrong."""
    return Refusal(400, message)


def info(reason: str, domain: str = "googleapis.com", **metadata: str) -> dict[str, Any]:
    """Return the detail that names a refusal's reason for programs."""
    return {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": reason,
        "domain": domain,
        "metadata": metadata,
    }


def denied(permission: str, resource: str) -> Refusal:
    """Refuse: the caller may not."""
    message = f"Permission '{permission}' denied on resource '{resource}' (or it may not exist)."
    detail = info("IAM_PERMISSION_DENIED", "iam.googleapis.com", permission=permission, resource=resource)
    return Refusal(403, message, details=[detail])


def lacking(permission: str, resource: str) -> Refusal:
    """Refuse in the words of Cloud Tasks and Cloud Scheduler: the caller may not."""
    who = "The principal (user or service account)"
    message = (
        f'{who} lacks IAM permission "{permission}" for the resource "{resource}" (or the resource may not exist).'
    )
    return Refusal(403, message)


def masked(resource: dict[str, Any], body: dict[str, Any], mask: str) -> dict[str, Any]:
    """Return the resource with the fields of the mask taken from the body; a field the body lacks is cleared."""
    changed = dict(resource)
    for path in filter(None, mask.split(",")):
        first, _, rest = path.partition(".")
        key = re.sub(r"_(\w)", lambda found: found[1].upper(), first)
        if rest:
            changed[key] = masked(changed.get(key) or {}, body.get(key) or {}, rest)
        elif key in body:
            changed[key] = body[key]
        else:
            changed.pop(key, None)
    return changed
