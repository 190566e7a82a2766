"""What is fuzzed: each function here returns one that takes any bytes, and raises where something is wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from fuzz.rules import RELATION, hooks, secret_texts, settings
from fuzz.wire import environ, read_request
from schemas.contact_relation import PayloadError, load_contact_relation
from schemas.hooks import Hook, load_hooks
from schemas.relation_mapping import RelationMapping, RelationMappingSchema
from services.errors import Misconfigured, NotProven, Refused
from services.mapping import map_submission
from services.reading import is_ignored
from services.senders.decode import read
from services.senders.presets import Presets
from services.senders.unpack import Submission, unpack
from services.senders.verify import Received, verify
from services.yaml_file import YamlMistake, parse_yaml

Target = Callable[[bytes], None]

NOW = 1_800_000_000.0


class Wrong(Exception):
    """A finding."""


def bodies() -> Target:
    """Decode, unpack, name and map a body: nothing but values and refusals."""
    mapping: RelationMapping = RelationMappingSchema().load(RELATION)
    known = hooks()

    def run(data: bytes) -> None:
        sent = read_request(data)
        hook = known.get(sent.path.removeprefix("/hooks/")) or known["generic"]
        with suppress(Refused):
            raw = read(sent.body, sent.headers.get("Content-Type"))
            for submission in unpack(raw, sent.headers, hook.packing).submissions[:20]:
                with suppress(Refused, PayloadError):
                    json.dumps(dict(submission.names))
                    map_submission(mapping, submission.fields)
                with suppress(Refused, PayloadError):
                    use(submission, hook)

    return run


def use(submission: Submission, hook: Hook) -> None:
    """Ask a submission for what its hook asks it for, as far as SuperOffice has no part in it."""
    if submission.refusal or is_ignored(submission, hook):
        return
    if hook.relation is None:
        load_contact_relation(submission.record)
        json.dumps(submission.repeated)
    else:
        map_submission(hook.relation, submission.fields)
        json.dumps(submission.warnings)


def proofs() -> Target:
    """Prove a sender who cannot know the secrets: that never succeeds, and fails in one way alone."""
    closed = {name.removeprefix("by-"): hook for name, hook in hooks().items() if name.startswith("by-")}
    closed.pop("none")
    live = {name: (text.encode(),) for name, text in secret_texts().items()}
    keys = _certificates()

    def run(data: bytes) -> None:
        sent = read_request(data)
        query = dict([sent.target.partition("key=")[::2]])

        def fields() -> dict[str, Any]:
            return {"key": sent.body.decode("utf-8", "surrogateescape")}

        received = Received(sent.method, sent.target, sent.headers, query, sent.body, fields)
        for form, hook in closed.items():
            try:
                verify(hook.verify, received, live, NOW, google_keys=lambda kid="": keys)
            except (NotProven, Misconfigured):  # Misconfigured: a template with {url}, and there is none
                continue
            raise Wrong(f"A stranger was taken for a sender, by {form}.")

    return run


def _certificates() -> dict[str, str]:
    """Make a certificate as Google publishes them."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(days=1))
    return {"1": builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()}


def answers() -> Target:
    """Send a request to the whole function, SuperOffice being out of reach: 200, 4xx or 503, and always in JSON."""
    import functions_framework

    os.environ.update(settings())
    main = str(Path(__file__).parent.parent / "main.py")
    app = functions_framework.create_app("webhook", main)

    def run(data: bytes) -> None:
        told: list[Any] = []
        written: Any = app.wsgi_app(environ(read_request(data)), lambda *head: told.extend(head[:2]))
        with suppress(AttributeError):
            written.close()
        check_answer(told[0], told[1], b"".join(written))

    return run


def check_answer(status: str, headers: list[tuple[str, str]], body: bytes) -> None:
    """Raise unless it is an answer that every sender can live with."""
    code = int(status[:3])
    if not (code in (200, 503) or 400 <= code < 500) or code in (404, 410):
        raise Wrong(f"It was answered {status}.")
    for name, value in headers:
        if any(sign in name + value for sign in "\r\n\0"):
            raise Wrong(f"A header was broken: {name!r}: {value!r}")
        f"{name}: {value}".encode("latin-1")
    answer = json.loads(body or b"{}")
    if code >= 400 and body and not 0 < len(answer["detail"]) < 250:
        raise Wrong(f"The detail is of the wrong length: {answer}")


def files() -> Target:
    """Read any text as hooks.yaml: hooks, or mistakes in words."""
    presets = Presets(Path(__file__).parent)

    def run(data: bytes) -> None:
        with suppress(YamlMistake, ValidationError):
            load_hooks(parse_yaml(data), presets.find)

    return run
