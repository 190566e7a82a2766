"""How a sender signs, described as data: what `hmac:` under `verify:` may say.

Whatever is wrong with it is found when the file is read. What is left is in the shape that the verifier needs
for each request: texts as bytes, the template in parts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, NamedTuple

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from schemas.strict import Strict, header_name, one_of, required, suggestion, text

PLACEHOLDERS = ("body", "timestamp", "id", "method", "url", "date", "secret")

# Bytes stand for themselves, a str for the placeholder of that name.
Template = tuple[bytes | str, ...]


class Timestamp(NamedTuple):
    """When it was signed: in `header`, or in the pair where that is None; `tolerance` is in seconds.

    `unit` is that of a number since 1970; `iso` is a text such as 2026-01-02T03:04:05Z (RFC 3339).
    """

    header: str | None
    unit: str
    tolerance: int


class Pair(NamedTuple):
    """The keys of a header like `t=1700000000,v1=5257…,v1=6f0a…`."""

    signature: bytes
    timestamp: bytes | None
    separator: bytes


class Hmac(NamedTuple):
    """A signature over `template`, of which `placeholders` are the names.

    With `key: whsec` a secret `whpk_…` is the public key of a sender that signs with Ed25519: where `prefix`
    is `v1,` it checks the candidates `v1a,…` (Standard Webhooks 1.0.0, asymmetric signatures).
    """

    header: str
    secrets: tuple[str, ...]
    algorithm: str
    digest: str
    encoding: str
    prefixes: tuple[bytes, ...]
    separator: bytes | None
    pair: Pair | None
    template: Template
    placeholders: frozenset[str]
    timestamp: Timestamp | None
    id_header: str | None
    key: str


class _Prefixes(fields.Field[tuple[bytes, ...]]):
    """One prefix or a list of them; an empty one lets the bare signature count too."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[bytes, ...]:
        prefixes = value if isinstance(value, list) else [value]
        if not prefixes or not all(isinstance(prefix, str) and prefix.isascii() for prefix in prefixes):
            raise ValidationError("This must be a text such as sha256=, or a list of them.")
        return tuple(prefix.encode() for prefix in prefixes)


class _Template(fields.Field[Template]):
    """The bytes that are signed, in parts."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Template:
        if not isinstance(value, str) or not value:
            raise ValidationError("This must be a text such as {timestamp}.{body}")
        pieces = re.split(r"\{([^{}]*)\}", value)
        literals, names = pieces[::2], pieces[1::2]
        for name in names:
            _check_placeholder(name)
        if any("{" in literal or "}" in literal for literal in literals):
            raise ValidationError("A brace stands alone: braces are only for names such as {body}")
        # zip_longest: there is always one literal more than there are names.
        pairs = zip_longest((literal.encode() for literal in literals), names, fillvalue="")
        return tuple(part for pair in pairs for part in pair if part)


def _check_placeholder(name: str) -> None:
    if name not in PLACEHOLDERS:
        braced = [f"{{{known}}}" for known in PLACEHOLDERS]
        raise ValidationError(f"{{{name}}} is not known here; {suggestion(f'{{{name}}}', braced)}")


class _TimestampSchema(Strict):
    header = header_name(load_default=None)
    unit = one_of("s", "ms", "iso")
    tolerance = fields.Integer(
        strict=True,
        load_default=300,
        validate=validate.Range(min=1, error="This must be 1 or more."),
        error_messages={"invalid": "This must be a whole number of seconds, such as 300."},
    )

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> Timestamp:
        return Timestamp(**loaded)


class _PairSchema(Strict):
    signature = text(**required("signature: v1"))
    timestamp = text(load_default=None)
    separator = text(load_default=",")

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> Pair:
        return Pair(**{key: value and value.encode() for key, value in loaded.items()})


class _IdSchema(Strict):
    header = header_name(**required("header: webhook-id"))


class HmacSchema(Strict):
    """The value of `hmac:`; loads to the arguments of `Hmac` without the secrets, which stand beside it."""

    algorithm = one_of("sha256", "sha1", "sha512")
    digest = one_of("hmac", "plain")
    encoding = one_of("hex", "base64")
    header = header_name(**required("header: X-Signature"))
    prefix = _Prefixes(load_default=(b"",))
    separator = text(load_default=None)
    pair = fields.Nested(_PairSchema, load_default=None)
    template = _Template(load_default=("body",))
    timestamp = fields.Nested(_TimestampSchema, load_default=None)
    id = fields.Nested(_IdSchema, load_default=None)
    key = one_of("utf8", "base64", "hex", "whsec")

    @validates_schema
    def check_template(self, loaded: Mapping[str, Any], **_kwargs: Any) -> None:
        """See that there is a source for everything that is signed."""
        names = _names(loaded["template"])
        pair: Pair | None = loaded["pair"]
        if "timestamp" in names and not loaded["timestamp"] and not (pair and pair.timestamp):
            raise ValidationError("{timestamp} needs timestamp: {header: …} beside the template", "template")
        if "id" in names and not loaded["id"]:
            raise ValidationError("{id} needs id: {header: …} beside the template", "template")
        if loaded["digest"] == "plain" and "secret" not in names:
            raise ValidationError("digest: plain needs {secret} in the template, or anybody could sign", "template")

    @validates_schema
    def check_pair(self, loaded: Mapping[str, Any], **_kwargs: Any) -> None:
        """See that each thing is read from one place."""
        pair: Pair | None = loaded["pair"]
        timestamp: Timestamp | None = loaded["timestamp"]
        in_pair = pair is not None and pair.timestamp is not None
        if pair and loaded["separator"]:
            raise ValidationError("pair has a separator of its own: leave this one out.", "separator")
        if timestamp and in_pair == (timestamp.header is not None):
            raise ValidationError(
                "The time stands either here or in pair (timestamp: t): name one of them.", "timestamp"
            )

    @post_load
    def shape(self, loaded: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Turn the words of the file into the arguments of `Hmac`."""
        prefixes, separator, source = loaded.pop("prefix"), loaded.pop("separator"), loaded.pop("id")
        return {
            **loaded,
            "prefixes": prefixes,
            "separator": separator and separator.encode(),
            "placeholders": _names(loaded["template"]),
            "id_header": source and source["header"],
        }


def _names(template: Template) -> frozenset[str]:
    return frozenset(part for part in template if isinstance(part, str))
