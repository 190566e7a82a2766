"""`make run`: a made-up SuperOffice tenant, the webhook in front of it, and sweeps, on this machine."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from commands import local_files
from commands.stack import (
    Child,
    Failed,
    Stopped,
    await_answer,
    check_port,
    start,
    start_guard,
    stop,
    watch,
    when_written,
)
from commands.sweeper import EVERY

ROOT = Path(__file__).resolve().parent.parent
THREADS = "80"  # as deployed: the concurrency of one instance
RETRY_DELAY = "5"  # seconds; half a minute is for a tenant that others use too
SANDBOX_ABOVE = 10  # the sandbox listens that many ports above the webhook

# A shell that is set up for a real tenant must not reach it from here.
NOT_PASSED_ON = ("SECRETS", "LEDGER", "QUEUE", "HOOKS")
# functions-framework reads these too, and many shells have a DEBUG of their own.
OF_THE_FRAMEWORK = ("DEBUG", "FUNCTION_USE_ASGI", "FUNCTION_SIGNATURE_TYPE")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until Ctrl-C and return 0, or say in words why that cannot be and return 1."""
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup means to go on
            signal.signal(number, lambda *_: stopping.set())
    children: list[Child] = []
    try:
        run(_read_port(arguments), children, stopping)
    except Stopped:
        pass
    except Failed as failure:
        print(failure, file=sys.stderr, flush=True)
        return 1
    except OSError as error:
        name = error.filename2 or error.filename or "The output"
        print(f"{name} cannot be used: {error.strerror}.", file=sys.stderr, flush=True)
        return 1
    finally:
        stop(children)
    print("\nStopped. What was saved is kept in var/.", flush=True)
    return 0


def run(port: int, children: list[Child], stopping: threading.Event) -> None:
    """Start the sandbox, write the files that lead to it, start the webhook and the sweeps, say how to use it, stay."""
    maker = os.getppid() if "MAKELEVEL" in os.environ else None  # a make that is killed tells nobody
    sandbox_port = port + SANDBOX_ABOVE
    check_port(port)
    check_port(sandbox_port)
    local_files.claim_folder(ROOT)
    environ, left_out = own_environ(os.environ)
    guard = start_guard()
    children.append(guard)
    children.append(start("sandbox", _sandbox_command(sandbox_port), ROOT, environ, guard))
    app = json.load(await_answer(children[-1], sandbox_port, "/sandbox/app", stopping=stopping))

    secrets = local_files.write_secrets(ROOT, app)
    copied = local_files.copy_hooks(ROOT)
    read = when_written(ROOT / local_files.HOOKS, ROOT / "senders.yaml")  # by the children, from now on
    settings = settings_for(app, port)
    local_files.write_settings(ROOT, settings)
    environ |= settings
    children.append(start("webhook", _webhook_command(port), ROOT, environ | {"THREADS": THREADS}, guard))
    health = await_answer(children[-1], port, "/health", stopping=stopping).status
    children.append(start("sweeper", [sys.executable, "-m", "commands.sweeper"], ROOT, environ, guard))

    print(_introduction(port, app, local_files.example_header(ROOT, secrets)))
    print(_remarks(health, left_out, copied=copied), flush=True)
    watch(children, stopping=stopping, maker=maker, read=read)


def settings_for(app: Mapping[str, str], port: int) -> dict[str, str]:
    """Return the settings that lead to the sandbox; paths are relative to the repository."""
    return {
        "SUPEROFFICE_URL": app["url"],
        "SUPEROFFICE_TENANT": app["tenant"],
        "SECRETS": f"file:{local_files.SECRETS}",
        "LEDGER": f"sqlite:{local_files.LEDGER}",
        "HOOKS": str(local_files.HOOKS),
        "RETRY_DELAY": RETRY_DELAY,
        "PORT": str(port),
    }


def own_environ(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the environment for what we start, and the names of the user's settings left out of it."""
    left_out = sorted(name for name in environ if name in NOT_PASSED_ON or name.startswith("SUPEROFFICE_"))
    dropped = {*left_out, *OF_THE_FRAMEWORK}
    return {name: value for name, value in environ.items() if name not in dropped}, left_out


def _read_port(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m commands.run", description=__doc__)
    parser.add_argument("--port", default="8080", help="the webhook's; the sandbox is ten ports above")
    text = parser.parse_args(arguments).port
    if not text.isdecimal() or not 1 <= int(text) <= 65535 - SANDBOX_ABOVE:
        raise Failed(f"PORT={text} is not a port; take a number up to {65535 - SANDBOX_ABOVE}, such as 9000.")
    return int(text)


def _sandbox_command(port: int) -> list[str]:
    keep = str(local_files.FOLDER / "tenant.json")
    return [sys.executable, "-m", "sandbox", "--port", str(port), "--keep", keep]


def _webhook_command(port: int) -> list[str]:
    """Return functions-framework's own command, for this machine alone: an exported HOST does not count."""
    framework = str(Path(sys.executable).with_name("functions-framework"))
    return [
        *(sys.executable, framework, "--target", "webhook", "--source", "main.py"),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]


def _introduction(port: int, app: Mapping[str, str], header: str | None) -> str:
    hooks = f"http://127.0.0.1:{port}/hooks/"
    if header is None:
        to_try = "hooks.yaml has no hook as in hooks.example.yaml any more, so there is no line to try here."
    else:
        to_try = "To save a relation, paste this line into another terminal:\n\n" + local_files.curl_line(
            hooks + local_files.EXAMPLE, header
        )
    return f"""
Liaison is running, with a made-up SuperOffice tenant ({app["tenant"]}).

  webhook   {hooks}<hook>
  sandbox   {app["url"]}/   shows in a browser what the tenant holds
  rules     hooks.yaml, with its secrets in {local_files.SECRETS}
  ledger    {local_files.LEDGER}   what came and what became of it: ./liaison deliveries
  sweeps    every {EVERY:g} seconds, what could not be saved at once is tried again

{to_try}
"""


def _remarks(health: int, left_out: Sequence[str], *, copied: bool) -> str:
    lines = []
    if copied:
        lines.append("hooks.yaml is new: a copy of hooks.example.yaml, yours to change.")
    if left_out:
        lines.append(f"Not used, because this is the sandbox: {', '.join(left_out)} of your environment.")
    if health != 200:
        lines.append(f"NOT READY: /health answers {health}, and the lines above say why. Mend that and start again.")
    return "\n".join([*lines, "Ctrl-C stops it all."])


if __name__ == "__main__":
    sys.exit(main())
