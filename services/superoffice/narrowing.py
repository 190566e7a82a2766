"""Which company or person several selectors mean: the rule, apart from how each of them is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

BINDING = frozenset({"id", "number", "orgnr"})  # they name one; what is found must not speak against them

Outcome = Literal["one", "none", "several", "stopped", "contradicted"]


class Finding(NamedTuple):
    """What one selector found: those that count, which of them fit best (spelt just as it was typed), who is gone.

    Deleted companies and retired persons are gone, and do not count.
    """

    kind: str
    ids: frozenset[int] = frozenset()
    exact: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()


class Verdict(NamedTuple):
    """What the selectors came to, who is left, and the selector that decided it.

    `stopped`: the selector `by` found none while another found some; `contradicted`: it found others.
    """

    outcome: Outcome
    ids: frozenset[int] = frozenset()
    by: str = ""


def narrow(findings: Sequence[Finding]) -> Verdict:
    """Decide: the first selector that finds anything does, and the next ones narrow it down while several are left.

    An id, number or orgnr that finds none ends the search, and so does a hit that contradicts one of them. Where
    several are left in the end, those that fit best win.
    """
    if not any(finding.ids for finding in findings):
        return Verdict("none")
    left: frozenset[int] = frozenset()
    by = ""
    for finding in findings:
        binds = finding.kind in BINDING
        if binds and not finding.ids:
            return Verdict("stopped", by=finding.kind)
        if binds and left and not left & finding.ids:
            return Verdict("contradicted", left, finding.kind)
        if not left and finding.ids:
            left, by = finding.ids, finding.kind
        elif binds or len(left) > 1:
            left = left & finding.ids or left
    for finding in findings:
        left = left & finding.exact or left
    return Verdict("one" if len(left) == 1 else "several", left, by)
