"""A Google Cloud into which Liaison has been deployed for the first time, with gcloud as it is installed."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from tests.deploying import HOOKS, Checkout
from tests.google_cloud.gcloud import find
from tests.google_cloud.server import RunningGoogle, start
from tests.google_cloud.state import State
from tests.processes import served

PLACE = "projects/my-project/locations/europe-west1"
NAMES = ("webhook", "deliver", "redeliver")
ASKED = (
    "superoffice-app-token",
    "superoffice-system-token",
    "superoffice-private-key",
    "liaison-api-key",
    "signup-key",
)


def account(name):
    """Return a service account as a member of IAM's."""
    return f"serviceAccount:liaison-{name}@my-project.iam.gserviceaccount.com"


class Deployed(NamedTuple):
    """A Google Cloud after a first run, what that printed, and the values that were typed."""

    google: RunningGoogle
    state: State
    settings: dict[str, str]
    values: dict[str, str]
    run: subprocess.CompletedProcess[str]
    asked: list[Any]


def deploy_first(folders, sandbox) -> Iterator[Deployed]:
    """Deploy into a new project, type the secrets when they are asked for, and give what is there then."""
    find()
    settings, values = settings_of(sandbox), secret_values(sandbox)
    with _served(folders.mktemp("served"), settings, values) as address, start() as google:
        google.state.addresses["liaison-webhook"] = address
        checkout = Checkout(folders.mktemp("first"), **google.environment, **settings)
        typed = "\n".join(["y", *(values[name] for name in ASKED), ""])
        run = checkout.deploy(sent=typed)
        yield Deployed(google, copy.deepcopy(google.state), settings, values, run, list(google.requests))


def _served(folder, settings, values):
    """Serve the webhook as Google would."""
    (folder / "hooks.yaml").write_text(yaml.safe_dump(HOOKS))
    (folder / "secrets.yaml").write_text(yaml.safe_dump(values))
    (folder / "secrets.yaml").chmod(0o600)
    files = {"SECRETS": f"file:{folder}/secrets.yaml", "HOOKS": f"{folder}/hooks.yaml"}
    files["LEDGER"] = f"sqlite:{folder}/ledger.db"
    return served({**settings, **files}, folder / "log")


def settings_of(sandbox):
    """Return what an administrator sets before the first run."""
    return {"SUPEROFFICE_URL": sandbox.url, "SUPEROFFICE_TENANT": sandbox.tenant_id}


def secret_values(sandbox):
    """Return what SuperOffice gave, and two secrets of one's own."""
    app = sandbox.app
    values = (app["client_secret"], app["system_token"], app["private_key"].strip(), "k-4711", "k-0815")
    return dict(zip(ASKED, values, strict=True))


def essence(state):
    """Return what is there, without what each making has of its own: etags, times, uploads, the order of members."""
    kinds = ("accounts", "policies", "queues", "jobs", "databases", "fields", "indexes", "sinks", "metrics", "run")
    there = {kind: getattr(state, kind) for kind in kinds}
    there["functions"] = {name: function.resource for name, function in state.functions.items()}
    there["indexes"] = list(state.indexes.values())  # their names are Google's
    there["secrets"] = {name: [one.value.strip() for one in secret.versions] for name, secret in state.secrets.items()}
    return _plain(json.loads(json.dumps(there, default=bytes.decode)))


CHANGING = {
    "oauth2ClientId",
    "etag",
    "uniqueId",
    "object",
    "createTime",
    "updateTime",
    "uid",
    "generation",
    "revision",
    "name",
    "version",
}


def _plain(told):
    if isinstance(told, dict):
        return {key: _plain(value) for key, value in sorted(told.items()) if key not in CHANGING}
    if isinstance(told, list):
        return sorted((_plain(value) for value in told), key=str)
    return told
