"""People's words become ids: the parties and the definition of a mapped relation, looked up side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from schemas.contact_relation import ContactRelation, cut
from services.deadline import Deadline
from services.errors import InvalidSubmission, PartyMismatch
from services.mapping import MappedRelation, Party, Selector
from services.superoffice import blame, companies, persons
from services.superoffice.archive import Row
from services.superoffice.blame import Mistake
from services.superoffice.creation import (
    cannot_create_company,
    cannot_create_person,
    create_company,
    create_person,
)
from services.superoffice.definitions import Meaning, find_definition, recall_definition
from services.superoffice.directory import Directory
from services.superoffice.judging import Judgement, Wanted, judge_company, judge_employer, judge_person
from services.superoffice.parties import COMPANIES, PERSONS, Sighting, keep, look_up, recall

ENDS = ("source", "destination")
NOBODY = Judgement()


class Resolved(NamedTuple):
    """The relation by its ids, what found each part of it (`source.company`: `orgnr`), and what was made for it."""

    relation: ContactRelation
    matched: Mapping[str, str] = MappingProxyType({})
    created: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class _End(NamedTuple):
    """One end of the relation: what is sought, and who it is; an id is 0 where there is none yet."""

    company: Wanted
    person: Wanted
    company_is: Judgement = NOBODY
    person_is: Judgement = NOBODY

    @property
    def person_id(self) -> int:
        return self.person_is.row.id if self.person_is.row else 0

    @property
    def company_id(self) -> int:
        return self.company_is.row.id if self.company_is.row else 0


def resolve(
    mapped: MappedRelation, directory: Directory, deadline: Deadline, *, may_create: frozenset[str] = frozenset()
) -> Resolved:
    """Return the relation that is meant; a Refused says what was not found, every mistake at once.

    `may_create` holds the paths at which a missing party is made: `source.company`, `destination.person` …
    """
    ends = {end: _sought(end, party, directory) for end, party in _parties(mapped)}
    if mistakes := [mistake for end in ends.values() for mistake in _unreadable(end.company)]:
        raise blame.refuse(mistakes)
    try:
        judged, meaning = _settle(mapped, ends, may_create, directory, deadline)
    except PartyMismatch:
        if not may_create:
            raise
        # Another submission may make them at this moment: the person was there already, the company not yet.
        judged, meaning = _settle(mapped, ends, may_create, directory, deadline)
    made = {name: _make(end, directory, deadline) for name, end in judged.items()}
    matched = dict(matched for end in judged.values() for matched in _matched(end))
    return Resolved(
        relation=_relation(mapped, {name: (company, person) for name, (company, person, _) in made.items()}, meaning),
        matched={**matched, "definition": meaning.by} if meaning else matched,
        created=tuple(dict.fromkeys(what for _, _, created in made.values() for what in created)),
        warnings=tuple(_warnings(ends.values())),
    )


def find_several(mapped: MappedRelation, directory: Directory, deadline: Deadline) -> dict[str, tuple[Row, ...]]:
    """Return who fits, for each company or person (`source.company`) that is not one alone."""
    ends = {end: _sought(end, party, directory) for end, party in _parties(mapped)}
    _, seen_companies, seen_persons = _look_up(mapped, ends, directory, deadline)
    found: dict[str, tuple[Row, ...]] = {}
    for name, end in ends.items():
        judged = _judge(end, seen_companies[name], seen_persons[name], directory, deadline)
        found |= {end.company.path: judged.company_is.several, end.person.path: judged.person_is.several}
    return {path: rows for path, rows in found.items() if rows}


def _settle(
    mapped: MappedRelation,
    ends: Mapping[str, _End],
    may_create: frozenset[str],
    directory: Directory,
    deadline: Deadline,
) -> tuple[dict[str, _End], Meaning | None]:
    """Tell who and what everything is before anybody is made; every mistake at once."""
    meaning, seen_companies, seen_persons = _look_up(mapped, ends, directory, deadline)
    judged = {
        name: _judge(end, seen_companies[name], seen_persons[name], directory, deadline) for name, end in ends.items()
    }
    judged = _bring_companies(judged, directory, deadline)
    mistakes = [mistake for end in judged.values() for mistake in _mistakes(end, may_create)]
    if isinstance(meaning, Mistake):
        raise blame.refuse([*mistakes, meaning])
    if mistakes:
        raise blame.refuse(mistakes)
    return judged, meaning


def _parties(mapped: MappedRelation) -> tuple[tuple[str, Party], ...]:
    return (("source", mapped.source), ("destination", mapped.destination))


def _sought(end: str, party: Party, directory: Directory) -> _End:
    company = companies.looks(party.company, directory.country)
    person = persons.looks(party.person, directory.country)
    return _End(Wanted(f"{end}.company", party.company, company), Wanted(f"{end}.person", party.person, person))


def _unreadable(company: Wanted) -> Iterator[Mistake]:
    for error in companies.mistakes(company.looks, company.path):
        yield Mistake(InvalidSubmission, error.field, error.message)


def _look_up(
    mapped: MappedRelation, ends: Mapping[str, _End], directory: Directory, deadline: Deadline
) -> tuple[Meaning | Mistake | None, dict[str, Sighting], dict[str, Sighting]]:
    """Look up what is not kept at the same time: one call for both companies, one for both persons, one for a list."""
    pair = "".join(_letter(ends[name]) for name in ENDS)
    names, wanted = mapped.definition_names, mapped.definition
    companies_sought = {name: end.company.looks for name, end in ends.items()}
    persons_sought = {name: end.person.looks for name, end in ends.items()}
    seen: dict[str, Any] = {
        "companies": recall(COMPANIES, companies_sought, directory),
        "persons": recall(PERSONS, persons_sought, directory),
    }
    jobs: dict[str, Callable[[], Any]] = {
        "companies": lambda: look_up(COMPANIES, companies_sought, directory, deadline),
        "persons": lambda: look_up(PERSONS, persons_sought, directory, deadline),
    }
    if wanted is not None:
        seen["meaning"] = recall_definition(wanted, pair, directory)
        jobs["meaning"] = lambda: find_definition(wanted, pair, names, directory, deadline)
    if missing := [name for name, known in seen.items() if known is None]:
        seen |= zip(missing, directory.side_by_side(deadline, *(jobs[name] for name in missing)), strict=True)
    return seen.get("meaning"), seen["companies"], seen["persons"]


def _letter(end: _End) -> str:
    if end.person.looks:
        return "P"
    return "C" if end.company.looks else "?"


def _judge(end: _End, seen_company: Sighting, seen_person: Sighting, directory: Directory, deadline: Deadline) -> _End:
    """Tell who the company is, and then who of its people is meant."""
    if end.company.looks:
        end = end._replace(company_is=judge_company(end.company, seen_company, directory, deadline))
    must_be_known = end.company_is.mistake and not end.company_is.is_missing
    if end.person.looks and not must_be_known:
        company = end.company_id if end.company.looks else None
        end = end._replace(person_is=judge_person(end.person, seen_person, company, directory, deadline))
    return end


def _bring_companies(ends: Mapping[str, _End], directory: Directory, deadline: Deadline) -> dict[str, _End]:
    """Give persons who were named alone the companies that they belong to, in one call."""
    alone = {name: end.person_is.row for name, end in ends.items() if end.person_is.row and not end.company.looks}
    if not alone:
        return dict(ends)
    employers = {name: row.number(persons.COMPANY) for name, row in alone.items()}
    sought = {
        name: companies.looks((Selector("id", employer),), directory.country) if employer else ()
        for name, employer in employers.items()
    }
    seen = look_up(COMPANIES, sought, directory, deadline)
    brought = dict(ends)
    for name, row in alone.items():
        company = judge_employer(ends[name].person, row, seen[name])
        if company.row:
            keep(COMPANIES, sought[name], seen[name], company.row, directory)
        brought[name] = ends[name]._replace(company_is=company)
    return brought


def _mistakes(end: _End, may_create: frozenset[str]) -> Iterator[Mistake]:
    """Give what keeps this end from being somebody, whoever may be made being made."""
    company, person = end.company_is, end.person_is
    if company.mistake:
        may = company.is_missing and end.company.path in may_create
        if mistake := cannot_create_company(end.company) if may else company.mistake:
            yield mistake
            return
    if person.mistake:
        may = person.is_missing and end.person.path in may_create
        has_company = bool(end.company.looks)
        if mistake := cannot_create_person(end.person, has_company) if may else person.mistake:
            yield mistake


def _make(end: _End, directory: Directory, deadline: Deadline) -> tuple[int, int, tuple[str, ...]]:
    """Return the ids of the company and the person, 0 for none, and what was made now."""
    company, person = end.company_id, end.person_id
    created = []
    if end.company_is.is_missing:
        company, is_new = create_company(end.company, directory, deadline)
        created += ["created_company"] if is_new else []
    if end.person_is.is_missing:
        person, is_new = create_person(end.person, company, directory, deadline)
        created += ["created_person"] if is_new else []
    return company, person, tuple(created)


def _relation(mapped: MappedRelation, ids: Mapping[str, tuple[int, int]], meaning: Meaning | None) -> ContactRelation:
    """Put the ids where SuperOffice has them; the passive text has the parties the other way round."""
    source, destination = (ids[name] for name in (ENDS[::-1] if meaning and meaning.is_passive else ENDS))
    comment, warnings = cut(mapped.comment)
    return ContactRelation(
        source_company=source[0] or None,
        source_person=source[1] or None,
        destination_company=destination[0] or None,
        destination_person=destination[1] or None,
        definition=meaning.id if meaning else None,
        relation_id=mapped.relation_id,
        comment=comment,
        action=mapped.action,
        warnings=warnings,
    )


def _matched(end: _End) -> Iterator[tuple[str, str]]:
    """Name the selector that found each party, `person` being the one who has brought the company."""
    if end.company_is.by:
        yield end.company.path, end.company_is.by
    if end.person_is.by:
        yield end.person.path, end.person_is.by


def _warnings(ends: Iterable[_End]) -> Iterator[str]:
    """Say which selectors could not be used, by the sender's own names of them."""
    for end in ends:
        for wanted in (end.company, end.person):
            for look in wanted.looks:
                if look.warning:
                    yield f"{blame.field(wanted.path, wanted.looks, look.kind)}: {look.warning}"
