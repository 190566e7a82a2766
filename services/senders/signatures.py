"""Checks a signature over what was received, after the description in a hook or preset.

No I/O, no clock, no environment, and no exception but NotProven for anything that a stranger can send.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from schemas.signature import Hmac, Pair, Template, Timestamp
from services.errors import Misconfigured, NotProven
from services.senders.received import Received

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

# Longer than any time in milliseconds; Python's int() refuses 5,000 digits with another exception.
_LONGEST_TIME = 18
_LONGEST_ISO = 40  # characters; with nanoseconds and a zone it has 35
# Checking one costs as much as fifty HMACs; a sender that rotates its key sends two.
_MOST_ED25519 = 8


def check_signature(scheme: Hmac, received: Received, secrets: Sequence[bytes], now: float) -> str | None:
    """Return the sender's id where that was signed too; raise NotProven where no secret fits the signature.

    Where `timestamp` is configured the time has to be there and fresh, also if the template does not sign it.
    """
    header = received.header(scheme.header)
    if header is None:
        raise _missing(scheme.header)
    stamp, candidates = _read_pair(header, scheme.pair) if scheme.pair else (None, _split(header, scheme.separator))
    if scheme.timestamp:
        stamp = received.header(scheme.timestamp.header) if scheme.timestamp.header else stamp
        _check_time(scheme.timestamp, stamp, now)
    values = _signed_values(scheme, received, stamp)
    if not _any_matches(scheme, secrets, values, candidates):
        raise NotProven(
            f"The signature in {scheme.header} is not right: give the sending tool the secret of this hook, and "
            "let nothing on the way change the body."
        )
    return values["id"].decode("latin-1") if "id" in scheme.placeholders else None


def unusable_key(scheme: Hmac, secret: bytes) -> str | None:
    """Say in a sentence why this secret can never match, or None."""
    if _is_ed25519(scheme, secret):
        wrong = None if _public_key(secret) else "whpk_ and the base64 of 32 bytes"
    else:
        forms = {
            "base64": "base64",
            "hex": "hexadecimal digits, two for each byte",
            "whsec": "base64, with or without whsec_ in front",
        }
        wrong = None if _key_bytes(scheme.key, secret) else forms.get(scheme.key, "a text that is not empty")
    return wrong and f"It cannot be read: {scheme.key} expects {wrong}. Copy it from the sending tool again."


def _missing(header: str) -> NotProven:
    return NotProven(f"The header {header} is missing: let the sending tool sign with the secret of this hook.")


def _split(header: bytes, separator: bytes | None) -> list[bytes]:
    return [candidate.strip() for candidate in header.split(separator)] if separator else [header]


def _read_pair(header: bytes, pair: Pair) -> tuple[bytes | None, list[bytes]]:
    """Read `t=…,v1=…,v1=…`: the first time, and every signature; keys of other schemes are passed over."""
    stamp, candidates = None, []
    for item in header.split(pair.separator):
        key, _, value = item.partition(b"=")
        if key.strip() == pair.signature:
            candidates.append(value.strip())
        elif key.strip() == pair.timestamp and stamp is None:
            stamp = value.strip()
    return stamp, candidates


def _check_time(timestamp: Timestamp, stamp: bytes | None, now: float) -> None:
    """Refuse what was signed too long ago, or too far ahead, by a clock of the sender's."""
    if not stamp:
        raise NotProven("The time of signing is missing: let the sending tool sign its webhooks anew.")
    signed_at = _read_iso(stamp) if timestamp.unit == "iso" else _read_number(stamp, timestamp.unit)
    if abs(now - signed_at) > timestamp.tolerance:
        raise NotProven(
            f"This was signed more than {timestamp.tolerance} seconds before or after it came: check the "
            "sender's clock, and let it sign anew when it sends again."
        )


def _read_number(stamp: bytes, unit: str) -> float:
    if not stamp.isdigit() or len(stamp) > _LONGEST_TIME:
        raise NotProven("The time of signing is not a whole number: send it as seconds or milliseconds since 1970.")
    return int(stamp) / (1000 if unit == "ms" else 1)


def _read_iso(stamp: bytes) -> float:
    try:
        signed_at = datetime.fromisoformat(stamp[:_LONGEST_ISO].decode("ascii"))
    except ValueError:  # UnicodeDecodeError is one
        signed_at = datetime.min
    if signed_at.tzinfo is None:
        raise NotProven("The time of signing is no date and time with a zone: send it like 2026-01-02T03:04:05Z.")
    return signed_at.timestamp()


def _signed_values(scheme: Hmac, received: Received, stamp: bytes | None) -> dict[str, bytes]:
    """Collect what the template's placeholders stand for in this request."""
    values = {"body": received.body}
    if "method" in scheme.placeholders:
        values["method"] = received.method.encode("utf-8", "surrogatepass")
    if "url" in scheme.placeholders:
        if not received.url:
            raise Misconfigured("The sender signs the address it calls: set PUBLIC_URL to this service's own.")
        values["url"] = received.url.encode("utf-8", "surrogatepass")
    if "timestamp" in scheme.placeholders:
        if stamp is None:
            raise _missing(scheme.header)
        values["timestamp"] = stamp
    for name, header in (("id", scheme.id_header), ("date", "Date")):
        if name in scheme.placeholders and header:
            value = received.header(header)
            if value is None:
                raise _missing(header)
            values[name] = value
    return values


def _any_matches(
    scheme: Hmac, secrets: Sequence[bytes], values: Mapping[str, bytes], candidates: Sequence[bytes]
) -> bool:
    """Compare every candidate with every secret's own signature, so that the time taken tells nothing."""
    offered = _without_prefix(candidates, scheme.prefixes)
    if scheme.encoding == "hex":
        offered = [candidate.lower() for candidate in offered]
    matched = False
    for secret in secrets:
        if _is_ed25519(scheme, secret):
            matched |= _ed25519_matches(scheme, secret, values, candidates)
        elif key := _key_bytes(scheme.key, secret):
            expected = _signature(scheme, key, values)
            for candidate in offered:
                matched |= hmac.compare_digest(expected, candidate)
    return matched


def _without_prefix(candidates: Sequence[bytes], prefixes: Sequence[bytes]) -> list[bytes]:
    return [
        candidate.removeprefix(prefix).strip()
        for prefix in prefixes
        for candidate in candidates
        if candidate.startswith(prefix)
    ]


def _signature(scheme: Hmac, key: bytes, values: Mapping[str, bytes]) -> bytes:
    """Make the one text that is right: comparing texts leaves a signature a single spelling."""
    message = _fill(scheme.template, {**values, "secret": key} if "secret" in scheme.placeholders else values)
    if scheme.digest == "plain":
        raw = hashlib.new(scheme.algorithm, message).digest()
    else:
        raw = hmac.digest(key, message, scheme.algorithm)
    return binascii.hexlify(raw) if scheme.encoding == "hex" else binascii.b2a_base64(raw, newline=False)


def _fill(template: Template, values: Mapping[str, bytes]) -> bytes:
    return b"".join([part if isinstance(part, bytes) else values[part] for part in template])


def _key_bytes(form: str, secret: bytes) -> bytes:
    """Turn a secret's text into the key, empty where it cannot be: an empty key never matches."""
    text = secret.strip()
    if form == "utf8":
        return text
    try:
        if form == "hex":
            return binascii.unhexlify(text)
        encoded = text.removeprefix(b"whsec_") if form == "whsec" else text
        return binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError:  # binascii.Error is one
        return b""


def _is_ed25519(scheme: Hmac, secret: bytes) -> bool:
    return scheme.key == "whsec" and scheme.digest == "hmac" and secret.strip().startswith(b"whpk_")


def _public_key(secret: bytes) -> Ed25519PublicKey | None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        return Ed25519PublicKey.from_public_bytes(_key_bytes("base64", secret.strip().removeprefix(b"whpk_")))
    except ValueError:
        return None


def _ed25519_matches(scheme: Hmac, secret: bytes, values: Mapping[str, bytes], candidates: Sequence[bytes]) -> bool:
    """Check the candidates `v1a,…`: Ed25519 over the same bytes that `v1,…` is an HMAC of."""
    from cryptography.exceptions import InvalidSignature

    public_key = _public_key(secret)
    prefixes = [b"v1a," for prefix in scheme.prefixes if prefix == b"v1,"]
    message = _fill(scheme.template, {**values, "secret": secret})
    for candidate in islice(_without_prefix(candidates, prefixes), _MOST_ED25519):
        raw = _key_bytes("base64", candidate)
        if public_key is None or binascii.b2a_base64(raw, newline=False) != candidate:
            continue
        try:
            public_key.verify(raw, message)
        except InvalidSignature:
            continue
        return True
    return False
