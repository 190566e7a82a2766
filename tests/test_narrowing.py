"""Which one several selectors mean: the rule, case by case."""

import pytest

from services.superoffice.narrowing import Finding, Verdict, narrow

ONE, OTHER, THIRD = 686, 687, 688


def found(kind, *ids, exact=(), gone=()):
    """Say what a selector found."""
    return Finding(kind, frozenset(ids), frozenset(exact), frozenset(gone))


def verdict(outcome, *ids, by=""):
    """Say what it should come to."""
    return Verdict(outcome, frozenset(ids), by)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        pytest.param([], verdict("none"), id="nothing was given"),
        pytest.param([found("name")], verdict("none"), id="the only selector finds none"),
        pytest.param([found("orgnr"), found("name")], verdict("none"), id="every selector finds none"),
        pytest.param([found("name", gone=[ONE])], verdict("none"), id="who is deleted does not count"),
        pytest.param([found("name", ONE)], verdict("one", ONE, by="name"), id="one is found"),
        pytest.param(
            [found("email", ONE), found("name", OTHER)],
            verdict("one", ONE, by="email"),
            id="the first that finds anything decides",
        ),
        pytest.param(
            [found("email"), found("name", OTHER)],
            verdict("one", OTHER, by="name"),
            id="what finds none leaves it to the next",
        ),
        pytest.param(
            [found("name", ONE, OTHER), found("email", OTHER, THIRD)],
            verdict("one", OTHER, by="name"),
            id="the next narrows down while several are left",
        ),
        pytest.param(
            [found("name", ONE, OTHER, THIRD), found("email", ONE, OTHER), found("phone", OTHER)],
            verdict("one", OTHER, by="name"),
            id="and the one after it",
        ),
        pytest.param(
            [found("name", ONE, OTHER), found("email", THIRD), found("phone", ONE)],
            verdict("one", ONE, by="name"),
            id="one that finds only others does not narrow down",
        ),
        pytest.param([found("name", ONE, OTHER)], verdict("several", ONE, OTHER, by="name"), id="several are left"),
        pytest.param(
            [found("orgnr", ONE, OTHER), found("name", ONE, OTHER)],
            verdict("several", ONE, OTHER, by="orgnr"),
            id="several are left of an orgnr too",
        ),
        pytest.param(
            [found("name", ONE, OTHER, exact=[OTHER])],
            verdict("one", OTHER, by="name"),
            id="a tie is broken by who is spelt so",
        ),
        pytest.param(
            [found("name", ONE, OTHER, exact=[OTHER]), found("email", ONE)],
            verdict("one", ONE, by="name"),
            id="but only after the next has narrowed down",
        ),
        pytest.param([found("orgnr"), found("name", ONE)], verdict("stopped", by="orgnr"), id="an orgnr finds none"),
        pytest.param([found("id"), found("name", ONE)], verdict("stopped", by="id"), id="an id finds none"),
        pytest.param([found("number"), found("name", ONE)], verdict("stopped", by="number"), id="a number finds none"),
        pytest.param(
            [found("name", ONE), found("orgnr")], verdict("stopped", by="orgnr"), id="also where the name came first"
        ),
        pytest.param(
            [found("name", ONE), found("orgnr", OTHER)],
            verdict("contradicted", ONE, by="orgnr"),
            id="a hit contradicts the orgnr",
        ),
        pytest.param(
            [found("id", ONE), found("number", OTHER)],
            verdict("contradicted", ONE, by="number"),
            id="an id and a number contradict each other",
        ),
        pytest.param(
            [found("name", ONE, OTHER), found("id", OTHER)],
            verdict("one", OTHER, by="name"),
            id="an id among the hits agrees",
        ),
        pytest.param(
            [found("id", ONE), found("name", OTHER)],
            verdict("one", ONE, by="id"),
            id="a name is not asked where the id has found one",
        ),
    ],
)
def test_decides_narrows_and_contradicts(findings, expected):
    """The first that finds anything decides, the next narrow down, what names one must not be contradicted."""
    assert narrow(findings) == expected
