"""Changes values in a YAML mapping that a person wrote, and leaves the rest of the text as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from services.yaml_file import Loader


def write_yaml(values: Mapping[Any, object]) -> str:
    """Write a mapping as YAML; a text of several lines, such as a private key, is a block that people can read."""
    return yaml.dump(dict(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def replace_values(text: str, values: Mapping[str, object]) -> str:
    """Return the text with these values under their keys, new keys at its end; comments and all other keys stay.

    Where one line cannot be changed alone (an alias, say), the mapping is written anew, and its comments go.
    The text has to be a YAML mapping, or empty.
    """
    wanted = {**(_read(text) or {}), **values}
    edited = text
    for key, value in values.items():
        edited = _replace(edited, key, write_yaml({key: value}))
    try:
        if _read(edited) == wanted:
            return edited
    except yaml.YAMLError:
        pass
    return write_yaml(wanted)


def _replace(text: str, key: str, written: str) -> str:
    """Put `written` in the place of the lines of a key, or at the end."""
    try:
        root = yaml.compose(text, Loader)
    except yaml.YAMLError:
        return text  # the one before has broken it; whoever compares will see
    lines = text.splitlines(keepends=True)
    for name, value in root.value if isinstance(root, yaml.MappingNode) else ():
        if name.value == key:
            start, end = name.start_mark.line, value.end_mark.line + (value.end_mark.column > 0)
            while end > start + 1 and _is_remark(lines[end - 1]):
                end -= 1  # what stands between two keys belongs to the next one
            return "".join([*lines[:start], written, *lines[end:]])
    ends = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{ends}{written}"


def _is_remark(line: str) -> bool:
    """Tell whether a line is blank or a comment; in a block of text every line is indented."""
    return not line.strip() or line.startswith("#")


def _read(text: str) -> Any:
    return yaml.load(text, Loader)  # noqa: S506 - it is the safe one


class _Dumper(yaml.SafeDumper):
    """Chooses the block style."""


def _style(text: str) -> str | None:
    """Write several lines as a block; a line end that is not `\\n` comes back as itself from quotes alone."""
    if not {"\x85", "\u2028", "\u2029", "\r"}.isdisjoint(text):
        return '"'
    return "|" if "\n" in text else None


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


_Dumper.add_representer(str, _represent_text)
