"""A person at a terminal: what is typed is not on the screen unless the program shows it."""

from __future__ import annotations

import os
import pty
import select
import time


def type_into(command, environment, folder, *answers, seconds=30):
    """Run a command on a terminal of its own, type each answer at its prompt; return exit code and screen."""
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - another process
        os.chdir(folder)
        os.execvpe(command[0], command, environment)
    screen, ends = b"", time.monotonic() + seconds
    typed = list(answers)
    while time.monotonic() < ends:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            read = os.read(terminal, 4096)
        except OSError:  # Linux ends with EIO
            break
        screen += read
        if typed and screen.rstrip().endswith(typed[0][0].encode()):
            os.write(terminal, typed.pop(0)[1].encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), screen.decode()
