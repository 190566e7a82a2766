"""What a deployment is made of: a thing that must be there, with gcloud's lines that make, change and remove it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

FILLED = "{filled}"


class Line(NamedTuple):
    """One call of gcloud, without `gcloud` itself and `--project`.

    `secret` names the secret whose value is given to its standard input. With `once` it is no mistake that the thing is
    there already. The output of `fill`, another call, stands in for `{filled}`.
    """

    words: tuple[str, ...]
    secret: str = ""
    once: bool = False
    fill: tuple[str, ...] = ()


def line(*words: str, secret: str = "", once: bool = False, fill: tuple[str, ...] = ()) -> Line:
    """Make a line out of its words."""
    return Line(words, secret, once, fill)


@dataclass(frozen=True)
class Resource:
    """Something that must be there, with what must be true of it (`wanted`).

    `change` brings one that is there to what is wanted; empty where that cannot be done. `make` may be run again and
    does no harm; where it would, `look` prints something if the thing is there. Those with the same `stage` and another
    `lane` do not wait for each other.
    """

    kind: str
    name: str
    stage: int
    lane: str
    make: tuple[Line, ...]
    change: tuple[Line, ...] = ()
    undo: tuple[Line, ...] = ()
    look: tuple[str, ...] = ()
    wanted: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """What it is found by among what is there."""
        return self.kind, self.name


Found = Mapping[tuple[str, str], Mapping[str, Any]]
"""What is there: the state of each thing by its kind and name."""


def differences(resource: Resource, found: Found) -> tuple[str, ...] | None:
    """Say what is not as wanted, for people; None where the thing is not there at all."""
    state = found.get(resource.key)
    if state is None:
        return None
    return tuple(
        words
        for what, wanted in resource.wanted.items()
        if state.get(what) != wanted
        for words in _in_words(what, state.get(what), wanted)
    )


def _in_words(what: str, there: Any, wanted: Any) -> tuple[str, ...]:
    if isinstance(wanted, Mapping):
        there = there or {}
        names = sorted(name for name in wanted.keys() | there.keys() if there.get(name) != wanted.get(name))
        return (f"{what}: {', '.join(names)}",)
    if wanted is True:
        return (what,)
    if what == "source":  # two fingerprints say nothing to anybody
        return ("the program or its files",)
    return (f"{what}: {'none' if there is None else there} → {wanted}",)
