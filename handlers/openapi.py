"""`GET /openapi.json`: every address with what it takes and answers, out of the schemas that do the work.

OpenAPI 3.1: https://spec.openapis.org/oas/v3.1.1.html. Importing this imports apispec: do so where it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Request
from marshmallow import fields

from handlers.answers import JSON, PROBLEM, Answer, problem
from handlers.deliveries import PATH as DELIVERIES
from handlers.lookups import LOOKUPS
from handlers.openapi_hooks import Json, proof, request_body
from handlers.proof import OWNER, prove_owner
from handlers.routes import DEFAULT_HOOK, HOOKS
from schemas.answers import (
    VERSION,
    DeliverySchema,
    FailedStatusSchema,
    OutcomeSchema,
    ProblemSchema,
    ReadySchema,
    StatusSchema,
)
from schemas.fields import LARGEST_ID, Comment, Flag, Identifier, WireDate
from schemas.hooks import Hook
from schemas.verification import NoProof
from services.composition import Services
from services.errors import (
    BodyTooLarge,
    FieldError,
    InvalidSubmission,
    LedgerDown,
    LiaisonError,
    MethodNotAllowed,
    NotProven,
    SuperOfficeUnavailable,
    UnreadableBody,
    UnsupportedContentType,
)

OWNERS = OWNER.secrets[0]  # the security scheme of what is the owner's, by its secret's name
DELIVERY = "01K6Z3V5T8QJ4W0N9M2X7R1ABC"
PROBES = (("get", "probe"), ("head", "probe-head"), ("options", "greet"))
OWNERS_REFUSALS = (401, 405, 500, 503)
PROBLEMS: dict[int, tuple[str, LiaisonError]] = {
    400: ("The body cannot be read, or is empty", UnreadableBody("The body is empty: send JSON or a form.")),
    401: (
        "The proof of who is calling is missing, wrong or too old",
        NotProven("The secret is missing or wrong: let the sending tool send this hook's secret."),
    ),
    405: ("The method is not one of those that `Allow` lists", MethodNotAllowed("Send submissions with POST.")),
    413: ("The body is too large", BodyTooLarge("The body is larger than this address takes, which is 1048576 bytes.")),
    415: ("The body is neither JSON nor a form", UnsupportedContentType("Send JSON or a form.")),
    422: (
        "Something is missing or wrong, nobody or more than one was found, or SuperOffice refused it",
        InvalidSubmission(
            "SourceContactId: This is not an id: send a whole number such as 42.",
            errors=[FieldError("SourceContactId", "This is not an id: send a whole number such as 42.")],
        ),
    ),
    500: ("Liaison is not set up correctly; its log says what to mend", LiaisonError("Something went wrong here.")),
    503: (
        "Not now: send it again after the seconds of `Retry-After`",
        SuperOfficeUnavailable("SuperOffice is busy or in maintenance."),
    ),
}
NOT_KEPT = (
    "Nothing could be kept: send it again after the seconds of `Retry-After`. What SuperOffice cannot do now is kept, "
    "and answered with 200 and `queued`",
    LedgerDown(""),
)
HEADERS = {
    401: {
        "WWW-Authenticate": {
            "description": "How to prove it, where HTTP has a name for that",
            "schema": {"type": "string"},
        }
    },
    405: {"Allow": {"description": "The methods that the address takes", "schema": {"type": "string"}}},
    503: {"Retry-After": {"description": "Whole seconds", "required": True, "schema": {"type": "integer"}}},
}
OUTCOME = {
    "status": "created",
    "delivery": DELIVERY,
    "relation": {"RelationId": 888, "SourceContactId": 686, "DestinationContactId": 4, "RelationDefinitionId": 18},
}
SELECT = {
    "in": "query",
    "name": "$select",
    "description": "Which fields of the relation come back, with commas; it can only narrow what the hook selects",
    "schema": {"type": "string", "examples": ["RelationId,Comment"]},
}
_OUTCOME, _RESULTS, _PROBLEM = ({"$ref": f"#/components/schemas/{name}"} for name in ("Outcome", "Results", "Problem"))
OWN_TYPES = {
    Identifier: ("integer", "int32"),
    Flag: ("integer", None),
    Comment: ("string", None),
    WireDate: ("string", "date-time"),
}


def describe(request: Request, services: Services) -> Answer:
    """Answer the document; the names of hooks and of their fields are for the owner alone."""
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed("Ask for /openapi.json with GET.", headers={"Allow": "GET, HEAD"})
    prove_owner(request, services)
    return Answer(200, document(services.hooks.sound, services.settings.public_url))


def document(hooks: Iterable[Hook], url: str) -> Json:
    """Write the document; `url` is where the hooks are served, empty where that is where the document came from."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="Liaison",
        version=VERSION,
        openapi_version="3.1.1",
        info={"description": "Saves SuperOffice contact relations from webhooks."},
        servers=[{"url": url or "/"}],
        plugins=[plugin],
    )
    _teach(plugin.converter)
    _share(spec)
    _share_problems(spec)
    for hook in hooks:
        _add_hook(spec, hook)
    _add_lookups(spec)
    _add_service(spec)
    _add_operating(spec)
    written: Json = spec.to_dict()
    return written


def _teach(converter: Any) -> None:
    """Tell apispec what our own types of field are in JSON."""
    for kind, what in OWN_TYPES.items():
        converter.map_to_openapi_type(kind, *what)
    converter.add_attribute_function(_bounds)


def _bounds(_converter: Any, field: fields.Field[Any], **_kwargs: Any) -> Json:
    if isinstance(field, Identifier):
        return {"minimum": 1, "maximum": LARGEST_ID}
    return {"enum": [0, 1]} if isinstance(field, Flag) else {}


def _share(spec: APISpec) -> None:
    """Write down once what many addresses have in common."""
    spec.components.schema("Outcome", schema=OutcomeSchema)
    spec.components.schema("Problem", schema=ProblemSchema)
    spec.components.schema(
        "Results",
        {
            "type": "object",
            "description": "What became of each item of an array, in order",
            "properties": {"results": {"type": "array", "items": {"anyOf": [_OUTCOME, _PROBLEM]}}},
            "required": ["results"],
        },
    )
    told = f"The secret `{OWNERS}`"
    spec.components.security_scheme(OWNERS, {"type": "http", "scheme": "bearer", "description": told})


def _share_problems(spec: APISpec) -> None:
    told = {f"Problem{status}": problem for status, problem in PROBLEMS.items()}
    for name, (description, error) in {**told, "NotKept": NOT_KEPT}.items():
        content = {PROBLEM: {"schema": ProblemSchema, "example": problem(error, DELIVERY).body}}
        shared = {"description": description, "headers": HEADERS.get(error.status, {}), "content": content}
        spec.components.response(name, shared)


def _add_hook(spec: APISpec, hook: Hook) -> None:
    """Describe a hook's address, and `/` where it is the one that stands there too."""
    scheme = proof(hook.verify)
    if scheme:
        spec.components.security_scheme(f"hook-{hook.name}", scheme)
    security: list[Json] = [{f"hook-{hook.name}": []}] if scheme else []
    places = {f"{HOOKS}{hook.name}": f"-{hook.name}", **({"/": ""} if hook.name == DEFAULT_HOOK else {})}
    for path, suffix in places.items():
        send = {
            "operationId": f"send{suffix}",
            "summary": f"Send a submission to {hook.name}",
            "security": security,
            "parameters": [SELECT],
            "requestBody": request_body(hook),
            "responses": {"200": _saved(hook), **_problems(_refusals(hook)), "503": "NotKept"},
        }
        probes = {
            method: _probe(method, f"See whether {hook.name} is there", f"{word}{suffix}") for method, word in PROBES
        }
        spec.path(path, operations={"post": send, **probes})


def _saved(hook: Hook) -> Json:
    bodies = [_OUTCOME, _RESULTS, *([_PROBLEM] if hook.acknowledge == "always" else [])]
    example = {name: told for name, told in OUTCOME.items() if name != "relation" or not hook.answers_strangers}
    content = {"schema": {"anyOf": bodies}, "example": example}
    return {"description": "What became of the submission, or of each of several", "content": {JSON: content}}


def _refusals(hook: Hook) -> tuple[int, ...]:
    """Name the statuses of a hook's refusals: some never come where anybody may send, or where 200 stands for them."""
    never = ({401} if isinstance(hook.verify, NoProof) else set()) | ({422} if hook.acknowledge == "always" else set())
    return tuple(status for status in PROBLEMS if status not in never)


def _add_lookups(spec: APISpec) -> None:
    for path, lookup in LOOKUPS.items():
        what = path.rpartition("/")[2]
        asked = _ask(
            f"list-{what}", f"List {what} to choose from, 50 to a page", lookup.choices, (422, *OWNERS_REFUSALS)
        )
        asked |= {"security": [{OWNERS: []}], "parameters": [{"in": "query", "schema": lookup.query}]}
        spec.path(path, operations={"get": asked})


def _add_service(spec: APISpec) -> None:
    for method, word in PROBES[:2]:
        probe = _probe(method, "See whether Liaison is set up correctly", f"{word}-health")
        spec.path("/health", operations={method: probe})
    asked = _ask("describe", "Get this document", {"type": "object"}, OWNERS_REFUSALS)
    spec.path("/openapi.json", operations={"get": {**asked, "security": [{OWNERS: []}]}})


def _add_operating(spec: APISpec) -> None:
    """Describe what an operator, or a tool that watches for him, asks for."""
    told = _ask("status", "See what is wrong, in words, and how many wait", StatusSchema, OWNERS_REFUSALS)
    late = "Nothing can be kept, or what is due has not been delivered for five minutes; the report is in the problem"
    content = {PROBLEM: {"schema": FailedStatusSchema}}
    told["responses"]["503"] = {"description": late, "headers": HEADERS[503], "content": content}
    spec.path("/status", operations={"get": {**told, "security": [{OWNERS: []}]}})
    asked = _ask("tell-delivery", "See how a delivery stands now", DeliverySchema, (400, *OWNERS_REFUSALS))
    place = {"in": "path", "name": "id", "required": True, "schema": {"type": "string", "examples": [DELIVERY]}}
    spec.path(f"{DELIVERIES}{{id}}", operations={"get": {**asked, "security": [{OWNERS: []}], "parameters": [place]}})


def _probe(method: str, summary: str, identity: str) -> Json:
    return _ask(identity, summary, None if method == "head" else ReadySchema, (405, 500))


def _ask(identity: str, summary: str, schema: Any, refusals: tuple[int, ...]) -> Json:
    """Describe a request without a body, open to anybody."""
    content = {"content": {JSON: {"schema": schema}}} if schema else {}
    return {
        "operationId": identity,
        "summary": summary,
        "security": [],
        "responses": {"200": {"description": "Done", **content}, **_problems(refusals)},
    }


def _problems(statuses: Iterable[int]) -> Json:
    return {str(status): f"Problem{status}" for status in statuses}
