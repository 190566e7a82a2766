"""Makes text of bytes, and says where that fails; with the limits that all decoders share."""

from __future__ import annotations

import codecs
import re
from encodings import normalize_encoding
from encodings.aliases import aliases

from services.errors import UnreadableBody, UnsupportedContentType

DEEPEST = 64  # levels of nesting; the deepest real body seen has nine
MOST = 20_000  # keys, items and fields in all; keeps a megabyte of brackets from taking seconds

# What a browser or a WordPress site may be set to. Python's own list has codecs that are slow or no charsets.
_FAMILIES = ("utf-8", "utf-16", "utf-32", "iso8859", "cp125", "koi8", "shift_jis", "cp932", "euc_", "gb", "big5")
_KNOWN = {*aliases, *aliases.values(), "koi8_u", "utf_8_sig"} - {"mbcs", "ansi", "dbcs"}  # Windows alone has those
# WHATWG Encoding, section 4.2: what is labelled ISO-8859-1 is read as windows-1252; ASCII is part of UTF-8.
_MEANT = {"ascii": "utf-8", "iso8859-1": "cp1252", "utf-8-sig": "utf-8"}
_MARKS = (  # UTF-32 first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF8_MARKS = re.compile(b"(?:%b)+" % codecs.BOM_UTF8)


def find_encoding(charset: str) -> str:
    """Return Python's name for a charset parameter; raise UnsupportedContentType for one that is not read."""
    known = normalize_encoding(charset.strip(" '\"")).lower()
    # Python keeps every name that it was ever asked for, known or not; a stranger may send a new one each time.
    name = codecs.lookup(known).name if known in _KNOWN else ""
    if not (name in _MEANT or name.startswith(_FAMILIES)):
        raise UnsupportedContentType(f"The charset {quote(charset)} is not read. Send UTF-8.")
    return _MEANT.get(name, name)


def strip_marks(body: bytes, encoding: str) -> tuple[bytes, str]:
    """Take all byte order marks off the front; UTF-16 and UTF-32, by mark or by label, become UTF-8."""
    if b"\t" <= body[:1] <= b"~" and encoding == "utf-8":  # as nearly all are
        return body, encoding
    wide = next((name for mark, name in _MARKS if body.startswith(mark)), None)
    if wide or encoding.startswith(("utf-16", "utf-32")):
        text = decode(body, wide or encoding, "The body")
        body, encoding = text.encode("utf-8"), "utf-8"
    marks = _UTF8_MARKS.match(body)  # senders that join files put two
    return (body[marks.end() :], "utf-8") if marks else (body, encoding)


def decode(text: bytes, encoding: str, what: str) -> str:
    """Decode strictly; `what` begins the sentence of the refusal."""
    try:
        return text.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableBody(
            f"{what} is not {encoding.upper()}: byte {error.start + 1} is 0x{text[error.start]:02X}. "
            "Send UTF-8, or name the charset in the Content-Type."
        ) from error


def quote(name: str) -> str:
    """Put a sender's own word into a sentence: in quotation marks, cut to what a message has room for."""
    shown = name if len(name) <= 60 else name[:59] + "…"
    return f"“{''.join(sign if sign.isprintable() else '?' for sign in shown)}”"
