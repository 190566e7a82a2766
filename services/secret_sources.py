"""Which source of secrets the setting SECRETS names: a file, a folder, or Secret Manager."""

from __future__ import annotations

import re
from pathlib import Path

from services.errors import InvalidSettings
from services.google_secrets import GoogleSecrets
from services.secret_files import SecretsFile, SecretsFolder

_FORMS = "write gcp://PROJECT, file:secrets.yaml or dir:/run/secrets"
_GOOGLE = re.compile(r"//([a-z0-9][a-z0-9.:-]*)/?(?:\?(.+))?")
_OPTIONS = {"endpoint": re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?"), "prefix": re.compile(r"[A-Za-z0-9_-]{1,64}")}


def open_source(location: str) -> SecretsFile | SecretsFolder | GoogleSecrets:
    """Return where the setting SECRETS says that secrets are, unread; raise InvalidSettings.

    `gcp://PROJECT?endpoint=secretmanager.europe-west3.rep.googleapis.com` reads regional secrets;
    with `prefix=liaison-` each name asked for stands after these signs in Secret Manager.
    """
    kind, _, rest = location.strip().partition(":")
    if kind == "file" and rest:
        return SecretsFile(Path(rest))
    if kind == "dir" and rest:
        return SecretsFolder(Path(rest))
    if kind == "gcp" and (google := _GOOGLE.fullmatch(rest)) and (options := _options(google[2])) is not None:
        return GoogleSecrets(google[1], options.get("endpoint"), options.get("prefix", ""))
    raise InvalidSettings(f"SECRETS does not say where the secrets are: {_FORMS}.")


def _options(query: str | None) -> dict[str, str] | None:
    """Return the options of a gcp:// address by name; None where one is not known, given twice, or wrong."""
    options: dict[str, str] = {}
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        if name in options or name not in _OPTIONS or not _OPTIONS[name].fullmatch(value):
            return None
        options[name] = value
    return options
