"""`./liaison try`: what would become of a submission, and nothing sent."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from tests.command_line import CommandLine
from tests.examples import HOOKS, KEY, PARTNERS

MAPPED = {
    "verify": {"header": "X-Api-Key", "secret": "example-key"},
    "when": "{kind != 'newsletter'}",
    "relation": {
        "definition": {"value": "{level}", "map": {"Gold": 18, "Silver": 19}},
        "source": {"company": {"id": "{company}"}},
        "destination": {"company": {"id": 4}},
        "comment": "About {topics}{remark}",
    },
}
SIGNUP = b'{"Company": "686", "level": "gold", "Topics": ["Boats", "Ice"]}'
HEAD = f"POST /hooks/mapped HTTP/1.1\nHost: crm.example\nContent-Type: application/json\nX-Api-Key: {KEY}\n\n".encode()
SIGNED = {"verify": {"hmac": {"header": "X-Signature"}, "secret": "example-key"}}
BY_ADDRESS = {"verify": {"query": "key", "secret": "example-key"}}
BY_FIELD = {"verify": {"field": "Handshake", "secret": "example-key"}}


@pytest.fixture
def liaison(tmp_path, settings, secrets):
    """Run the command line over hooks of several kinds."""
    hooks = {**HOOKS, "mapped": MAPPED, "signed": SIGNED, "address": BY_ADDRESS, "field": BY_FIELD}
    return CommandLine(tmp_path, settings, secrets, {**hooks, "wrong": {"verify": {"heder": "X-Api-Key"}}})


@pytest.mark.parametrize(("line_end", "start"), [(b"\n", b""), (b"\r\n", b""), (b"\r\n", b"\xef\xbb\xbf\n")])
def test_a_saved_request_is_taken_through_to_the_call(liaison, sandbox, line_end, start):
    """A request as a tool or an editor saved it is proven and mapped, and SuperOffice hears nothing of it."""
    saved = liaison.write("saved.http", start + HEAD.replace(b"\n", line_end) + SIGNUP)
    tried = liaison.json("try", "mapped", saved)

    [result] = tried["results"]
    assert (tried["ok"], tried["proof"]["ok"]) == (True, True)
    assert result["names"]["topics"] == ["Boats", "Ice"]
    assert result["request"]["body"]["ContactRelationEntity"]["Comment"] == "About Boats, Ice"
    assert sandbox.counts["SaveContactRelation"] == 0


def test_it_shows_exactly_what_the_webhook_sends(liaison, function, sandbox):
    """What is rehearsed and what is done come out of the same code."""
    [result] = liaison.json("try", "mapped", liaison.write("saved.http", HEAD + SIGNUP))["results"]
    headers = {"X-Api-Key": KEY, "Content-Type": "application/json"}
    function({"mapped": MAPPED}).post("/hooks/mapped", data=SIGNUP, headers=headers)

    assert sandbox.calls[-1]["path"].endswith(result["request"]["path"])
    assert sandbox.calls[-1]["body"] == result["request"]["body"]


def test_people_see_it_in_sections(liaison):
    """Where it goes, what came, the names, what each template gave, and the call stand below each other."""
    seen = liaison("try", "mapped", liaison.write("saved.http", HEAD + SIGNUP)).stdout
    lines = [" ".join(line.split()) for line in seen.splitlines()]

    assert lines[0].startswith("Cust00001 at http://127.0.0.1:")
    assert [line for line in seen.splitlines()[1:] if line[:1].isupper()] == [
        *("What came", "Names you can use", "What the templates gave", "What was found in SuperOffice"),
        *("What would be sent", "Warnings"),
    ]
    assert "proof ✓ the secret in the header X-Api-Key" in lines
    assert 'company "686"' in lines
    assert "relation.definition {level} by its map 18" in lines
    assert "POST /api/v1/Agents/Relation/SaveContactRelation" in lines
    assert any(line.startswith("! hooks.yaml asks for remark") for line in lines)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ((), "The secret is missing or wrong"),
        (("--header", "X-Api-Key: another"), "The secret is missing or wrong"),
        (("--header", f"x-api-key: {KEY}x"), "The secret is missing or wrong"),
    ],
)
def test_a_failed_proof_is_said_and_the_rest_still_shown(liaison, headers, words):
    """Whoever sets up a tool sees what its submission would give even before the secret fits."""
    outcome = liaison("try", "example", "-", *headers, stdin=PARTNERS)

    assert outcome.returncode == 1
    assert f"✗ {words}" in outcome.stdout
    assert "SaveContactRelation" in outcome.stdout


def test_a_missing_secret_is_said_in_words(tmp_path, settings, secrets):
    """The operator learns which secret is missing and where it belongs."""
    liaison = CommandLine(tmp_path, settings, {"other": "x"}, HOOKS)
    tried = liaison.json("try", "example", "-", stdin=PARTNERS)

    assert "has no secret 'example-key'" in tried["proof"]["detail"]
    assert tried["results"][0]["request"]


def test_the_proof_can_be_left_out(liaison):
    """A bare body is enough to work on the templates."""
    outcome = liaison("try", "example", "-", "--no-proof", stdin=PARTNERS)

    assert outcome.returncode == 0
    assert "left out" in outcome.stdout


def test_a_signature_is_checked_over_the_bytes_that_came(liaison):
    """What an editor added after the body was not sent, so it is not signed."""
    signature = hmac.new(KEY.encode(), SIGNUP, hashlib.sha256).hexdigest()
    head = f"POST / HTTP/1.1\r\nContent-Length: {len(SIGNUP)}\r\nX-Signature: {signature}\r\n\r\n".encode()

    assert liaison.json("try", "signed", "-", stdin=head + SIGNUP + b"\n")["proof"]["ok"]
    assert not liaison.json("try", "signed", "-", stdin=head + SIGNUP.replace(b"gold", b"gild"))["proof"]["ok"]


def test_a_body_that_lost_bytes_is_remarked_on(liaison):
    """Line ends that an editor changed are the usual reason why no signature fits."""
    tried = liaison.json("try", "signed", "-", stdin=b"POST / HTTP/1.1\nContent-Length: 99\n\n" + SIGNUP)

    assert "Content-Length says 99" in tried["remarks"][0]


@pytest.mark.parametrize(
    ("arguments", "line", "proven"),
    [
        (("--url", f"https://crm.example/hooks/address?key={KEY}"), b"", True),
        ((), f"POST /hooks/address?key={KEY} HTTP/1.1\n\n".encode(), True),
        (("--url", "https://crm.example/hooks/address?key=x"), b"", False),
        ((), b"", False),
    ],
)
@pytest.mark.check
def test_a_secret_in_the_address_is_read_from_it(liaison, arguments, line, proven):
    """The address is that of the request line, or the one that is given."""
    body = line + b'{"SourceContactId": 686, "DestinationContactId": 4, "RelationDefinitionId": 18}'

    assert liaison.json("try", "address", "-", *arguments, stdin=body)["proof"]["ok"] is proven


def test_a_secret_in_the_address_is_not_printed(liaison):
    """What is seen may be shown to a colleague."""
    outcome = liaison("try", "address", "-", "--url", f"/hooks/address?key={KEY}", stdin=PARTNERS)

    assert outcome.returncode == 0
    assert KEY not in outcome.stdout


def test_a_secret_in_the_body_is_not_printed(liaison):
    """It is taken out as the webhook takes it out of what it keeps."""
    outcome = liaison("try", "field", "-", stdin={**PARTNERS, "Handshake": KEY})

    assert (outcome.returncode, "removed" in outcome.stdout, KEY in outcome.stdout) == (0, True, False)


FORM = b"SourceContactId=686&DestinationContactId=4&RelationDefinitionId=18\n"
MULTIPART = b"".join(
    b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % tuple(pair.split(b"="))
    for pair in FORM.strip().split(b"&")
)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (FORM, ()),
        (MULTIPART + b"--x--\r\n", ()),
        (FORM, ("--header", "Content-Type: application/x-www-form-urlencoded; charset=utf-8")),
        (b'\xef\xbb\xbf {"source contact id": "686", "DestinationContactId": 4, "RelationDefinitionId": 18}', ()),
    ],
)
@pytest.mark.check
def test_the_kind_of_a_bare_body_is_guessed(liaison, body, headers):
    """A file with the body alone has no Content-Type; one is not asked for where it shows."""
    tried = liaison.json("try", "example", "-", "--no-proof", *headers, stdin=body)

    assert tried["ok"]
    assert tried["results"][0]["recognised"]["SourceContactId"] == 686


def test_each_item_of_an_array_is_shown(liaison):
    """One refused item is enough for exit code 1; the others are shown as they are."""
    outcome = liaison("try", "example", "-", "--no-proof", stdin=[PARTNERS, {**PARTNERS, "SourceContactId": "Acme"}])

    assert outcome.returncode == 1
    assert "Submission 2 of 2" in outcome.stdout
    assert outcome.stdout.count("SaveContactRelation") == 1
    assert "✗ Nothing: it is refused with 422." in outcome.stdout
    assert "SourceContactId: This is not an id" in outcome.stdout
    assert "This hook has no `relation:`" in outcome.stdout


@pytest.mark.parametrize(
    ("submission", "call"),
    [
        ({"RelationId": 888, "Comment": "x"}, ("PATCH", "/Relation/888")),
        ({"RelationId": 888, "action": "delete"}, ("POST", "/Agents/Relation/DeleteContactRelation")),
    ],
)
def test_changes_and_deletions_show_their_own_call(liaison, submission, call):
    """Not every submission ends in a save."""
    [result] = liaison.json("try", "example", "-", "--no-proof", stdin=submission)["results"]

    assert (result["request"]["method"], result["request"]["path"]) == call


def test_what_when_keeps_out_is_ignored_and_no_mistake(liaison):
    """The hook's own rule is not an error."""
    outcome = liaison("try", "mapped", "-", "--no-proof", stdin={"kind": "newsletter"})

    assert outcome.returncode == 0
    assert "Nothing: `when` says no." in outcome.stdout


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"a": 1', "not valid JSON at line 1, column 8"),
        (b"", "The body is empty"),
        (b"GET /hooks/example HTTP/1.1\n\n", "It was sent with GET"),
        (b"POST / HTTP/1.1\nContent-Type: image/png\n\n\x89PNG", "“image/png” is not read"),
    ],
)
@pytest.mark.check
def test_what_cannot_be_read_is_said(liaison, body, words):
    """The sentence is the one that the sender would get."""
    outcome = liaison("try", "example", "-", stdin=body)

    assert outcome.returncode == 1
    assert words in outcome.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("exampel", "-"), "did you mean example?"),
        (("example", "nowhere.json"), "nowhere.json"),
        (("example", "-", "--header", "no colon"), "Write a header like"),
        (("example",), "Missing argument 'FILE'"),
    ],
)
@pytest.mark.check
def test_a_mistake_in_the_call_is_exit_code_2(liaison, arguments, words):
    """Scripts tell a wrong call from a refused submission."""
    outcome = liaison("try", *arguments, stdin=b"{}")

    assert outcome.returncode == 2
    assert words in outcome.stderr


def test_a_mistake_in_the_hook_is_told_with_its_place(liaison):
    """What is wrong in hooks.yaml is said as `check` says it."""
    outcome = liaison("try", "wrong", "-", stdin=b"{}")

    assert outcome.returncode == 1
    assert "wrong.verify" in outcome.stderr


def test_a_strangers_text_cannot_command_the_terminal(liaison):
    """Escape sequences are shown, not obeyed, and long answers are cut."""
    seen = liaison(
        "try", "mapped", "-", "--no-proof", stdin={"a": "\x1b]0;x\x07\u202e\x9b2J", "b": "long " * 99}
    ).stdout

    assert not [sign for sign in seen if not sign.isprintable() and sign != "\n"]
    assert max(len(line) for line in seen.splitlines() if '"long long' in line) <= 110
