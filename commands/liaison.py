"""`./liaison`: the command line, with one module for each command."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import click

from commands.check import check
from commands.connect import connect
from commands.deliveries import deliveries
from commands.deploy.deploy import deploy
from commands.deploy.destroy import destroy
from commands.deploy.installation import Installation
from commands.dismiss import dismiss
from commands.hooks import hooks
from commands.redeliver import redeliver
from commands.replay import replay_command
from commands.secret import secret
from commands.senders import senders
from commands.show import show
from commands.try_hook import try_hook
from services.errors import LiaisonError


class _Group(click.Group):
    """Says what is wrong in words where a command meets one of our errors: exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except LiaisonError as error:
            raise click.ClickException(str(getattr(error, "why", error.detail))) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.option("--project", metavar="ID", help="Speak to what `deploy` put into this Google Cloud project.")
@click.option("--region", default="", help="With --project: its region, if not that of serverless.yaml.")
@click.option("--name", default="liaison", show_default=True, help="With --project: its name.")
@click.pass_context
def liaison(ctx: click.Context, project: str | None, region: str, name: str) -> None:
    """Look after Liaison: connect it to a tenant, check what is set up, see what came and send it again, deploy it.

    Settings come from what was deployed (--project ID), else from the environment; where SUPEROFFICE_URL is not set,
    from `./liaison connect` or `make run`, whichever was done last.
    Exit codes: 0 all is well, 1 something is wrong, 2 it was not called rightly.
    """
    if os.environ.get("NO_COLOR"):  # https://no-color.org
        ctx.color = False
    if project:
        try:
            ctx.obj = Installation(project, region, name)
        except LiaisonError as error:
            raise click.ClickException(error.detail) from error


for command in (
    *(check, connect, deliveries, deploy, destroy, dismiss, hooks, redeliver, replay_command),
    *(secret, senders, show, try_hook),
):
    liaison.add_command(command)


def main() -> None:
    """Run from the shell; a sign that the terminal cannot show becomes `?`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    liaison(prog_name="./liaison")


if __name__ == "__main__":
    main()
