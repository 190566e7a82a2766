"""How two spellings of one name, number or address are told to be the same, and which of them SuperOffice may hold."""

from __future__ import annotations

import re
import unicodedata
from email.utils import parseaddr
from urllib.parse import urlsplit

# Letters that Unicode does not take apart into a base and an accent, though collations may.
_LETTERS = str.maketrans(
    {"ø": "o", "Ø": "O", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L"}
    | {"đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "TH", "ı": "i"}
)
# The countries that put their code before the number of a company: the VAT area, its neighbours, the UK.
# fmt: off
_PREFIXES = frozenset(
    {
        "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IE",
        "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "XI",
    }
)
# fmt: on
_SUFFIX = re.compile(r"(?<=[0-9])(MVA|MWST|TVA|IVA|VAT)$")
_SWEDISH_VAT = re.compile(r"SE([0-9]{10})01")  # a company's number with 01 after it
# How the digits of a number are set apart: by how many there are.
_GROUPS = {
    8: (((2, 2, 2, 2), " "), ((7, 1), "-"), ((3, 5), " ")),
    9: (((3, 3, 3), " "), ((3, 3, 3), ".")),
    10: (((6, 4), "-"), ((4, 3, 3), "."), ((4, 3, 3), " ")),
    11: (((2, 3, 3, 3), " "),),
    14: (((3, 3, 3, 5), " "),),
}


def fold(text: str) -> str:
    """Return what is left of a text when case, accents, widths and doubled spaces are set aside."""
    apart = unicodedata.normalize("NFKD", text.translate(_LETTERS)).casefold()
    kept = (letter for letter in apart if unicodedata.category(letter) not in ("Mn", "Cf"))
    return " ".join("".join(kept).split())


def organization_number(text: str, country: str = "") -> str:
    """Return the number without spaces, dots and country prefix; nothing where there is no digit in it."""
    compact = re.sub(r"[^0-9A-Z]", "", unicodedata.normalize("NFKC", text).upper())
    if swedish := _SWEDISH_VAT.fullmatch(compact):
        return swedish[1]
    compact = _SUFFIX.sub("", compact)
    prefix = _prefix(compact, country)
    return compact.removeprefix(prefix) if re.search("[0-9]", compact) else ""


def organization_number_spellings(number: str) -> tuple[str, ...]:
    """Return the ways in which the digits of a number are set apart; a country may stand before each."""
    spelt = [number]
    for sizes, separator in _GROUPS.get(len(number), ()):
        ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
        spelt.append(separator.join(number[end - size : end] for end, size in zip(ends, sizes, strict=True)))
    return tuple(spelt)


def email(text: str) -> str:
    """Return an e-mail address in lower case, out of `Ada <ada@acme.com>` too; nothing where there is none."""
    address = parseaddr(text.strip().removeprefix("mailto:"))[1].lower()
    local, _, host = address.rpartition("@")
    return address if local and "." in host and not re.search(r"\s", address) else ""


def domain(text: str) -> str:
    """Return the domain of a web or e-mail address, in lower case and without `www.`; nothing where there is none."""
    text = text.strip().lower().rpartition("@")[2]
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    host = host.removeprefix("www.").rstrip(".")
    return host if re.fullmatch(r"[^\s.]+(\.[^\s.]+)+", host) and not host.replace(".", "").isdigit() else ""


def phone(text: str, country: str = "") -> str:
    """Return a phone number in E.164 (`+4722518000`), read as of `country` where it has none; nothing for others."""
    import phonenumbers

    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_spellings(number: str, country: str = "") -> tuple[str, ...]:
    """Return how a number in E.164 may stand in SuperOffice; without its country only where that is our own."""
    import phonenumbers

    parsed = phonenumbers.parse(number)
    forms = phonenumbers.PhoneNumberFormat
    digits = number.removeprefix("+")
    spelt = [number, digits, f"00{digits}", phonenumbers.format_number(parsed, forms.INTERNATIONAL)]
    if country and parsed.country_code == phonenumbers.country_code_for_region(country):
        national = phonenumbers.format_number(parsed, forms.NATIONAL)
        spelt += [phonenumbers.national_significant_number(parsed), re.sub(r"[^0-9]", "", national), national]
    return tuple(dict.fromkeys(spelt))


def _prefix(compact: str, country: str) -> str:
    """Return the country that a number begins with; `CHE` is how Switzerland writes it."""
    if compact.startswith("CHE"):
        return "CHE"
    first = compact[:2]
    return first if first in _PREFIXES or (first and first == country) else ""
