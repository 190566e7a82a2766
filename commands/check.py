"""`./liaison check`: whether settings, hooks.yaml, ledger, secrets, login and tenant are as they must be; in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain

import click

from commands import printing
from commands.check_ledger import ledger_findings
from commands.deploy.doors import look_at_doors, refuse_open_doors
from commands.deploy.gcloud import Gcloud
from commands.deploy.installation import read_file
from commands.findings import Finding
from commands.proofs import proof_in_words
from commands.where import Where, chosen_installation, find_settings, hooks_file, say_where
from schemas.hooks import Hook
from schemas.signature import Hmac
from schemas.verification import secret_names
from services.deadline import Deadline
from services.errors import InvalidSettings, LiaisonError, SuperOfficeUnavailable
from services.hooks import read_hooks
from services.secret_store import SecretStore, open_store
from services.senders.verify import check_key
from services.settings import Settings, read_settings
from services.superoffice.client import WebApi
from services.superoffice.identity import WHO_AM_I
from services.superoffice.logins import open_ticket_holder, secrets_needed
from services.superoffice.tenant import Tenant
from services.superoffice.transport import Transport

PATIENCE = 20.0  # seconds for the login, and as many for the call
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}(@[0-9]{1,10})?")


@click.command(short_help="Check settings, hooks, ledger, secrets and login.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a script.")
@click.pass_context
def check(ctx: click.Context, as_json: bool) -> None:
    """Check the settings, hooks.yaml, the ledger, the secrets, the login and the tenant.

    Really logs in, and asks SuperOffice who that is; changes nothing, and prints no secret.
    """
    where = find_settings()
    if not as_json:
        say_where(where)
        click.echo()
    all_is_well = True
    findings = []
    for finding in chain(examine(where), _doors()):
        all_is_well &= finding.ok
        findings.append(asdict(finding))
        if not as_json:
            click.echo(printing.verdict(finding.ok, f"{click.style(finding.check, bold=True)}: {finding.detail}"))
    if as_json:
        printing.as_json(findings)
    ctx.exit(0 if all_is_well else 1)


def _doors() -> Iterator[Finding]:
    """Look who may call deliver and redeliver, where that is Google's to say."""
    if not (installation := chosen_installation()):
        return
    try:
        deployment = read_file(installation, {})
        refuse_open_doors(deployment, look_at_doors(Gcloud(installation.project), deployment))
    except LiaisonError as error:
        yield Finding("IAM", False, error.detail)
    else:
        yield Finding("IAM", True, "not everybody may call deliver and redeliver")


def examine(where: Where, store: SecretStore | None = None) -> Iterator[Finding]:
    """Look at one thing after another; what cannot be looked at because of an earlier mistake is left out.

    The secrets come from where SECRETS says, or out of `store`; then who asks may have no right to the ledger.
    """
    settings, finding = _settings(where)
    yield finding
    hooks, findings = _hooks(where)
    yield from findings
    if settings and store is None:
        yield from ledger_findings(settings)
    if location := where.environ.get("SECRETS", "").strip():
        try:
            store = store or open_store(location)
        except InvalidSettings as error:
            yield Finding("secrets", False, error.detail)
            return
        yield from _secrets(store, hooks, settings)
        if settings:
            yield from try_superoffice(settings, store, where)


def _settings(where: Where) -> tuple[Settings | None, Finding]:
    try:
        settings = read_settings(where.environ)
    except InvalidSettings as error:
        return None, Finding("settings", False, error.detail)
    return settings, Finding(
        "settings", True, f"those that are needed are there; login by {settings.superoffice_login}"
    )


def _hooks(where: Where) -> tuple[Sequence[Hook], Sequence[Finding]]:
    """Return the hooks that can be used, and a finding for each of them all."""
    file = hooks_file(where)
    try:
        hooks = read_hooks(file)
    except InvalidSettings as error:
        return (), (Finding("hooks.yaml", False, error.detail.removeprefix(f"{file}: ")),)
    public_url = where.environ.get("PUBLIC_URL", "").strip()
    mistakes = [Finding("hooks.yaml", False, mistake) for mistake in hooks.mistakes]
    return hooks.sound, [*mistakes, *(_hook(hook, public_url) for hook in hooks.sound)]


def _hook(hook: Hook, public_url: str) -> Finding:
    if isinstance(hook.verify, Hmac) and "url" in hook.verify.placeholders and not public_url:
        why = "its sender signs the address: set PUBLIC_URL to what the address begins with, as the sender has it."
        return Finding(f"hook {hook.name}", False, why)
    return Finding(f"hook {hook.name}", True, f"from {hook.sender}; proof: {proof_in_words(hook.verify)}")


def _secrets(store: SecretStore, hooks: Sequence[Hook], settings: Settings | None) -> Iterator[Finding]:
    """Look at each secret by its name: whether it is there, and whether its hooks can use it."""
    users: dict[str, list[Hook]] = {}
    for hook in hooks:
        for name in secret_names(hook.verify):
            users.setdefault(name, []).append(hook)
    for name in secrets_needed(settings) if settings else ():
        users.setdefault(name, [])
    with printing.log_aside():
        store.fetch(users)
    yield from (_secret(name, store, used_by) for name, used_by in users.items())


def _secret(name: str, store: SecretStore, used_by: Sequence[Hook]) -> Finding:
    hooks = ", ".join(hook.name for hook in used_by)
    # What stands in a name's place may be the secret itself, pasted there by mistake.
    check = f"secret {name}" if _NAME.fullmatch(name) else f"a secret of {hooks}"
    try:
        with printing.log_aside():
            value = store.text(name).encode()
    except LiaisonError as error:
        return Finding(check, False, error.detail)
    for hook in used_by:
        if why := check_key(hook.verify, value):
            return Finding(check, False, f"The hook {hook.name} cannot use it. {why}")
    return Finding(check, True, f"there, for {hooks or 'the login'}")


def try_superoffice(settings: Settings, store: SecretStore, where: Where) -> Iterator[Finding]:
    """Ask for the tenant's state, log in, and make a call that changes nothing."""
    tenant = None if settings.is_onsite else _tenant(settings, where)
    if tenant:
        yield tenant
    login = _login(settings, store)
    yield login
    if login.ok and (tenant is None or tenant.ok):
        yield _call(settings, store)


@printing.log_aside()
def _tenant(settings: Settings, where: Where) -> Finding:
    try:
        base = Tenant(settings, Transport(pool_size=1)).base(Deadline.after(PATIENCE))
    except SuperOfficeUnavailable as error:
        advice = "Check SUPEROFFICE_URL and SUPEROFFICE_TENANT, or wait for the end of SuperOffice's maintenance."
        if where.is_sandbox:
            advice = "Start it with `make run`."
        return Finding("tenant", False, f"{error.detail} {advice}")
    return Finding("tenant", True, f"{settings.superoffice_tenant} is running, at {base}")


@printing.log_aside()
def _login(settings: Settings, store: SecretStore) -> Finding:
    holder = open_ticket_holder(settings, store, Transport(pool_size=1))
    try:
        holder.authorization(Deadline.after(PATIENCE))
    except LiaisonError as error:
        return Finding("login", False, f"{settings.superoffice_login}: {error.detail}")
    return Finding("login", True, f"{settings.superoffice_login}: there is a ticket")


@printing.log_aside()
def _call(settings: Settings, store: SecretStore) -> Finding:
    try:
        told = WebApi(settings, store).send(WHO_AM_I, Deadline.after(PATIENCE)).json()
    except LiaisonError as error:
        return Finding("call", False, error.detail)
    name = told.get("FullName") or told.get("Associate") if isinstance(told, Mapping) else None
    return Finding("call", True, printing.printable(f"SuperOffice answers, and knows us as {name or 'nobody'}"))
