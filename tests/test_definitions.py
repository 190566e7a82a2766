"""What the parties are to each other: by id, by name from either end, in any language."""

import pytest

from services.errors import SuperOfficeUnavailable
from services.superoffice.definitions import PAIRS, Meaning, find_definition, list_definitions, text_of
from tests.tenant import open_directory, soon

LIST = "GET MDOList/{id}"


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def directory(tmp_path, settings, secrets, clock):
    """Open the sandbox's tenant."""
    return open_directory(tmp_path, settings, secrets, clock=clock)


@pytest.fixture
def find(directory):
    """Return a look for the definition of a pair."""

    def run(wanted, pair="CC"):
        return find_definition(wanted, pair, ("level",), directory, soon())

    return run


@pytest.mark.parametrize(
    ("wanted", "pair", "expected"),
    [
        (18, "CC", Meaning(18, False, "id")),
        ("Partner of", "CC", Meaning(18, False, "active text")),
        ("  PARTNER   of ", "CC", Meaning(18, False, "active text")),
        ("Has partner", "CC", Meaning(18, True, "passive text")),
        ("Partner von", "CC", Meaning(18, False, "active text")),
        ("har partner", "CC", Meaning(18, True, "passive text")),
        ("Leverandor til", "CC", Meaning(45, False, "active text")),
        ("Beschaftigt", "CP", Meaning(21, False, "active text")),
        ("Is employed by", "PC", Meaning(21, True, "passive text")),
        ("Board member of", "PC", Meaning(24, False, "active text")),
        ("Reports to", "PP", Meaning(27, False, "active text")),
        ("Cooperates with", "CC", Meaning(36, False, "active text")),
        ("Adviser to", "CC", Meaning(40, False, "active text")),
        ("Adviser to", "PC", Meaning(39, False, "active text")),
        ("Partner of", "??", Meaning(18, False, "active text")),
        ("Partner of", "P?", Meaning(18, False, "active text")),
    ],
)
def test_a_definition_is_known_by_any_of_its_names(find, wanted, pair, expected):
    """Case, accents and language do not count; the passive text says that the parties swap."""
    assert find(wanted, pair) == expected


@pytest.mark.parametrize(
    ("wanted", "pair", "words"),
    [
        ("Nonsense", "PP", "No such definition fits a relation from a person to a person. Those that do: Reports to"),
        ("Nonsense", "CC", "Partner of (18), Customer of (19), Recommends (30)"),
        ("Employs", "CC", "This definition does not fit a relation from a company to a company. Those that do:"),
        ("Employs", "PC", "This definition does not fit a relation from a person to a company."),
        (21, "CC", "This definition does not fit"),
        (99, "CC", "No such definition fits"),
        (33, "CC", "No such definition fits"),
        ("Rival of", "CC", "No such definition fits"),
        ("", "CC", "No such definition fits"),
        ("Adviser to", "??", "More than one definition is called so. Send the id of the one that is meant: 40, 39."),
    ],
)
def test_what_does_not_fit_is_told_what_does(find, wanted, pair, words):
    """The sentence lists the definitions of that pair with their ids."""
    mistake = find(wanted, pair)

    assert (mistake.error.reason, mistake.field) == ("definition-unknown", "level")
    assert words in mistake.message
    assert len(mistake.message) < 240


def test_the_tenants_own_language_comes_first(tmp_path, settings, secrets):
    """A list is told in the language of SUPEROFFICE_LANGUAGE."""
    norwegian = open_directory(tmp_path, settings, secrets, language="nb")
    texts = [text_of(each.active, "nb") for each in list_definitions("CC", norwegian, soon())]

    assert "Kunde av" in texts
    assert "Leverandør til" in texts


def test_lists_are_kept_for_ten_minutes(find, sandbox, clock):
    """They change seldom, and every submission needs one."""
    find("Partner of")
    clock.now = 599
    find("Partner of")
    assert sandbox.counts[LIST] == 1
    clock.now = 601
    find("Partner of")

    assert sandbox.counts[LIST] == 2


def test_a_name_that_is_new_is_asked_for_again(find, sandbox, clock):
    """Whoever has just added a definition does not wait ten minutes for it."""
    find("Partner of")
    clock.now = 31
    find("Nonsense")
    find("Nonsense")

    assert sandbox.counts[LIST] == 2 + len(PAIRS) - 1  # CC twice, the others to say whether it is one of theirs


@pytest.mark.parametrize("body", [None, 5, {"Id": 1}, [5], [{"Name": "x"}], [{"Id": "x", "Name": "y"}], "<html>"])
def test_a_list_that_cannot_be_read_is_for_later(find, sandbox, body):
    """It must not pass for an empty one: nothing would be called anything."""
    sandbox.fault(path="MDOList", status=200, body=body)

    with pytest.raises(SuperOfficeUnavailable):
        find("Partner of")


def test_headings_are_looked_under(find, sandbox):
    """An administrator may have put the list into groups."""
    inner = {"Id": 7, "Name": "Owns", "ExtraInfo": "Is owned by"}
    sandbox.fault(path="MDOList", status=200, body=[{"Id": 1, "Name": "Group", "ChildItems": [inner]}])

    assert find("is owned by") == Meaning(7, True, "passive text")
