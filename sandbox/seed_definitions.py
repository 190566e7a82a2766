"""The kinds of relation of a fresh tenant: every pair, three languages, and the traps a real list holds."""

from __future__ import annotations

from sandbox.records import Definition


def _texts(english: str, norwegian: str, german: str) -> dict[str, str]:
    """Key by the country codes of SuperOffice's multi-language texts."""
    return {"US": english, "NO": norwegian, "GE": german}


def _define(number: int, pairs: str, active: dict[str, str], passive: dict[str, str], **more: bool) -> Definition:
    return Definition(number, active, passive, frozenset(pairs.split()), **more)


DEFINITIONS = {
    definition.id: definition
    for definition in (
        _define(
            18,
            "CC PC",
            _texts("Partner of", "Partner til", "Partner von"),
            _texts("Has partner", "Har partner", "Hat Partner"),
        ),
        _define(
            19,
            "CC",
            _texts("Customer of", "Kunde av", "Kunde von"),
            _texts("Has customer", "Har kunde", "Hat Kunden"),
        ),
        _define(
            21,
            "CP",
            _texts("Employs", "Sysselsetter", "Beschäftigt"),
            _texts("Is employed by", "Er ansatt hos", "Ist beschäftigt bei"),
        ),
        _define(
            24,
            "PC",
            _texts("Board member of", "Styremedlem i", "Vorstandsmitglied von"),
            _texts("Has board member", "Har styremedlem", "Hat Vorstandsmitglied"),
        ),
        _define(
            27,
            "PP",
            _texts("Reports to", "Rapporterer til", "Berichtet an"),
            _texts("Is manager of", "Er leder for", "Ist Vorgesetzter von"),
        ),
        _define(
            30,
            "CC CP PC PP",
            _texts("Recommends", "Anbefaler", "Empfiehlt"),
            _texts("Is recommended by", "Anbefales av", "Wird empfohlen von"),
        ),
        _define(
            33,
            "CC",
            _texts("Rival of", "Rival til", "Rivale von"),
            _texts("Rival of", "Rival til", "Rivale von"),
            deleted=True,
        ),
        # It reads the same from either end.
        _define(
            36,
            "CC PP",
            _texts("Cooperates with", "Samarbeider med", "Arbeitet zusammen mit"),
            _texts("Cooperates with", "Samarbeider med", "Arbeitet zusammen mit"),
        ),
        # One name for two definitions: the pair tells them apart.
        _define(
            39,
            "PC",
            _texts("Adviser to", "Rådgiver for", "Berät"),
            _texts("Has adviser", "Har rådgiver", "Wird beraten von"),
        ),
        _define(
            40,
            "CC",
            _texts("Adviser to", "Rådgiver for", "Berät"),
            _texts("Is advised by", "Rådes av", "Lässt sich beraten von"),
        ),
        # Made before the tenant had a second language.
        _define(45, "CC", {"": "Leverandør til"}, {"": "Har leverandør"}),
    )
}
