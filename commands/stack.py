"""The processes behind `make run`: started in groups of their own, waited for, and all ended."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60  # a first start compiles every module; on a slow disk that takes a while
STOP_SECONDS = 5  # a submission under way has its answer within 4 s


class Failed(Exception):
    """It cannot go on; the message says why and what to do."""


class Stopped(Exception):
    """Ctrl-C, or a signal that means the same."""


# Reads a process group from each line; the pipe closes when we end, however we do, and then it kills them.
GUARD = 'all=; while read -r group; do all="-$group $all"; done; kill -KILL $all 2>/dev/null'


@dataclass(frozen=True)
class Child:
    """A process of ours, by the name that people see. It leads a group: what it starts ends with it."""

    name: str
    process: subprocess.Popen[bytes]


def start_guard() -> Child:
    """Start what ends the other children where we are killed and cannot do it ourselves."""
    command = ("/bin/sh", "-c", GUARD)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, bufsize=0, start_new_session=True)  # noqa: S603
    return Child("guard", process)


def start(name: str, command: Sequence[str], folder: Path, environ: Mapping[str, str], guard: Child) -> Child:
    """Start a child that writes to our terminal. Ctrl-C does not reach it: we end it ourselves, in order."""
    process = subprocess.Popen(  # noqa: S603 -- the command is our own
        command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, start_new_session=True
    )
    if guard.process.stdin:
        guard.process.stdin.write(f"{process.pid}\n".encode())
    return Child(name, process)


def check_port(port: int) -> None:
    """Raise Failed where somebody else has the port.

    Asked both ways: macOS lets two programs bind one port when one of them named the loopback address.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what closed a minute ago is free
        try:
            listener.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise Failed(f"Port {port} is for administrators only; try `make run PORT=9000`.") from error
        except OSError as error:
            raise _taken(port) from error
    with socket.socket() as caller:
        if caller.connect_ex(("127.0.0.1", port)) == 0:
            raise _taken(port)


def _taken(port: int) -> Failed:
    other = 9000 if abs(port - 9000) > 10 else 9100
    return Failed(f"Port {port} is taken, perhaps by another `make run`; end that one, or try `make run PORT={other}`.")


def await_answer(child: Child, port: int, path: str, *, stopping: threading.Event) -> http.client.HTTPResponse:
    """Ask until the child answers, whatever its status; raise Failed if it ends or START_SECONDS pass."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if (answer := _ask(port, path)) is not None:
            return answer
        check_alive([child])
        if stopping.wait(0.05):
            raise Stopped
    raise Failed(f"The {child.name} did not answer within {START_SECONDS} s; see the lines above.")


def _ask(port: int, path: str) -> http.client.HTTPResponse | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        return connection.getresponse()
    except (OSError, http.client.HTTPException):
        connection.close()
        return None


def check_alive(children: Sequence[Child]) -> None:
    """Raise Failed for the first child that has ended."""
    for child in children:
        code = child.process.poll()
        if code is not None:
            how = f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
            raise Failed(f"The {child.name} ended {how}; the lines above say why.")


Written = dict[Path, int | None]  # when each file was last written, in nanoseconds; None where there is none


def watch(children: Sequence[Child], *, stopping: threading.Event, maker: int | None, read: Written) -> None:
    """Stay until told to stop, or until our parent is no longer `maker`; raise Failed if a child ends before.

    `read` are the files that the children have read, as they were before: it is said where one has changed since.
    """
    seen = read
    while not stopping.wait(0.2) and maker in (None, os.getppid()):
        check_alive(children)
        now = when_written(*seen)
        for file in (file for file in seen if now[file] != seen[file]):
            words = f"{file.name} has changed: end this with Ctrl-C and start it again, for that to count."
            print(words, flush=True)
        seen = now


def when_written(*files: Path) -> Written:
    """Look when the files were last written."""
    return {file: _written(file) for file in files}


def _written(file: Path) -> int | None:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return None


def stop(children: Sequence[Child]) -> None:
    """End every child and all that it started, the last one first: it may still need the others."""
    for child in reversed(children):
        _signal(child, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(STOP_SECONDS)
        _signal(child, signal.SIGKILL)  # also what outlived the group's leader
        child.process.wait()


def _signal(child: Child, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        os.killpg(child.process.pid, number)
