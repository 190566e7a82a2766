"""Who a party is: what its selectors found, narrowed down to one, and a person held against its company."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from services.deadline import Deadline
from services.errors import PartyMismatch, PartyNotFound
from services.mapping import Selector
from services.superoffice import blame, persons
from services.superoffice.archive import Row
from services.superoffice.blame import Mistake
from services.superoffice.directory import Directory
from services.superoffice.looks import Look
from services.superoffice.narrowing import Finding, Verdict, narrow
from services.superoffice.parties import COMPANIES, PERSONS, Sighting, keep, look_closer

OWN = frozenset({"id", "email"})  # they name a person wherever it works; a name or a phone only within a company


class Wanted(NamedTuple):
    """A company or person to be found: where hooks.yaml has it (`source.company`), and by what."""

    path: str
    selectors: tuple[Selector, ...]
    looks: tuple[Look, ...]


class Judgement(NamedTuple):
    """Who it is and by which selector, or why it is nobody; `is_missing` where nothing at all was found.

    `several` are those of whom it may be any.
    """

    row: Row | None = None
    by: str = ""
    mistake: Mistake | None = None
    is_missing: bool = False
    several: tuple[Row, ...] = ()


def judge_company(wanted: Wanted, sighting: Sighting, directory: Directory, deadline: Deadline) -> Judgement:
    """Return the one company that the selectors mean, or what to say."""
    verdict = narrow(sighting.findings)
    if hidden := _hidden(wanted, sighting, sighting.findings, verdict):
        sighting = look_closer(COMPANIES, wanted.looks, hidden, sighting, directory, deadline)
        verdict = narrow(sighting.findings)
    if verdict.outcome == "one":
        (identity,) = verdict.ids
        keep(COMPANIES, wanted.looks, sighting, sighting.rows[identity], directory)
        return Judgement(sighting.rows[identity], verdict.by)
    mistake = blame.of(verdict, wanted.path, wanted.looks, sighting.findings)
    return Judgement(mistake=mistake, is_missing=verdict.outcome == "none", several=_several(verdict, sighting))


def judge_person(
    wanted: Wanted, sighting: Sighting, company: int | None, directory: Directory, deadline: Deadline
) -> Judgement:
    """Return the one person that the selectors mean, or what to say.

    It must be one of the company's; 0 is a company that is still to be made, None means any.
    """
    findings = _inside(company, sighting)
    verdict = narrow(findings)
    if hidden := _hidden(wanted, sighting, findings, verdict):
        sighting = look_closer(PERSONS, wanted.looks, hidden, sighting, directory, deadline)
        findings = _inside(company, sighting)
        verdict = narrow(findings)
    if verdict.outcome == "one":
        (identity,) = verdict.ids
        row = sighting.rows[identity]
        keep(PERSONS, wanted.looks, sighting, row, directory)
        return Judgement(row, verdict.by)
    if verdict.outcome in ("none", "stopped") and (mistake := _elsewhere(wanted, sighting.findings, findings)):
        return Judgement(mistake=mistake)
    where = "" if company is None else " in that company"
    mistake = blame.of(verdict, wanted.path, wanted.looks, findings, where)
    return Judgement(mistake=mistake, is_missing=verdict.outcome == "none", several=_several(verdict, sighting))


def _several(verdict: Verdict, sighting: Sighting) -> tuple[Row, ...]:
    ids = sorted(verdict.ids) if verdict.outcome == "several" else ()
    return tuple(sighting.rows[identity] for identity in ids)


def judge_employer(person: Wanted, row: Row, sighting: Sighting) -> Judgement:
    """Return the company of a person who was given without one, looked up by its id, or what to say."""
    field = blame.field(person.path, person.looks)
    for company in sighting.rows.values():
        if sighting.findings[0].ids == {company.id}:
            return Judgement(company, "person")
    if row.number(persons.COMPANY):
        message = "The person's company is deleted in SuperOffice: restore it there, or move the person to another."
        return Judgement(mistake=Mistake(PartyNotFound, field, message))
    message = "The person has no company in SuperOffice, and a relation needs one: give the person a company there."
    return Judgement(mistake=Mistake(PartyMismatch, field, message))


def _inside(company: int | None, sighting: Sighting) -> tuple[Finding, ...]:
    """Leave out whom the company does not employ."""
    if company is None:
        return sighting.findings
    employed = {identity for identity, row in sighting.rows.items() if row.number(persons.COMPANY) == company}
    return tuple(
        Finding(found.kind, found.ids & employed, found.exact & employed, found.gone & employed)
        for found in sighting.findings
    )


def _elsewhere(wanted: Wanted, everywhere: Sequence[Finding], inside: Sequence[Finding]) -> Mistake | None:
    """Say which selector names a person of another company."""
    for found, left in zip(everywhere, inside, strict=True):
        if found.kind in OWN and found.ids and not left.ids:
            message = (
                f"{blame.count([found])}, but in another company than the one that was found or is to be made. "
                "Correct the company, or move the person in SuperOffice."
            )
            return Mistake(PartyMismatch, blame.field(wanted.path, wanted.looks, found.kind), message)
    return None


def _hidden(wanted: Wanted, sighting: Sighting, findings: Sequence[Finding], verdict: Verdict) -> tuple[Look, ...]:
    """Return the looks that may mean somebody among the rows whom the columns do not show.

    Such a look matters where it has found nobody, and either several are left, or it comes before the one that has
    decided and there are rows that were listed for another party.
    """
    silent: list[Look] = []
    for look, finding in zip(wanted.looks, findings, strict=True):
        if verdict.outcome == "one" and finding.kind == verdict.by:
            break
        if look.trusted and look.columns and not finding.ids & (verdict.ids or finding.ids):
            silent.append(look)
    if not silent:
        return ()
    own = {identity for finding in sighting.findings for identity in finding.ids | finding.gone}
    return tuple(silent) if verdict.outcome == "several" or sighting.rows.keys() - own else ()
