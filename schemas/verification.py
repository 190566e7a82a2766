"""How a sender proves itself: what `verify:` in hooks.yaml and in a preset may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from marshmallow import ValidationError, fields, post_load

from schemas.signature import Hmac, HmacSchema
from schemas.strict import Names, Strict, header_name, required, suggestion, text


class NoProof(NamedTuple):
    """`none`: anybody may send."""


class HeaderSecret(NamedTuple):
    """The secret itself, in a header."""

    header: str
    secrets: tuple[str, ...]


class BearerSecret(NamedTuple):
    """The secret itself, as `Authorization: Bearer`."""

    secrets: tuple[str, ...]


class BasicSecret(NamedTuple):
    """`Authorization: Basic`; the secret is `user:password`."""

    secrets: tuple[str, ...]


class QuerySecret(NamedTuple):
    """The secret itself, in the address."""

    query: str
    secrets: tuple[str, ...]


class FieldSecret(NamedTuple):
    """The secret itself, in the body."""

    field: str
    secrets: tuple[str, ...]


class Oidc(NamedTuple):
    """An identity token of Google's, made for one of these audiences and held by one of these accounts."""

    audience: tuple[str, ...]
    email: tuple[str, ...]


Verification = NoProof | HeaderSecret | BearerSecret | BasicSecret | QuerySecret | FieldSecret | Oidc | Hmac


def secret_names(verification: Verification) -> tuple[str, ...]:
    """Name the secrets that count, in the order written."""
    return () if isinstance(verification, NoProof | Oidc) else verification.secrets


def merge_verification(preset: Any, hook: Any) -> Any:
    """Complete a preset's `verify` with the hook's; both as read from YAML, None where nothing was written.

    The hook's keys win one by one, also inside `hmac`, and `null` takes a key away. Another form than the
    preset's (`header` instead of `hmac`) stands alone.
    """
    if hook is None:
        return preset
    if not isinstance(preset, Mapping) or not isinstance(hook, Mapping):
        return hook
    forms = FORMS.keys() & hook.keys()
    return _overlay(preset, hook) if forms <= preset.keys() else hook


def _overlay(below: Mapping[Any, Any], above: Mapping[Any, Any]) -> dict[Any, Any]:
    """Lay one mapping over another, and so with the mappings inside them."""
    merged = dict(below)
    for key, value in above.items():
        lower = merged.get(key)
        if isinstance(lower, Mapping) and isinstance(value, Mapping):
            merged[key] = _overlay(lower, value)
        else:
            merged[key] = value
    return merged


class VerificationField(fields.Field[Verification]):
    """The value of `verify:`, as one of the classes above."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Verification:
        if value == "none":
            return NoProof()
        if not isinstance(value, Mapping):
            raise ValidationError(f"{value!r} is no way to prove a sender; {suggestion(value, _WAYS)}")
        forms = [form for form in FORMS if value.get(form) is not None]
        if len(forms) > 1:
            raise ValidationError(f"{' and '.join(forms)} exclude each other: keep one of them.")
        if not forms:
            strange = next((key for key in value if key != "secret"), "")
            raise ValidationError(f"It is not said how the sender proves itself; {suggestion(strange, _WAYS)}")
        verification: Verification = FORMS[forms[0]]().load(value)
        return verification


class _HeaderForm(Strict):
    header = header_name(**required("header: X-Api-Key"))
    secret = Names(**required("secret: the-secret's-name"))

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> HeaderSecret:
        return HeaderSecret(loaded["header"], loaded["secret"])


class _BearerForm(Strict):
    bearer = Names(**required("bearer: the-secret's-name"))

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> BearerSecret:
        return BearerSecret(loaded["bearer"])


class _BasicForm(Strict):
    basic = Names(**required("basic: the-secret's-name"))

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> BasicSecret:
        return BasicSecret(loaded["basic"])


class _QueryForm(Strict):
    query = text(**required("query: key"))
    secret = Names(**required("secret: the-secret's-name"))

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> QuerySecret:
        return QuerySecret(loaded["query"], loaded["secret"])


class _FieldForm(Strict):
    field = text(**required("field: HandshakeKey"))
    secret = Names(**required("secret: the-secret's-name"))

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> FieldSecret:
        return FieldSecret(loaded["field"], loaded["secret"])


class _OidcSchema(Strict):
    audience = Names(**required("audience: https://…, the address that is called"))
    email = Names(**required("email: the service account that calls"))

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> Oidc:
        return Oidc(**loaded)


class _OidcForm(Strict):
    oidc = fields.Nested(_OidcSchema, **required("oidc: {audience: https://…, email: …}"))

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> Oidc:
        oidc: Oidc = loaded["oidc"]
        return oidc


class _HmacForm(Strict):
    hmac = fields.Nested(HmacSchema, **required("hmac: {header: X-Signature}"))
    secret = Names(**required("secret: the-secret's-name"))

    @post_load
    def build(self, loaded: Mapping[str, Any], **_kwargs: Any) -> Hmac:
        return Hmac(**loaded["hmac"], secrets=loaded["secret"])


FORMS: Mapping[str, type[Strict]] = {
    "hmac": _HmacForm,
    "header": _HeaderForm,
    "bearer": _BearerForm,
    "basic": _BasicForm,
    "query": _QueryForm,
    "field": _FieldForm,
    "oidc": _OidcForm,
}
_WAYS = ("none", *FORMS)
