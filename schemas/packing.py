"""How a sender packs what people typed, as data: each step of unpacking, in the order in which it is taken.

Every step is optional; with none of them the body itself is the record. Two kinds of text stand in the values:

- a *path* leads from the body to a value: `form_response.answers`, `payload.0.name`; `.` is the body itself. A name
  with a dot in it (`data.json`) is found first as it stands.
- a *source* is a path, or a header (`header:Idempotency-Key`), or several of them that make one value only
  together (`eventId + subscriptionId + occurredAt`). In a list of sources the first that is there counts.

========================  ==============================================================================================
key                       value
========================  ==============================================================================================
`nest`                    which names of a *form* mean nesting: `brackets` (`a[b][]=x`, the default), `dots`; `[]` none
`unwrap_json`             paths whose text is JSON (Jotform's `rawRequest`), each read in its place; `"*"` is every
                          field at the top whose text happens to be a JSON list or object
`base64`                  paths whose text is base64 (Pub/Sub's `message.data`), then JSON or text, read in its place;
                          plain text at a `root` is a field (`data`)
`each`                    path of a list of which each item is a submission of its own, and the body of the steps below;
                          a body that is itself a list needs no `each`
`bare_with_header`        a header with which the steps from `root` to `merge` do not apply, the body being the record
                          (CloudEvents' binary mode: `ce-specversion`)
`root`                    path(s) to the record, the first that is there: its keys are names of fields; if it is a list,
                          each item is a submission
`answers`                 one or several lists (or mappings) of objects, each object an answer; see below
`labels`                  one or several lists of the form's questions, for further names; see below
`merge`                   path(s) of mappings whose keys are fields as well, all that are there
`flat`                    `true`: a body that has none of these places is itself the record; else it is refused
`keep`, `ignore`          only names with this pattern (a regular expression, searched for); none of these names
`prefix`                  a pattern at a name's start without which the field has a second name (Jotform's `^q\\d+_`)
`omit`                    keys left out of objects inside answers (a file's content)
`unwrap_single`           `true`: the tool wraps every value in a list; a list of one is that value, of none nothing
`submitted_at`,           sources of what a template sees under these names
`form_id`, `form_name`
`id`                      sources of the sender's own id of this delivery
`changed_by`              sources of who made a change in SuperOffice (an associate's id): our own changes are ignored
`test`                    mapping of sources to the value(s) that mark a test or a probe; `"*"`: that it is there at all
========================  ==============================================================================================

`answers` has, with paths that start at the object:

========================  ==============================================================================================
`at`                      path from the body to the list; in a mapping each key is its answer's first name
`names`                   path(s) of the answer's names, all of which count; the first is the one shown to people
`value`                   path(s) of the value, the first that is there; `<type>`: the key is what its `type` says
`text`                    where the value is an object: the keys of its text(s); what stands there replaces it, as a
                          list if one of them holds a list (Typeform: `[labels, label, other]`)
`options`                 path(s) of lists of `{id, text}`: such an id in the value is replaced by the text
`several`                 mapping of paths to the values that mark a question with several answers: always a list
`list_value`              path of the value of such a question, where a list stands there
`one`                     the same for a question with one answer that comes in a list: the answer alone
========================  ==============================================================================================

`labels` has `at` (path from the body), `match` (path of what equals one of the answer's names, or its key), `names`
(paths of further names) and `several`. A question listed there that nobody answered has its names too, with no value.

For example::

    typeform:
      answers:
        - {at: form_response.answers, names: [field.ref, field.id], value: <type>, text: [labels, label, other],
           several: {type: choices}}
        - {at: form_response.variables, names: key, value: <type>}
      labels: {at: form_response.definition.fields, match: id, names: [ref, title],
               several: {allow_multiple_selections: true}}
      merge: [form_response.hidden, form_response.calculated]
      submitted_at: form_response.submitted_at
      id: event_id
    jotform: {unwrap_json: rawRequest, root: rawRequest, keep: '^q\\d+_', prefix: '^q\\d+_', id: submissionID}
    elementor: {answers: {at: fields, names: title, value: value}, flat: true}
    hubspot-app: {id: eventId + subscriptionId + occurredAt}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from marshmallow import ValidationError, fields, post_load

from schemas.strict import Names, Strict, required, suggestion
from schemas.strict import text as words


class Part(NamedTuple):
    """A piece of a source: the value at a path of the body, or a header's."""

    name: str
    is_header: bool = False


Source = tuple[Part, ...]  # several parts make one value only together
Conditions = tuple[tuple[Source, tuple[str, ...]], ...]  # any of these values; "*" is any value at all


class Answers(NamedTuple):
    """A list, or a mapping, of objects that are one answer each."""

    at: str
    names: tuple[str, ...] = ()
    value: tuple[str, ...] = ("value",)
    text: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    several: Conditions = ()
    list_value: str | None = None
    one: Conditions = ()


class Labels(NamedTuple):
    """A list of the form's questions, which have names that the answers lack."""

    at: str
    match: str
    names: tuple[str, ...]
    several: Conditions = ()


class Packing(NamedTuple):
    """The steps of unpacking, in their order; each is left out where it is empty."""

    nest: tuple[str, ...] = ("brackets",)
    unwrap_json: tuple[str, ...] = ()
    base64: tuple[str, ...] = ()
    each: str | None = None
    bare_with_header: str | None = None
    root: tuple[str, ...] = ()
    answers: tuple[Answers, ...] = ()
    labels: tuple[Labels, ...] = ()
    merge: tuple[str, ...] = ()
    flat: bool = False
    keep: re.Pattern[str] | None = None
    ignore: tuple[str, ...] = ()
    prefix: re.Pattern[str] | None = None
    omit: tuple[str, ...] = ()
    unwrap_single: bool = False
    submitted_at: tuple[Source, ...] = ()
    form_id: tuple[Source, ...] = ()
    form_name: tuple[Source, ...] = ()
    id: tuple[Source, ...] = ()
    changed_by: tuple[Source, ...] = ()
    test: Conditions = ()

    @property
    def id_in_headers(self) -> tuple[Source, ...]:
        """The sources of the sender's id that stand in headers: one id for the whole request."""
        return tuple(source for source in self.id if any(part.is_header for part in source))

    @property
    def headers(self) -> frozenset[str]:
        """The headers that unpacking reads, in lower case: a body that is read again later needs them too."""
        told = (*self.id, *self.changed_by, *self.submitted_at, *self.form_id, *self.form_name)
        sources = [*told, *(key for key, _ in self.test)]
        named = {part.name for source in sources for part in source if part.is_header}
        return frozenset(name.lower() for name in {*named, *filter(None, [self.bare_with_header])})


def read_source(written: Any) -> Source:
    """Read `path`, `header:Name` or `{header: Name}`, several joined by ` + `."""
    prefix = ""
    if isinstance(written, Mapping) and written.keys() == {"header"}:
        prefix, written = "header:", written["header"]
    if not isinstance(written, str) or not all(name.strip() for name in written.split(" + ")):
        raise ValidationError("This must be a path such as data.id, or a header such as header:Webhook-Id.")
    return tuple(_part(prefix + name.strip()) for name in written.split(" + "))


def _part(written: str) -> Part:
    kind, colon, name = written.partition(":")
    return Part(name.strip(), is_header=True) if colon and kind == "header" else Part(written)


class _Sources(fields.Field[tuple[Source, ...]]):
    """One source or a list of them, the first that is there counting."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Source, ...]:
        return tuple(read_source(written) for written in (value if isinstance(value, list) else [value]))


class _Conditions(fields.Field[Conditions]):
    """A mapping of sources to a value or several; `true` and `false` are compared as their words."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Conditions:
        if not isinstance(value, Mapping):
            raise ValidationError("This must be a mapping of a path to its value, such as type: checkbox.")
        return tuple((read_source(key), self._values(wanted)) for key, wanted in value.items())

    def _values(self, wanted: Any) -> tuple[str, ...]:
        values = wanted if isinstance(wanted, list) else [wanted]
        if not values or not all(isinstance(item, str | int) for item in values):
            raise ValidationError('This must be a value or a list of values; "*" means any.')
        return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in values)


class _Pattern(fields.String):
    """A regular expression."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return re.compile(super()._deserialize(value, attr, data, **kwargs))
        except (re.error, RecursionError) as error:
            raise ValidationError(f"This is not a regular expression: {error}.") from error


class _Nest(Names):
    """`brackets`, `dots`, both or, as an empty list, neither."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        ways = () if value == [] else super()._deserialize(value, attr, data, **kwargs)
        for way in ways:
            if way not in ("brackets", "dots"):
                raise ValidationError(f"{way} is not known here; {suggestion(way, ('brackets', 'dots'))}")
        return ways


class _OneOrMore(fields.Field[tuple[Any, ...]]):
    """One mapping of a schema, or a list of them."""

    def __init__(self, schema: type[Strict]) -> None:
        super().__init__(load_default=())
        self.schema = schema

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            return (self.schema().load(value),)
        loaded, errors = [], {}
        for place, item in enumerate(value):
            try:
                loaded.append(self.schema().load(item))
            except ValidationError as error:
                errors[place] = error.messages
        if errors:
            raise ValidationError(errors)
        return tuple(loaded)


class AnswersSchema(Strict):
    """The keys of `answers`."""

    at = words(**required("at: data.fields"))
    names = Names(load_default=())
    value = Names(load_default=("value",))
    text = Names(load_default=())
    options = Names(load_default=())
    several = _Conditions(load_default=())
    list_value = fields.String()
    one = _Conditions(load_default=())

    @post_load
    def build(self, loaded: dict[str, Any], **_kwargs: Any) -> Answers:
        """Make the step."""
        return Answers(**loaded)


class LabelsSchema(Strict):
    """The keys of `labels`."""

    at = words(**required("at: definition.fields"))
    match = words(**required("match: id"))
    names = Names(**required("names: title"))
    several = _Conditions(load_default=())

    @post_load
    def build(self, loaded: dict[str, Any], **_kwargs: Any) -> Labels:
        """Make the step."""
        return Labels(**loaded)


class PackingSchema(Strict):
    """The keys of a packing, in a preset and in a user's senders.yaml."""

    nest = _Nest(load_default=("brackets",))
    unwrap_json = Names(load_default=())
    base64 = Names(load_default=())
    each = words()
    bare_with_header = words()
    root = Names(load_default=())
    answers = _OneOrMore(AnswersSchema)
    labels = _OneOrMore(LabelsSchema)
    merge = Names(load_default=())
    flat = fields.Boolean(load_default=False)
    keep = _Pattern()
    ignore = Names(load_default=())
    prefix = _Pattern()
    omit = Names(load_default=())
    unwrap_single = fields.Boolean(load_default=False)
    submitted_at = _Sources(load_default=())
    form_id = _Sources(load_default=())
    form_name = _Sources(load_default=())
    id = _Sources(load_default=())
    changed_by = _Sources(load_default=())
    test = _Conditions(load_default=())

    @post_load
    def build(self, loaded: dict[str, Any], **_kwargs: Any) -> Packing:
        """Make the packing."""
        return Packing(**loaded)
