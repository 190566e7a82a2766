"""Looks companies or persons up: one search for all that is sought, and then who of the rows each look has found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from services.deadline import Deadline
from services.superoffice import companies, persons
from services.superoffice.archive import Archive, Row, any_of, records, search
from services.superoffice.directory import Directory
from services.superoffice.looks import Look
from services.superoffice.narrowing import BINDING, Finding


@dataclass(frozen=True)
class Register:
    """One of the two archives that parties stand in, and how it marks who does not count."""

    archive: Archive
    columns: tuple[str, ...]
    is_gone: Callable[[Row], bool]


COMPANIES = Register(companies.ARCHIVE, companies.COLUMNS, companies.is_gone)
PERSONS = Register(persons.ARCHIVE, persons.COLUMNS, persons.is_gone)


class Sighting(NamedTuple):
    """What the looks for one company or person found, and the rows behind it."""

    findings: tuple[Finding, ...] = ()
    rows: Mapping[int, Row] = MappingProxyType({})


Sought = Mapping[str, tuple[Look, ...]]  # by whom they are for, such as `source`


def recall(register: Register, sought: Sought, directory: Directory) -> dict[str, Sighting] | None:
    """Return what `look_up` would, where all of those sought are kept, or else None."""
    kept = {end: sighting for end, looks in sought.items() if (sighting := _kept(register, looks, directory))}
    return kept if len(kept) == len(sought) else None


def look_up(register: Register, sought: Sought, directory: Directory, deadline: Deadline) -> dict[str, Sighting]:
    """Return what was found for each of those sought, in one call, or in none where all of them are kept."""
    kept = {end: _kept(register, looks, directory) for end, looks in sought.items()}
    looks = [look for end, wanted in sought.items() if kept[end] is None for look in wanted]
    rows = _search(register, looks, directory, deadline)
    found = {look: {row.id for row in rows if look.restriction and look.finds(row)} for look in looks}
    if strays := {row.id for row in rows}.difference(*found.values()):
        for look, ids in _explain(strays, rows, looks, register, directory, deadline).items():
            found[look] |= ids
    return {
        end: kept[end] or _sighting(register, {look: found[look] for look in wanted}, rows)
        for end, wanted in sought.items()
    }


def look_closer(
    register: Register,
    looks: Sequence[Look],
    hidden: Sequence[Look],
    sighting: Sighting,
    directory: Directory,
    deadline: Deadline,
) -> Sighting:
    """Ask for what some of the looks find by themselves, and return the sighting with that put right.

    A row shows one e-mail address where the record may have several: only so is it sure whom another one means.
    """
    searches = [partial(_search, register, [look], directory, deadline) for look in hidden]
    asked = dict(zip(hidden, directory.side_by_side(deadline, *searches), strict=True))
    seen = _sighting(
        register, {look: {row.id for row in rows} for look, rows in asked.items()}, sum(asked.values(), ())
    )
    better = dict(zip(hidden, seen.findings, strict=True))
    findings = tuple(better.get(look, finding) for look, finding in zip(looks, sighting.findings, strict=True))
    return Sighting(findings, {**seen.rows, **sighting.rows})


def keep(register: Register, looks: Sequence[Look], sighting: Sighting, row: Row, directory: Directory) -> None:
    """Remember the one that an id, a number or an organization number stands for; what is kept grows no younger."""
    for look, finding in zip(looks, sighting.findings, strict=True):
        key = _key(register, look)
        if look.kind in BINDING and finding.ids == {row.id} and directory.parties.get(key) is None:
            directory.parties.put(key, row)


def _key(register: Register, look: Look) -> tuple[str, str, str]:
    return (register.archive.provider, look.kind, look.key)


def _kept(register: Register, looks: tuple[Look, ...], directory: Directory) -> Sighting | None:
    """Return what is kept, where the first selector names one and no other that binds speaks against it."""
    if not looks:
        return Sighting()
    row = directory.parties.get(_key(register, looks[0]))
    if row is None or not all(look.finds(row) for look in looks if look.kind in BINDING):
        return None
    identity, nobody = frozenset([row.id]), frozenset[int]()
    found = ((look, identity if look.finds(row) else nobody) for look in looks)
    findings = (Finding(look.kind, ids, ids if ids and look.exactly(row) else nobody) for look, ids in found)
    return Sighting(tuple(findings), {row.id: row})


def _search(register: Register, looks: Sequence[Look], directory: Directory, deadline: Deadline) -> tuple[Row, ...]:
    restrictions = any_of(*(look.restriction for look in looks))
    if not restrictions:
        return ()
    columns = (*register.columns, *(column for look in looks for column in look.columns))
    return records(search(register.archive, columns, restrictions, directory.webapi, deadline))


def _explain(
    strays: set[int],
    rows: Sequence[Row],
    looks: Sequence[Look],
    register: Register,
    directory: Directory,
    deadline: Deadline,
) -> Mapping[Look, set[int]]:
    """Tell which look has found the rows that do not show it: the only one that can, or each is asked by itself."""
    suspects = [look for look in looks if look.trusted]
    if len({(look.kind, look.key) for look in suspects}) == 1:
        return dict.fromkeys(suspects, strays)
    searches = [partial(_search, register, [look], directory, deadline) for look in suspects]
    asked = directory.side_by_side(deadline, *searches)
    known = {row.id for row in rows}
    return {look: known & {row.id for row in found} for look, found in zip(suspects, asked, strict=True)}


def _sighting(register: Register, found: Mapping[Look, set[int]], rows: Sequence[Row]) -> Sighting:
    """Put it together, leaving out who does not count."""
    by_id = {row.id: row for row in rows}
    gone = {row.id for row in rows if register.is_gone(row)}
    findings = []
    for look, ids in found.items():
        exact = frozenset(identity for identity in ids - gone if look.exactly(by_id[identity]))
        findings.append(Finding(look.kind, frozenset(ids - gone), exact, frozenset(ids & gone)))
    return Sighting(tuple(findings), by_id)
