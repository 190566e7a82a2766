"""What `./liaison try` prints for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import click
from flask import Request

from commands.printing import INDENT, columns, printable, section, verdict, warn, written
from commands.proofs import proof_in_words
from commands.rehearsal import Rehearsed, Tried
from schemas.hooks import Hook
from services.errors import LiaisonError, NotProven
from services.explain import Explained, Explanation
from services.superoffice.client import Call

NOT_GIVEN = "(not given)"
NO_RELATION = (
    "This hook has no `relation:` that makes one of the names above, so the body must name SuperOffice's fields."
)


def report(tried: Tried, request: Request, hook: Hook, remarks: Sequence[str], *, with_proof: bool) -> None:
    """Print what came, what was made of it, and what would be sent."""
    section("What came")
    columns(list(_came(tried, request, hook, with_proof=with_proof)))
    if tried.unreadable:
        _refusal(tried.unreadable)
    for place, item in enumerate(tried.items, 1):
        if tried.is_array:
            section(f"Submission {place} of {len(tried.items)}")
        report_item(item, hook)
    if remarks:
        _warnings(remarks)
    if tried.is_array and not tried.items:
        click.echo(f"\n{INDENT}The array is empty: it would be answered as ignored.")


def _came(tried: Tried, request: Request, hook: Hook, *, with_proof: bool) -> Iterator[tuple[str, str]]:
    kind = request.mimetype or "no content type"
    path, query, _ = request.environ["RAW_URI"].partition("?")  # in the query there may be the secret
    yield "request", printable(f"{request.method} {path}{query and '?…'}, {kind}, {tried.size} bytes")
    yield "hook", f"{hook.name}, from {hook.sender}"
    yield "proof", _proof(tried.not_proven, hook, with_proof=with_proof)
    ids = [item.submission.id for item in tried.items if item.submission.id]
    if ids:
        yield "sender's id", printable(", ".join(ids))


def _proof(error: LiaisonError | None, hook: Hook, *, with_proof: bool) -> str:
    """Say whether the sender is proven, by what, or why not."""
    if not with_proof:
        return f"left out (this hook asks for {proof_in_words(hook.verify)})"
    if error is None:
        return verdict(True, proof_in_words(hook.verify))
    hint = " (--no-proof leaves it out)" if isinstance(error, NotProven) else ""
    return verdict(False, f"{error.detail}{hint}")


def report_names(explanation: Explanation) -> None:
    """Print the names that templates can use, and what each template gave."""
    section("Names you can use")
    columns([(name, written(value)) for name, value in explanation.names] or [("", "none")])
    if templates := explanation.templates:
        section("What the templates gave")
        columns([(template.path, template.template, _gave(template)) for template in templates])


def report_item(item: Rehearsed, hook: Hook) -> None:
    """Print what was made of one submission, and what would be sent."""
    report_names(item.explanation)
    if hook.relation is None and item.recognised:
        section("Fields recognised")
        columns([(name, written(value)) for name, value in item.recognised.items()])
    if item.wish and item.wish.matched:
        section("What was found in SuperOffice")
        columns([(part, f"by {selector}") for part, selector in item.wish.matched.items()])
    if item.wish and not item.call and not item.refusal:
        section("What would be sent")
        click.echo(f"{INDENT}Nothing: the relation is there already, as it is to be.")
    if item.ignored:
        section("What would be sent")
        why = "it is a test or a probe of the sender's" if item.submission.is_test else "`when` says no"
        click.echo(f"{INDENT}Nothing: {why}. It would be answered as ignored.")
    if item.call:
        section("What would be sent")
        _call(item.call)
    if item.refusal:
        _refusal(item.refusal)
        if hook.relation is None:
            click.echo(f"{INDENT}{NO_RELATION}")
    if item.warnings:
        _warnings(item.warnings)


def _gave(template: Explained) -> str:
    if template.mistake:
        return verdict(False, printable(template.mistake))
    return NOT_GIVEN if template.value is None else written(template.value)


def _call(call: Call) -> None:
    query = "&".join(f"{name}={value}" for name, value in call.params.items())
    click.echo(f"{INDENT}{call.method} /api/v1{call.path}{'?' if query else ''}{query}")
    for line in json.dumps(call.body, ensure_ascii=False, indent=2).splitlines():
        click.echo(f"{INDENT}{printable(line)}")


def _refusal(error: LiaisonError) -> None:
    """Print a refusal as the sender would hear it: a status, a sentence, and the fields to blame."""
    section("What would be sent")
    click.echo(f"{INDENT}{verdict(False, f'Nothing: it is refused with {error.status}.')}")
    click.echo(f"{INDENT}{printable(error.detail)}")
    if len(error.errors) > 1:
        for mistake in error.errors:
            click.echo(f"{INDENT * 2}{printable(f'{mistake.field}: {mistake.message}')}")


def _warnings(warnings: Sequence[str]) -> None:
    section("Warnings")
    for warning in warnings:
        warn(warning)
