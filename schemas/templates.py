"""The templates of hooks.yaml: plain values, text with `{JMESPath}` in it, and `{value, map, else}`.

A template is compiled once, when the file is read: what is wrong with it is said then, with its column.
JMESPath: https://jmespath.org/specification.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from marshmallow import ValidationError, fields

from schemas.expressions import Expression, read_expression
from schemas.strict import suggestion

Scalar: TypeAlias = str | int | float | bool


class Constant(NamedTuple):
    """A value without braces: every submission gets the same."""

    value: Scalar


class Single(NamedTuple):
    """A text that is one `{…}` and nothing else: the value keeps its type."""

    expression: Expression


class Text(NamedTuple):
    """A text put together from what is written and what the submission holds."""

    parts: tuple[str | Expression, ...]


class Choice(NamedTuple):
    """`{value: …, map: …, else: …}`; `listed` are the texts of `map` as written, for messages."""

    value: Template
    listed: tuple[str, ...]
    table: Mapping[str, Template]
    otherwise: Template | None = None


Template: TypeAlias = Constant | Single | Text | Choice

CHOICE_KEYS = ("value", "map", "else")

# YAML 1.1 reads a bare `yes:` or `on:` as true; what was written is lost, so each of them is meant.
_SPELLINGS = {True: ("true", "yes", "on"), False: ("false", "no", "off")}


class TemplateField(fields.Field[Template]):
    """A template of hooks.yaml."""

    default_error_messages = {"null": "Nothing stands here: write a value, or leave the key out."}  # noqa: RUF012 (marshmallow's own way)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Template:
        return compile_template(value)


def compile_template(source: Any) -> Template:
    """Return the template; a ValidationError says what is wrong with it and at which column."""
    if isinstance(source, Mapping):
        return _choice(source)
    if isinstance(source, str):
        return _text(source)
    if isinstance(source, bool | int | float):
        return Constant(source)
    raise ValidationError(
        "A template is a text, a number, or {value: …, map: {…}}; put quotes around what is meant as text."
    )


def constants(template: Template) -> Iterator[Scalar]:
    """Give the values that a template can come to without asking the submission."""
    if isinstance(template, Constant):
        yield template.value
    elif isinstance(template, Choice):
        for result in (*template.table.values(), template.otherwise):
            if result is not None:
                yield from constants(result)


def written(template: Template) -> str:
    """Return the template much as it stands in hooks.yaml, for messages and for `try`."""
    if isinstance(template, Constant):
        return str(template.value)
    if isinstance(template, Single):
        return f"{{{template.expression.written}}}"
    if isinstance(template, Text):
        braced = (part if isinstance(part, str) else f"{{{part.written}}}" for part in template.parts)
        return "".join(braced)
    return f"{written(template.value)} by its map"


def fold(text: str) -> str:
    """Return what a text and its spellings in other case and spacing have in common."""
    return " ".join(text.split()).casefold()


def _text(source: str) -> Template:
    parts = tuple(_parts(source))
    if not any(isinstance(part, Expression) for part in parts):
        return Constant("".join(str(part) for part in parts))
    if len(parts) == 1 and isinstance(parts[0], Expression):
        return Single(parts[0])
    return Text(parts)


def _parts(source: str) -> Iterator[str | Expression]:
    """Cut a text at its expressions; `{{` is a brace, and so are `}}` and the lone `}` that closes it."""
    literal, opened, position = "", 0, 0
    while position < len(source):
        here = source[position]
        doubled = here in "{}" and source.startswith(here * 2, position)
        if here == "{" and not doubled:
            if literal:
                yield literal
            expression, position = read_expression(source, position)
            yield expression
            literal = ""
            continue
        if here == "}" and not doubled and not opened:
            raise ValidationError(
                f"Column {position + 1}: this }} closes nothing. Put a {{ before the name, or write }}}}."
            )
        opened += {"{": 1, "}": -1 if opened else 0}.get(here, 0)
        literal += here
        position += 2 if doubled else 1
    if literal:
        yield literal


def _choice(source: Mapping[Any, Any]) -> Choice:
    if len(source) == 1 and None in source.values():  # {name} without quotes is {name: null} to YAML
        raise ValidationError(f'Put quotes around the braces: "{{{next(iter(source))}}}".')
    mistakes: dict[str, Any] = {
        str(key): [f"{key} is not known here; {suggestion(key, CHOICE_KEYS)}"]
        for key in source
        if key not in CHOICE_KEYS
    }
    compiled: dict[str, Template] = {}
    for key in ("value", "else"):
        if key in source:
            _compile_into(compiled, key, source[key], mistakes)
    if not isinstance(compiled.get("value"), Single | Text):
        mistakes.setdefault("value", ['Say which field is looked up, in braces, such as "{level}".'])
    results = _results(source.get("map"), mistakes)
    if mistakes:
        raise ValidationError(mistakes)
    folded = {fold(text): result for text, result in reversed(results.items())}  # the first written wins
    return Choice(compiled["value"], tuple(results), folded | results, compiled.get("else"))


def _results(source: Any, mistakes: dict[str, Any]) -> dict[str, Template]:
    """Compile what each text of `map` stands for; an empty result means "not given"."""
    results: dict[str, Template] = {}
    wrong: dict[str, Any] = {}
    if not isinstance(source, Mapping) or not source:
        mistakes["map"] = ["Say what each value means, such as {Gold: Partner of, Silver: Customer of}."]
        return results
    for key, result in source.items():
        if key is None:
            wrong["null"] = ["Put quotes around what is meant as text."]
            continue
        for text in _SPELLINGS[key] if isinstance(key, bool) else (str(key),):
            _compile_into(results, text, result, wrong)
    if wrong:
        mistakes["map"] = wrong
    return results


def _compile_into(compiled: dict[str, Template], key: str, source: Any, mistakes: dict[str, Any]) -> None:
    try:
        compiled[key] = compile_template("" if source is None else source)
    except ValidationError as error:
        mistakes[key] = error.messages
