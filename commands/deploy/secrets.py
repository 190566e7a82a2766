"""The secrets: which are needed by whom, which are there, and where the values of the others come from."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import click
import yaml

from commands.asking import echo_off
from commands.deploy import access
from commands.deploy.gcloud import Gcloud
from commands.deploy.resource import Found, Resource, line
from schemas.hooks import Hook
from schemas.serverless import Deployment, Function
from schemas.verification import secret_names
from services.errors import InvalidSettings
from services.settings import Settings
from services.superoffice.logins import SECRETS_OF, secrets_needed
from services.yaml_file import YamlMistake, read_yaml

SECRET = "secret"  # noqa: S105 - a kind of thing
READ, WRITE = "roles/secretmanager.secretAccessor", "roles/secretmanager.secretVersionManager"
_OF_LOGINS = {name for names in SECRETS_OF.values() for name in names}
_OF_EACH = "-liaison-api-key"  # each installation has a secret whose name ends so
_LARGEST = 65536  # bytes, for Secret Manager


class Need(NamedTuple):
    """A secret, and the functions that read it."""

    name: str
    readers: tuple[Function, ...]


def needs(deployment: Deployment, settings: Settings, hooks: Iterable[Hook]) -> list[Need]:
    """Return the secrets that serverless.yaml names and this login needs, and those that hooks.yaml names."""
    of_login = secrets_needed(settings)
    of_hooks = {name.partition("@")[0] for hook in hooks for name in secret_names(hook.verify)}
    readers: dict[str, list[Function]] = {}
    for function in deployment.functions.values():
        names = [name for name in function.secrets if name in of_login or name not in _OF_LOGINS]
        for name in [*names, *(sorted(of_hooks) if function.secrets_of_hooks else ())]:
            if function not in readers.setdefault(name, []):
                readers[name].append(function)
    return [Need(name, tuple(functions)) for name, functions in readers.items()]


def secrets(deployment: Deployment, needed: Iterable[Need], members: Iterable[str] = ()) -> Iterator[Resource]:
    """Return the secrets, each with those who read it: its functions' accounts, and `members`, who may renew it too."""
    for need in needed:
        name = f"{deployment.service}-{need.name}"
        yield secret_alone(name, need.name)
        roles = [(f"serviceAccount:{function.service_account}", READ) for function in need.readers]
        roles += [(member, role) for member in members for role in (READ, WRITE)]
        for member, role in roles:
            yield access.right(access.on_secret(name), role, member, stage=3, lane=name)


def secret_alone(name: str, value: str = "") -> Resource:
    """Return the secret of that name in the project; `value` names its value."""
    add = line("secrets", "versions", "add", name, "--data-file=-", secret=value)
    return Resource(
        SECRET,
        name,
        stage=3,
        lane=name,
        make=(line("secrets", "create", name, "--replication-policy=automatic", once=True), add),
        change=(add,),
        undo=(line("secrets", "delete", name),),
        wanted={"a value": True},
    )


def look_for_secrets(gcloud: Gcloud, service: str) -> list[str]:
    """Return the names of this installation's secrets, and not those of `crm-two` for `crm`: each has an API key."""
    listed = gcloud.read("secrets", "list", f"--filter=name~/secrets/{service}-")
    names = [told["name"].rpartition("/")[2] for told in listed]
    installations = {name.removesuffix(_OF_EACH) for name in names if name.endswith(_OF_EACH)}
    others = tuple(f"{other}-" for other in installations if other.startswith(f"{service}-"))
    return [name for name in names if name.startswith(f"{service}-") and not name.startswith(others)]


def look_for_secret(gcloud: Gcloud, name: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return one secret with who may read it. One that somebody may read has been given a value before that."""
    rights = access.look_for_rights(gcloud, access.on_secret(name))
    has_value = bool(rights) or bool(gcloud.read("secrets", "versions", "list", name, "--limit=1"))
    return {(SECRET, name): {"a value": has_value}, **rights}


def missing(wanted: Iterable[Resource], found: Found) -> list[str]:
    """Return the names, as hooks.yaml and the README have them, of the secrets that have no value yet."""
    lines = [
        made
        for resource in wanted
        if resource.kind == SECRET and not found.get(resource.key, {}).get("a value")
        for made in resource.make
    ]
    return [made.secret for made in lines if made.secret]


def read_values(path: Path) -> dict[str, str]:
    """Return the values in a file like var/secrets.yaml: names and texts; of a list, the first is the newest."""
    try:
        told = read_yaml(path)
    except OSError as error:
        raise InvalidSettings(f"--secrets-file: {path} cannot be read: {error.strerror}.") from error
    except (YamlMistake, yaml.YAMLError) as error:
        raise InvalidSettings(f"--secrets-file: {path}: {error}") from error
    if not isinstance(told, Mapping):
        raise InvalidSettings(f"--secrets-file: {path} must be a mapping of names and values.")
    newest = {str(name): value[0] if isinstance(value, list) and value else value for name, value in told.items()}
    wrong = sorted(name for name, value in newest.items() if not isinstance(value, str))
    if wrong:
        raise InvalidSettings(f"--secrets-file: {path}: the value of {', '.join(wrong)} is not text: put it in quotes.")
    return {name: value.strip() for name, value in newest.items()}


def ask(names: Iterable[str]) -> dict[str, str]:
    """Ask for each secret without showing what is typed or pasted; a key in PEM form may have several lines."""
    values = {}
    with echo_off():  # before the first prompt: nobody types faster than that
        for name in names:
            value = ""
            while not value or len(value.encode()) > _LARGEST:
                click.echo(f"Secret {name}: ", nl=False, err=True)
                value = _read()
                click.echo(err=True)
            values[name] = value
    return values


def _read() -> str:
    lines = [sys.stdin.readline()]
    if not lines[0]:
        raise InvalidSettings("The secrets cannot be asked for here: give them with --secrets-file.")
    while lines[0].startswith("-----BEGIN") and not lines[-1].startswith("-----END") and lines[-1]:
        lines.append(sys.stdin.readline())
    return "".join(lines).strip()
