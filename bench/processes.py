"""Starting, measuring and stopping the processes: the contestants on one core, everything else on another."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.load import NotMeasured

REPOSITORY = Path(__file__).resolve().parent.parent
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
PINNED = len(CORES) > 1
HAS_PROC = Path("/proc/self/smaps_rollup").exists()
START_LIMIT = 30.0  # seconds in which a contestant must have opened its port
STOP_LIMIT = 3.0  # seconds in which a tool must have ended after its stdin was closed
QUIET, QUIET_SAMPLE, QUIET_LIMIT = 0.2, 0.15, 4.0  # cores; seconds


@dataclass(frozen=True)
class Contestant:
    """How one of the two is started: a functions-framework target, its source and its environment."""

    name: str
    target: str
    source: str
    environment: dict


@dataclass(frozen=True)
class Server:
    """A contestant that was started; `process` leads a process group of its own."""

    process: subprocess.Popen
    port: int
    log: Path
    started: float


@contextlib.contextmanager
def on_core(number):
    """Run what is started inside on that core alone, where the system can do so and has two."""
    if not PINNED:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {CORES[number]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def tool(module, first_line=""):
    """Run `python -m bench.MODULE` beside the contestants; it ends when its stdin is closed."""
    command = [sys.executable, "-m", f"bench.{module}"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with on_core(1):
        process = subprocess.Popen(command, cwd=REPOSITORY, start_new_session=True, **pipes)
    try:
        if first_line:
            tell(process, first_line)
        yield process
    finally:
        process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_LIMIT)
        kill(process)
        process.stdout.close()


def tell(process, line):
    """Send a tool one line."""
    process.stdin.write(line + "\n")
    process.stdin.flush()


def hear(process):
    """Read one line of JSON from a tool."""
    line = process.stdout.readline()
    if not line:
        raise NotMeasured(f"{' '.join(process.args)} ended before it answered")
    return json.loads(line)


@contextlib.contextmanager
def serving(contestant, port, folder):
    """Run a contestant as its deployment does: the framework's script, all settings by environment."""
    log = Path(folder, "server.log")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "TRUE",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "FUNCTION_TARGET": contestant.target,
        "FUNCTION_SOURCE": str(REPOSITORY / contestant.source),
        **contestant.environment,
    }
    script = Path(sys.executable).parent / "functions-framework"
    with log.open("w") as output, on_core(0):
        started = time.perf_counter()
        process = subprocess.Popen(
            [script],
            cwd=REPOSITORY,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Server(process, port, log, started)
    finally:
        kill(process)


def kill(process):
    """End a process group at once: a polite end takes gunicorn half a second, a hundred times."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def check_alive(server):
    """Raise, with the end of its log, if the contestant ended or takes too long to start."""
    late = time.perf_counter() - server.started > START_LIMIT
    if late or server.process.poll() is not None:
        raise NotMeasured(f"{server.process.args[0]} did not start:\n{server.log.read_text()[-2000:]}")


def group(server):
    """Yield the contestant's processes under /proc: gunicorn's master and its worker."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # Behind the name, which is in brackets and may hold anything: state, parent, process group.
            if int(stat_fields(entry)[2]) == server.process.pid:
                yield entry


def stat_fields(entry):
    """Return the fields of /proc/PID/stat behind the process's name (proc_pid_stat(5), from the third)."""
    return (entry / "stat").read_text().rpartition(")")[2].split()


def cpu_seconds(server):
    """Sum the processor time that the contestant's processes have used: utime and stime."""
    ticks = sum(int(ticks) for entry in group(server) for ticks in stat_fields(entry)[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def megabytes(server):
    """Sum the contestant's memory, a page that several processes share counted in shares (PSS)."""
    lines = (line for entry in group(server) for line in (entry / "smaps_rollup").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def busy_seconds():
    """Return the processor time that all programs have used since the start (proc_stat(5))."""
    user, nice, system, _idle, _iowait, irq, softirq = Path("/proc/stat").read_text().split()[1:8]
    return sum(map(int, (user, nice, system, irq, softirq))) / os.sysconf("SC_CLK_TCK")


def wait_for_quiet():
    """Wait, up to QUIET_LIMIT, for other programs to come to rest; return the cores they still use."""
    gives_up = time.perf_counter() + QUIET_LIMIT
    while HAS_PROC:
        before = busy_seconds()
        time.sleep(QUIET_SAMPLE)
        others = (busy_seconds() - before) / QUIET_SAMPLE
        if others < QUIET or time.perf_counter() > gives_up:
            return others
    return 0.0
