"""From a submission's fields to a relation, and every mistake on the way."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from schemas.relation_mapping import RelationMappingSchema
from schemas.templates import compile_template
from services.errors import InvalidSubmission
from services.mapping import MappedRelation, Party, Selector, map_submission, wanted

SIGN_UP = {
    "definition": {"value": "{level}", "map": {"Gold": "Partner of", "Silver": 12}},
    "source": {
        "company": {"orgnr": "NO{org_number}", "name": "{Company}", "department": "{department}", "phone": "{phone}"},
        "person": {"email": "{Your e-mail}"},
    },
    "destination": {"company": {"id": "{partner || `4`}"}},
    "comment": "Signed up on {submitted_at}: {topics}",
}
FORM = {
    "level": "gold",
    "org_number": 999888777,
    "company": " Acme ",
    "department": "Sales",
    "phone": "",
    "your_e_mail": "ada@example.com",
    "partner": "7",
    "submitted_at": "2026-01-02",
    "topics": ["a", "b"],
    "raw": {},
}


def mapping(relation=SIGN_UP, **changes):
    """Load a `relation:`."""
    return RelationMappingSchema().load({**relation, **changes})


def mistakes(relation, fields):
    """Map, and return what was wrong with each field."""
    with pytest.raises(InvalidSubmission) as caught:
        map_submission(relation, fields)
    assert len(caught.value.detail) < 250
    return {error.field: error.message for error in caught.value.errors}


def test_maps_a_form():
    """Selectors are in the order written and say which fields they came from; a blank one is left out."""
    assert map_submission(mapping(), FORM) == MappedRelation(
        definition="Partner of",
        definition_names=("level",),
        source=Party(
            company=(
                Selector("orgnr", "NO999888777", ("org_number",)),
                Selector("name", "Acme", ("company",)),
                Selector("department", "Sales", ("department",)),
            ),
            person=(Selector("email", "ada@example.com", ("your_e_mail",)),),
        ),
        destination=Party(company=(Selector("id", 7, ("partner",)),)),
        comment="Signed up on 2026-01-02: a, b",
    )


@pytest.mark.parametrize("blank", ["", " ", None, [], [""]])
def test_leaves_out_what_was_not_given(blank):
    """A selector whose fields are blank is no selector, whatever is written around them."""
    source = map_submission(mapping(), FORM | {"org_number": blank, "department": blank}).source

    assert [selector.kind for selector in source.company] == ["name"]


def test_needs_a_name_for_a_department():
    """A department alone finds nothing."""
    source = map_submission(mapping(), FORM | {"company": None}).source

    assert [selector.kind for selector in source.company] == ["orgnr"]


def test_puts_a_department_after_its_name():
    """However hooks.yaml has them, the department follows the name it belongs to."""
    company = {"department": "{department}", "email": "{your_e_mail}", "name": "{company}"}
    relation = map_submission(mapping(source={"company": company}), FORM)

    assert [selector.kind for selector in relation.source.company] == ["email", "name", "department"]


@pytest.mark.parametrize(
    ("relation", "fields", "changed"),
    [
        ({"id": "{relation_id}"}, {"relation_id": "888"}, {"relation_id": 888}),
        ({"id": 888}, {}, {"relation_id": 888}),
        ({"id": 888, "comment": "{notes}"}, {"notes": " "}, {"relation_id": 888}),
        ({"id": 888, "comment": "{notes}"}, {"notes": "Hi\n"}, {"relation_id": 888, "comment": "Hi\n"}),
        ({"id": 888, "action": "{do}"}, {"do": "Delete"}, {"relation_id": 888, "action": "delete"}),
        ({"id": 888, "action": "{do}"}, {"do": None}, {"relation_id": 888}),
        ({"id": 888, "definition": "{d}"}, {"d": ["12"]}, {"definition": 12}),
        ({"id": 888, "definition": "{d}"}, {"d": " Partner of "}, {"definition": "Partner of"}),
    ],
)
def test_changes_what_was_given_and_nothing_else(relation, fields, changed):
    """With an id all the rest may be left out."""
    mapped = map_submission(mapping(relation), fields)

    assert {name: getattr(mapped, name) for name in changed} == changed
    assert (mapped.source, mapped.destination) == (Party(), Party())


BAD_IDS = [42.9, True, "Acme", 0, -1, "٤٢", 10**5000, "9" * 5000, ["4", "5"], {"a": 4}, "4.0", 2**31]


@pytest.mark.parametrize("bad", BAD_IDS, ids=range(len(BAD_IDS)))  # pytest cannot write 5,000 digits
def test_refuses_what_is_no_id(bad):
    """Ids are whole numbers of 1 and more; the sender's own field is named, its value is not."""
    relation = mapping(destination={"company": {"id": "{partner}"}})

    assert mistakes(relation, FORM | {"partner": bad}).keys() == {"partner"}


@pytest.mark.parametrize(
    ("changes", "fields", "field", "words"),
    [
        ({}, {"level": "Bronze"}, "level", "Send one of: Gold, Silver."),
        ({}, {"level": None}, "level", "This is missing: it says what the relation is. Fill in level."),
        ({}, {"company": None, "org_number": " ", "your_e_mail": ""}, "org_number", "Fill in org_number or company or"),
        ({}, {"company": ["A", "B"]}, "company", "Only one value can be used here"),
        ({}, {"company": {"a": "b"}}, "company", "This is a group of values"),
        ({"definition": "{level}"}, {"level": "0"}, "level", "1 or more"),
        ({"definition": "{level}"}, {"level": True}, "level", "not an id"),
        ({"action": "{todo}"}, {"todo": "remove"}, "todo", "save or delete"),
        ({"comment": "{abs(company)}"}, {}, "company", "{abs(company)} cannot be worked out"),
        ({"comment": "{`1` < 'a'}"}, {}, "comment", "{`1` < 'a'} cannot be worked out"),
        ({"id": "{rel}", "action": "delete"}, {"rel": ""}, "rel", "which relation is meant. Fill in rel."),
        ({"definition": {"value": "{level}", "map": {"gold": ""}}}, {}, "level", "This is missing"),
    ],
)
def test_names_the_senders_own_field(changes, fields, field, words):
    """What is wrong is said of the field that the sender filled in or should have."""
    found = mistakes(mapping(**changes), FORM | fields)

    assert words in found[field]
    assert len(found) == 1


def test_asks_for_the_id_where_nothing_else_is_mapped():
    """A hook that only changes relations cannot make one."""
    assert mistakes(mapping({"id": "{relation_id}", "comment": "{notes}"}), {"notes": "x"}).keys() == {"relation_id"}


def test_names_every_mistake_at_once():
    """The sender mends a form once, not once for each field."""
    found = mistakes(mapping(), {"level": "Bronze", "partner": "Acme", "company": ["A", "B"]})

    assert found.keys() == {"level", "partner", "company"}


def test_survives_names_and_values_without_end():
    """The detail fits, and holds nothing of what was typed."""
    relation = mapping(definition=f"{{{'x' * 500}}}", comment="{secret[::0]}")

    assert "hush" not in str(mistakes(relation, FORM | {"secret": ["hush"], "x" * 500: "0", "partner": "hush"}))


def test_warns_of_names_that_are_not_there():
    """A name that the submission lacks is told once, with what is like it."""
    fields = {name: value for name, value in FORM.items() if name != "org_number"} | {"organumber": 1}
    warnings = map_submission(mapping(), fields).warnings

    assert len(warnings) == 1
    assert "hooks.yaml asks for org_number" in warnings[0]
    assert "the nearest it has: organumber, " in warnings[0]


def test_a_refusal_names_what_is_like_a_name_that_is_not_there():
    """Whoever mistyped a name in hooks.yaml is told which one it probably is, and that it is not the sender's blank."""
    fields = {"company": "Acme", "compact": "no", "e_mail": "a@example.com", "company_size": 9}
    relation = mapping(definition=18, source={"company": {"name": "{compani}"}}, destination={"company": {"id": 4}})

    told = mistakes(relation, fields)["compani"]
    assert told.endswith("The submission has no compani; the nearest it has: company, compact, company_size.")
    assert mistakes(relation, {**fields, "compani": ""})["compani"].endswith("Fill in compani.")


def test_warns_only_of_what_was_asked():
    """An alternative that was not needed is not missed; a blank field is there."""
    relation = mapping(comment="{company || nowhere}")

    assert map_submission(relation, FORM | {"department": None}).warnings == ()


@pytest.mark.parametrize("value", ["", " ", None, "false", "No", " NO ", "0", 0, 0.0, False, [], ["no"], "FALSE"])
def test_ignores_what_is_not_wanted(value):
    """Nothing, false, no and 0 mean that the submission is ignored."""
    assert not wanted(compile_template("{agreed}"), {"agreed": value})


@pytest.mark.parametrize("value", ["yes", "x", 1, True, ["a"], {"a": 1}, "00", "not"])
def test_takes_what_is_wanted(value):
    """Everything else is wanted."""
    assert wanted(compile_template("{agreed}"), {"agreed": value})


@pytest.mark.parametrize(("when", "answer"), [(None, True), ("{nowhere}", False), (False, False), (True, True)])
def test_needs_no_field_to_decide(when, answer):
    """Without `when` all are wanted; a field that is not sent is nothing."""
    assert wanted(None if when is None else compile_template(when), {}) is answer


def test_refuses_a_when_that_fails():
    """An expression that fails is not quietly taken for no."""
    with pytest.raises(InvalidSubmission):
        wanted(compile_template("{abs(name)}"), {"name": "x"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
WHOLE = mapping()


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FORM, JSON)))
def test_maps_or_refuses_any_fields(fields):
    """Whatever JSON people send, it is a relation or an InvalidSubmission."""
    try:
        mapped = map_submission(WHOLE, fields)
    except InvalidSubmission as error:
        outcome = error.errors
    else:
        outcome = mapped.source.company + mapped.source.person
    assert outcome


@given(st.text(alphabet="ab[]().,'\"`{}&|!=<>?*@: 01") | st.text(), JSON, JSON)
def test_works_out_or_refuses_any_template(text, first, second):
    """Whatever hooks.yaml asks of whatever came, nothing else is raised."""
    with suppress(ValidationError, InvalidSubmission):
        relation = mapping({"id": 1, "comment": text, "definition": text, "action": text})
        assert map_submission(relation, {"a": first, "b": second}).relation_id == 1
