"""What is the same although it is written in another way, and what is not."""

import pytest

from services.superoffice import spelling
from services.superoffice.public_mail import is_public


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ACME", "acme"),
        ("Blåbær & Sønn", "blabaer  & sonn"),
        ("Straße", "STRASSE"),
        ("Núñez", "nunez"),
        ("Ａｃｍｅ", "Acme"),
        ("Acme\u00ad", "Acme"),
        ("Łódź", "Lodz"),
        ("  Delta Data ", "Delta Data"),
    ],
)
def test_case_accents_and_spaces_are_set_aside(one, other):
    """People type what they see, or what their keyboard has."""
    assert spelling.fold(one) == spelling.fold(other)


@pytest.mark.parametrize(("one", "other"), [("Acme", "Acne"), ("Acme AS", "AcmeAS"), ("A", "B"), ("Acme", "")])
def test_other_names_stay_other_names(one, other):
    """Nothing is guessed."""
    assert spelling.fold(one) != spelling.fold(other)


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("317333013", "NO", "317333013"),
        ("317 333 013", "", "317333013"),
        ("317.333.013", "", "317333013"),
        ("NO 317 333 013 MVA", "", "317333013"),
        ("no317333013mva", "NO", "317333013"),
        ("556677-8899", "SE", "5566778899"),
        ("SE556677889901", "", "5566778899"),
        ("DE 319777024", "", "319777024"),
        ("ATU12345678", "", "U12345678"),
        ("BE0123.456.789", "", "0123456789"),
        ("CHE-123.456.789 MWST", "", "123456789"),
        ("NL001234567B01", "", "001234567B01"),
        ("ABN 53 004 085 616", "AU", "ABN53004085616"),
        ("US12-3456789", "US", "123456789"),
        ("n/a", "NO", ""),
        ("", "NO", ""),
    ],
)
def test_organization_numbers_lose_spaces_dots_and_country(typed, country, number):
    """However a company writes its number, it is the same number."""
    assert spelling.organization_number(typed, country) == number


@pytest.mark.parametrize(
    ("number", "spellings"),
    [
        ("317333013", {"317333013", "317 333 013", "317.333.013"}),
        ("5566778899", {"5566778899", "556677-8899", "5566.778.899", "5566 778 899"}),
        ("12345678", {"12345678", "12 34 56 78", "1234567-8", "123 45678"}),
        ("123", {"123"}),
    ],
)
def test_a_number_is_asked_for_as_it_may_have_been_typed_in(number, spellings):
    """SuperOffice compares the text, so every usual way to set the digits apart is asked for."""
    assert set(spelling.organization_number_spellings(number)) == spellings


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("Ada@Acme.Example", "ada@acme.example"),
        (" ada@acme.example ", "ada@acme.example"),
        ("Ada Lovelace <ADA@acme.example>", "ada@acme.example"),
        ("mailto:ada@acme.example", "ada@acme.example"),
        ("ada", ""),
        ("ada@acme", ""),
        ("@acme.example", ""),
        ("", ""),
    ],
)
def test_email_addresses_are_compared_in_lower_case(typed, address):
    """What is none is nothing."""
    assert spelling.email(typed) == address


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("acme.example", "acme.example"),
        ("WWW.Acme.Example.", "acme.example"),
        ("https://www.acme.example:8443/en/?q=1", "acme.example"),
        ("acme.example/about", "acme.example"),
        ("ada@acme.example", "acme.example"),
        ("shop.acme.example", "shop.acme.example"),
        ("acme", ""),
        ("192.168.0.1", ""),
        ("http://[::1", ""),
        ("not a domain.example", ""),
    ],
)
def test_a_domain_is_read_out_of_what_people_send_for_it(typed, domain):
    """An address of the web or of a mailbox will do."""
    assert spelling.domain(typed) == domain


@pytest.mark.parametrize("domain", ["gmail.com", "hotmail.no", "yahoo.co.uk", "outlook.com", "icloud.com", "online.no"])
def test_public_mail_domains_are_known(domain):
    """They belong to nobody's company."""
    assert is_public(domain)


@pytest.mark.parametrize("domain", ["acme.example", "live.acme.example", "gmail.acme-consulting.com", "hey.acme.no"])
def test_other_domains_are_not(domain):
    """A company may have a name that looks like it."""
    assert not is_public(domain)


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("22 33 44 55", "NO", "+4722334455"),
        ("+47 22 33 44 55", "", "+4722334455"),
        ("0047 22334455", "NO", "+4722334455"),
        ("(089) 123456-0", "DE", "+49891234560"),
        ("+46 (0)70-123 45 67", "NO", "+46701234567"),
        ("22 33 44 55", "", ""),
        ("12", "NO", ""),
        ("call me", "NO", ""),
        ("+" + "9" * 300, "NO", ""),
    ],
)
def test_phones_are_compared_in_e164(typed, country, number):
    """A number without a country is read as one of our own."""
    assert spelling.phone(typed, country) == number


def test_a_foreign_number_is_not_asked_for_without_its_country():
    """The same digits are somebody else's number here."""
    assert "701234567" not in spelling.phone_spellings("+46701234567", "NO")
    assert {"701234567", "0701234567", "+46701234567"} <= set(spelling.phone_spellings("+46701234567", "SE"))
