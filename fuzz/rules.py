"""The hooks that are tried: one for each preset, and one for each way to prove a sender."""

from __future__ import annotations

import secrets
import socket
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from schemas.hooks import Hook, load_hooks
from services.senders.presets import Presets

HERE = Path(__file__).parent
STAMP = {"header": "X-Time"}
RELATION = {
    "definition": "{definition || form_id || `18`}",
    "source": {"company": {"id": "{company_id || raw.id || `4`}", "name": "{company} {raw.name}"}},
    "destination": {"company": {"id": 4}},
    "comment": '{submitted_at}: {topics} {"Your e-mail"} {sort(keys(raw))} {raw.*[].name} {email.first} {raw}',
}
BY_ID = {**RELATION, "source": {"company": {"id": "{company_id || `4`}"}}}
FORMS: dict[str, Any] = {
    "none": "none",
    "header": {"header": "X-Api-Key", "secret": "one"},
    "bearer": {"bearer": ["one", "two"]},
    "basic": {"basic": "pair"},
    "query": {"query": "key", "secret": "one"},
    "field": {"field": "key", "secret": "one"},
    "oidc": {"oidc": {"audience": "https://example.com", "email": "a@example.com"}},
    "hex": {"hmac": {"header": "X-Signature", "prefix": "sha256="}, "secret": "one"},
    "base64": {"hmac": {"header": "X-Signature", "encoding": "base64", "algorithm": "sha1"}, "secret": "one"},
    "list": {"hmac": {"header": "X-Signature", "separator": ",", "algorithm": "sha512"}, "secret": ["one", "two"]},
    "plain": {"hmac": {"header": "X-Signature", "digest": "plain", "template": "{secret}{method}{url}{body}"},
              "secret": "one"},
    "pair": {"hmac": {"header": "X-Signature", "pair": {"signature": "v1", "timestamp": "t"}, "timestamp": {},
                      "template": "{timestamp}.{body}"}, "secret": "one"},
    "webhooks": {"hmac": {"header": "webhook-signature", "separator": " ", "prefix": "v1,", "encoding": "base64",
                          "key": "whsec", "template": "{id}.{timestamp}.{body}", "id": {"header": "webhook-id"},
                          "timestamp": {"header": "webhook-timestamp"}}, "secret": ["three", "public"]},
    "dated": {"hmac": {"header": "X-Signature", "template": "{date}{timestamp}{body}", "key": "hex",
                       "timestamp": {**STAMP, "unit": "ms"}}, "secret": "hex"},
}  # fmt: skip


def written_hooks() -> dict[str, Any]:
    """Return hooks.yaml: `<preset>` and `<preset>-mapped` are open to anybody, `by-<form>` are not."""
    open_to_all = {"verify": "none", "allow": ["create", "update", "delete"]}
    names = list(Presets(HERE))
    return {
        **{name: {**open_to_all, "from": name} for name in names},
        **{f"{name}-mapped": {**open_to_all, "from": name, "relation": BY_ID, "when": "{raw}"} for name in names},
        **{f"by-{form}": {"verify": verify, "relation": RELATION} for form, verify in FORMS.items()},
        "pages": {**open_to_all, "origins": ["https://www.example.com"], "acknowledge": "always"},
        "default": {"verify": FORMS["header"], "pass_headers": True, "origins": "*"},
    }


@cache
def hooks() -> dict[str, Hook]:
    """Return them as they are read; none has a mistake."""
    loaded = load_hooks(written_hooks(), Presets(HERE).find)
    return {name: hook for name, hook in loaded.items() if isinstance(hook, Hook)}


@cache
def secret_texts() -> dict[str, str]:
    """Return secrets that no input can hold, made anew for every run."""
    from base64 import b64encode

    one, two, three = (secrets.token_urlsafe(24) for _ in range(3))
    return {
        "one": one,
        "two": two,
        "pair": f"user:{one}",
        "hex": secrets.token_hex(24),
        "three": f"whsec_{b64encode(three.encode()).decode()}",
        "public": f"whpk_{b64encode(_public_key()).decode()}",
        "superoffice-ticket": "7T:a-ticket",
    }


def _public_key() -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate().public_key().public_bytes_raw()


def settings() -> dict[str, str]:
    """Write the files, and return the settings of a function whose SuperOffice cannot be reached."""
    folder = Path(mkdtemp(prefix="fuzz-"))
    (folder / "hooks.yaml").write_text(yaml.safe_dump(written_hooks()))
    (folder / "secrets.yaml").write_text(yaml.safe_dump(secret_texts()))
    (folder / "secrets.yaml").chmod(0o600)
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))  # and never listens: every connection is refused
    _KEPT.append(taken)
    return {
        "SUPEROFFICE_URL": f"http://127.0.0.1:{taken.getsockname()[1]}/SuperOffice/api/v1",
        "SUPEROFFICE_LOGIN": "ticket",
        "SUPEROFFICE_CALLS_PER_SECOND": "0",
        "SECRETS": f"file:{folder}/secrets.yaml",
        "LEDGER": f"sqlite:{folder}/ledger.db",
        "HOOKS": f"{folder}/hooks.yaml",
        "PUBLIC_URL": "https://hooks.example.com",
    }


_KEPT: list[socket.socket] = []
