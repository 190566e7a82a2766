"""The companies and persons of a fresh tenant: some are alike, as in any CRM that people have typed into for years."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.records import Company, Person

_LAST_YEAR = datetime(2025, 11, 3, 9, 30, tzinfo=UTC)

# The organization numbers pass Norway's check and belong to nobody: real ones begin with 8 or 9.
COMPANIES = {
    company.id: company
    for company in (
        Company(
            4,
            "Liaison Demo AS",
            orgnr="314004124",
            number="10004",
            code="LIAISON",
            emails=("post@liaison-demo.example",),
            phones=("+47 21 00 00 04",),
            urls=("https://www.liaison-demo.example",),
        ),
        Company(11, "Nordlys Energi AS", orgnr="315111056", number="10011", emails=("post@nordlys.example",)),
        Company(23, "Blåbær & Sønn", orgnr="316222048", number="10023", emails=("hei@blabar.example",)),
        # The same company once more, thrown away long ago.
        Company(24, "Blåbær & Sønn", orgnr="316222048", number="10023", deleted_at=_LAST_YEAR),
        Company(
            57,
            "Müller Maschinenbau GmbH",
            orgnr="DE319777024",
            emails=("info@mueller-maschinenbau.example",),
            phones=("+49 89 123456-0",),
        ),
        Company(112, "Gone Fishing Ltd", emails=("hello@gone-fishing.example",), deleted_at=_LAST_YEAR),
        Company(
            686,
            "Acme",
            orgnr="317333013",
            number="10686",
            emails=("post@acme.example", "invoice@acme.example"),
            phones=("+47 22 33 44 55",),
            urls=("https://www.acme.example",),
        ),
        # One name and one organization number, written in two ways, in two departments; one phone in another format.
        Company(
            687,
            "Acme AS",
            "Oslo",
            orgnr="318 444 021 MVA",
            number="10687",
            emails=("oslo@acme.example",),
            phones=("22334455",),
            city="Oslo",
        ),
        Company(
            688,
            "Acme AS",
            "Bergen",
            orgnr="NO318444021",
            number="10688",
            emails=("bergen@acme.example",),
            phones=("0047 55 66 77 88",),
            city="Bergen",
        ),
        Company(689, "Acme AS", "Oslo", number="10689", deleted_at=_LAST_YEAR),
        # A name that is another company's id.
        Company(701, "1881", number="10701", emails=("post@1881.example",), phones=("1881",)),
        Company(1881, "Fjellheim Bygg AS", orgnr="319 555 005", number="11881"),
        # Alike but for case, accents, a blank at the end.
        Company(720, "Beta Consulting", emails=("post@beta.example",), urls=("http://beta.example/no",)),
        Company(721, "BETA Consulting", emails=("sales@beta.example",), urls=("https://www.beta.example/en/",)),
        Company(730, "Cafe Aurora", phones=("+47 73 50 60 70",)),
        Company(731, "Café Aurora", phones=("(73) 50 60 71",)),
        Company(735, "Delta Data ", number="10735"),
        Company(740, "Hansens Rørleggeri", emails=("hansens.ror@gmail.com",), phones=("+4790011222",)),
        Company(750, "Åse & Sønner", orgnr="NO 319 888 039 MVA", emails=("post@aase-sonner.example",)),
        Company(751, "Straße & Söhne KG", orgnr="318.555.044", urls=("strasse-soehne.example",)),
    )
}

PERSONS = {
    person.id: person
    for person in (
        Person(5, 4, "Kari", "Nordmann", ("kari@liaison-demo.example",), phones=("+47 21 00 00 05",)),
        Person(12, 11, "Ola", "Hansen", ("ola.hansen@nordlys.example",), mobiles=("+47 900 22 333",)),
        Person(31, 23, "Åse", "Bjørnstad", ("aase@blabar.example",), mobiles=("41122334",)),
        Person(64, 57, "Jürgen", "Müller", ("j.mueller@mueller-maschinenbau.example",), phones=("+49 89 123456-17",)),
        Person(
            90,
            686,
            "Ada",
            "Lovelace",
            ("ada@acme.example", "countess@lovelace.example"),
            phones=("+47 22 33 44 56",),
            mobiles=("+47 900 11 222",),
        ),
        Person(91, 686, "Grace", "Hopper", ("grace@acme.example",), mobiles=("0047 90011333",)),
        Person(92, 686, "Wile", "Coyote", ("wile@acme.example",), retired=True),
        # In a second company under the same address.
        Person(93, 687, "Grace", "Hopper", ("grace@acme.example",)),
        # The same name as somebody else, in the same company and in others.
        Person(94, 687, "Ola", "Hansen", ("ola.hansen@acme.example",)),
        Person(95, 687, "Ola", "Hansen", ("ola.hansen.2@acme.example",), mobiles=("90022333",)),
        Person(96, 1881, "Kari", "Nordmann", ("kari.nordmann@gmail.com",)),
        # Left one company and works for another; both cards have the address.
        Person(97, 720, "Wile", "Coyote", ("wile@acme.example", "wile@beta.example")),
        Person(98, 688, "Ada", "Lovelace", ("ada.lovelace@acme.example",), retired=True),
        Person(99, 740, "Per", "Hansen", ("per.hansen@gmail.com",), mobiles=("+4790011222",)),
        Person(100, 721, "José", "Núñez", ("jose@beta.example",)),
        Person(101, 721, "Jose", "Nunez", ("jose.nunez@beta.example",)),
        # Of a company that is deleted.
        Person(102, 112, "Finn", "Fisk", ("finn@gone-fishing.example",)),
        # On whose card there is no more than this.
        Person(103, 751, "", "Schmidt"),
        Person(104, 750, "Sjur", "D'Angelo", ("SJUR@Aase-Sonner.example",), phones=("+47 51 52 53 54",)),
    )
}
