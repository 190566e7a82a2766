"""From a call to its answer: which operation it is, who may do it, and what was to go wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule

from sandbox import agents, archive_agent, archive_rest, consent, control, lists, login, oauth, party_agents, rest
from sandbox.access import admit
from sandbox.call import Answer, Call, Context, Refusal, json_answer
from sandbox.world import World


@dataclass(frozen=True)
class Operation:
    """A name for the counts, and the function that does it."""

    name: str
    answer: Callable[..., Answer]


LOGIN: list[tuple[str, str, str, Callable[..., Answer]]] = [
    ("GET", "/api/state/<tenant>", "state", login.state),
    ("POST", "/Login/api/PartnerSystemUser/Authenticate", "Authenticate", login.authenticate),
    ("GET", "/login/common/oauth/authorize", "authorize", consent.ask),
    ("POST", "/login/common/oauth/authorize", "consent", consent.decide),
    ("POST", "/login/common/oauth/tokens", "tokens", oauth.tokens),
    ("GET", "/login/.well-known/openid-configuration", "openid-configuration", oauth.openid_configuration),
    ("GET", "/login/.well-known/jwks", "jwks", login.jwks),
]
API: list[tuple[str, str, Callable[..., Answer]]] = [
    ("POST", "Agents/Relation/CreateDefaultContactRelationEntity", agents.create_default),
    ("POST", "Agents/Relation/GetContactRelationEntity", agents.get),
    ("POST", "Agents/Relation/SaveContactRelation", agents.save),
    ("POST", "Agents/Relation/DeleteContactRelation", agents.delete),
    ("POST", "Agents/MDO/GetList", agents.get_list),
    ("POST", "Agents/Archive/GetArchiveListByColumns", archive_agent.get_list_by_columns),
    ("POST", "Agents/Contact/CreateDefaultContactEntity", party_agents.create_default_company),
    ("POST", "Agents/Contact/GetContactEntity", party_agents.get_company),
    ("POST", "Agents/Contact/SaveContactEntity", party_agents.save_company),
    ("POST", "Agents/Contact/DeleteContactEntity", party_agents.delete_company),
    ("POST", "Agents/Person/CreateDefaultPersonEntity", party_agents.create_default_person),
    ("POST", "Agents/Person/GetPersonEntity", party_agents.get_person),
    ("POST", "Agents/Person/SavePersonEntity", party_agents.save_person),
    ("GET", "Archive/<provider>", archive_rest.list_archive),
    ("GET", "Contact/default", party_agents.create_default_company),
    ("GET", "Person/default", party_agents.create_default_person),
    ("GET", "Contact", archive_rest.list_companies),
    ("GET", "Contact/<int:company>", party_agents.read_company),
    ("GET", "Person", archive_rest.list_persons),
    ("GET", "Person/<int:person>", party_agents.read_person),
    ("GET", "Relation", archive_rest.list_relations),
    ("POST", "Relation", rest.post),
    ("GET", "Relation/default", rest.default),
    ("GET", "Relation/<int:relation>", rest.get),
    ("PUT", "Relation/<int:relation>", rest.put),
    ("PATCH", "Relation/<int:relation>", rest.patch_),
    ("DELETE", "Relation/<int:relation>", rest.delete),
    ("GET", "Contact/<int:company>/Relations", archive_rest.list_of_company),
    ("GET", "Person/<int:person>/Relations", archive_rest.list_of_person),
    ("GET", "MDOList/<name>", lists.get),
    ("GET", "User/currentPrincipal", rest.current_principal),
]


def _operation(method: str, path: str, answer: Callable[..., Answer]) -> Operation:
    """Name it: an agent's operations have names of their own, a resource's are called by method and path."""
    if path.startswith("Agents/"):
        return Operation(path.rpartition("/")[2], answer)
    return Operation(f"{method} {re.sub('<.*>', '{id}', path)}", answer)


# Paths are matched in lower case: the servers that SuperOffice runs on do not mind the case.
ROUTES = Map(
    [
        *(Rule(p.lower(), methods=[m], endpoint=Operation(n, a)) for m, p, n, a in LOGIN),
        *(Rule(f"/<root>/api/v1/{p.lower()}", methods=[m], endpoint=_operation(m, p, a)) for m, p, a in API),
    ],
    strict_slashes=False,
    merge_slashes=False,
).bind("")


def respond(world: World, call: Call) -> Answer | None:
    """Answer a call; None closes the line without one."""
    own = control.answer(world, call)
    if own is not None:
        return own
    operation, arguments = _match(call)
    record = world.journal.arrive(call, operation.name)
    fault = world.faults.take(call.path, is_api=_root(call) is not None)
    answer: Answer | None = None
    if fault is None:
        answer = _work(world, call, operation, arguments)
    elif world.delay(fault.delay):
        answer = fault.apply(lambda: _work(world, call, operation, arguments))
    world.journal.leave(record, answer.status if answer else None)
    return answer


def _work(world: World, call: Call, operation: Operation, arguments: dict[str, Any]) -> Answer:
    root = _root(call)
    try:
        if root is None:
            return operation.answer(world, call, **arguments)
        user = admit(world, call, root)
        return operation.answer(Context(world, call, user), **arguments)
    except Refusal as refusal:
        return refusal.answer


def _match(call: Call) -> tuple[Operation, dict[str, Any]]:
    """Find it. What is not there is an operation too: it is counted, and told only to who was let in."""
    try:
        operation, arguments = ROUTES.match(call.path.lower(), call.method)
    except HTTPException as error:
        refusal = _no_such(call, error)
        return Operation("unknown", lambda *_: refusal), {}
    return operation, {name: value for name, value in arguments.items() if name != "root"}


def _no_such(call: Call, error: HTTPException) -> Answer:
    message = f"No HTTP resource was found that matches the request URI '{call.path}'."
    if isinstance(error, MethodNotAllowed):
        message = f"The requested resource does not support http method '{call.method}'."
    return json_answer({"Message": message}, error.code or 404)


def _root(call: Call) -> str | None:
    """Give the tenant's folder in the path of an API call; None for the login host's own paths."""
    found = re.match(r"/([^/]+)/api(/|$)", call.path.lower())
    return found[1] if found and found[1] != "login" else None
