"""Who a party may be where several fit, with what tells them apart."""

from __future__ import annotations

import pytest

from services.mapping import MappedRelation
from services.superoffice.candidates import list_candidates
from tests.tenant import US, company, open_directory, person, soon


@pytest.fixture
def candidates(tmp_path, settings, secrets):
    """Return a lister of who fits for a source."""
    directory = open_directory(tmp_path, settings, secrets)
    return lambda source: {
        path: [tuple(one) for one in found]
        for path, found in list_candidates(MappedRelation("Recommends", source, US), directory, soon()).items()
    }


def test_companies_differ_in_department_and_city(candidates):
    """Those who fit, and no deleted one."""
    assert candidates(company(name="Acme AS")) == {
        "source.company": [(687, "Acme AS", "", "Oslo", "Oslo"), (688, "Acme AS", "", "Bergen", "Bergen")]
    }


def test_persons_show_where_they_work(candidates):
    """Two of one name may be in one company, or in several."""
    assert candidates(person(email="grace@acme.example")) == {
        "source.person": [(91, "Grace Hopper", "Acme", "", ""), (93, "Grace Hopper", "Acme AS", "Oslo", "Oslo")]
    }


def test_only_those_of_the_company_fit(candidates):
    """A company that is found narrows its people down."""
    assert [one[0] for one in candidates(person({"id": 687}, name="Ola Hansen"))["source.person"]] == [94, 95]


@pytest.mark.parametrize("source", [company(id=686), company(name="Nobody AS")])
def test_one_or_none_are_no_choice(candidates, source):
    """There is nobody to choose from."""
    assert candidates(source) == {}
