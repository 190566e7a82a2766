"""The hooks: hooks.yaml, read once, and each hook found by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from marshmallow import ValidationError

from schemas.hooks import Hook, load_hooks
from services.errors import InvalidHook, InvalidSettings, UnknownHook
from services.senders.presets import Presets
from services.yaml_file import YamlMistake, read_yaml


class Hooks(NamedTuple):
    """All hooks by name; in the place of one that is wrong, what is wrong with it."""

    by_name: Mapping[str, Hook | str]

    def find(self, name: str) -> Hook:
        """Return the hook; raise UnknownHook, which lists nothing, or InvalidHook."""
        hook = self.by_name.get(name)
        if hook is None:
            raise UnknownHook("There is no such address: check the one that was given to you.")
        if isinstance(hook, str):
            raise InvalidHook(hook)
        return hook

    def find_kept(self, name: str) -> Hook:
        """Return the hook that something was kept for; raise InvalidHook also where it has gone since."""
        if name not in self.by_name:
            raise InvalidHook(f"{name} is not in hooks.yaml any more: put it back, or dismiss what came for it.")
        return self.find(name)

    @property
    def sound(self) -> tuple[Hook, ...]:
        """The hooks without a mistake."""
        return tuple(hook for hook in self.by_name.values() if isinstance(hook, Hook))

    @property
    def mistakes(self) -> tuple[str, ...]:
        """What is wrong with the others, in words."""
        return tuple(hook for hook in self.by_name.values() if isinstance(hook, str))


def read_hooks(path: str) -> Hooks:
    """Read hooks.yaml; raise InvalidSettings where none of it can be used."""
    try:
        presets = Presets(Path(path).parent)
        return Hooks(load_hooks(read_yaml(Path(path)), presets.find))
    except FileNotFoundError as error:
        raise InvalidSettings(f"{path} is not there: copy hooks.example.yaml, or set HOOKS to where it is.") from error
    except OSError as error:
        raise InvalidSettings(f"{path} cannot be opened: {error.strerror}.") from error
    except YamlMistake as error:
        raise InvalidSettings(f"{path}: {error}") from error
    except ValidationError as error:
        raise InvalidSettings(f"{path}: {error.messages[0]}") from error
