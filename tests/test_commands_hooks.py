"""`./liaison hooks`: what each hook last took and refused, how many wait, and what never got in."""

from __future__ import annotations

import pytest

from tests.examples import HOOKS, PARTNERS

RULES = {**HOOKS, "other": HOOKS["example"], "wrong": {"verify": {"heder": "X-Api-Key"}}}


@pytest.fixture
def client(function):
    """Start the function with three hooks, one of them with a mistake."""
    return function(RULES)


def test_the_commonest_questions_are_answered(operator, send, sandbox):
    """Nothing ever came; it came with the wrong secret; it came and was refused."""
    accepted = send().json
    refused = send({**PARTNERS, "SourceContactId": "Acme"}).json["delivery"]
    send(PARTNERS, headers={"X-Api-Key": "wrong"})
    seen = [" ".join(line.split()) for line in operator("hooks").stdout.splitlines()]

    assert any(f"{accepted['delivery']} created" in line for line in seen if line.startswith("last accepted"))
    assert any(f"{refused} rejected invalid-submission" in line for line in seen if line.startswith("last refused"))
    assert any("401 not-proven" in line for line in seen if line.startswith("at the door"))
    assert seen[seen.index("other") + 1] == "Nothing ever came."
    assert any("wrong.verify" in line for line in seen if line.startswith("mistake"))


def test_a_script_hears_all_of_it(operator, send, sandbox):
    """Ids, reasons and times; no content."""
    sandbox.set_state("OfflineMaintenance")
    send()
    for _ in range(7):
        send(PARTNERS, headers={"X-Api-Key": "wrong"})
    told = {row["hook"]: row for row in operator.json("hooks")}

    assert told["example"]["waiting"] == 1
    assert told["example"]["accepted"]["status"] == "queued"
    assert [line["status"] for line in told["example"]["at_the_door"]] == [401] * 7
    assert "and 2 more" in operator("hooks").stdout
    assert told["other"] == {
        "hook": "other",
        "mistake": None,
        "accepted": None,
        "refused": None,
        "waiting": 0,
        "at_the_door": [],
    }


def test_one_that_has_gone_is_told_of_while_something_waits_for_it(operator, send, keep):
    """With what to do, and what it last took."""
    waiting = keep(11, hook="gone", status="held")
    told = {row["hook"]: row for row in operator.json("hooks")}["gone"]
    outcome = operator("hooks")

    assert (told["waiting"], told["accepted"]["delivery"]) == (1, waiting)
    assert "1 delivery waits for it: put it back" in told["mistake"]
    assert "gone is not in hooks.yaml any more" in outcome.stdout
    operator("dismiss", waiting, "--reason", "a test of ours")
    assert "gone" not in [row["hook"] for row in operator.json("hooks")]


def test_a_hooks_file_that_cannot_be_read_is_said(operator, client, tmp_path):
    """There are no hooks to tell of."""
    (tmp_path / "hooks.yaml").write_text("example: {")
    outcome = operator("hooks")

    assert outcome.exit_code == 1
    assert "hooks.yaml" in outcome.stderr
