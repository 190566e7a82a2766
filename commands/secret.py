"""`./liaison secret NAME`: stores a new value, or ends the one before it."""

from __future__ import annotations

import re
from pathlib import Path

import click

from commands import asking, printing
from commands.where import Where, find_settings, hooks_file, say_where
from schemas.verification import secret_names
from services.errors import InvalidSettings, LiaisonError, SecretUnusable
from services.hooks import read_hooks
from services.secret_writing import UNCHANGED, open_writer
from services.superoffice.logins import SECRETS_OF

LARGEST = 65_536  # bytes that Secret Manager takes
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


@click.command(short_help="Store a new value of a secret, or end the old one.")
@click.argument("name")
@click.option("--end-previous", is_flag=True, help="End the value before the newest, and store nothing.")
def secret(name: str, end_previous: bool) -> None:
    """Store a new value of the secret NAME in Secret Manager, the file or the folder that SECRETS names.

    The value is asked for twice and not shown; where stdin is not a terminal it is read from there. A sender's proof
    may be the value before as well, until it is ended: ./liaison secret NAME --end-previous
    """
    folder = Path.cwd()  # before the repository becomes that
    where = find_settings()
    say_where(where)
    if not _NAME.fullmatch(name):  # not quoted: it may be the secret itself
        raise click.UsageError("NAME is letters, digits, - and _; the value itself is asked for afterwards.")
    location = where.environ.get("SECRETS", "").strip()
    if not location:
        raise InvalidSettings("SECRETS is not set: say where secrets are, such as SECRETS=gcp://PROJECT.")
    writer = open_writer(location)
    writer.prepare()
    if end_previous:
        ended = writer.end_previous(name)
        click.echo(f"{name}: the value before is ended: {ended}." if ended else f"{name}: there is none before to end.")
        return
    outcome = writer.write({name: _ask(name, folder)}, keep=True)[name]
    if outcome == UNCHANGED:
        click.echo(f"{name}: this is the newest value already; nothing was changed.")
        return
    click.echo(printing.verdict(True, f"{name}: {outcome}. {writer.takes_effect}"))
    if _proves_senders(name, where):
        click.echo(
            f"If there was a value before, senders may go on with it until: ./liaison secret {name} --end-previous"
        )


def _ask(name: str, folder: Path) -> str:
    """Return the value, white space around it cut; a key of the app in any of its forms becomes PEM."""
    if name == "superoffice-private-key":
        return asking.ask_key(folder=folder)
    value = asking.ask(f"The new value of {name}", twice=True) if asking.is_terminal() else asking.read_all()
    if len(value.encode()) > LARGEST:
        raise SecretUnusable(f"The value is longer than {LARGEST:,} bytes, which is more than Secret Manager takes.")
    return value


def _proves_senders(name: str, where: Where) -> bool:
    """Tell whether a hook uses it; warn where nothing at all does, which is mostly a slip of the pen."""
    try:
        hooks = read_hooks(hooks_file(where))
    except LiaisonError:
        return False
    of_hooks = {used.partition("@")[0] for hook in hooks.sound for used in secret_names(hook.verify)}
    others = {used for names in SECRETS_OF.values() for used in names} | {"liaison-api-key"}
    if name not in of_hooks | others and not hooks.mistakes:
        printing.warn(f"No hook and no login uses a secret of this name: {name}.")
    return name in of_hooks
