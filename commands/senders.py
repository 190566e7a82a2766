"""`./liaison senders`: the tools that there is a preset for, and how to set each of them up."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from marshmallow import ValidationError

from commands import printing
from commands.example_hook import example_hook
from commands.printing import INDENT, columns, section, verdict
from commands.where import Where, find_settings, hooks_file, say_where
from handlers.routes import DEFAULT_HOOK, HOOKS
from schemas.presets import Preset
from schemas.strict import in_words, suggestion
from services.errors import InvalidSettings
from services.hooks import read_hooks
from services.senders.presets import OWN, Presets
from services.yaml_file import YamlMistake

EXAMPLE_BASE = "https://hooks.example.com"
SECRET = "<the secret>"  # noqa: S105 - what stands in its place
WAYS = {
    "hmac": "signature",
    "header": "secret in a header",
    "bearer": "bearer token",
    "basic": "user and password",
    "query": "secret in the address",
    "field": "secret in a field",
    "oidc": "Google's token",
}


@dataclass(frozen=True)
class Addresses:
    """Where a sender posts to: a base, whether that is only an example, and the hooks that are for this sender."""

    base: str
    preset: str
    hooks: tuple[str, ...]

    @property
    def hook(self) -> str:
        """The hook whose address stands in the steps: one's own, or the new one."""
        return self.hooks[0] if self.hooks else self.new

    @property
    def new(self) -> str:
        """What a new hook may be called."""
        return next(name for name in (f"my-{self.preset}", f"my-other-{self.preset}") if name not in self.hooks)

    def url(self, hook: str) -> str:
        """Return the address of a hook."""
        return f"{self.base}/" if hook == DEFAULT_HOOK else f"{self.base}{HOOKS}{hook}"


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a script.")
@click.pass_context
def senders(ctx: click.Context, name: str | None, as_json: bool) -> None:
    """List the senders that Liaison knows, or say how to set up one of them.

    With NAME: what it sends, how it proves itself, the steps to take in it, and a hook to paste into hooks.yaml.
    """
    where = find_settings()
    presets, own = _open_presets(Path(hooks_file(where)).parent)
    if not as_json:
        say_where(where)
    if name is None:
        ctx.exit(_list(presets, own, as_json=as_json))
    if name not in presets:
        raise click.BadParameter(f"{name} is not a preset; {suggestion(name, presets)}", param_hint="NAME")
    try:
        told = _told(presets.find(name), _addresses(name, where), own=name in own)
    except ValidationError as error:
        mistakes = " ".join(in_words(error.messages, ""))
        raise InvalidSettings(f"{name} cannot be used: {mistakes}") from error
    if as_json:
        printing.as_json(told)
    else:
        _show(told, where)


def _open_presets(folder: Path) -> tuple[Presets, frozenset[str]]:
    """Return the presets, and which of them are the user's own."""
    try:
        presets = Presets(folder)
    except (YamlMistake, OSError) as error:
        raise InvalidSettings(f"{folder / OWN} cannot be read: {error}") from error
    return presets, presets.own


def _addresses(preset: str, where: Where) -> Addresses:
    base = where.environ.get("PUBLIC_URL", "").strip().rstrip("/")
    if not base:
        base = f"http://127.0.0.1:{where.environ.get('PORT', '8080')}" if where.is_sandbox else EXAMPLE_BASE
    try:
        hooks = read_hooks(hooks_file(where)).sound
    except InvalidSettings:  # `check` says what is wrong with it
        hooks = ()
    return Addresses(base, preset, tuple(hook.name for hook in hooks if hook.sender == preset))


def _list(presets: Presets, own: frozenset[str], *, as_json: bool) -> int:
    """List them all; return 1 where one of the user's own has a mistake."""
    rows = [_row(name, presets, own) for name in sorted(presets)]
    if as_json:
        printing.as_json(rows)
    else:
        click.echo()
        columns([(row["name"], row["title"], row["proves"], _summary(row)) for row in rows])
        click.echo("\nHow to set one of them up: ./liaison senders NAME")
        click.echo("A tool that is not here: ./liaison senders generic, and README.md, A tool that is in no list")
    return 1 if any(row["mistake"] for row in rows) else 0


def _row(name: str, presets: Presets, own: frozenset[str]) -> dict[str, Any]:
    try:
        preset = presets.find(name)
    except ValidationError as error:
        return {"name": name, "title": "", "proves": "", "own": True, "mistake": " ".join(in_words(error.messages, ""))}
    written = preset.verify if isinstance(preset.verify, Mapping) else {}
    return {
        "name": name,
        "title": preset.title,
        "sends": preset.sends,
        "proves": next((words for form, words in WAYS.items() if form in written), "as you choose"),
        "own": name in own,
        "mistake": None,
    }


def _summary(row: dict[str, Any]) -> str:
    if row["mistake"]:
        return verdict(False, printing.printable(row["mistake"]))
    return f"({OWN}) {row['sends']}" if row["own"] else str(row["sends"])


def _told(preset: Preset, addresses: Addresses, *, own: bool) -> dict[str, Any]:
    """Return all that there is to say about one sender."""
    url = addresses.url(addresses.hook)
    lines, secrets = example_hook(preset, addresses.new, addresses.url(addresses.new))
    setup = [step.replace("{url}", url).replace("{secret}", SECRET) for step in preset.setup]
    return {
        **preset._asdict(),
        "own": own,
        "setup": setup,
        "url": url,
        "hooks": {hook: addresses.url(hook) for hook in addresses.hooks},
        "hooks_yaml": lines,
        "secrets": list(secrets),
    }


def _show(told: dict[str, Any], where: Where) -> None:
    section(f"{told['title']} ({told['name']}{', from ' + OWN if told['own'] else ''})")
    for title, text in (("Sends", "sends"), ("Proves itself", "proof"), ("If it is refused", "refusals")):
        if told[text]:
            _paragraph(f"{title}: {told[text]}")
    _paragraph(f"Has its answer within {told['answer_within']:g} seconds.")
    if told["setup"]:
        section("Set it up")
        for number, step in enumerate(told["setup"], 1):
            words, *code = step.splitlines()
            _paragraph(f"{number}. {words}")
            for line in code:
                click.echo(INDENT * 3 + line)
    if EXAMPLE_BASE in told["url"]:
        _paragraph(f"({EXAMPLE_BASE} stands for the address of your own: set PUBLIC_URL, and it is shown here.)")
    elif where.is_sandbox:
        _paragraph("(This address is this machine's own: what runs elsewhere needs a public one, named in PUBLIC_URL.)")
    if told["hooks"]:
        section("Your hooks for it")
        columns(list(told["hooks"].items()))
    section("To paste into hooks.yaml")
    click.echo(f"\n{told['hooks_yaml']}")
    if told["secrets"]:
        store = where.environ.get("SECRETS") or "the place that SECRETS names"
        _paragraph(f"Store its secret as {' and '.join(told['secrets'])} in {store}, then run ./liaison check.")
    _paragraph("To see what a submission comes to, nothing sent: ./liaison try HOOK FILE")


def _paragraph(text: str) -> None:
    width = min(shutil.get_terminal_size((100, 24)).columns, 100)
    click.echo(click.wrap_text(text, width, INDENT, INDENT * 2))
