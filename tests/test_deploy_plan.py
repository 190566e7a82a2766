"""The plan of a deployment: what there must be, made of serverless.yaml, and what is done where it is not so."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from commands.deploy.functions import fingerprint
from commands.deploy.installation import Installation, read_file
from commands.deploy.making import steps
from commands.deploy.plan import Wishes, plan
from commands.deploy.secrets import needs
from services.errors import InvalidSettings, Misconfigured
from services.hooks import read_hooks
from services.settings import read_settings
from tests.deploying import ONLINE, Checkout

NOWHERE = {"PATH": "/nonexistent", **ONLINE}  # no gcloud, no login


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout on a machine without gcloud."""
    return Checkout(tmp_path, **NOWHERE)


@pytest.fixture
def deployment():
    """Return what serverless.yaml says for an installation called `other`."""
    return read_file(Installation("my-project", "europe-west4", "other"), ONLINE)


@pytest.fixture
def wanted(deployment):
    """Return the plan of that installation, with two operators and an alert."""
    login = tuple(needs(deployment, read_settings(deployment.functions["webhook"].environment), ()))
    return plan(deployment, Wishes(login, "abc", ("ada@example.com", "group:crm@example.com"), "on-call@example.com"))


def there(wanted):
    """Return what there is when all is as wanted."""
    return {resource.key: dict(resource.wanted) for resource in wanted}


def named(line):
    """Return the words of a line, without the title that each condition has."""
    return [word.removesuffix(",title=liaison") for word in line.words]


def words_of(wanted, kind):
    """Return the words of all lines that make things of this kind."""
    return [set(made.words) for resource in wanted if resource.kind == kind for made in resource.make]


def test_the_name_stands_before_everything(wanted):
    """Two installations in one project have nothing in common but the project's APIs and the sink of its log."""
    ours = [each for each in wanted if each.kind != "APIs" and not each.name.startswith(("ada", "crm"))]
    made = [made for resource in ours for made in resource.make]

    assert all(any("other" in word for word in line.words) for line in made)
    assert not any(re.search(r"(?<![\w-])liaison(-(?!source)|$)", word) for line in made for word in named(line))


def test_nothing_is_made_twice(wanted):
    """Each thing has one place in the plan."""
    assert Counter(resource.key for resource in wanted).most_common(1)[0][1] == 1


def test_nobody_may_do_something_in_the_whole_project(wanted):
    """In the project itself our functions may use the one database, and the builder may build."""
    rights = [words for words in words_of(wanted, "right") if "projects" in words]
    functions = [words for words in rights if any("other-build" not in word and "gservice" in word for word in words)]

    assert len(functions) == 3
    assert all(
        '--condition=expression=resource.name=="projects/my-project/databases/other",title=liaison' in words
        for words in functions
    )


def test_each_secret_has_its_own_readers(wanted):
    """A right to read secrets is on one secret; the key of the look-ups is the webhook's alone."""
    rights = [words for words in words_of(wanted, "right") if "--role=roles/secretmanager.secretAccessor" in words]
    key = [words for words in rights if "other-liaison-api-key" in words and any("gservice" in word for word in words)]

    assert all("secrets" in words for words in rights)
    assert [word for words in key for word in words if word.startswith("--member")] == [
        "--member=serviceAccount:other-webhook@my-project.iam.gserviceaccount.com"
    ]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (ONLINE, {"app-token", "system-token", "private-key"}),
        ({**ONLINE, "SUPEROFFICE_LOGIN": "refresh-token"}, {"app-token", "client-id", "refresh-token"}),
        ({"SUPEROFFICE_URL": "https://crm/api/v1", "SUPEROFFICE_LOGIN": "basic"}, {"username", "password"}),
    ],
)
def test_only_the_logins_own_secrets_are_asked_for(given, names):
    """Nobody is asked for a password that is never used."""
    deployment = read_file(Installation("my-project"), given)
    needed = needs(deployment, read_settings(deployment.functions["webhook"].environment), ())

    assert {need.name for need in needed} == {f"superoffice-{name}" for name in names} | {"liaison-api-key"}


def test_where_all_is_there_nothing_is_done(wanted):
    """A second run has no step."""
    assert steps(wanted, there(wanted)) == []


def test_what_differs_is_changed_and_said(wanted):
    """The plan says what is wrong of what is there."""
    found = there(wanted)
    found["function", "other-webhook"]["memory"] = "256Mi"
    found["function", "other-webhook"]["settings"] = {"COUNTRY": "NO"} | found["function", "other-webhook"]["settings"]
    del found["queue", "other"]

    told = {step.resource.name: step.changes for step in steps(wanted, found)}

    assert told == {"other-webhook": ("memory: 256Mi → 512Mi", "settings: COUNTRY"), "other": ()}


def test_what_cannot_be_changed_is_refused(wanted):
    """A database of another kind cannot hold the ledger, and is not touched."""
    found = there(wanted)
    found["database", "other"]["type"] = "DATASTORE_MODE"

    with pytest.raises(Misconfigured, match=r"DATASTORE_MODE → FIRESTORE_NATIVE.*--name"):
        steps(wanted, found)


def test_no_line_holds_a_secret(wanted):
    """A value goes to gcloud's standard input; other lines have none."""
    lines = [made for resource in wanted for made in (*resource.make, *resource.change) if made.secret]

    assert {line.words[:3] for line in lines} == {("secrets", "versions", "add")}
    assert all("--data-file=-" in line.words for line in lines)


@pytest.mark.parametrize(
    ("project", "region", "name", "message"),
    [
        ("My Project", "", "liaison", "--project"),
        ("example.com:p", "", "liaison", "--project"),
        ("my-project", "europe", "liaison", "--region"),
        ("my-project", "", "abc", "4 to 20"),
        ("my-project", "", "a" * 21, "4 to 20"),
        ("my-project", "", "Liaison", "lower-case"),
        ("my-project", "", "9lives", "the first is a letter"),
        ("my-project", "", "ends-", "no hyphen"),
        ("my-project", "", "goog-crm", "--name"),
    ],
)
def test_a_name_that_google_refuses_is_refused_first(project, region, name, message):
    """Database, accounts and services have rules for their names; the words are ours."""
    with pytest.raises(InvalidSettings, match=message):
        Installation(project, region, name)


def test_values_hold_no_variables_without_end():
    """A value that names itself is taken as it is."""
    given = {**ONLINE, "COUNTRY": "${env:COUNTRY}"}

    assert read_file(Installation("my-project"), given).functions["webhook"].environment["COUNTRY"] == given["COUNTRY"]


def test_values_may_hold_any_sign(deployment):
    """What gcloud would take for the next variable is put apart by another sign."""
    given = {**ONLINE, "PUBLIC_URL": "https://h/?a=b,c|d"}
    deploy = plan(read_file(Installation("my-project"), given), Wishes())
    words = next(each.make[0].words for each in deploy if each.key == ("function", "liaison-webhook"))
    variables = next(word.partition("=")[2] for word in words if word.startswith("--set-env-vars"))

    assert variables.startswith("^#^")
    assert "PUBLIC_URL=https://h/?a=b,c|d" in variables[3:].split("#")


def test_the_fingerprint_is_that_of_what_is_uploaded(checkout, deployment):
    """A function is deployed again when its program or hooks.yaml changed, and not for a test or a compiled file."""
    first = fingerprint(checkout.folder, deployment.uploads)
    (checkout.folder / "handlers/__pycache__").mkdir()
    (checkout.folder / "handlers/__pycache__/routes.pyc").touch()
    checkout.change("commands/liaison.py", "Look after", "Look for")
    same = fingerprint(checkout.folder, deployment.uploads)
    checkout.write("hooks.yaml", {})

    assert first == same != fingerprint(checkout.folder, deployment.uploads)


def test_the_hooks_secrets_are_the_webhooks(checkout, deployment):
    """One that two hooks use is one secret, whatever version is pinned; who delivers needs none to prove a sender."""
    proofs = {"a": {"header": "X", "secret": "key@3"}, "b": {"bearer": ["key", "old"]}}
    path = checkout.write("hooks.yaml", {name: {"verify": proof} for name, proof in proofs.items()})
    settings = read_settings(deployment.functions["webhook"].environment)
    needed = {need.name: need.readers for need in needs(deployment, settings, read_hooks(str(path)).sound)}

    assert needed["key"] == needed["old"] == (deployment.functions["webhook"],)
