"""`./liaison try`: what would become of a submission, step by step, without sending anything to SuperOffice."""

from __future__ import annotations

from typing import Any, BinaryIO

import click
from flask import Request

from commands import printing
from commands.rehearsal import Rehearsed, Tried, open_rehearsal, rehearse
from commands.saved_request import headers_given, make_request
from commands.try_report import report
from commands.where import find_settings, say_where
from schemas.hooks import Hook
from schemas.strict import suggestion
from services.composition import Services
from services.errors import LiaisonError


@click.command("try")
@click.argument("hook_name", metavar="HOOK")
@click.argument("file", type=click.File("rb"))
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header that came with it.")
@click.option("--url", default="", help="The address that was called, where the sender proves itself by it.")
@click.option("--no-proof", is_flag=True, help="Leave out the proof of who sent it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a script.")
@click.pass_context
def try_hook(
    ctx: click.Context,
    hook_name: str,
    file: BinaryIO,
    headers: tuple[str, ...],
    url: str,
    no_proof: bool,
    as_json: bool,
) -> None:
    """Try a submission on a hook: nothing is sent to SuperOffice.

    FILE is what a sender posted (`-`: from stdin): a body alone, or a whole HTTP request with its headers. It is read
    and proven as the webhook does it. Shown are the names that templates in hooks.yaml can use, what each template
    gave, and what would be sent.
    """
    content, given, where = file.read(), headers_given(headers), find_settings()
    if not as_json:
        say_where(where)
    services = open_rehearsal(where.environ, url)
    hook = _find(hook_name, services)
    request, remarks = make_request(content, url, f"/hooks/{hook.name}", given)
    with printing.log_aside():
        tried = rehearse(request, hook, services, with_proof=not no_proof)
    if as_json:
        printing.as_json(_told(tried, request, hook, remarks, with_proof=not no_proof))
    else:
        report(tried, request, hook, remarks, with_proof=not no_proof)
    ctx.exit(0 if tried.ok else 1)


def _find(name: str, services: Services) -> Hook:
    """Return the hook; a name that hooks.yaml lacks is a mistake of the caller's."""
    if name not in services.hooks.by_name:
        meant = suggestion(name, services.hooks.by_name)
        raise click.BadParameter(f"hooks.yaml has no hook {name}; {meant}", param_hint="HOOK")
    return services.hooks.find(name)


def _told(tried: Tried, request: Request, hook: Hook, remarks: tuple[str, ...], *, with_proof: bool) -> dict[str, Any]:
    """Return all of it for a script."""
    error = tried.not_proven
    proof = {"ok": error is None, "detail": error and error.detail} if with_proof else None
    return {
        "ok": tried.ok,
        "hook": hook.name,
        "from": hook.sender,
        "request": {"method": request.method, "content_type": request.content_type, "bytes": tried.size},
        "proof": proof,
        "refused": _refused(tried.unreadable),
        "remarks": list(remarks),
        "is_array": tried.is_array,
        "results": [result_told(item) for item in tried.items],
    }


def result_told(item: Rehearsed) -> dict[str, Any]:
    """Return what became of one submission for a script."""
    call = item.call
    return {
        "ignored": item.ignored,
        "names": dict(item.explanation.names),
        "templates": [vars(template) for template in item.explanation.templates],
        "recognised": dict(item.recognised),
        "request": call and {"method": call.method, "path": call.path, "params": call.params, "body": call.body},
        "refused": _refused(item.refusal),
        "warnings": list(item.warnings),
    }


def _refused(error: LiaisonError | None) -> dict[str, Any] | None:
    if error is None:
        return None
    errors = [{"field": mistake.field, "message": mistake.message} for mistake in error.errors]
    return {"status": error.status, "reason": error.reason, "detail": error.detail, "errors": errors}
