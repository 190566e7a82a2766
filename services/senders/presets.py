"""The presets: one file of ours that a user can read, and senders.yaml for a user's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from schemas.presets import Preset, load_preset
from schemas.strict import suggestion
from services.yaml_file import YamlMistake, parse_yaml, read_yaml

OURS = Path(__file__).parent / "presets.yaml"
OWN = "senders.yaml"  # beside hooks.yaml
_NAME = re.compile(r"^([a-z0-9][a-z0-9-]*):", re.MULTILINE)


class Presets:
    """Finds a preset by its name, one's own first. Raises YamlMistake where senders.yaml cannot be read."""

    def __init__(self, folder: Path):
        own = folder / OWN
        self._own: dict[str, Any] = read_yaml(own) or {} if own.is_file() else {}
        if not isinstance(self._own, dict):
            raise YamlMistake(f"{OWN} names no presets: write `my-tool:` and below it what it sends.")

    @property
    def own(self) -> frozenset[str]:
        """The names of the user's own presets."""
        return frozenset(map(str, self._own))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*map(str, self._own), *_sections())))

    def find(self, name: str) -> Preset:
        """Return the preset; raise ValidationError with what was probably meant, or with the mistakes in one's own."""
        if name in self._own:
            try:
                return load_preset(name, self._own[name])
            except ValidationError as error:
                raise ValidationError({OWN: {name: error.messages}}) from error
        if name not in _sections():
            raise ValidationError(f"{name} is not a preset; {suggestion(name, list(self))}")
        return _ours(name)


@lru_cache
def _sections() -> dict[str, str]:
    """Cut our file at its names: only those that are asked for are parsed, for all of them cost a cold start 30 ms."""
    content = OURS.read_text(encoding="utf-8")
    starts = [(found[1], found.start()) for found in _NAME.finditer(content)]
    ends = [start for _, start in starts[1:]] + [len(content)]
    return {name: content[start:end] for (name, start), end in zip(starts, ends, strict=True)}


@lru_cache
def _ours(name: str) -> Preset:
    return load_preset(name, parse_yaml(_sections()[name].encode())[name])
