"""A person at a terminal: what is typed is not on the screen unless the program shows it."""

from __future__ import annotations

import os
import select
import subprocess
import time


def type_into(command, environment, folder, *answers, seconds=30):
    """Run a command on a terminal of its own, and type each answer where the screen ends in its prompt.

    `answers` are pairs of the prompt's end and what is typed. Returns the exit code and the screen.
    """
    terminal, end = os.openpty()
    process = subprocess.Popen(
        command, env=environment, cwd=folder, stdin=end, stdout=end, stderr=end, start_new_session=True
    )
    os.close(end)
    screen, typed, ends = b"", list(answers), time.monotonic() + seconds
    while time.monotonic() < ends:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            screen += os.read(terminal, 4096)
        except OSError:  # Linux ends with EIO
            break
        if typed and screen.rstrip(b" ").endswith(typed[0][0].encode()):
            os.write(terminal, typed.pop(0)[1].encode() + b"\n")
    os.close(terminal)
    return process.wait(10), screen.decode()
