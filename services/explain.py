"""What each template of a `relation:` makes of one submission, for a person who is writing hooks.yaml."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.relation_mapping import RelationMapping
from schemas.templates import Template, written
from services.errors import InvalidSubmission
from services.templates import evaluate


@dataclass(frozen=True)
class Explained:
    """One template: where it stands, as it is written, what it gave (None: not given), or why it failed."""

    path: str
    template: str
    value: Any = None
    mistake: str | None = None


@dataclass(frozen=True)
class Explanation:
    """Every name that a template may use with its value, and every template with what it gave."""

    names: tuple[tuple[str, Any], ...]
    templates: tuple[Explained, ...]


def explain(mapping: RelationMapping, fields: Mapping[str, Any], when: Template | None = None) -> Explanation:
    """Work every template out, whether or not the others fail. `raw`, which repeats it all, comes last."""
    return Explanation(
        names=tuple(sorted(fields.items(), key=lambda named: named[0] == "raw")),
        templates=tuple(_explained(path, template, fields) for path, template in _templates(mapping, when)),
    )


def _explained(path: str, template: Template, fields: Mapping[str, Any]) -> Explained:
    try:
        return Explained(path, written(template), evaluate(template, fields))
    except InvalidSubmission as error:
        return Explained(path, written(template), mistake=error.errors[0].message)


def _templates(mapping: RelationMapping, when: Template | None) -> Iterator[tuple[str, Template]]:
    """Give every template with its path, in the order of hooks.yaml's table of keys."""
    if when is not None:
        yield "when", when
    for key, template in (("definition", mapping.definition), ("id", mapping.id), ("action", mapping.action)):
        if template is not None:
            yield f"relation.{key}", template
    for end, party in (("source", mapping.source), ("destination", mapping.destination)):
        for part, selectors in (("company", party.company), ("person", party.person)):
            for kind, template in selectors:
                yield f"relation.{end}.{part}.{kind}", template
    if mapping.comment is not None:
        yield "relation.comment", mapping.comment
