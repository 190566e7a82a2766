"""`./liaison connect`: an administrator approves the app, and what Liaison needs to log in is stored and tried."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from commands import asking, local_files, printing
from commands.connecting import Target, find_target, prove, read_stored
from commands.private_key import read_key
from commands.redirect import address_of, ask_for_address, listening
from commands.run import ROOT
from commands.where import Where, find_settings
from services.deadline import Deadline
from services.errors import LoginRefused
from services.secret_writing import Writer, open_writer
from services.superoffice.consent import Consent, read_code, redeem, request_consent
from services.superoffice.id_token import Approval, read_id_token
from services.superoffice.transport import Transport

PORT = 8400  # fixed, because the redirect address is registered with the app
PATIENCE = 20.0  # seconds for redeeming the code, and checking what came
ENVIRONMENTS = ("sod", "qaonline", "online")
APP_TOKEN, CLIENT_ID = "superoffice-app-token", "superoffice-client-id"
PRIVATE_KEY, SYSTEM_TOKEN = "superoffice-private-key", "superoffice-system-token"
REFRESH_TOKEN = "superoffice-refresh-token"  # noqa: S105


@dataclass(frozen=True)
class App:
    """What SuperOffice gave when the app was registered; `private_key` is a PEM, or empty where none is needed."""

    client_id: str
    client_secret: str
    private_key: str


@click.command(short_help="Connect to a SuperOffice tenant.")
@click.option("--environment", type=click.Choice(ENVIRONMENTS), help="SuperOffice's: development, stage, production.")
@click.option("--tenant", help="The tenant that is to approve, such as Cust26759; any, where it is left out.")
@click.option("--login", type=click.Choice(("system-user", "refresh-token")), help="How Liaison is to log in.")
@click.option("--secrets", help="Where the secrets go, as in the setting SECRETS.")
@click.option("--client-id", help="The app's client id (no secret); asked for otherwise.")
@click.option("--key-file", type=click.Path(), help="The app's private key, PEM or XML; - is stdin.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="The browser comes back here."
)
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
@click.option("--paste", is_flag=True, help="For a browser on another machine: paste the address that it ends at.")
def connect(**options: Any) -> None:
    """Connect to a SuperOffice tenant: have the app approved, store what it needs, and prove it by logging in.

    Client id, client secret and key come from the options, from the environment (SUPEROFFICE_CLIENT_ID,
    SUPEROFFICE_APP_TOKEN, SUPEROFFICE_PRIVATE_KEY), or are asked for; without a terminal they are read from stdin,
    a line each, the key last. What is stored already need not be given again. Nothing is stored before the login works.
    """
    folder = Path.cwd()  # before the repository becomes that
    where = find_settings()
    target = find_target(where, options["environment"], options["tenant"], options["login"], options["secrets"])
    click.secho(f"{target.tenant or 'A tenant'} at {target.url}, secrets to {target.secrets}", dim=True)
    writer = open_writer(target.secrets)
    writer.prepare()
    app = _ask_for_app(options["client_id"], options["key_file"], folder, target, where)
    consent = request_consent(target.url, app.client_id, address_of(options["port"]), target.tenant)
    code = _await_code(consent, options)
    approval, refresh_token = _redeem(consent, code, app.client_secret)
    values = _values(app, approval, refresh_token, target)
    connected = target.with_tenant(approval.tenant)
    prove(connected, values, where)
    _store(writer, values, connected)
    _say_settings(connected, where)


def _ask_for_app(client_id: str | None, key_file: str | None, folder: Path, target: Target, where: Where) -> App:
    """Ask for what was not given; of the same login host what is stored will do."""
    names = (CLIENT_ID, APP_TOKEN, PRIVATE_KEY)
    stored = read_stored(target.secrets, names) if target.is_that_of(where) else {}
    given = {name: asking.from_environment(name) for name in names}
    known = client_id or given[CLIENT_ID]
    known = known or asking.ask("The app's client id", hidden=False, stored=stored.get(CLIENT_ID, ""))
    secret = given[APP_TOKEN] or asking.ask("The app's client secret", stored=stored.get(APP_TOKEN, ""))
    key = ""
    if target.login == "system-user":
        old = stored.get(PRIVATE_KEY, "")
        from_environment = given[PRIVATE_KEY] and not key_file
        key = read_key(given[PRIVATE_KEY]) if from_environment else asking.ask_key(key_file, folder=folder, stored=old)
    return App(known.strip(), secret, key)


def _await_code(consent: Consent, options: Mapping[str, Any]) -> str:
    """Send the administrator to SuperOffice's page, and return the code that comes back."""
    if options["paste"]:
        click.echo(f"\nOpen this address in a browser, and approve the app there:\n\n{consent.address}\n")
        click.echo("The browser will then fail to open a page of this machine: that is right. Copy its address.")
        return ask_for_address(lambda told: read_code(consent, told))
    with listening(options["port"], lambda told: read_code(consent, told)) as wait:
        click.echo(f"\nApprove the app in the browser, as an administrator of the tenant:\n\n{consent.address}\n")
        click.secho(f"(The app has to be registered with the redirect address {consent.redirect_uri})", dim=True)
        if not options["no_browser"] and not webbrowser.open(consent.address):
            click.echo("No browser could be opened here: open the address yourself, or use --paste.")
        return wait()


def _redeem(consent: Consent, code: str, client_secret: str) -> tuple[Approval, str]:
    """Return what was approved, and the refresh token; raise LoginRefused for another tenant than the wanted one."""
    transport, deadline = Transport(pool_size=1), Deadline.after(PATIENCE)
    with printing.log_aside():
        told = redeem(consent, code, client_secret, transport, deadline)
        approval = read_id_token(told["id_token"], consent, transport, deadline)
    if consent.tenant and approval.tenant.lower() != consent.tenant.lower():
        raise LoginRefused(
            f"The app was approved in {approval.tenant}, and {consent.tenant} was to approve it. Run the command again"
            f" and choose {consent.tenant} on SuperOffice's page, or say --tenant {approval.tenant}."
            " Nothing was stored."
        )
    by = printing.printable(f"{approval.company}, {approval.tenant}" if approval.company else approval.tenant)
    click.echo(printing.verdict(True, f"Approved in {by}; its WebAPI is at {printing.printable(approval.webapi_url)}"))
    return approval, str(told.get("refresh_token") or "")


def _values(app: App, approval: Approval, refresh_token: str, target: Target) -> dict[str, str]:
    """Return the secrets that the login needs; raise LoginRefused where SuperOffice did not give one."""
    known = {APP_TOKEN: app.client_secret, CLIENT_ID: app.client_id}
    if target.login == "refresh-token":
        if not refresh_token:
            raise LoginRefused(
                "SuperOffice gave no refresh token. Check how the app is registered. Nothing was stored."
            )
        return {**known, REFRESH_TOKEN: refresh_token}
    if approval.system_token:
        return {**known, SYSTEM_TOKEN: approval.system_token, PRIVATE_KEY: app.private_key}
    if not approval.by_administrator:
        raise LoginRefused(
            "SuperOffice gave no system user token, because who approved is not an administrator of the tenant."
            " Run the command again, and have an administrator approve. Nothing was stored."
        )
    raise LoginRefused(
        "SuperOffice gave no system user token. Register the app as server to server in the developer portal, or use"
        " --login refresh-token. Nothing was stored."
    )


def _store(writer: Writer, values: Mapping[str, str], target: Target) -> None:
    for name, outcome in writer.write(values, keep=False).items():
        click.echo(printing.verdict(True, f"{click.style(name, bold=True)}: {outcome}"))
    local_files.make_folder(ROOT)
    local_files.write_settings(ROOT, target.settings(), local_files.CONNECT_ENV)


def _say_settings(target: Target, where: Where) -> None:
    click.echo(f"\nLiaison is connected to {target.tenant}. The settings, also in {local_files.CONNECT_ENV}:\n")
    for name, value in target.settings().items():
        click.echo(f"  {name}={value}")
    if others := sorted(name for name, value in target.settings().items() if os.environ.get(name, value) != value):
        printing.warn(f"The environment says otherwise, and goes first: {', '.join(others)}.")
    if not (where.is_sandbox and target.is_that_of(where)):
        click.echo("\nA function that is deployed already needs them in its environment: ./liaison deploy")
