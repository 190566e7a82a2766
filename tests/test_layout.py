"""The house keeps its shape: imports point down, files stay readable, and importing is free."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Who may import whom. The sandbox and the benchmarks stand apart: what shares code shares mistakes.
BELOW = {
    "main": {"handlers", "services", "schemas"},
    "commands": {"commands", "handlers", "services", "schemas"},
    "handlers": {"handlers", "services", "schemas"},
    "services": {"services", "schemas"},
    "schemas": {"schemas"},
    "sandbox": {"sandbox"},
    "bench": {"bench", "handlers", "services", "schemas", "main"},
    "fuzz": {"fuzz", "services", "schemas"},
}
FUNCTION = ast.FunctionDef | ast.AsyncFunctionDef
OURS = {*BELOW, "tests"}
MAY_READ_THE_ENVIRONMENT = {"services/settings.py"}

FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.py"), *(path for part in OURS for path in (ROOT / part).rglob("*.py"))]
)
PRODUCT = [name for name in FILES if not name.startswith(("tests/", "sandbox/", "bench/", "fuzz/", "commands/"))]


def parse(name: str) -> ast.Module:
    """Parse one of our files."""
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def imports(name: str) -> Iterator[str]:
    """Yield the first part of every module that a file imports, also inside its functions."""
    for node in ast.walk(parse(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield _part(name) if node.level else (node.module or "").partition(".")[0]


def _part(name: str) -> str:
    return name.partition("/")[0].removesuffix(".py")


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith("tests/")])
def test_imports_point_down(name):
    """What lies below knows nothing of what lies above, so each layer can be read alone."""
    assert set(imports(name)) & OURS <= BELOW[_part(name)]


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_readable_in_one_sitting(name):
    """Every module says what it is, and stays under 300 lines and 40 to a function."""
    text = (ROOT / name).read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, FUNCTION)]
    long = [node.name for node in functions if node.end_lineno - node.lineno >= 40]

    assert not text or ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) < 300
    assert long == []


@pytest.mark.parametrize("name", [name for name in PRODUCT if name not in MAY_READ_THE_ENVIRONMENT])
def test_settings_are_read_in_one_place(name):
    """A setting that is read elsewhere would be neither checked nor documented."""
    written = {ast.unparse(node) for node in ast.walk(parse(name))}

    assert not written & {"os.environ", "os.getenv"}
    assert not any(line.startswith("from os import") for line in written)


# urllib3 binds a socket at import to learn whether there is IPv6; that asks nobody anything.
WATCHED = """
import sys, threading
seen = []
network = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg")
watched = (*network, "_thread.start_new_thread", "_thread.start_joinable_thread", "subprocess.Popen", "os.fork")
sys.addaudithook(lambda event, _: seen.append(event) if event in watched else None)
import main
heavy = {"grpc", "google.auth", "google.api_core", "cryptography", "jwt", "jmespath"} & sys.modules.keys()
print(seen, threading.active_count(), sorted(heavy))
"""


def test_importing_is_free():
    """The server imports main.py and then forks: a thread or connection from before would be dead or shared."""
    environment = {"PATH": os.environ["PATH"]}  # no setting at all
    command = [sys.executable, "-c", WATCHED]
    seen = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert seen.stdout + seen.stderr == "[] 1 []\n"
