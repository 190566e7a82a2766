"""gcloud, loaded once for many calls: each is a process forked from this one that runs gcloud's own `main`.

Nine tenths of what a call takes are the loading of gcloud itself. gcloud's Python runs this file; its arguments are the
folder of gcloud's library and a listening socket. What a call had to load besides is loaded here for those after it.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
from contextlib import suppress

# Stands in for the program `gcloud`: it hands its arguments, environment, folder and open files over, and waits.
CALLER = """#!{python} -IS
import json, os, socket, sys
call = socket.socket(socket.AF_UNIX)
call.connect({path!r})
socket.send_fds(call, [b"!"], [0, 1, 2])
call.sendall(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode() + b"\\n")
os._exit(int(call.recv(9) or b"1"))
"""


def serve(listener: socket.socket) -> None:
    """Answer calls until whoever started this, and holds the other end of stdin, is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes of the calls
    hears, tells = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    while True:
        ready, _, _ = select.select([sys.stdin, listener, hears], [], [])
        if sys.stdin in ready:
            return
        if hears in ready:
            _load(hears.recv(1_000_000).decode().split())
        if listener in ready:
            call, _ = listener.accept()
            if os.fork() == 0:
                _answer(call, tells)
            call.close()


def _load(names: list[str]) -> None:
    for name in names:
        with suppress(Exception):  # some can only be loaded by others
            importlib.import_module(name)


def _answer(call: socket.socket, tells: socket.socket) -> None:
    """Run gcloud, tell the caller its exit code, and end; where the caller is killed, so is gcloud."""
    _, files, _, _ = socket.recv_fds(call, 1, 3)
    told = call.makefile().readline()
    if not told:  # the caller was killed before it had said anything
        os._exit(1)
    words, environment, folder = json.loads(told)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    gcloud = os.fork()
    if gcloud == 0:
        for place, file in enumerate(files):
            os.dup2(file, place)
            os.close(file)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        os._exit(_run(words, tells))
    for file in files:
        os.close(file)

    def watch() -> None:
        with suppress(OSError):  # both may have ended by now
            call.recv(1)
            os.kill(gcloud, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
    _, status = os.waitpid(gcloud, 0)
    with suppress(OSError):
        call.sendall(str(os.waitstatus_to_exitcode(status) & 255).encode())
    os._exit(0)


def _run(words: list[str], tells: socket.socket) -> int:
    """Run gcloud with these arguments; return its exit code."""
    loaded = set(sys.modules)
    sys.argv = ["gcloud", *words]
    code: object = 0
    try:
        code = importlib.import_module("googlecloudsdk.gcloud_main").main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        traceback.print_exc()
        code = 1
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    with suppress(OSError):
        tells.send("\n".join(set(sys.modules) - loaded).encode())
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    library, number = sys.argv[1:]
    sys.path[:0] = [os.path.join(library, "third_party"), library]
    importlib.import_module("googlecloudsdk.gcloud_main")
    serve(socket.socket(fileno=int(number)))
