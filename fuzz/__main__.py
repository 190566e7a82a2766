"""`make fuzz`: lets atheris change the corpus for a while, and fails where anything but a proper answer came of it.

All targets run side by side for FUZZ_SECONDS (60). What was found stands in `var/fuzz`, and
`python -m fuzz TARGET FILE` runs it again.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
CORPUS = Path(__file__).parent / "corpus"
FOUND = ROOT / "var/fuzz"  # what earlier runs found interesting goes on from there
SECONDS = 60
# A megabyte may take 100 ms. These inputs are smaller, but the counting of branches slows them down five times.
MOST_SECONDS = 0.3
STARTING = 60  # seconds that a target may take beside, to import and to end
OF = {"bodies": "requests", "proofs": "requests", "answers": "requests", "files": "files"}  # each target's corpus
COUNT = re.compile(r"stat::number_of_executed_units:\s+(\d+)")


def main() -> int:
    """Run every target; return the exit code."""
    if find_spec("atheris") is None:
        print(
            "Skipped: atheris, the fuzzer, has no wheel for this Python; Linux on x86-64 with Python 3.11 to 3.14 has."
        )
        return 1 if os.environ.get("CI") else 0
    seconds = int(os.environ.get("FUZZ_SECONDS") or SECONDS)
    running = {target: start(target, seconds) for target in OF}
    print(f"Fuzzing {', '.join(running)} for {seconds} s…", flush=True)
    return max([tell(target, process, seconds) for target, process in running.items()])


def start(target: str, seconds: int) -> subprocess.Popen[bytes]:
    """Start one target, its words going to a file."""
    own = FOUND / target
    own.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "fuzz", target, f"-max_total_time={seconds}", "-print_final_stats=1"]
    options = ["-max_len=8192", "-timeout=20", "-rss_limit_mb=1024", f"-artifact_prefix={FOUND}/{target}-"]
    folders = [str(own), str(CORPUS / OF[target])]
    dictionary = f"-dict={CORPUS / 'words.dict'}"
    with log_of(target).open("wb") as log:  # stdout is the function's own log
        return subprocess.Popen(
            [*command, *options, dictionary, *folders], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=log
        )


def tell(target: str, process: subprocess.Popen[bytes], seconds: int) -> int:
    """Wait for a target and say what became of it; return its exit code."""
    try:
        code = process.wait(seconds + STARTING)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    words = log_of(target).read_text(errors="replace")
    tried = COUNT.search(words)
    if code == 0 and tried:
        print(f"{target:8} {int(tried[1]):>9,} inputs, nothing found")
        return 0
    print(f"{target:8} failed; try the input named below again with `python -m fuzz {target} FILE`:\n{words[-6000:]}")
    return code or 1


def log_of(target: str) -> Path:
    """Return where a target's words go."""
    return FOUND / f"{target}.log"


def fuzz(target: str, arguments: list[str]) -> None:
    """Run one target in this process, which it ends itself."""
    import atheris

    with atheris.instrument_imports(include=["handlers", "services", "schemas", "werkzeug.sansio", "jmespath"]):
        from fuzz import targets
    atheris.Setup([sys.argv[0], *arguments], watched(getattr(targets, target)()))
    atheris.Fuzz()


def watched(run: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Fail also where an input takes too much computing time, twice: once may be the garbage collector."""

    def seconds(data: bytes) -> float:
        began = time.process_time()
        try:
            run(data)
        except Exception:  # atheris tells of it on stdout, which is the function's log
            traceback.print_exc()
            raise
        return time.process_time() - began

    def watch(data: bytes) -> None:
        if (first := seconds(data)) > MOST_SECONDS and seconds(data) > MOST_SECONDS:
            sys.exit(f"It took {first * 1000:.0f} ms of computing time.")

    return watch


if __name__ == "__main__":
    if len(sys.argv) > 1:
        fuzz(sys.argv[1], sys.argv[2:])
    sys.exit(main())
