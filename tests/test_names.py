"""The names of fields: one spelling, whoever wrote them."""

from __future__ import annotations

import pytest

from services.senders.names import loose, name_all, normalise


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Your e-mail", "your_e_mail"),
        ("  E-mail *", "e_mail"),
        ("Selskapsområde", "selskapsomrade"),
        ("SELSKAPSOMRÅDE", "selskapsomrade"),
        ("Ønsket beløp", "onsket_belop"),
        ("Ære", "aere"),
        ("ÆRE", "aere"),
        ("Straße", "strasse"),
        ("STRAẞE", "strasse"),
        ("Đặng Łódź Þór", "dang_lodz_thor"),
        ("İstanbul ılık", "istanbul_ilik"),
        ("ﬁnance", "finance"),
        ("q3_sourceCompany", "q3_source_company"),
        ("orgNr", "org_nr"),
        ("HTTPServer", "http_server"),
        ("SourceContactId", "source_contact_id"),
        ("navnPåFirma", "navn_pa_firma"),
        ("firmaØst", "firma_ost"),
        ("1.3", "_1_3"),
        ("line\r\nbreak\ttab", "line_break_tab"),
        ("\ufeffname", "name"),
        ("soft\u00adhyphen", "softhyphen"),
        ("Cafe\u0301", "cafe"),
        ("Телефон ёлки", "телефон_ёлки"),
        ("会社名（必須）", "会社名_必須"),
        ("ガイド", "ガイド"),
        ("हिन्दी नाम", "हिन्दी_नाम"),
        ("٤٢", "_٤٢"),
        ("???", "_"),
        ("", "_"),
    ],
)
def test_writes_names_as_lower_case_words(written, name):
    """Latin letters lose their accents, other scripts keep their letters, and words are joined by `_`."""
    assert normalise(written) == name
    assert normalise(name) == name


@pytest.mark.parametrize(
    "spellings", [("E-post", "e_post", "epost", "ePost", "E POST"), ("orgNr", "org_nr", "orgnr", "ORGNR", "Org. nr.")]
)
def test_compares_spellings(spellings):
    """What people write in different ways and mean the same by comes to the same."""
    assert len({loose(spelling) for spelling in spellings}) == 1


def test_keeps_numbers_apart():
    """Gravity's sub-field 1.3 is not its field 13."""
    assert loose("1.3") != loose("13")


def test_cuts_endless_names():
    """A name of a megabyte costs no more than a long one, and is not kept."""
    assert normalise("a" * 1_000_000) == "a" * 200


def test_numbers_fields_of_the_same_name():
    """A second field of the same name gets _2, the next _3, and each keeps the sender's spelling."""
    named = name_all([(("E-mail",), 1), (("e mail",), 2), (("e_mail",), 3)], {})

    assert named.values == {"e_mail": 1, "e_mail_2": 2, "e_mail_3": 3}
    assert named.originals == {"e_mail": "E-mail", "e_mail_2": "e mail", "e_mail_3": "e_mail"}


def test_does_not_overwrite_a_name_that_looks_numbered():
    """A field that is itself called `email_2` stays where it is."""
    named = name_all([((name,), name) for name in ("email_2", "email", "Email")], {})

    assert named.values == {"email_2": "email_2", "email": "email", "email_3": "Email"}


def test_gives_every_name_its_value():
    """An answer stands under each of its names, and under two that come to the same only once."""
    named = name_all([(("email-ref", "AbC", "Email ref"), "a@example.com")], {})

    assert named.values == dict.fromkeys(("email_ref", "ab_c"), "a@example.com")


def test_puts_given_names_before_labels():
    """The label of one question does not take the name that the author gave another."""
    named = name_all([(("q1", "Name"), "label"), (("name", "Company"), "given")], {})

    assert (named.values["name"], named.values["name_2"]) == ("given", "label")


def test_keeps_reserved_names():
    """A question called `raw` does not hide the body."""
    assert name_all([(("Raw",), "typed")], {"raw": {}}).values == {"raw": {}, "raw_2": "typed"}


def test_names_inside_values():
    """Parts of a name or an address are written `name.first`, in lists too."""
    answer = (("Navn",), {"Fullt navn": [{"First": "Ada", "first": "A."}]})

    assert name_all([answer], {}).values == {"navn": {"fullt_navn": [{"first": "Ada", "first_2": "A."}]}}


def test_every_submission_of_a_form_has_its_own_values():
    """That the names are remembered from one to the next is not to be seen."""
    first, second = (name_all([(("A", "b"), value), (("a",), [])], {"raw": value}) for value in ({}, 2))

    assert first.values == {"raw": {}, "a": {}, "a_2": [], "b": {}}
    assert second.values == {"raw": 2, "a": 2, "a_2": [], "b": 2}
    assert first.originals == second.originals == {"a": "A", "a_2": "a", "b": "b"}
