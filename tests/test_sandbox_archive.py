"""The sandbox's Archive agent: columns, operators, brackets, encodings and traps that NetServer's documents name."""

from __future__ import annotations

import pytest

from tests.sandbox_api import PARTNER, Online, where


@pytest.fixture
def api(sandbox):
    """Open the online tenant's API."""
    with Online(sandbox) as session:
        yield session


def test_rows_have_encoded_values(api):
    """The primary key is a number; every value is text, with a marker of its type unless it is text itself."""
    columns = ["contactId", "name", "email/emailAddress", "contactDeleted", "deletedDate"]
    (row,) = api.archive("SimpleContact", columns, where("contactId", "equals", "[I:112]")).json()

    assert (row["EntityName"], row["PrimaryKey"], list(row["ColumnData"])) == ("contact", 112, columns)
    assert [cell["DisplayValue"] for cell in row["ColumnData"].values()] == [
        "[I:112]",
        "Gone Fishing Ltd",
        "hello@gone-fishing.example",
        "[I:1]",
        "[DT:11/03/2025 09:30:00]",
    ]


@pytest.mark.parametrize(
    ("provider", "restriction", "found"),
    [
        ("SimpleContact", where("contactId", "equals", "686"), [686]),
        ("simplecontact", where("CONTACTID", "=", "[I:686]"), [686]),
        ("SimpleContact", where("contactId", "in", "[I:4]", "11", "4711"), [4, 11]),
        ("SimpleContact", where("contactId", "less", "12"), [4, 11]),
        ("SimpleContact", where("contactId", "greater", "[I:751]"), [1881]),
        ("SimpleContact", where("contactId", "between", "11", "24"), [11, 23, 24]),
        ("SimpleContact", where("name", "is", "Acme AS"), [687, 688, 689]),
        ("SimpleContact", where("name", "begins", "acme"), [686, 687, 688, 689]),
        ("SimpleContact", where("name", "contains", "ø"), [23, 24, 740, 750]),
        ("SimpleContact", where("name", "in", "Acme", "Delta Data"), [686, 735]),
        ("SimpleContact", where("department", "equals", "Bergen"), [688]),
        ("SimpleContact", where("nameDepartment", "equals", "Acme AS, Bergen"), [688]),
        ("SimpleContact", where("orgnr", "equals", "317333013"), [686]),
        ("SimpleContact", where("orgnr", "contains", "318444021"), [688]),
        ("SimpleContact", where("number", "equals", "10686"), [686]),
        ("SimpleContact", where("code", "eq", "liaison"), [4]),
        ("SimpleContact", where("email/emailAddress", "equals", "INVOICE@acme.example"), [686]),
        ("SimpleContact", where("email/emailAddress", "contains", "@acme.example"), [686, 687, 688]),
        ("SimpleContact", where("url/URLAddress", "contains", "beta.example"), [720, 721]),
        ("SimpleContact", where("contactPhone/formattedNumber", "equals", "22334455"), [687]),
        ("SimpleContact", where("searchPhone/formattedNumber", "contains", "22 33 44 55"), [686, 687]),
        ("SimpleContact", where("searchPhone/formattedNumber", "equals", "+4722334455"), [686]),
        ("SimpleContact", where("contactDeleted", "set", "true"), [24, 112, 689]),
        ("SimpleContact", where("contactDeleted", "equals", "[I:1]"), [24, 112, 689]),
        ("SimpleContact", where("deletedDate", "isNotNull"), [24, 112, 689]),
        ("FindContact", where("personEmail/emailAddress", "equals", "grace@acme.example"), [686, 687]),
        ("Person", where("email/emailAddress", "equals", "grace@acme.example"), [91, 93]),
        ("Person", where("email/emailAddress", "is", "sjur@aase-sonner.example"), [104]),
        ("Person", where("email/emailAddress", "equals", "countess@lovelace.example"), [90]),
        ("Person", where("fullName", "equals", "ola hansen"), [12, 94, 95]),
        ("Person", where("lastName", "equals", "D'Angelo"), [104]),
        ("Person", where("firstName", "isNull"), [103]),
        ("Person", where("contactId", "equals", "[I:686]"), [90, 91, 92]),
        ("Person", where("retired", "set", "[I:1]"), [92, 98]),
        ("Person", where("personMobilePhone/formattedNumber", "equals", "90022333"), [95]),
        ("Person", where("searchPhone/formattedNumber", "contains", "900 22 333"), [12, 95]),
    ],
    ids=str,
)
def test_finds(api, provider, restriction, found):
    """Every kind of column has its operators; deleted companies and retired persons are found unless left out."""
    assert api.keys(provider, restriction) == found


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [("equals", "1881", [1881]), ("is", "1881", [1881]), ("in", "1881", [1881]), ("begins", "1881", [701])],
)
def test_a_name_of_digits_is_a_key(api, operator, value, found):
    """`name` is a stringorPK: the company called 1881 is not found by its whole name, but the one with that id."""
    assert api.keys("SimpleContact", where("name", operator, value)) == found
    assert api.keys("SimpleContact", where("nameDepartment", operator, value)) == [701]


@pytest.mark.parametrize("operator", ["isNot", "notBegins", "notContains"])
def test_negated_operators_leave_out(api, operator):
    """What the positive one finds is exactly what the negated one leaves out."""
    own = where("contactId", "in", "686", "720", "721")

    assert api.keys("SimpleContact", own, where("name", operator, "beta consulting")) == [686]


@pytest.mark.parametrize(
    ("restrictions", "found"),
    [
        # One after another is And; And binds tighter; the operator stands on the left one.
        ([("4", {}), ("11", {})], []),
        ([("4", {"InterOperator": "Or"}), ("11", {})], [4, 11]),
        ([("4", {"InterOperator": "Or"}), ("11", {}), ("23", {})], [4]),
        ([("4", {"InterOperator": "Or", "InterParenthesis": 1}), ("11", {"InterParenthesis": -1}), ("11", {})], [11]),
        ([("4", {}), ("11", {"IsActive": False})], [4]),
        ([("4", {"IsActive": None}), ("4", {"InterOperator": None})], [4]),
    ],
    ids=str,
)
def test_restrictions_are_joined(api, restrictions, found):
    """A flat list says with operators and brackets what a tree would."""
    listed = [where("contactId", "equals", value, **more) for value, more in restrictions]

    assert api.keys("SimpleContact", *listed) == found


def test_an_empty_text_restricts_nothing(api):
    """NetServer ignores such a restriction: what was to find one company finds them all."""
    everything = api.keys("SimpleContact")

    assert len(everything) == 20
    assert api.keys("SimpleContact", where("name", "equals", "")) == everything
    assert api.keys("SimpleContact", where("contactId", "equals", "4"), where("orgnr", "is", "")) == [4]


def test_an_ignored_restriction_takes_its_brackets_along(api):
    """The closing of what was never opened is forgiven, an opening that is never closed is not."""
    empty, whole = ("name", "equals", ""), ("contactId", "equals", "4")
    forgiven = where(*empty, InterParenthesis=1), where(*whole, InterParenthesis=-1)
    broken = where(*whole, InterParenthesis=1), where(*empty, InterParenthesis=-1)

    assert api.keys("SimpleContact", *forgiven) == [4]
    assert api.archive("SimpleContact", [], *broken).status_code == 400


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ProviderName": "ContactRelation"}, "no archive provider named 'ContactRelation'"),
        ({"ProviderName": None}, "no archive provider"),
        ({"Restriction": None}, "must not be null"),
        ({"Columns": None}, "must not be null"),
        ({"Columns": ["glops"]}, "no column 'glops'"),
        ({"Columns": ["getAllRows"]}, "for restrictions only"),
        ({"Entities": ["person"]}, "no entity 'person'"),
        ({"PageSize": 0}, "PageSize"),
        ({"SortOrder": [{"Name": "deletedDate"}]}, "cannot be ordered by"),
        ({"SortOrder": [{"Name": "name", "Direction": "UP"}]}, "neither ASC nor DESC"),
        ({"Restriction": [where("glops", "equals", "1")]}, "no column 'glops'"),
        ({"Restriction": [where("contactId", "begins", "1")]}, "'begins' is not known"),
        ({"Restriction": [where("contactId", "ge", "1")]}, "'ge' is not known"),
        ({"Restriction": [where("name", "notEnds", "e")]}, "'notEnds' is not known"),
        ({"Restriction": [where("name", "set", "e")]}, "'set' is not known"),
        ({"Restriction": [where("name", None, "e")]}, "'None' is not known"),
        ({"Restriction": [where("contactId", "equals", "Acme")]}, "cannot be read"),
        ({"Restriction": [where("contactId", "equals", "[I:Acme]")]}, "cannot be read"),
        ({"Restriction": [where("contactId", "equals", "99999999999")]}, "cannot be read"),
        ({"Restriction": [where("contactDeleted", "set", "perhaps")]}, "cannot be read"),
        ({"Restriction": [where("contactId", "equals")]}, "got 0 values"),
        ({"Restriction": [where("contactId", "equals", "4", "11")]}, "got 2 values"),
        ({"Restriction": [where("contactId", "in")]}, "got 0 values"),
        ({"Restriction": [where("contactId", "equals", "4", SubRestrictions=[{}])]}, "SubRestrictions"),
        ({"Restriction": [where("contactId", "equals", "4", InterParenthesis=1)]}, "never closed"),
        ({"Restriction": [where("contactId", "equals", "4", InterParenthesis=-1)]}, "never opened"),
        ({"Restriction": [where("name", "equals", "", InterParenthesis=1)]}, "never closed"),
    ],
    ids=str,
)
def test_refuses_what_netserver_would(api, changed, words):
    """A query that makes no sense is 400 with the error object, not an empty list."""
    answer = api.archive("SimpleContact", ["name"], **changed)

    assert (answer.status_code, answer.json()["ErrorType"]) == (400, "ArgumentException")
    assert words in answer.json()["ErrorMessage"]


@pytest.mark.parametrize(
    "changed",
    [
        {"Restriction": "contactId = 4"},
        {"Columns": "name"},
        {"Page": "first"},
        {"PageSize": True},
        {"Restriction": [where("contactId", "equals", None)]},
        {"Restriction": [where("contactId", "equals", "4", InterOperator="Xor")]},
    ],
    ids=str,
)
def test_refuses_what_does_not_fit_the_request(api, changed):
    """What cannot be read as the request is refused before NetServer sees it."""
    answer = api.archive("SimpleContact", ["name"], **changed)

    assert (answer.status_code, answer.json()["Message"]) == (400, "The request is invalid.")


def test_pages_and_orders(api):
    """Page 0 is the first, a negative one skips rows; ordered by the primary key unless said otherwise."""
    own = where("name", "is", "Acme AS")
    down = {"SortOrder": [{"Name": "department", "Direction": "DESC"}, {"Name": "contactId", "Direction": "ASC"}]}

    assert api.keys("SimpleContact", own, PageSize=2) == [687, 688]
    assert api.keys("SimpleContact", own, PageSize=2, Page=1) == [689]
    assert api.keys("SimpleContact", own, PageSize=2, Page=-1) == [688, 689]
    assert api.keys("SimpleContact", own, **down) == [687, 689, 688]


def test_entities_leave_out_the_retired(api):
    """Without entities, or with null, all kinds of row come."""
    own = where("contactId", "equals", "686")

    assert api.keys("Person", own, Entities=["person"]) == [90, 91]
    assert api.keys("Person", own, Entities=["retiredPerson"]) == [92]
    assert api.keys("Person", own, Entities=None) == api.keys("Person", own, Entities=[]) == [90, 91, 92]


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ({}, {"cafe aurora": [730], "delta data": [735], "STRASSE & SÖHNE KG": [751]}),
        ({"ignore_case": False}, {"Cafe Aurora": [730], "cafe aurora": []}),
        ({"ignore_accents": True}, {"cafe aurora": [730, 731]}),
        ({"ignore_trailing_blanks": False}, {"Delta Data": [], "Delta Data ": [735]}),
    ],
    ids=str,
)
def test_compares_as_the_collation_says(api, sandbox, told, names):
    """As SQL Server does unless told otherwise: case and blanks at the end do not count, accents do."""
    sandbox.set_collation(**told)

    assert {name: api.keys("SimpleContact", where("name", "equals", name)) for name in names} == names


def test_finds_what_it_has_just_stored(api, sandbox):
    """With the archive's memory switched off, every query is answered with what is true now."""
    sandbox.set_archive_cache(0)
    own = where("source/restrictionContactId", "equals", str(PARTNER["SourceContactId"]))
    before, number = api.keys("Relation", own), api.save().json()["RelationId"]

    assert (before, api.keys("Relation", own)) == ([], [number])
