"""What `./liaison show` prints for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from commands.printing import INDENT, columns, printable, section, warn, written
from commands.rehearsal import Rehearsed
from commands.rows import MEANINGS
from commands.times import shown as time_shown
from commands.try_report import report_item, report_names
from schemas.hooks import Hook
from schemas.ledger import Content, Delivery
from services.explain import Explanation
from services.finding import decoded, own_part
from services.ledger.transitions import earlier_of, relation_of
from services.superoffice.candidates import Candidate

MOST_LINES = 200  # of what came

Candidates = Mapping[str, Sequence[Candidate]]


@dataclass(frozen=True)
class Shown:
    """A delivery with all that is known of it; `why_not` says why nothing was made of what came."""

    delivery: Delivery
    answer: Mapping[str, Any]
    content: Content | None = None
    hook: Hook | None = None
    names: Explanation | None = None
    made: Rehearsed | None = None
    why_not: str = ""
    candidates: Candidates = field(default_factory=dict)

    @property
    def came(self) -> Any:
        """What came as it is read, of an array the item alone."""
        return own_part(decoded(self.content), self.delivery.item)


def report(shown: Shown) -> None:
    """Print where it stands, what came, what is made of it, each try, and who may be meant."""
    section(f"Delivery {shown.delivery.id}")
    columns(list(_standing(shown.delivery)))
    if shown.content is not None:
        section("What came")
        _body(shown)
    if shown.made and shown.hook:
        report_item(shown.made, shown.hook)
    elif shown.names:
        report_names(shown.names)
    if shown.why_not:
        section("What would be sent")
        warn(shown.why_not)
    for path, candidates in shown.candidates.items():
        _choice(path, candidates, shown.delivery)
    if troubles := shown.delivery.troubles:
        section("Tries that failed")
        for each in troubles:
            click.echo(f"{INDENT}{time_shown(each.at)}  {each.reason}")
            click.echo(f"{INDENT * 2}{printable(each.words) or '(its words are emptied)'}")
    section("The answer as it stands now")
    _json(_in_short(shown.answer))


def _standing(delivery: Delivery) -> Iterator[tuple[str, str]]:
    yield "status", f"{delivery.status}: {MEANINGS[delivery.status]}"
    yield "hook", printable(delivery.hook)
    item = "" if delivery.item is None else f", item {delivery.item + 1} of an array"
    yield "came", f"{time_shown(delivery.received_at)}, {delivery.size} bytes{item}"
    if delivery.key and not delivery.key.startswith("sha256/"):
        yield "sender's id", printable(delivery.key)
    if delivery.due_at is not None:
        yield "next try", f"{time_shown(delivery.due_at)}, after {delivery.tries} that failed"
    if delivery.doubt:
        yield "in doubt", f"since {time_shown(delivery.doubt.at)}: whether that save was done is looked into first"
    if delivery.decision:
        yield "decision", written(dict(delivery.decision))
    if relation := relation_of(delivery):
        yield "relation", str(relation)
    if earlier := [str(one) for one in earlier_of(delivery) if one != relation]:
        yield "saved before", f"as relation {', '.join(earlier)}, still in SuperOffice: delete it there if it is wrong"
    if delivery.emptied_at is not None:
        yield "emptied", time_shown(delivery.emptied_at)


def _body(shown: Shown) -> None:
    content = shown.content
    assert content is not None  # noqa: S101 - it is not printed otherwise
    headers = [(name, printable(value)) for name, value in content.headers.items()]
    columns([("content type", printable(content.content_type) or "none"), *headers])
    if isinstance(shown.came, str):
        _lines(shown.came.splitlines())
    else:
        _json(shown.came)


def _in_short(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out what SuperOffice tells of a relation's fields and of who saved it: a hundred lines, in --json."""
    relation = answer.get("relation")
    if not isinstance(relation, Mapping):
        return answer
    return {**answer, "relation": {name: value for name, value in relation.items() if not isinstance(value, Mapping)}}


def _json(value: Any) -> None:
    _lines(json.dumps(value, ensure_ascii=False, indent=2, default=str).splitlines())


def _lines(lines: Sequence[str]) -> None:
    for line in lines[:MOST_LINES]:
        click.echo(f"{INDENT}{printable(line)}")
    if len(lines) > MOST_LINES:
        click.echo(f"{INDENT}… and {len(lines) - MOST_LINES} more lines: --json shows them all")


def _choice(path: str, candidates: Sequence[Candidate], delivery: Delivery) -> None:
    """List those who fit, and how to say who is meant."""
    end, _, kind = path.partition(".")
    section(f"Who may be meant as {path}")
    columns([(str(one.id), *map(printable, one[1:])) for one in candidates])
    click.echo(f"{INDENT}To choose one: ./liaison replay {delivery.id} --{end}-{kind} ID")
