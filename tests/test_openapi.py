"""The OpenAPI document: that it is valid, tells of everything there is, and that the answers keep to it."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.examples import HOOKS, KEY, PARTNERS, ROOT

CONFORMANCE = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
    checks.ignored_auth,
]
OWNER = {"Authorization": "Bearer an-api-key"}
SIGNUP = {
    "definition": {"value": "{level}", "map": {"Gold": "Partner of", "Silver": "Customer of"}},
    "source": {
        "company": {"orgnr": "{org_number}", "name": "{company.name}"},
        "person": {"email": "{email}"},
    },
    "destination": {"company": {"id": 4}},
    "comment": "{join(', ', topics)}: {Your message}",
}
FIXED = {"definition": 18, "source": {"company": {"id": "{who}"}}, "destination": {"company": {"id": 4}}}
HEADER = {"header": "X-Api-Key", "secret": "example-key"}
RICH = {
    **HOOKS,
    "default": {"verify": HEADER, "relation": SIGNUP, "when": "{consent}"},
    "always": {"verify": HEADER, "relation": FIXED, "acknowledge": "always"},
    "open": {"verify": "none"},
    "in-the-address": {"verify": {"query": "key", "secret": "example-key"}, "allow": ["create", "update"]},
    "in-the-body": {"verify": {"field": "HandshakeKey", "secret": "example-key"}, "relation": FIXED},
    "typeform": {"from": "typeform", "verify": {"secret": "example-key"}, "relation": FIXED},
    "broken": {"verify": "nonsense"},
}


@pytest.fixture
def client(function):
    """Start the function with hooks of many kinds."""
    return function(RICH)


@pytest.fixture
def document(client):
    """Get the document as a tool does."""
    answer = client.get("/openapi.json", headers=OWNER)
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    return answer.json


def body_of(document, hook):
    """Give the schema of one submission, as JSON."""
    content = document["paths"][f"/hooks/{hook}"]["post"]["requestBody"]["content"]
    return content["application/json"]["schema"]["anyOf"][0]


def test_the_document_is_valid(document):
    """It is OpenAPI 3.1, and its defaults and examples fit their schemas."""
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_address_is_there(document):
    """A hook with a mistake answers nobody, so it is left out."""
    hooks = {f"/hooks/{name}" for name in RICH if name != "broken"}
    lookups = {f"/lookups/{what}" for what in ("definitions", "companies", "persons")}
    service = {"/", "/health", "/openapi.json", "/status", "/deliveries/{id}"}

    assert document["paths"].keys() == {*hooks, *lookups, *service}
    assert document["paths"]["/hooks/example"].keys() == {"post", "get", "head", "options"}


def test_a_hook_without_relation_takes_the_entitys_fields(document):
    """By the names that SuperOffice has for them, and as few as what is to be done needs."""
    wanted = [choice["required"] for choice in body_of(document, "in-the-address")["anyOf"]]
    fields = document["components"]["schemas"]["ContactRelation"]["properties"]

    assert wanted == [["SourceContactId", "DestinationContactId", "RelationDefinitionId"], ["RelationId"]]
    assert {"SourceContactId", "SourcePersonId", "RelationId", "Comment", "Reversed", "action"} < fields.keys()
    assert fields["SourceContactId"]["maximum"] == 2**31 - 1


def test_a_hook_with_relation_takes_the_names_of_its_templates(document):
    """Each says what it is used for, with an example of what people type."""
    fields = body_of(document, "default")["properties"]

    assert fields.keys() == {"org_number", "company", "email", "level", "topics", "Your message", "consent"}
    assert fields["org_number"] == {"description": "Used for `source.company.orgnr`", "examples": ["317333013"]}
    assert fields["level"]["examples"] == ["Gold"]
    assert "examples" not in fields["company"]


def test_a_tool_that_packs_the_answers_is_left_its_packing(document):
    """What Typeform sends is Typeform's; the document says which answers are used."""
    body = body_of(document, "typeform")

    assert "properties" not in body
    assert "typeform" in body["description"]
    assert "who" in body["description"]


@pytest.mark.parametrize(
    ("verify", "scheme"),
    [
        ({"header": "X-Key", "secret": "example-key"}, {"type": "apiKey", "in": "header", "name": "X-Key"}),
        ({"query": "key", "secret": "example-key"}, {"type": "apiKey", "in": "query", "name": "key"}),
        ({"bearer": "example-key"}, {"type": "http", "scheme": "bearer"}),
        ({"basic": "example-key"}, {"type": "http", "scheme": "basic"}),
        (
            {"oidc": {"audience": "https://a.example", "email": "b@c.example"}},
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "An identity token of Google's for https://a.example",
            },
        ),
        (
            {
                "hmac": {
                    "header": "X-Sign",
                    "prefix": "v1=",
                    "encoding": "base64",
                    "template": "{id}.{timestamp}.{body}",
                    "timestamp": {"header": "X-Time"},
                    "id": {"header": "X-Id"},
                },
                "secret": "example-key",
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-Sign",
                "description": "HMAC-SHA256 of `{id}.{timestamp}.{body}` as base64 after `v1=`; the time is in X-Time;"
                " the id is in X-Id",
            },
        ),
    ],
)
def test_a_hooks_proof_is_a_security_scheme(function, verify, scheme):
    """A client that reads the document knows where the secret goes."""
    document = function({"one": {"verify": verify}}).get("/openapi.json", headers=OWNER).json

    assert document["paths"]["/hooks/one"]["post"]["security"] == [{"hook-one": []}]
    assert document["components"]["securitySchemes"]["hook-one"] == scheme


def test_a_secret_in_the_body_is_one_of_its_fields(document):
    """OpenAPI has no scheme for it."""
    body = body_of(document, "in-the-body")

    assert body["required"] == ["HandshakeKey"]
    assert body["properties"].keys() == {"HandshakeKey", "who"}


def test_each_address_tells_its_statuses(document):
    """Some never come: no proof is asked for, or refusals are answered with 200."""
    told = {path: {*each.get("post", each["get"])["responses"]} for path, each in document["paths"].items()}
    every = {"200", "400", "401", "405", "413", "415", "422", "500", "503"}

    assert told["/hooks/example"] == every
    assert told["/hooks/open"] == every - {"401"}
    assert told["/hooks/always"] == every - {"422"}
    assert told["/lookups/persons"] == {"200", "401", "405", "422", "500", "503"}
    assert told["/health"] == {"200", "405", "500"}
    assert told["/deliveries/{id}"] == {"200", "400", "401", "405", "500", "503"}


def test_a_hooks_503_is_for_what_could_not_be_kept(document):
    """What SuperOffice cannot do now is kept, so a sender need not send it again; nobody is ever told 429."""
    refusal = document["paths"]["/hooks/example"]["post"]["responses"]["503"]["$ref"].rpartition("/")[2]

    assert "Nothing could be kept" in document["components"]["responses"][refusal]["description"]
    assert "429" not in str(document["paths"])


@pytest.mark.parametrize(("submission", "status"), [(PARTNERS, "created"), ({}, "rejected")])
def test_a_delivery_is_told_as_the_document_says(client, submission, status):
    """Saved or refused, the answer fits its schema."""
    sent = client.post("/hooks/example", json=submission, headers={"X-Api-Key": KEY}).json
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app=client.application, headers=OWNER)
    case = schema["/deliveries/{id}"]["GET"].Case(path_parameters={"id": sent["delivery"]})
    told = case.call_and_validate(headers=OWNER, checks=[checks.response_schema_conformance])

    assert told.json()["status"] == status


@pytest.mark.parametrize("is_down", [False, True])
def test_the_status_is_told_as_the_document_says(client, is_down, tmp_path):
    """Also where it is a problem."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app=client.application, headers=OWNER)
    if is_down:
        (tmp_path / "ledger.db").write_bytes(b"no database at all" * 100)
    told = (
        schema["/status"]["GET"]
        .Case()
        .call_and_validate(headers=OWNER, checks=[checks.response_schema_conformance, checks.status_code_conformance])
    )

    assert told.status_code == (503 if is_down else 200)


@pytest.mark.parametrize("path", ["/hooks/example", "/hooks/default", "/"])
@pytest.mark.parametrize("is_array", [False, True])
def test_the_example_of_a_hook_works(client, document, path, is_array):
    """Who copies it from the document gets a relation, and an answer as the document has it."""
    send = schemathesis.openapi.from_wsgi("/openapi.json", app=client.application, headers=OWNER)[path]["POST"]
    example = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]
    case = send.Case(body=[example, {}] if is_array else example, media_type="application/json")
    answer = case.call_and_validate(headers={"X-Api-Key": KEY}, checks=CONFORMANCE).json()

    assert (answer["results"][0] if is_array else answer)["status"] == "created", answer


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"X-Api-Key": KEY}])
def test_a_stranger_does_not_learn_the_hooks(client, headers):
    """Their names and fields are the owner's."""
    answer = client.get("/openapi.json", headers=headers)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="Liaison"')
    assert "typeform" not in answer.text


def test_the_document_is_asked_for_with_get(client):
    """Any other method is told which."""
    answer = client.post("/openapi.json", headers=OWNER)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("url", ["https://hooks.example.com", ""])
def test_the_servers_address_is_the_public_one(function, url):
    """Behind a proxy the function does not know it; where it is not set, the document's own place counts."""
    document = function(PUBLIC_URL=url).get("/openapi.json", headers=OWNER).json

    assert document["servers"] == [{"url": url or "/"}]


def test_the_version_is_the_projects(document):
    """One number, wherever it stands."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert document["info"]["version"] == project["version"]


def test_a_cold_start_does_not_pay_for_it():
    """What writes the document is imported when it is asked for."""
    told = "import main, sys; print({'apispec', 'handlers.lookups', 'handlers.status'} & sys.modules.keys())"
    seen = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)

    assert seen.stdout == "set()\n"


def operations(client, mode):
    """Give the operations that schemathesis can send to the function; what takes nothing cannot be sent wrong."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app=client.application, headers=OWNER)
    found = [each.ok() for each in schema.get_all_operations()]
    return [each for each in found if mode is GenerationMode.POSITIVE or each.body or each.query]


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.check
def test_what_comes_back_is_what_the_document_says(function, mode):
    """Whatever is sent, right or wrong by the document, is answered with a status, headers and a body it tells of."""
    client = function({name: hook for name, hook in RICH.items() if name != "broken"})
    for operation in operations(client, mode):

        @settings(
            max_examples=30, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(operation.as_strategy(mode))
        def keep_to_the_document(case):
            case.call_and_validate(headers={**OWNER, "X-Api-Key": KEY}, checks=CONFORMANCE)

        keep_to_the_document()
