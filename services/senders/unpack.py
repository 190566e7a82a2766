"""Unpacks what a body holds into submissions, by the steps of the sender's packing and no code for any one sender."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from schemas.packing import Packing
from services.errors import FieldError, InvalidSubmission, LiaisonError, UnreadableBody
from services.senders.answers import gather
from services.senders.decode import Repeating, Suspect, read_json
from services.senders.forms import Form, nest
from services.senders.names import MOST_NAMES, Named, name_all, too_many_names
from services.senders.paths import MISSING, find, first, header, holds, replace, tell, word
from services.senders.text import MOST, decode, quote

MOST_SUBMISSIONS = 1000
_MOST_WARNINGS = 20
_URL_SAFE = str.maketrans("-_", "+/")


@dataclass(eq=False)
class Submission:
    """What one person typed, as its sender packed it. What is not needed of it is not worked out.

    `raw` is the decoded body (of an array, the item) as it came, forms flat; `body` the same with JSON and base64
    read in their places; `root` the record in it, MISSING where it has none; `told` what the sender tells of
    `submitted_at`, `form_id` and `form_name`; `id` the sender's own for this delivery; `changed_by` the associate who
    made a change in SuperOffice; `refusal` why an item of an array cannot be read.
    """

    raw: Any
    body: Any
    root: Any
    packing: Packing
    told: Mapping[str, Any]
    id: str | None
    is_test: bool
    changed_by: str = ""
    refusal: LiaisonError | None = None

    @property
    def record(self) -> Any:
        """The payload under the sender's own names, each answer once; worked out at each look."""
        packing = self.packing
        changed = packing.answers or packing.merge or packing.keep or packing.ignore or packing.omit
        if not changed and not packing.unwrap_single:
            return self.root
        record: dict[str, Any] = {}
        for names, value in gather(self.body, self.root, packing):
            record.setdefault(names[0], value)
        return record

    @property
    def fields(self) -> Mapping[str, Any]:
        """What a template sees: every answer under all its names, normalised, and `raw`."""
        return self._named.values

    @property
    def names(self) -> Mapping[str, str]:
        """The sender's own name for each name in `fields`."""
        return self._named.originals

    @property
    def repeated(self) -> tuple[str, ...]:
        """Which names of the body stood more than once, in words."""
        may_repeat = isinstance(self.raw, Suspect) or self.packing.each  # items may be plain copies
        places = [self.raw if may_repeat else None, None if self.body is self.raw else self.body]
        twice = dict.fromkeys(_repeated(places))
        return _some([f"{quote(name)} stands more than once in one object; the last one counts." for name in twice])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was ambiguous to a template, in words."""
        same = [
            f"There is more than one field like {quote(name)}; templates see the next one as {new}."
            for name, new in self._named.repeated.items()
        ]
        return _some([*self.repeated, *same])

    @cached_property
    def _named(self) -> Named:
        reserved = {"raw": self.raw, **self.told}
        return name_all(gather(self.body, self.root, self.packing), reserved)


def _some(warnings: list[str]) -> tuple[str, ...]:
    more = len(warnings) - _MOST_WARNINGS
    return (*warnings[:_MOST_WARNINGS], f"{more} more like these.") if more > 0 else tuple(warnings)


class Decoded(NamedTuple):
    """The submissions of one body; of an array, which may be empty, each item is answered for itself."""

    submissions: tuple[Submission, ...]
    is_array: bool


def unpack(raw: Any, headers: Mapping[str, str], packing: Packing) -> Decoded:
    """Take the steps of `packing` on what `decode.read` returned.

    `headers` need hold only those of `packing.headers`, in any case. Raises UnreadableBody where a step meets what
    it cannot read, InvalidSubmission where the body has not the sender's shape or more than 1,000 items.
    """
    if packing.bare_with_header is not None and header(headers, packing.bare_with_header) is not None:
        packing = packing._replace(root=(), answers=(), labels=(), merge=())
    items, is_array = _items(raw, packing)
    found = list[Submission]()
    for item in items:
        try:
            submissions, is_list = _unpack_item(item, headers, packing, is_opened=items is not raw and is_array)
            found += submissions
            is_array = is_array or is_list
        except (UnreadableBody, InvalidSubmission) as error:
            if not is_array:
                raise
            found.append(_refused(item, error))
    _count(found)
    return Decoded(tuple(found), is_array)


def _unpack_item(
    raw: Any, headers: Mapping[str, str], packing: Packing, *, is_opened: bool
) -> tuple[list[Submission], bool]:
    """Return the submissions of one body, and whether they stood in a list."""
    if not isinstance(raw, dict):
        raise _not_an_object()
    body = raw if is_opened else _open(raw, packing)
    is_test = holds(packing.test, body, headers)  # a probe need not have the shape of a submission
    roots = body if is_test else _root(body, packing)
    if not isinstance(roots, list):
        return [_submission(raw, body, roots, packing, headers)], False
    return [
        _submission(raw, body, root, packing, headers) if isinstance(root, dict) else _refused(raw, _not_an_object())
        for root in _count(roots)
    ], True


def _refused(raw: Any, refusal: LiaisonError) -> Submission:
    """Return an item that cannot be read: the others of its array are none the worse for it."""
    return Submission(raw, raw, raw, Packing(), {}, None, is_test=False, refusal=refusal)


def _not_an_object() -> InvalidSubmission:
    return InvalidSubmission("This item is not an object: send each submission as an object of fields.")


def _submission(raw: Any, body: Any, root: Any, packing: Packing, headers: Mapping[str, str]) -> Submission:
    told = {
        "submitted_at": tell(packing.submitted_at, body, headers),
        "form_id": tell(packing.form_id, body, headers),
        "form_name": tell(packing.form_name, body, headers),
    }
    return Submission(
        raw=raw,
        body=body,
        root=root,
        packing=packing,
        told={name: value for name, value in told.items() if value is not None},
        id=word(tell(packing.id, body, headers)) or None,
        is_test=holds(packing.test, body, headers),
        changed_by=word(tell(packing.changed_by, body, headers)),
    )


def _items(raw: Any, packing: Packing) -> tuple[list[Any], bool]:
    """Return what is a submission of its own, and whether they came as an array."""
    if isinstance(raw, list):
        return _count(raw), True
    if packing.each is None:
        return [raw], False
    items = find(_open(raw, packing), packing.each)
    if not isinstance(items, list):
        raise _not_shaped((packing.each,))
    return list(_count(items)), True


def _count(items: list[Any]) -> list[Any]:
    if len(items) > MOST_SUBMISSIONS:
        raise _too_many(len(items))
    return items


def _open(raw: Any, packing: Packing) -> Any:
    """Nest a form's names, and read JSON and base64 where they stand."""
    body = nest(raw, packing.nest) if isinstance(raw, Form) else raw
    for path in packing.unwrap_json:
        if path == "*":
            body = _read_texts(body)
        elif isinstance(text := find(body, path), str) and text.strip():
            body = replace(body, path, read_json(text, quote(path)))
    for path in packing.base64:
        if isinstance(text := find(body, path), str):
            body = replace(body, path, _unbase64(text, quote(path)))
    return body


def _read_texts(body: dict[str, Any]) -> dict[str, Any]:
    """Read every text that is JSON, such as Microsoft Forms' lists; what only looks like it stays text."""
    if len(body) > MOST_NAMES:
        raise too_many_names()
    read, left = dict(body), MOST
    for name, value in body.items():
        if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
            left -= value.count(",") + value.count("[") + value.count("{")
            if left < 0:
                raise UnreadableBody(f"The lists in its fields have more than {MOST:,} values. Send fewer of them.")
            with suppress(UnreadableBody):
                read[name] = read_json(value, "A field")
    return read


def _unbase64(text: str, what: str) -> Any:
    """Read base64 in either alphabet (RFC 4648), then JSON, or else text."""
    plain = "".join(text.split()).rstrip("=").translate(_URL_SAFE)
    try:
        content = b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError as error:  # binascii.Error is one
        raise UnreadableBody(f"{what} is not base64. Send it as base64, as this sender does.") from error
    decoded = decode(content, "utf-8", what)
    return read_json(decoded, what) if decoded.lstrip("\ufeff \t\r\n").startswith(("{", "[")) else decoded


def _root(body: Any, packing: Packing) -> Any:
    """Return the record, or a list of records; MISSING where the answers stand elsewhere."""
    if not (packing.root or packing.answers or packing.labels or packing.merge):
        return body
    root = first(body, packing.root)
    if isinstance(root, dict | list):
        return root
    if isinstance(root, str) and root:  # a message of plain text is a field, called as its place is
        for path in packing.base64:
            if path in packing.root and find(body, path) is root:
                return {path.rpartition(".")[2]: root}
    is_elsewhere = any(isinstance(find(body, place), dict | list) for place in _places(packing))
    if is_elsewhere and root in (MISSING, ""):
        return MISSING
    if packing.flat and root is MISSING:
        return body
    raise _not_shaped((*packing.root, *_places(packing)))


def _places(packing: Packing) -> Iterator[str]:
    """Give the paths of what stands beside the record, or instead of it."""
    yield from (step.at for step in packing.answers)
    yield from (step.at for step in packing.labels)
    yield from packing.merge


def _not_shaped(places: tuple[str, ...]) -> InvalidSubmission:
    shown = " or ".join(quote(place) for place in places[:3])
    return InvalidSubmission(
        f"The body has no object at {shown}, where this sender puts the answers. Check `from` of this hook.",
        errors=[FieldError(places[0], "is missing or not an object")],
    )


def _too_many(count: int) -> InvalidSubmission:
    return InvalidSubmission(
        f"The array has {count:,} items; at most {MOST_SUBMISSIONS:,} are taken. Send it in several requests."
    )


def _repeated(value: Any) -> list[str]:
    """Return the names that stood more than once in an object, at any depth."""
    names, waiting = list[str](), [value]
    for found in waiting:
        if isinstance(found, dict):
            names += found.names if isinstance(found, Repeating) else ()
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found
    return names
