"""The two contestants and the addresses, secrets and settings that they are started with."""

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bench import typeform
from bench.load import API_KEY, SIGNING_KEY
from bench.processes import Contestant, hear, tool
from bench.upstream import TENANT, TICKET

APP_TOKEN = "bench-app-token"
# `add`: one call to SuperOffice for each webhook, as the plain function makes.
# `looking` looks before it creates, as `existing: update` does; `queued` answers when it is written down.
HOOKS = """
bench: {verify: {header: X-Api-Key, secret: bench-key}, existing: add}
looking: {verify: {header: X-Api-Key, secret: bench-key}}
queued: {verify: {header: X-Api-Key, secret: bench-key}, existing: add, deliver: queued}
"""
SIGNED = "standard: {from: standard-webhooks, verify: {secret: standard-key}, existing: add}\n"
SENDERS = "signed.yaml"  # the file of hooks that has those of senders who sign, too


@dataclass(frozen=True)
class Surroundings:
    """What stands around the contestants: SuperOffice's port, the load, Secret Manager, a folder."""

    folder: Path
    upstream: int
    load: object
    secret_manager: dict


def secrets():
    """Make every secret that Liaison asks for, by name; the key is the system user's."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return {
        "superoffice-app-token": APP_TOKEN,
        "superoffice-ticket": TICKET,
        "superoffice-system-token": "Liaison-abcdefghij",
        "superoffice-private-key": pem.decode(),
        "liaison-api-key": "bench-api-key",
        "bench-key": API_KEY,
        "standard-key": SIGNING_KEY,
        "typeform-key": typeform.SECRET,
    }


@contextlib.contextmanager
def surroundings(folder):
    """Start SuperOffice, the load and Secret Manager, and write Liaison's files into the folder."""
    held = secrets()
    file = folder / "secrets.yaml"
    file.touch(mode=0o600)
    file.write_text(json.dumps(held))  # JSON is YAML
    (folder / "hooks.yaml").write_text(HOOKS)
    (folder / SENDERS).write_text(HOOKS + SIGNED + typeform.HOOK)
    asked = json.dumps({"secrets": held, "folder": str(folder)})
    with tool("upstream") as upstream, tool("load") as load, tool("secret_manager", asked) as secret_manager:
        yield Surroundings(folder, hear(upstream)["port"], load, hear(secret_manager))


def plain(around, threads="80"):
    """Describe the plain function; without `threads` it has as many as functions-framework gives it."""
    environment = {
        "SUPEROFFICE_API": f"http://127.0.0.1:{around.upstream}/{TENANT}/api/v1",
        "SUPEROFFICE_APP_TOKEN": APP_TOKEN,
        "SUPEROFFICE_TICKET": TICKET,
    }
    if threads:
        environment["THREADS"] = threads
    return Contestant("plain", "plain", "bench/plain_function.py", environment)


def plain_google(around):
    """Describe the plain function with its ticket in Secret Manager."""
    simple = plain(around)
    environment = {**simple.environment, **around.secret_manager}
    return replace(simple, source="bench/plain_function_google.py", environment=environment)


def liaison(around, login="ticket", hooks="hooks.yaml"):
    """Describe Liaison with its secrets in a file."""
    environment = {
        "SUPEROFFICE_URL": f"http://127.0.0.1:{around.upstream}",
        "SUPEROFFICE_TENANT": TENANT,
        "SUPEROFFICE_LOGIN": login,
        "SUPEROFFICE_CALLS_PER_SECOND": "0",
        "SECRETS": f"file:{around.folder}/secrets.yaml",
        "LEDGER": f"sqlite:{around.folder}/ledger.db",
        "HOOKS": f"{around.folder}/{hooks}",
        "THREADS": "80",
    }
    return Contestant("Liaison", "webhook", "main.py", environment)


def liaison_google(around):
    """Describe Liaison with its secrets in Secret Manager."""
    simple, google = liaison(around), around.secret_manager
    place = f"gcp://{google['GOOGLE_CLOUD_PROJECT']}?endpoint={google['SECRET_MANAGER']}"
    return replace(simple, environment={**simple.environment, **google, "SECRETS": place})
