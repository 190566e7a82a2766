"""What hooks.yaml may say: each hook an address with its rules, and a mistake in one stops that one alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from marshmallow import ValidationError, fields, post_load, validate

from schemas.contact_relation_entity import ENTITY_FIELDS
from schemas.packing import Packing, PackingSchema
from schemas.presets import ACKNOWLEDGE, Preset
from schemas.signature import Hmac
from schemas.strict import Names, Strict, in_words, one_of, required, suggestion
from schemas.verification import NoProof, Verification, VerificationField, merge_verification

if TYPE_CHECKING:
    from schemas.relation_mapping import RelationMapping
    from schemas.templates import Template

LARGEST_LIMIT = 8 * 1024 * 1024  # bytes
GENERIC = "generic"  # the preset of a hook that names none
ENDS, KINDS, MISSING = ("source", "destination"), ("company", "person"), ("reject", "create")
INTENTS = ("create", "update", "delete")
DELIVER = ("now", "queued", "held")
PASSED_ON = ("Accept-Language", "SO-Language", "SO-Culture", "SO-TimeZone")  # the headers of `pass_headers`
NEVER_KEPT = ("authorization", "cookie", "proxy-authorization")
_ORIGIN = re.compile(r"\*|(?:[a-z][a-z0-9+.-]*://)?[^\s/?#@]+", re.IGNORECASE)
_HOOK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Hook(NamedTuple):
    """One address, with its rules. `limit` is in bytes, `answer_within` in seconds; `sender` names the preset.

    `kept_headers` are those, in lower case, that are written down with a submission: never a proof.
    `deliver` says when it is carried out, and `repeat_within` for how many minutes the same body is a repeat.
    Without a `relation` the payload itself names the fields of the entity. `may_create` holds the parties that are made
    where they are not there: `source.company`, `destination.person` …
    """

    name: str
    verify: Verification
    allow: frozenset[str]
    select: tuple[str, ...]
    pass_headers: bool
    limit: int
    origins: tuple[str, ...]
    answer_within: float
    acknowledge: str
    sender: str
    packing: Packing
    relation: RelationMapping | None
    when: Template | None
    existing: str
    may_create: frozenset[str]
    deliver: str
    repeat_within: float
    kept_headers: tuple[str, ...]

    @property
    def answers_strangers(self) -> bool:
        """Whether anybody, or any page of an origin, may read the answer: it then tells nothing out of SuperOffice."""
        return isinstance(self.verify, NoProof) or bool(self.origins)


class _Origins(Names):
    """CORS / CloudEvents origins: `https://www.example.com`, or `*` for all."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        origins = super()._deserialize(value, attr, data, **kwargs)
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValidationError(f"{origin} is not an origin: write it like https://www.example.com.")
        return origins


class _Select(Names):
    """Fields of the ContactRelationEntity, `RelationId` always among them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        names = super()._deserialize(value, attr, data, **kwargs)
        for name in names:
            if entity_field(name) is None:
                raise ValidationError(f"{name} is not a field of a relation; {suggestion(name, ENTITY_FIELDS)}")
        return tuple(dict.fromkeys(("RelationId", *(entity_field(name) or name for name in names))))


class _Allow(Names):
    """Which of `create`, `update` and `delete` a hook may do."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        intents = super()._deserialize(value, attr, data, **kwargs)
        for intent in intents:
            if intent not in INTENTS:
                raise ValidationError(f"{intent} is not known here; {suggestion(intent, INTENTS)}")
        return intents


class _Missing(fields.Field[frozenset[str]]):
    """`reject` or `create`, for all parties or for each: `{source: {company: reject, person: create}}`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> frozenset[str]:
        if isinstance(value, str):
            value = dict.fromkeys(ENDS, dict.fromkeys(KINDS, value))
        return frozenset(f"{end}.{kind}" for end, kind, what in self._parts(value) if what == "create")

    def _parts(self, value: Any) -> Iterator[tuple[str, str, str]]:
        for end, kinds in _known(value, ENDS).items():
            for kind, what in _known(kinds, KINDS).items():
                if what not in MISSING:
                    raise ValidationError(f"{what} is not known here; {suggestion(what, MISSING)}")
                yield end, kind, what


class _Relation(fields.Field["RelationMapping"]):
    """The mapping; what reads it is imported by the first hook that has one: a cold start waits for every import."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> RelationMapping:
        from schemas.relation_mapping import RelationMappingSchema

        relation: RelationMapping = RelationMappingSchema().load(value)
        return relation


class _When(fields.Field["Template"]):
    """A template, imported as the mapping is."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Template:
        from schemas.templates import compile_template

        return compile_template(value)


class HookSchema(Strict):
    """The keys of one hook."""

    verify = VerificationField(**required("verify: {header: X-Api-Key, secret: the-secret's-name}"))
    allow = _Allow()
    select = _Select(load_default=())
    pass_headers = fields.Boolean(load_default=False)
    limit = fields.Integer(
        strict=True,
        load_default=1024 * 1024,
        validate=validate.Range(1, LARGEST_LIMIT, error=f"This is a number of bytes, from 1 to {LARGEST_LIMIT}."),
    )
    origins = _Origins(load_default=())
    answer_within = fields.Float(
        required=True, validate=validate.Range(1, 300, error="This is a number of seconds, from 1 to 300.")
    )
    acknowledge = one_of(*ACKNOWLEDGE)
    sender = fields.String(required=True, data_key="from")
    packing = fields.Nested(PackingSchema, required=True, data_key="unpack")
    relation = _Relation(load_default=None)
    when = _When(load_default=None)
    existing = one_of("update", "keep", "add")
    deliver = one_of(*DELIVER)
    repeat_within = fields.Float(
        load_default=15.0,
        validate=validate.Range(0, 60 * 24 * 30, error="This is a number of minutes; 0 is never."),
    )
    missing = _Missing(load_default=frozenset(), attribute="may_create")

    @post_load
    def build(self, loaded: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """Fill in what depends on another key: who is not proven may only create, and an id is a signed one."""
        usual = ("create",) if isinstance(loaded["verify"], NoProof) else INTENTS
        packing = _with_signed_id(loaded["packing"], loaded["verify"])
        kept = {*packing.headers, *(name.lower() for name in PASSED_ON if loaded["pass_headers"])}
        kept -= {*NEVER_KEPT, getattr(loaded["verify"], "header", "").lower()}
        allow = frozenset(loaded.get("allow", usual))
        return {**loaded, "packing": packing, "kept_headers": tuple(sorted(kept)), "allow": allow}


def _with_signed_id(packing: Packing, verify: Verification) -> Packing:
    """Leave out the headers that are not signed where others are: who repeats a request could change them."""
    if not isinstance(verify, Hmac):
        return packing
    signed = {(verify.id_header or "").lower()} if "id" in verify.placeholders else set()
    ids = [source for source in packing.id if all(not part.is_header or part.name.lower() in signed for part in source)]
    return packing._replace(id=tuple(ids))


def _known(value: Any, keys: tuple[str, ...]) -> Mapping[str, Any]:
    """Return a mapping with these keys alone."""
    if not isinstance(value, Mapping):
        raise ValidationError(f"This must be reject, create, or a mapping of {' and '.join(keys)}.")
    for key in value:
        if key not in keys:
            raise ValidationError(f"{key} is not known here; {suggestion(key, keys)}")
    return value


def entity_field(name: str) -> str | None:
    """Return SuperOffice's own spelling of a field, or None where a relation has no such field."""
    return next((known for known in ENTITY_FIELDS if known.lower() == name.strip().lower()), None)


def load_hooks(written: Any, find_preset: Callable[[str], Preset]) -> dict[str, Hook | str]:
    """Read the whole of hooks.yaml: each hook, or in its place every mistake in it, in words and with its path.

    `find_preset` raises ValidationError for a name that it does not know; so does this where there is no mapping of
    names to hooks at all.
    """
    if not isinstance(written, Mapping) or not written:
        raise ValidationError("It names no hooks: write one, as hooks.example.yaml does.")
    return {str(name): _load_hook(str(name), rules, find_preset) for name, rules in written.items()}


def _load_hook(name: str, rules: Any, find_preset: Callable[[str], Preset]) -> Hook | str:
    if not _HOOK_NAME.fullmatch(name):
        return f"{name[:40]}: a hook's name is part of its address: use letters, digits, '-', '_' and '.' alone."
    try:
        completed = _complete(rules or {}, find_preset) if isinstance(rules, Mapping | None) else rules
        return Hook(name=name, **HookSchema().load(completed))
    except ValidationError as error:
        return " ".join(sorted(in_words(error.messages, name)))


def _complete(rules: Mapping[Any, Any], find_preset: Callable[[str], Preset]) -> dict[Any, Any]:
    """Fill in what the hook's preset knows; what the hook itself says wins, in `verify` and `unpack` key by key."""
    sender = rules.get("from") or GENERIC
    try:
        preset = find_preset(str(sender))
    except ValidationError as error:
        raise ValidationError({"from": error.messages}) from error
    usual = {"from": sender, "answer_within": preset.answer_within, "acknowledge": preset.acknowledge}
    own = {key: value for key, value in rules.items() if value is not None}
    unpack = own.get("unpack", {})
    verify = merge_verification(preset.verify, rules.get("verify"))
    return {
        **usual,
        **own,
        "verify": verify,
        "unpack": {**preset.unpack, **unpack} if isinstance(unpack, Mapping) else unpack,
    }
