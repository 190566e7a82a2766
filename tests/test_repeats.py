"""The same submission again: known by the sender's id, or by its content for a while, and answered with its outcome."""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.examples import HOOKS, KEY, PARTNERS
from tests.proofs import in_hex

EXAMPLE = {**HOOKS["example"], "repeat_within": 15}
SAVE = "SaveContactRelation"


@pytest.fixture
def post(function):
    """Return a sender whose requests have a key, or none."""
    client = function({"example": EXAMPLE})

    def send(payload=PARTNERS, key=None, **options):
        headers = {"X-Api-Key": KEY, **({"Idempotency-Key": key} if key else {}), **options.pop("headers", {})}
        options.setdefault("data", json.dumps(payload))
        options.setdefault("content_type", "application/json")
        return client.post("/hooks/example", headers=headers, **options)

    return send


def test_the_same_key_again_has_the_first_outcome(post, sandbox):
    """A sender that retries hears what was done, and SuperOffice hears nothing."""
    first, again = post(key="k-1").json, post(key="k-1").json

    assert (first["status"], again["status"]) == ("created", "duplicate")
    assert (again["delivery"], again["relation"]) == (first["delivery"], first["relation"])
    assert sandbox.counts[SAVE] == 1


def test_another_key_is_another_submission(post, sandbox):
    """Two people may well say the same."""
    assert [post(key="k-1").json["status"], post(key="k-2").json["status"]] == ["created", "created"]


def test_the_same_body_without_a_key_is_a_repeat_for_a_while(post, sandbox):
    """Tools that send no id repeat the very same bytes."""
    assert [post().json["status"], post().json["status"]] == ["created", "duplicate"]
    assert post({**PARTNERS, "Comment": "Another"}).json["status"] == "created"


def test_a_later_submission_about_the_pair_ends_the_repeat(post):
    """Who goes back to what was before means it."""
    assert post({**PARTNERS, "Comment": "A"}).json["status"] == "created"
    assert post({**PARTNERS, "Comment": "B"}).json["status"] == "created"
    assert post({**PARTNERS, "Comment": "A"}).json["status"] == "created"


def test_repeats_can_be_switched_off(function):
    """`repeat_within: 0`: the same body is a new one each time."""
    client = function({"example": {**EXAMPLE, "repeat_within": 0}})
    answers = [client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY}).json for _ in range(2)]

    assert [answer["status"] for answer in answers] == ["created", "created"]


def test_a_multipart_boundary_makes_no_other_body(post):
    """It is another one each time that the same form is sent."""
    parts = "".join(
        f'--{{b}}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in PARTNERS.items()
    )
    answers = [
        post(
            data=(parts.replace("{b}", boundary) + f"--{boundary}--\r\n").encode(),
            content_type=f"multipart/form-data; boundary={boundary}",
        ).json["status"]
        for boundary in ("xxOneXX", "xxOtherXX")
    ]

    assert answers == ["created", "duplicate"]


def test_a_short_boundary_takes_nothing_out_of_values(post):
    """Two forms that differ only where the boundary's signs stand in a value are two."""
    form = '--7\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    answers = [
        post(
            data=("".join(form.format(*field) for field in fields.items()) + "--7--\r\n").encode(),
            content_type="multipart/form-data; boundary=7",
        ).json["status"]
        for fields in ({**PARTNERS, "Comment": "17"}, {**PARTNERS, "Comment": "1"})
    ]

    assert answers == ["created", "created"]


def test_ids_that_look_like_our_own_keys_collide_with_none(function, ledger):
    """A long id is kept as its hash, and whoever sends that hash as an id has another submission."""
    long = "x" * 300
    hashed = f"sha256:{hashlib.sha256(long.encode()).hexdigest()}"
    client = function({"form": {**EXAMPLE, "unpack": {"id": ["id"]}}})
    items = [{**PARTNERS, "id": sent, "Comment": sent[:9]} for sent in (long, hashed, "sha256/1")]
    told = client.post("/hooks/form", json=items, headers={"X-Api-Key": KEY}).json["results"]

    assert [item["status"] for item in told] == ["created"] * 3
    assert len({row.key for row in ledger.all()}) == 3


def test_the_same_key_with_another_content_is_refused(post, sandbox):
    """One of the two would be lost without a word."""
    post(key="k-1")
    answer = post({**PARTNERS, "Comment": "Another"}, key="k-1")

    assert answer.status_code == 422
    assert "Idempotency-Key" in answer.json["detail"]
    assert sandbox.counts[SAVE] == 1


def test_a_refused_one_is_tried_anew_on_the_same_delivery(post):
    """Whoever mends the form sends it again under the same key."""
    refused = post({**PARTNERS, "SourceContactId": "Acme"}, key="k-1")
    mended = post(PARTNERS, key="k-1")

    assert (refused.status_code, mended.json["status"]) == (422, "created")
    assert mended.json["delivery"] == refused.json["delivery"]


def test_one_that_was_ours_to_mend_is_tried_anew(post, sandbox):
    """A 500 is no outcome."""
    sandbox.fault(path=SAVE, times=2, status=401)
    first = post(key="k-1")
    time.sleep(0.01)

    assert first.status_code == 500
    assert post(key="k-1").json["delivery"] == first.json["delivery"]


def test_a_repeat_waits_for_the_first_one(post, sandbox):
    """Both hear of the one relation."""
    sandbox.fault(path=SAVE, delay=0.5)
    with ThreadPoolExecutor(2) as threads:
        statuses = sorted(threads.map(lambda _: post(key="k-1").json["status"], range(2)))

    assert statuses == ["created", "duplicate"]
    assert sandbox.counts["created"] == 1


def test_a_repeat_of_what_waits_is_queued_under_the_same_id(post, sandbox):
    """It is kept already, and will be saved once."""
    sandbox.set_state("OfflineMaintenance")
    first, again = post(key="k-1").json, post(key="k-1").json

    assert (first["status"], again) == ("queued", first)


def test_an_array_has_a_key_for_each_item(post, sandbox, ledger):
    """The whole array again is a repeat, item by item."""
    items = [{**PARTNERS, "Comment": comment} for comment in "AB"]
    first, again = post(items, key="k-1").json["results"], post(items, key="k-1").json["results"]

    assert [item["status"] for item in first + again] == ["created"] * 2 + ["duplicate"] * 2
    assert [row.key for row in ledger.all()] == ["k-1/0", "k-1/1"]


def test_a_header_counts_only_where_the_signature_covers_it(function, secrets):
    """Who records a signed request must not be able to send it again under another key."""
    secrets["signing"] = "s3cret"
    hook = {"verify": {"hmac": {"header": "X-Signature"}, "secret": "signing"}, "existing": "add"}
    client = function({"signed": hook})
    body = json.dumps(PARTNERS).encode()
    headers = {"X-Signature": in_hex(b"s3cret", body), "Content-Type": "application/json"}
    answers = [
        client.post("/hooks/signed", data=body, headers={**headers, "Idempotency-Key": key}).json["status"]
        for key in ("k-1", "k-2")
    ]

    assert answers == ["created", "duplicate"]


def test_a_stranger_hears_nothing_of_the_first_outcome(function):
    """An open hook tells a repeat as little as it tells the first one."""
    client = function({"open": {"verify": "none"}})
    answers = [client.post("/hooks/open", json=PARTNERS).json for _ in range(2)]

    assert [answer["status"] for answer in answers] == ["created", "duplicate"]
    assert all(answer.keys() == {"status", "delivery"} for answer in answers)


@pytest.mark.parametrize("existing", ["add", "update"])
def test_items_of_one_array_do_not_end_each_others_repeat(function, sandbox, existing):
    """The whole array again is a repeat, also where several of its items are about one pair."""
    client = function({"example": {**EXAMPLE, "existing": existing}})
    items = [{**PARTNERS, "Comment": comment} for comment in "AB"]
    first, again = (client.post("/hooks/example", json=items, headers={"X-Api-Key": KEY}).json for _ in range(2))

    assert [item["status"] for item in again["results"]] == ["duplicate", "duplicate"]
    assert [item["delivery"] for item in again["results"]] == [item["delivery"] for item in first["results"]]


def test_the_same_key_with_another_content_is_refused_while_the_first_waits(post, sandbox):
    """What is kept is accepted: the second content would be lost without a word."""
    sandbox.set_state("OfflineMaintenance")
    statuses = [post(key="k-1").status_code, post({**PARTNERS, "Comment": "Another"}, key="k-1").status_code]

    assert statuses == [200, 422]
