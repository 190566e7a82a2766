"""What there is to choose from: found by words, in order, page by page, and nobody who does not count."""

import pytest

from services.superoffice.listing import list_companies, list_definition_choices, list_persons
from tests.sandbox_api import Online
from tests.tenant import SEARCH, open_directory, soon


@pytest.fixture
def directory(tmp_path, settings, secrets):
    """Open the sandbox's tenant."""
    return open_directory(tmp_path, settings, secrets)


@pytest.fixture
def companies(directory):
    """Return a search for companies that gives their ids."""
    return lambda words="", page=0: [choice.id for choice in list_companies(words, page, directory, soon())]


@pytest.fixture
def persons(directory):
    """Return a search for persons that gives their ids."""
    return lambda words="", of=None: [choice.id for choice in list_persons(words, 0, directory, soon(), of)]


def add_companies(sandbox, names):
    """Put more companies into the tenant."""
    online = Online(sandbox)
    for name in names:
        assert online.post("Agents/Contact/SaveContactEntity", json={"ContactId": 0, "Name": name}).ok


def searches(sandbox):
    """Give the bodies of all searches that came."""
    return [call["body"] for call in sandbox.calls if SEARCH in call["path"]]


@pytest.mark.parametrize(
    ("pair", "listed"),
    [("CC", [18, 19, 30, 36, 40, 45]), ("CP", [21, 30]), ("PC", [18, 24, 30, 39]), ("PP", [27, 30, 36])],
)
def test_definitions_are_those_that_fit_the_pair(directory, pair, listed):
    """The deleted ones are left out."""
    assert [choice.id for choice in list_definition_choices(pair, 0, directory, soon())] == listed


@pytest.mark.parametrize(
    ("language", "name", "passive"),
    [("en", "Employs", "Is employed by"), ("de", "Beschäftigt", "Ist beschäftigt bei")],
)
def test_definitions_are_in_the_tenants_language(tmp_path, settings, secrets, language, name, passive):
    """Both texts are there, for a relation reads from either end."""
    directory = open_directory(tmp_path, settings, secrets, language=language)
    choice = list_definition_choices("CP", 0, directory, soon())[0]

    assert (choice.name, choice.passive, choice.label) == (name, passive, f"{name} / {passive} (21)")


def test_definitions_are_kept(directory, sandbox):
    """A drop-down that is opened often costs the tenant one call in ten minutes, whatever the page."""
    for page in (0, 1, 0):
        list_definition_choices("CC", page, directory, soon())

    assert sum("MDOList" in call["path"] for call in sandbox.calls) == 1


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        ("acme", [686, 688, 687]),
        ("ACME", [686, 688, 687]),
        ("oslo acme", [687]),
        ("bergen", [688]),
        ("10687", [687]),
        ("1881", [701]),
        ("a", [686, 688, 687]),
        ("sønn", [23, 750]),
        ("& S", [23, 751, 750]),
        ("café", [731]),
        ("gone", []),
        ("%", []),
        ("Acme' or name contains '", []),
        ("[I:686]", []),
        ("[I:686 687]", []),
        ("a c m e A S a c", [688, 687, 57]),
        ("a c m e A S a c Nobody", [688, 687, 57]),
    ],
)
def test_companies_are_found_by_words_or_number(companies, words, listed):
    """Every word stands somewhere in name or department; what was typed is never more than a text to look for."""
    assert companies(words) == listed


@pytest.mark.parametrize(
    ("words", "of", "listed"),
    [
        ("hansen", None, [12, 94, 95, 99]),
        ("ola hansen", None, [12, 94, 95]),
        ("hansen ola", 687, [94, 95]),
        ("", 686, [90, 91]),
        ("", 687, [93, 94, 95]),
        ("countess@lovelace", None, [90]),
        ("D'Angelo", None, [104]),
        ("schmidt", None, [103]),
        ("coyote", None, [97]),
        ("finn", None, []),
        ("", 112, []),
        ("", 999999, []),
        ("[I:90]", None, []),
    ],
)
def test_persons_are_found_by_words_and_company(persons, words, of, listed):
    """Who has retired is left out, and so is everybody of a deleted company."""
    assert persons(words, of) == listed


def test_labels_are_never_alike(directory):
    """A drop-down with two equal lines is of no use."""
    choices = (*list_companies("", 0, directory, soon()), *list_persons("", 0, directory, soon()))

    assert len({choice.label for choice in choices}) == len(choices) == 33


@pytest.mark.parametrize("words", ["", "a", "acme", "a@b"])
def test_no_restriction_is_ever_empty(companies, persons, sandbox, words):
    """NetServer takes no notice of an empty text, and would list everybody."""
    companies(words)
    persons(words)

    assert len(searches(sandbox)) >= 2
    assert all(all(one["Values"]) and one["Values"] for body in searches(sandbox) for one in body["Restriction"])


def test_there_are_fifty_to_a_page(companies, sandbox):
    """The pages follow each other without a gap, and one beyond the end is empty."""
    add_companies(sandbox, [f"Twin {number % 3}" for number in range(60)])
    pages = [companies("twin", page) for page in (0, 1, 2, 99999)]

    assert [len(page) for page in pages] == [50, 10, 0, 0]
    assert len({*pages[0], *pages[1]}) == 60


def test_persons_cost_two_calls(persons, sandbox):
    """One for a page of them, one for all their companies."""
    persons()

    assert len(searches(sandbox)) == 2


def test_what_was_saved_a_moment_ago_is_listed(companies, sandbox):
    """NetServer would answer the same search from its cache for a minute."""
    assert companies("zeppelin") == []
    add_companies(sandbox, ["Zeppelin"])

    assert len(companies("zeppelin")) == 1
