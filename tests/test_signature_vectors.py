"""Signatures that the tools' own projects published: each counts as they say, and nothing that is near to it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from marshmallow import Schema

from schemas.verification import VerificationField
from services.errors import NotProven
from services.senders.verify import Received, verify

VECTORS = json.loads(Path(__file__).with_name("vectors").joinpath("signatures.json").read_text("utf-8"))
UNREAD = "X-HubSpot-Signature-Version"
# Without what may stand around or between signatures.
PUT_IN = st.text(st.characters(max_codepoint=255, exclude_categories=["Z", "Cc"], exclude_characters=","), max_size=3)


class Form(Schema):
    """Reads what stands after `verify:`."""

    verify = VerificationField()


def prove(vector) -> None:
    """Prove the sender of a vector."""
    received = Received(vector["method"], vector["url"], vector["headers"], {}, vector["body"].encode(), dict)
    verification = Form().load({"verify": vector["verify"]})["verify"]
    verify(verification, received, {"signing-key": [vector["secret"].encode()]}, vector["now"])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_published_vectors(vector):
    """What is published as right is right here, and what is published as wrong is wrong."""
    try:
        prove(vector)
        valid = True
    except NotProven:
        valid = False
    assert valid == vector["valid"]


@given(
    st.sampled_from([vector for vector in VECTORS if vector["valid"]]),
    *(st.integers(min_value=0), st.integers(min_value=0)),
    PUT_IN,
    st.integers(min_value=0, max_value=2),
)
def test_nothing_can_be_changed_in_a_vector(vector, which, position, put_in, taken_out):
    """A sign more, fewer or other in what is signed, in a header or in the secret is refused as not proven."""
    template = vector["verify"]["hmac"].get("template", "")
    parts = ["body", "secret", *(name for name in ("method", "url") if f"{{{name}}}" in template)]
    parts += [name for name in vector["headers"] if name != UNREAD]
    part = parts[which % len(parts)]
    changed = {**vector, "headers": dict(vector["headers"])}
    place = changed["headers"] if part in changed["headers"] else changed
    text = place[part]
    position %= len(text) + 1
    place[part] = text[:position] + put_in + text[position + taken_out :]
    assume(place[part].strip().lower() != text.lower())  # hexadecimal digits may be written in either case

    with pytest.raises(NotProven):
        prove(changed)
