"""`python -m fuzz.slowest`: what the worst inputs cost, in milliseconds of computing time; over 100 is a mistake.

Each line is one submission, or one file, of at most a megabyte. An array is as many submissions as it has items.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from marshmallow import ValidationError

from fuzz.rules import FORMS, HERE, hooks, secret_texts
from fuzz.targets import use
from fuzz.worst import MEGABYTE, Worst, bodies, filled
from schemas.contact_relation import PayloadError
from schemas.hooks import Hook, load_hooks
from services.errors import LiaisonError
from services.senders import names
from services.senders.decode import read
from services.senders.presets import Presets
from services.senders.unpack import unpack
from services.senders.verify import Received, verify
from services.yaml_file import YamlMistake, parse_yaml

MOST = 100.0
MOST_FILE = 1000.0  # hooks.yaml is the operator's own, and read once
TRIES = 5  # the best counts: other processes take their share of the machine's caches


def main() -> int:
    """Print the costs, the dearest first; return the exit code."""
    rows = sorted([*_bodies(), *_proofs()], reverse=True)
    files = sorted(_files(), reverse=True)
    for title, most, found in (("a request", MOST, rows), ("a file", MOST_FILE, files)):
        print(f"ms for {title}, at most {most:.0f}:")
        print("\n".join(f"{cost:8.1f}  {name}" for cost, name in found[:20]))
    return int(rows[0][0] > MOST or files[0][0] > MOST_FILE)


def cost(work: Callable[[], object], tries: int = TRIES) -> float:
    """Return the milliseconds of computing time that some work takes, with nothing remembered from before."""
    best = float("inf")
    for _ in range(tries):
        names._normalise.cache_clear()
        names._loose.cache_clear()
        names._kept_form.cache_clear()
        began = time.process_time()
        with suppress(LiaisonError, YamlMistake, ValidationError):
            work()
        best = min(best, time.process_time() - began)
    return best * 1000


def _bodies() -> Iterator[tuple[float, str]]:
    known = hooks()
    for worst in bodies():
        for name in (worst.sender, f"{worst.sender}-mapped"):
            yield cost(lambda hook=known[name], worst=worst: take(worst, hook)), f"{worst.name} ({name})"


def take(worst: Worst, hook: Hook) -> None:
    """Take one body all the way to the relation."""
    for submission in unpack(read(worst.body, worst.content_type), {}, hook.packing).submissions:
        with suppress(LiaisonError, PayloadError):
            use(submission, hook)


def _proofs() -> Iterator[tuple[float, str]]:
    """Give the proofs with headers of 8 kB, the most that servers take, and four secrets that are live."""
    live = {name: [text.encode()] * 4 for name, text in secret_texts().items()}
    listed = {"X-Signature": "v1=a,t=1," * 900, "webhook-signature": ("v1a," + "A" * 86 + "== ") * 85}
    headers = {"Authorization": "Bearer " + "e30." * 2000, "webhook-timestamp": "1", "webhook-id": "x" * 8000, **listed}
    sent = Received(
        "POST", "/" + "x" * 8000, headers, {"key": "x" * 8000}, b"x" * MEGABYTE, lambda: {"key": "x" * MEGABYTE}
    )
    for form in FORMS.keys() - {"none"}:
        proof = hooks()[f"by-{form}"].verify
        yield cost(lambda proof=proof: verify(proof, sent, live, 1.0, google_keys=lambda kid="": {})), f"proof: {form}"


def _files() -> Iterator[tuple[float, str]]:
    laughs = b"\n".join(b"a%d: &a%d [%s]" % (n, n, b",".join([b"*a%d" % max(n - 1, 0)] * 9)) for n in range(1, 30))
    base = b"a0: &a0 {" + b",".join(b"k%d: 1" % number for number in range(1000)) + b"}\n"
    texts = {
        "aliases of aliases": b"a0: &a0 x\n" + laughs,
        "merged keys": base + b"a1: {<<: [" + b",".join([b"*a0"] * 45) + b"]}",
        "brackets": filled(b"["),
        "dashes on one line": filled(b"- "),
        "dashes": filled(b"-\n"),
        "a number of sixties": filled(b":59", b"a: 1"),
        "keys of one hash": b"{" + b",".join(b"%d: x" % (number * (2**61 - 1)) for number in range(30_000)) + b"}",
        "dates": b"a: [" + b",".join([b"2001-01-01"] * 80_000) + b"]",
        "keys": b"a: {" + b",".join(b"k%d: x" % number for number in range(49_000)) + b"}",
        "a long text": filled(b"x", b"a: "),
        "a long template": filled(b"{{", b"a: {verify: none, when: '", b"'}"),
        "a long expression": filled(b"a|", b"a: {verify: none, when: '{", b"a}'}"),
    }
    presets = Presets(HERE)
    for name, text in texts.items():
        yield cost(lambda text=text: load_hooks(parse_yaml(text), presets.find), 2), name


if __name__ == "__main__":
    sys.exit(main())
