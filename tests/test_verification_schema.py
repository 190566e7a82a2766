"""What `verify:` may say, what is wrong with it in words, and how a hook completes its preset."""

from __future__ import annotations

import pytest
import yaml
from marshmallow import Schema, ValidationError

from schemas.signature import Hmac, Pair, Timestamp
from schemas.verification import (
    BasicSecret,
    BearerSecret,
    FieldSecret,
    HeaderSecret,
    NoProof,
    Oidc,
    QuerySecret,
    VerificationField,
    merge_verification,
    secret_names,
)

FORMS = [
    ("none", NoProof()),
    ("{header: X-Api-Key, secret: name}", HeaderSecret("X-Api-Key", ("name",))),
    ("{header: X-Api-Key, secret: [new, old]}", HeaderSecret("X-Api-Key", ("new", "old"))),
    ("{bearer: name}", BearerSecret(("name",))),
    ("{bearer: [new, old]}", BearerSecret(("new", "old"))),
    ("{basic: name}", BasicSecret(("name",))),
    ("{query: key, secret: name}", QuerySecret("key", ("name",))),
    ("{field: HandshakeKey, secret: name}", FieldSecret("HandshakeKey", ("name",))),
    ("{oidc: {audience: https://a.example, email: s@a.example}}", Oidc(("https://a.example",), ("s@a.example",))),
    ("{oidc: {audience: https://a.example, email: [s@a, t@a]}}", Oidc(("https://a.example",), ("s@a", "t@a"))),
]

MISTAKES = [
    ("{}", "verify", "It is not said how the sender proves itself"),
    ("{secret: name}", "verify", "known: none, hmac, header"),
    ("{heder: X-Api-Key, secret: name}", "verify", "did you mean header?"),
    ("non", "verify", "did you mean none?"),
    ("42", "verify", "42 is no way to prove a sender"),
    ("[none]", "verify", "is no way to prove a sender"),
    ("{header: X, query: key, secret: name}", "verify", "header and query exclude each other"),
    ("{header: X-Api-Key}", "verify.secret", "This is missing"),
    ("{header: X-Api-Key, secrets: name}", "verify.secrets", "did you mean secret?"),
    ("{header: X-Api-Key, secret: ''}", "verify.secret", "a name, or a list of names"),
    ("{header: X-Api-Key, secret: []}", "verify.secret", "a name, or a list of names"),
    ("{header: X-Api-Key, secret: [name, 7]}", "verify.secret", "a name, or a list of names"),
    ("{header: 'X-Api-Key:', secret: name}", "verify.header", "cannot be the name of a header"),
    ('{header: "X\\r\\nY", secret: name}', "verify.header", "cannot be the name of a header"),
    ("{bearer: {name: x}}", "verify.bearer", "a name, or a list of names"),
    ("{query: '', secret: name}", "verify.query", "This is empty"),
    ("{oidc: {audience: https://a.example}}", "verify.oidc.email", "This is missing"),
    ("{oidc: {email: s@a.example}}", "verify.oidc.audience", "This is missing"),
    ("{oidc: {audiense: a, email: b}}", "verify.oidc.audiense", "did you mean audience?"),
    ("{hmac: X-Signature, secret: name}", "verify.hmac._schema", "This must be a mapping"),
    ("{hmac: {header: X}}", "verify.secret", "This is missing"),
]

HMAC_MISTAKES = [
    ("{}", "header", "This is missing"),
    ("{header: X, algoritm: sha1}", "algoritm", "did you mean algorithm?"),
    ("{header: X, 7: sha1}", "7", "is not known here"),
    ("{header: X, algorithm: sha-256}", "algorithm", "did you mean sha256?"),
    ("{header: X, algorithm: md5}", "algorithm", "known: sha256, sha1, sha512."),
    ("{header: X, digest: plane}", "digest", "did you mean plain?"),
    ("{header: X, encoding: b64}", "encoding", "did you mean base64?"),
    ("{header: X, key: ascii}", "key", "known: utf8, base64, hex, whsec."),
    ("{header: X, prefix: 7}", "prefix", "a text such as sha256="),
    ("{header: X, prefix: []}", "prefix", "a text such as sha256="),
    ("{header: X, prefix: ø}", "prefix", "a text such as sha256="),
    ("{header: X, separator: ''}", "separator", "This is empty"),
    ("{header: X, template: ''}", "template", "a text such as"),
    ("{header: X, template: [body]}", "template", "a text such as"),
    ("{header: X, template: '{boddy}'}", "template", "did you mean {body}?"),
    ("{header: X, template: '{ body }'}", "template", "did you mean {body}?"),
    ("{header: X, template: '{}{body}'}", "template", "{} is not known here"),
    ("{header: X, template: '{{body}}'}", "template", "A brace stands alone"),
    ("{header: X, template: '{body'}", "template", "A brace stands alone"),
    ("{header: X, template: '{timestamp}.{body}'}", "template", "{timestamp} needs timestamp"),
    ("{header: X, template: '{id}.{body}'}", "template", "{id} needs id"),
    ("{header: X, digest: plain}", "template", "digest: plain needs {secret}"),
    ("{header: X, timestamp: {header: T, unit: min}}", "timestamp.unit", "known: s, ms, iso."),
    ("{header: X, timestamp: {header: T, tolerance: 0}}", "timestamp.tolerance", "This must be 1 or more"),
    ("{header: X, timestamp: {header: T, tolerance: 5.5}}", "timestamp.tolerance", "a whole number of seconds"),
    ("{header: X, timestamp: {header: T, tolerance: true}}", "timestamp.tolerance", "a whole number of seconds"),
    ("{header: X, timestamp: {header: T, tolerence: 9}}", "timestamp.tolerence", "did you mean tolerance?"),
    ("{header: X, timestamp: {}}", "timestamp", "The time stands either here or in pair"),
    ("{header: X, timestamp: T}", "timestamp._schema", "This must be a mapping"),
    ("{header: X, timestamp: {header: T}, pair: {signature: v1, timestamp: t}}", "timestamp", "name one of them"),
    ("{header: X, timestamp: {}, pair: {signature: v1}}", "timestamp", "name one of them"),
    ("{header: X, separator: ' ', pair: {signature: v1}}", "separator", "pair has a separator of its own"),
    ("{header: X, pair: {timestamp: t}}", "pair.signature", "This is missing"),
    ("{header: X, id: {}}", "id.header", "This is missing"),
    ("{header: X, id: webhook-id}", "id._schema", "This must be a mapping"),
]

MERGES = [
    ("{hmac: {header: X}}", "null", "{hmac: {header: X}}"),
    ("null", "{bearer: name}", "{bearer: name}"),
    ("none", "{bearer: name}", "{bearer: name}"),
    ("{hmac: {header: X}}", "none", "none"),
    ("{hmac: {header: X}}", "{secret: name}", "{hmac: {header: X}, secret: name}"),
    ("{header: X}", "{secret: [new, old]}", "{header: X, secret: [new, old]}"),
    ("{header: X}", "{header: Y, secret: name}", "{header: Y, secret: name}"),
    ("{hmac: {header: X}}", "{header: Y, secret: name}", "{header: Y, secret: name}"),
    ("{hmac: {header: X}, secret: a}", "{query: key}", "{query: key}"),
    ("{hmac: {header: X, key: hex}}", "{hmac: {key: utf8}, secret: n}", "{hmac: {header: X, key: utf8}, secret: n}"),
    (
        "{hmac: {header: X, timestamp: {header: T, unit: ms}}}",
        "{hmac: {timestamp: {tolerance: 60}}, secret: n}",
        "{hmac: {header: X, timestamp: {header: T, unit: ms, tolerance: 60}}, secret: n}",
    ),
    ("{oidc: {email: s@a}}", "{oidc: {audience: https://a}}", "{oidc: {email: s@a, audience: https://a}}"),
]


class Hook(Schema):
    """A hook with nothing but its proof."""

    verify = VerificationField(required=True)


def load(written: str):
    """Read what stands after `verify:`."""
    return Hook().load({"verify": yaml.safe_load(written)})["verify"]


def mistakes(written: str) -> dict[str, str]:
    """Return what is wrong, by path."""
    with pytest.raises(ValidationError) as caught:
        load(written)
    return dict(flatten(caught.value.normalized_messages(), ""))


def flatten(messages, path: str):
    """Yield each message with its path."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from flatten(inner, f"{path}.{key}".lstrip("."))
    else:
        yield path, " ".join(messages)


@pytest.mark.parametrize(("written", "expected"), FORMS)
def test_reads_every_form(written, expected):
    """Each form of `verify` becomes the class of its own."""
    assert load(written) == expected


def test_fills_in_the_defaults_of_hmac():
    """A header and a secret are enough: SHA-256 of the body, in hex, without a window."""
    assert load("{hmac: {header: X-Signature}, secret: name}") == Hmac(
        header="X-Signature",
        secrets=("name",),
        algorithm="sha256",
        digest="hmac",
        encoding="hex",
        prefixes=(b"",),
        separator=None,
        pair=None,
        template=("body",),
        placeholders=frozenset({"body"}),
        timestamp=None,
        id_header=None,
        key="utf8",
    )


def test_reads_every_key_of_hmac():
    """What is written wins over each default, and texts become bytes."""
    scheme = load(
        "{hmac: {header: S, algorithm: sha1, encoding: base64, prefix: [a=, ''], template: 'v0:{timestamp}:{id}{body}',"
        " pair: {signature: v1, timestamp: t}, timestamp: {unit: ms, tolerance: 60}, id: {header: I}, key: hex},"
        " secret: [new, old]}"
    )
    assert (scheme.algorithm, scheme.encoding, scheme.key, scheme.id_header) == ("sha1", "base64", "hex", "I")
    assert scheme.prefixes == (b"a=", b"")
    assert scheme.template == (b"v0:", "timestamp", b":", "id", "body")
    assert (scheme.pair, scheme.timestamp) == (Pair(b"v1", b"t", b","), Timestamp(None, "ms", 60))
    assert scheme.secrets == ("new", "old")


def test_null_is_as_if_not_written():
    """So a hook can take away what its preset says."""
    assert load("{hmac: {header: X, timestamp: null, separator: null}, secret: name}").timestamp is None
    assert load("{hmac: null, header: X, secret: name}") == HeaderSecret("X", ("name",))


@pytest.mark.parametrize(("written", "path", "words"), MISTAKES)
def test_names_a_mistake(written, path, words):
    """A mistake in `verify` is told with its path and what to write instead."""
    assert words in mistakes(written)[path]


@pytest.mark.parametrize(("written", "path", "words"), HMAC_MISTAKES)
def test_names_a_mistake_in_hmac(written, path, words):
    """A mistake inside `hmac` is found when the file is read, not when a webhook comes."""
    assert words in mistakes(f"{{hmac: {written}, secret: name}}")[f"verify.hmac.{path}"]


def test_names_all_mistakes_at_once():
    """An operator mends a hook in one go."""
    assert mistakes("{hmac: {header: 'X:', key: ascii}}").keys() == {
        "verify.hmac.header",
        "verify.hmac.key",
        "verify.secret",
    }


@pytest.mark.parametrize(("preset", "hook", "expected"), MERGES)
def test_completes_a_preset(preset, hook, expected):
    """A hook names its secret and overrides single keys; another form replaces the preset's."""
    assert merge_verification(yaml.safe_load(preset), yaml.safe_load(hook)) == yaml.safe_load(expected)


def test_leaves_the_preset_as_it_was():
    """Merging makes a new mapping: a preset serves many hooks."""
    preset = {"hmac": {"header": "X", "timestamp": {"header": "T"}}}
    merge_verification(preset, {"hmac": {"timestamp": {"tolerance": 9}}, "secret": "name"})
    assert preset == {"hmac": {"header": "X", "timestamp": {"header": "T"}}}


@pytest.mark.parametrize(("written", "expected"), FORMS)
def test_names_the_secrets(written, expected):
    """The secrets to fetch are those written down; without proof, and with Google's, there are none."""
    assert secret_names(load(written)) == getattr(expected, "secrets", ())
