"""Searching an archive: how restrictions are joined, read, paged, and never answered from memory."""

import itertools

import pytest

from services.errors import SuperOfficeUnavailable
from services.superoffice import archive
from services.superoffice.archive import Archive, Row, all_of, any_of, can_be_sought, records, restrict, search
from tests.tenant import SEARCH, open_directory, soon

COMPANIES = Archive("SimpleContact", ("contact",), "contactId")


@pytest.fixture
def webapi(tmp_path, settings, secrets):
    """Give the sandbox's WebAPI."""
    return open_directory(tmp_path, settings, secrets).webapi


@pytest.fixture
def find(webapi):
    """Return a search for companies that gives their ids."""

    def run(restrictions, *columns):
        return [row.id for row in search(COMPANIES, columns, restrictions, webapi, soon())]

    return run


def named(name):
    """Restrict to a name."""
    return restrict("name", "is", name)


def numbered(*ids):
    """Restrict to one of some ids."""
    return any_of(*(restrict("contactId", "equals", identity) for identity in ids))


@pytest.mark.parametrize(
    ("restrictions", "ids"),
    [
        (named("acme"), [686]),
        (any_of(named("Acme"), named("Fjellheim Bygg AS"), restrict("number", "is", "10004")), [4, 686, 1881]),
        (all_of(named("Acme AS"), restrict("department", "is", "Oslo")), [687, 689]),
        (all_of(named("Acme AS"), any_of(restrict("department", "is", "Bergen"), numbered(689))), [688, 689]),
        (any_of(all_of(named("Acme AS"), numbered(687)), all_of(named("Acme"), numbered(687))), [687]),
        (any_of(numbered(4), all_of(numbered(11, 23), any_of(numbered(23), numbered(57)))), [4, 23]),
        (any_of(named("Nobody")), []),
        (any_of((), numbered(4), ()), [4]),
    ],
)
def test_groups_mean_what_they_say(find, restrictions, ids):
    """However deep they are nested, brackets and operators come to the same as the words."""
    assert find(restrictions) == ids


def test_brackets_are_balanced():
    """Every bracket that is opened is closed, in whatever way groups are put together."""
    a, b = named("a"), named("b")
    for outer, inner in itertools.product((any_of, all_of), repeat=2):
        depth = list(itertools.accumulate(one["InterParenthesis"] for one in outer(inner(a, b), a, inner(b, a))))
        assert (min(depth), depth[-1]) == (0, 0)


def test_what_people_typed_is_a_value_and_nothing_else(find, sandbox):
    """A quote ends nothing, an operator is a word, a bracket is a letter."""
    hostile = "x' or name contains '"

    assert find(named(hostile)) == []
    sent = sandbox.calls[-1]["body"]["Restriction"][0]
    assert (sent["Name"], sent["Operator"], sent["Values"]) == ("name", "is", [hostile])


@pytest.mark.parametrize("text", ["[I:686]", "[D:01/01/2026]", "", "a\nb", "x" * 255, "\ud800", "[S:\n]"])
def test_some_texts_are_not_sought(text):
    """SuperOffice would read them as something else, or nobody can be called so."""
    assert not can_be_sought(text)


@pytest.mark.parametrize("text", ["Acme", "[Acme]", "D'Angelo", "株式会社", "50 % [off]"])
def test_others_are(text):
    """A name may hold nearly anything."""
    assert can_be_sought(text)


def test_a_search_is_never_answered_from_memory(find, sandbox):
    """SuperOffice keeps what a query found for a minute; what was saved since must be seen."""
    for _ in range(3):
        find(named("Acme"))

    assert sandbox.counts["from_archive_cache"] == 0


def test_all_pages_are_read(find, sandbox, monkeypatch):
    """Rows beyond the first page count too, and the later pages belong to the same query."""
    monkeypatch.setattr(archive, "PAGE", 2)

    assert find(numbered(4, 11, 23, 57, 686)) == [4, 11, 23, 57, 686]
    assert sandbox.counts[SEARCH] == 3


def test_reading_ends(find, sandbox, monkeypatch):
    """Who is one of very many is not found by reading on."""
    monkeypatch.setattr(archive, "PAGE", 1)

    assert len(find(restrict("contactId", "greater", 0))) == archive.MOST_PAGES


def test_values_are_read_as_superoffice_encodes_them(webapi):
    """Numbers and yes-or-no come in brackets, texts as they are."""
    columns = ("name", "contactDeleted", "department")
    (row,) = search(COMPANIES, columns, numbered(112), webapi, soon())

    assert (row.id, row.number("contactId"), row.flag("contactDeleted")) == (112, 112, True)
    assert (row.text("name"), row.text("department"), row.number("name")) == ("Gone Fishing Ltd", "", 0)


@pytest.mark.parametrize("value", ["[I:1]", "1", "True", "[B:true]", "yes"])
def test_yes_may_be_written_in_many_ways(value):
    """The docs do not say how a yes is encoded."""
    assert Row(1, {"retired": (value,)}).flag("retired")


@pytest.mark.parametrize("columns", [{}, {"retired": ("[I:0]",)}, {"retired": ("False",)}, {"retired": ("0",)}])
def test_so_may_no(columns):
    """A column that is not there says no."""
    assert not Row(1, columns).flag("retired")


def test_a_record_that_is_listed_twice_is_one():
    """An archive may list a company for each of its e-mail addresses."""
    rows = [Row(1, {"name": ("A",), "mail": ("x",)}), Row(2), Row(1, {"name": ("A",), "mail": ("y",)})]

    assert records(rows) == (Row(1, {"name": ("A",), "mail": ("x", "y")}), Row(2, {}))


@pytest.mark.parametrize(
    "body", [None, {}, "<html>", [None], [{"PrimaryKey": 5}], [{"PrimaryKey": 0, "ColumnData": {}}], [5]]
)
def test_an_answer_that_cannot_be_read_is_for_later(find, sandbox, body):
    """It must not pass for an empty list: somebody would be made who is there already."""
    sandbox.fault(path=SEARCH, status=200, body=body)

    with pytest.raises(SuperOfficeUnavailable):
        find(named("Acme"))
