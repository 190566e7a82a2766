"""People's words in, a relation between the right parties out: the whole way, as a form sends it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.examples import KEY

VERIFY = {"verify": {"header": "X-Api-Key", "secret": "example-key"}}
SIGNUP = {
    **VERIFY,
    "repeat_within": 0,
    "relation": {
        "definition": "{kind}",
        "source": {
            "company": {"orgnr": "{org_number}", "name": "{company}"},
            "person": {"email": "{email}"},
        },
        "destination": {"company": {"id": 4}},
        "comment": "{topics}",
    },
}
ADA = {"Kind": "Partner of", "Org number": "317 333 013", "Company": "Acme", "E-mail": "ADA@acme.example"}
NEW = {"Kind": "Recommends", "Company": "Brand New AS", "E-mail": "new@brand-new.example"}


@pytest.fixture
def sign_up(function):
    """Return a sender to the sign-up hook; what it is given changes the hook."""
    clients = {}

    def post(payload, **changed):
        name = repr(changed)
        if name not in clients:
            clients[name] = function({"signup": {**SIGNUP, **changed}})
        return clients[name].post("/hooks/signup", json=payload, headers={"X-Api-Key": KEY})

    return post


def test_a_sign_up_becomes_a_relation_between_the_right_parties(sign_up, sandbox):
    """A company by its number, a person by her e-mail, a definition by its name; the answer says what found each."""
    answer = sign_up(ADA).json

    assert (answer["status"], answer["matched"]["source.company"]) == ("created", "orgnr")
    assert answer["matched"]["source.person"] == "email"
    saved = sandbox.relations[answer["relation"]["RelationId"]]
    assert (saved["SourceContactId"], saved["SourcePersonId"], saved["DestinationContactId"]) == (686, 90, 4)


def test_the_passive_text_swaps_the_parties(sign_up, sandbox):
    """Whoever types "Has partner" means the same relation from the other end."""
    answer = sign_up({**ADA, "E-mail": "", "Kind": "has PARTNER"}).json

    assert sandbox.relations[answer["relation"]["RelationId"]]["DestinationContactId"] == 686


def test_a_relation_that_is_there_is_not_made_again(sign_up, sandbox):
    """A visitor who presses the button twice is one partner."""
    first = sign_up(ADA).json["relation"]["RelationId"]
    again = sign_up(ADA).json

    assert (again["status"], again["relation"]["RelationId"]) == ("unchanged", first)
    assert sandbox.counts["SaveContactRelation"] == 1


@pytest.mark.parametrize(
    ("existing", "status", "comment"),
    [("update", "updated", "new"), ("keep", "unchanged", "old"), ("add", "created", "old")],
)
def test_what_happens_to_one_that_is_there(sign_up, sandbox, existing, status, comment):
    """`update` saves the comment onto it, `keep` leaves it, `add` makes another."""
    first = sign_up({**ADA, "topics": "old"}).json["relation"]["RelationId"]

    assert sign_up({**ADA, "topics": "new"}, existing=existing).json["status"] == status
    assert sandbox.relations[first]["Comment"] == comment


def test_submissions_at_the_same_moment_make_one_relation(sign_up, sandbox):
    """Twenty of them about one pair: one creates it, the others find it."""
    sign_up({**ADA, "Kind": "Nothing such"})  # makes the client before the threads do
    with ThreadPoolExecutor(10) as threads:
        statuses = [answer.json["status"] for answer in threads.map(lambda _: sign_up(ADA), range(20))]

    assert statuses.count("created") == 1
    assert set(statuses) <= {"created", "unchanged", "superseded"}
    assert sandbox.counts["created"] == 1


@pytest.mark.parametrize(
    ("changed", "reason", "field", "words"),
    [
        ({"Org number": "999999999"}, "party-mismatch", "Org number", "none"),
        ({"Org number": "", "Company": "No Such Company"}, "party-not-found", "Company", ""),
        ({"Org number": "318444021", "Company": "", "E-mail": ""}, "party-ambiguous", "Org number", "2"),
        ({"Org number": "", "Company": "Acme AS", "E-mail": ""}, "party-ambiguous", "Company", "2"),
        ({"E-mail": "kari@liaison-demo.example"}, "party-mismatch", "E-mail", ""),
        ({"E-mail": "wile@acme.example"}, "party-mismatch", "E-mail", ""),
        ({"E-mail": "nobody@acme.example"}, "party-not-found", "E-mail", ""),
        ({"Kind": "Married to"}, "definition-unknown", "Kind", ""),
        ({"Kind": "Rival of", "E-mail": ""}, "definition-unknown", "Kind", ""),
        ({"Company": "", "Org number": "", "E-mail": ""}, "invalid-submission", None, ""),
    ],
)
def test_each_mistake_has_its_own_sentence(sign_up, sandbox, changed, reason, field, words):
    """None, several, retired, another company's: an administrator reads which, and what to do. Nothing is saved."""
    answer = sign_up({**ADA, **changed})

    assert (answer.status_code, answer.json["type"]) == (422, f"urn:liaison:problem:{reason}")
    assert field is None or answer.json["errors"][0]["field"] == field
    assert words in answer.json["detail"]
    assert not sandbox.relations


def test_a_company_and_a_person_that_are_missing_are_made(sign_up, sandbox):
    """With `missing: create` a newcomer needs nobody to type her in."""
    answer = sign_up(NEW, missing="create").json

    assert (answer["status"], answer["created_company"], answer["created_person"]) == ("created", True, True)
    assert sandbox.relations[answer["relation"]["RelationId"]]["SourceContactName"] == "Brand New AS"


def test_a_missing_company_is_made_once(sign_up, sandbox):
    """Two people of one new company sign up at the same moment."""
    sign_up({**NEW, "Kind": "Nothing such"}, missing="create")
    people = [{**NEW, "E-mail": f"p{number}@brand-new.example"} for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda one: sign_up(one, missing="create").json["status"], people))

    assert answers == ["created"] * 4
    assert (sandbox.counts["created_companies"], sandbox.counts["created_persons"]) == (1, 4)


def test_only_what_may_be_made_is_made(sign_up, sandbox):
    """`missing` can be said for each party."""
    answer = sign_up(NEW, missing={"source": {"company": "reject", "person": "create"}})

    assert answer.status_code == 422
    assert sandbox.counts["created_companies"] == 0


def test_a_relation_is_deleted_by_its_parties(function, sign_up, sandbox):
    """`action: delete` needs no id where both parties and the definition are known."""
    relation = sign_up(ADA).json["relation"]["RelationId"]
    answer = sign_up(ADA, relation={**SIGNUP["relation"], "action": "delete"}).json

    assert (answer["status"], answer["relation"]["RelationId"]) == ("deleted", relation)
    assert not sandbox.relations


@pytest.mark.parametrize(
    "changed", [{}, {"Org number": "318444021", "E-mail": "", "Company": ""}, {"Kind": "Married to"}]
)
def test_a_stranger_learns_nothing_of_who_is_there(sign_up, changed):
    """An open form must not be a way to ask who is a customer, or how many there are."""
    answer = sign_up({**ADA, **changed}, verify="none")

    assert set(answer.json) <= {"status", "delivery", "type", "title", "detail", "message", "errors"}
    assert not any(digit in answer.json.get("detail", "") for digit in "0123456789")


def test_a_page_does_not_learn_whether_a_relation_is_there(sign_up):
    """Any page of an origin reads the answer: what is not there to be deleted is not told either."""
    relation = {**SIGNUP["relation"], "action": "delete"}
    answer = sign_up(ADA, relation=relation, origins="https://www.example.com")

    assert answer.status_code == 422
    assert "no such relation" not in answer.json["detail"]


def test_what_was_typed_is_never_part_of_a_filter(sign_up, sandbox):
    """A name may hold anything: it goes as a value of its own."""
    sign_up({**ADA, "Org number": "", "Company": "x' or name ne '"})

    archives = [call for call in sandbox.calls if "Archive" in call["path"]]
    assert archives
    assert all("filter" not in str(call["query"]).lower() for call in archives)


@pytest.mark.parametrize(
    ("payload", "existing", "calls"),
    [
        (ADA, "update", 4),
        ({"Kind": 18, "Org number": "317333013"}, "update", 2),
        ({"Kind": 18, "Org number": "317333013"}, "add", 1),
    ],
)
def test_a_submission_costs_few_calls_once_warm(sign_up, sandbox, payload, existing, calls):
    """The table in the README: names four at most; what is kept for a minute costs nothing."""
    sign_up({**payload, "topics": "first"}, existing=existing)
    before = len(sandbox.calls)
    sign_up({**payload, "topics": "second"}, existing=existing)

    assert len(sandbox.calls) - before <= calls
