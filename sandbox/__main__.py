"""`python -m sandbox --port 8090 [--keep FILE]`: the sandbox by itself, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import errno
import signal
import threading
from pathlib import Path

import click

from sandbox import server
from sandbox.keep import UnusableFile


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="0 takes any free port.")
@click.option("--keep", type=click.Path(path_type=Path), help="Keep the tenant in this file over restarts.")
def main(port: int, keep: Path | None) -> None:
    """Run a SuperOffice tenant on this machine."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        sandbox = server.start(port, keep)
    except UnusableFile as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise click.ClickException(f"Port {port} cannot be used: {error.strerror}.") from error
        raise click.ClickException(
            f"Port {port} is taken by another program; stop that, or choose another port with --port."
        ) from error
    click.echo(f"SuperOffice sandbox {sandbox.tenant_id} at {sandbox.url} (onsite: {sandbox.onsite_url})")
    ended.wait()
    sandbox.close()


if __name__ == "__main__":
    main()
