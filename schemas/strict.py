"""What the schemas of hooks.yaml and of the presets share: mappings that know each key, and their words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate


def suggestion(word: object, known: Iterable[str]) -> str:
    """Name what was probably meant by `word`, or else all that is known."""
    choices = list(known)
    close = get_close_matches(str(word), choices, n=1)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(choices)}."


def in_words(messages: Any, path: str) -> Iterator[str]:
    """Give each mistake that marshmallow found as `path: what is wrong`; an empty `path` is the top."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from in_words(inner, path if key == "_schema" else f"{path}.{key}".lstrip("."))
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            yield f"{path}: {message}"


class Strict(Schema):
    """A mapping in which `null` is as if not written, and an unknown key is answered with the one meant."""

    error_messages = {"type": "This must be a mapping of keys and values."}  # noqa: RUF012

    @pre_load
    def drop_nulls(self, written: Any, **_kwargs: Any) -> Any:
        """Let `null` take away what a preset says."""
        if not isinstance(written, Mapping):
            return written
        return {key: value for key, value in written.items() if value is not None}

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:
        """Say of each unknown key which one was probably meant."""
        known = [field.data_key or name for name, field in self.load_fields.items()]
        messages: Any = error.messages
        for key in messages.keys() - {*known, "_schema"}:
            messages[key] = [f"{key} is not known here; {suggestion(key, known)}"]


class Names(fields.Field[tuple[str, ...]]):
    """One name or a list of them, as a tuple."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[str, ...]:
        names = value if isinstance(value, list) else [value]
        if not names or not all(isinstance(name, str) and name.strip() for name in names):
            raise ValidationError("This must be a name, or a list of names.")
        return tuple(name.strip() for name in names)


def one_of(*choices: str) -> fields.String:
    """Make a field that takes one of these words; the first is the default."""

    def check(word: str) -> None:
        if word not in choices:
            raise ValidationError(f"{word} is not known here; {suggestion(word, choices)}")

    return fields.String(load_default=choices[0], validate=check)


def text(**options: Any) -> fields.String:
    """Make a field for a text that is not empty."""
    return fields.String(validate=validate.Length(min=1, error="This is empty: fill it in."), **options)


def header_name(**options: Any) -> fields.String:
    """Make a field for a header's name: a token (RFC 9110, section 5.1), so without a colon or a blank."""
    token = validate.Regexp(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z", error="{input} cannot be the name of a header.")
    return fields.String(validate=token, **options)


def required(example: str) -> dict[str, Any]:
    """Make the options of a field that must be there."""
    escaped = example.replace("{", "{{").replace("}", "}}")  # marshmallow formats its messages
    return {
        "required": True,
        "error_messages": {"required": f"This is missing: write for instance {escaped}"},
    }
