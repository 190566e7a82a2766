"""One installation of Liaison in a Google Cloud project, and what serverless.yaml says of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from marshmallow import ValidationError

from commands.run import ROOT
from schemas.serverless import Deployment, read_deployment
from services.errors import InvalidSettings
from services.yaml_file import YamlMistake, read_yaml

# https://cloud.google.com/resource-manager/docs/creating-managing-projects (older ones, such as example.com:p, have
# other addresses)
_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]{1,2}")
# A database's name has 4 signs at least; that of a service account, NAME-redeliver, 30 at most.
_NAME = re.compile(r"(?!goog)[a-z][a-z0-9-]{2,18}[a-z0-9]")
_VARIABLE = re.compile(r"\$\{(self|env):([\w.]+)(?:,\s*(?:'([^']*)'|(self:[\w.]+)))?\}")
_DEEPEST = 4  # variables in variables


@dataclass(frozen=True)
class Installation:
    """Where it is (`region` is empty for serverless.yaml's), and the name that stands before all it is made of."""

    project: str
    region: str = ""
    name: str = "liaison"

    def __post_init__(self) -> None:
        """Refuse what Google would refuse later, and in other words."""
        if not _PROJECT.fullmatch(self.project):
            raise InvalidSettings(
                f"--project: {self.project!r} is no project ID. It has 6 to 30 lower-case letters, digits and hyphens,"
                " such as my-project-123; `gcloud projects list` shows yours."
            )
        if not _NAME.fullmatch(self.name):
            raise InvalidSettings(
                f"--name: {self.name!r} does not do. Take 4 to 20 lower-case letters, digits and hyphens; the first is"
                " a letter, and the last is no hyphen."
            )
        if self.region and not _REGION.fullmatch(self.region):
            raise InvalidSettings(f"--region: {self.region!r} is no region. Write one such as europe-west1.")


def read_file(installation: Installation, values: Mapping[str, str]) -> Deployment:
    """Return what serverless.yaml says with these values for its variables. Raises InvalidSettings."""
    try:
        written = read_yaml(ROOT / "serverless.yaml")
        return read_deployment(fill_in(written, installation, values))
    except OSError as error:
        raise InvalidSettings(f"serverless.yaml cannot be read: {error.strerror}.") from error
    except YamlMistake as error:
        raise InvalidSettings(f"serverless.yaml: {error}") from error
    except ValidationError as error:
        raise InvalidSettings("serverless.yaml: " + " ".join(map(str, error.messages))) from error


def fill_in(written: Any, installation: Installation, values: Mapping[str, str]) -> Any:
    """Put values in for the file's variables, as the Serverless Framework does: `${self:…}`, `${env:NAME, 'else'}`."""
    if not isinstance(written, Mapping) or not isinstance(written.get("provider"), Mapping):
        return written  # read_deployment says what is wrong
    provider = {**written["provider"], "project": installation.project}
    provider["region"] = installation.region or provider.get("region")
    whole = {**written, "service": installation.name, "provider": provider}

    def value(found: re.Match[str]) -> str:
        source, name, literal, variable = found.groups()
        if source == "env":
            return values.get(name, f"${{{variable}}}" if variable else literal or "")
        return str(reduce(lambda above, key: above[key], name.split("."), whole))

    def fill(text: str) -> str:
        for _ in range(_DEEPEST):
            text = _VARIABLE.sub(value, text)
        return text

    return _everywhere(whole, fill)


def _everywhere(written: Any, change: Callable[[str], str]) -> Any:
    if isinstance(written, Mapping):
        return {key: _everywhere(below, change) for key, below in written.items()}
    if isinstance(written, list):
        return [_everywhere(below, change) for below in written]
    return change(written) if isinstance(written, str) else written
