"""What a template gives over a submission: its type, its text, or nothing."""

import pytest
from marshmallow import ValidationError

from schemas.templates import compile_template, written
from services.errors import InvalidSubmission
from services.templates import NOT_GIVEN, evaluate

FIELDS = {
    "company": "Acme & Søn",
    "org_number": 999888777,
    "score": 1.0,
    "half": 0.5,
    "agreed": True,
    "topics": ["a", "b", None, " "],
    "nobody": [],
    "blank": "",
    "spaces": " \t\n",
    "null": None,
    "your_e_mail": "ada@example.com",
    "_1_3": "Ada",
    "name": {"first": "Ada", "last_name": "Byron"},
    "level": " gold  MEMBER ",
    "raw": {"Your-Name": "Ada", "list": [{"Some Key": 1}]},
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{company}", "Acme & Søn"),
        ("{org_number}", 999888777),
        ("{score}", 1.0),
        ("{agreed}", True),
        ("{topics[0]}", "a"),
        ("{name.first}", "Ada"),
        ("{ {a: company}.a }", "Acme & Søn"),
        ('{`{"a": 1}`.a}', 1),
        ("No {org_number}", "No 999888777"),
        ("{score} {half} {agreed}", "1 0.5 true"),
        ("{topics}!", "a, b!"),
        ("{company}{blank}{nothing}{null}", "Acme & Søn"),
        ("{name} ", '{"first": "Ada", "last_name": "Byron"} '),
        ("Signed up: {blank}", "Signed up: "),
        ("{{company}", "{company}"),
        ("{{company}}", "{company}"),
        ("{{{company}}}", "{Acme & Søn}"),
        ("a }} b", "a } b"),
        ("{blank || spaces || company}", "Acme & Søn"),
        ("{not_null(null, spaces, company)}", "Acme & Søn"),
        ("{join(', ', topics[:2])}", "a, b"),
        ("{join('', topics[:2])}", "ab"),
        (4, 4),
        (True, True),
        ("Partner of", "Partner of"),
    ],
)
def test_gives_values_and_texts(template, value):
    """One expression alone keeps its type; with anything beside it, text is put together."""
    assert evaluate(compile_template(template), FIELDS) == value


@pytest.mark.parametrize(
    "template",
    [
        *("{nothing}", "{blank}", "{spaces}", "{null}", "{nobody}", "{name.middle}", "{company.first}", "", "  "),
        *("{blank}{spaces}", "{[blank, null]}", "{ {a: blank, b: null} }"),
        *("{length(nothing)}", "{length(blank)}", "{to_string(null)}", "{to_array(spaces)}", "{type(nothing)}"),
        *("{contains(nothing, 'a')}", "{starts_with(blank, 'a')}", "{join(' ', [company, nothing])}"),
        *("{sort_by(nothing, &a)}", "{sum(nothing)}", "{length(join(' ', [nothing]))}", "{to_number(company)}"),
    ],
)
def test_knows_what_is_not_given(template):
    """Missing, null and blank mean "not given", and so does a function over one."""
    assert evaluate(compile_template(template), FIELDS) is NOT_GIVEN


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{Your e-mail}", "ada@example.com"),
        ('{"Your e-mail"}', "ada@example.com"),
        ("{YOUR_E_MAIL}", "ada@example.com"),
        ("{yourEmail}", "ada@example.com"),
        ("{orgnumber}", 999888777),
        ("{name.lastname}", "Byron"),
        ("{name.LastName}", "Byron"),
        ("{1.3}", "Ada"),
        ("{Name.First}", "Ada"),
        ('{name."Last name"}', "Byron"),
        ('{raw."Your-Name"}', "Ada"),
        ('{raw.list[*]."Some Key" | [0]}', 1),
        ("{@.Company}", "Acme & Søn"),
    ],
)
def test_finds_names_in_any_spelling(template, value):
    """Case, spaces, accents and punctuation make no difference; in `raw` the tool's own names hold."""
    assert evaluate(compile_template(template), FIELDS) == value


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{abs(company)}", "{abs(company)} cannot be worked out: abs() takes a value of type number."),
        ("{sum(topics)}", "{sum(topics)} cannot be worked out: sum() takes a value of type array of number."),
        ("{company < score}", "{company < score} cannot be worked out over these values."),
        ("{contains(company, score)}", "cannot be worked out over these values."),
        ("{ceil(to_number('inf'))}", "cannot be worked out over these values."),
        ("{company[::0] || topics[::0]}", "cannot be worked out over these values."),
    ],
)
def test_names_the_expression_that_fails(template, words):
    """What fails for another reason than a missing value is told, without the value."""
    with pytest.raises(InvalidSubmission) as caught:
        evaluate(compile_template(template), FIELDS)

    assert words in caught.value.detail
    assert "Acme" not in caught.value.detail


def test_survives_what_text_cannot_hold():
    """A number of thousands of digits put into a text is the sender's mistake."""
    with pytest.raises(InvalidSubmission) as caught:
        evaluate(compile_template("No {huge}"), {"huge": 10**5000})

    assert caught.value.errors[0].field == "huge"


LEVELS = {"Gold member": "Partner of", "1": 7, True: "Agreed", "Nothing": None, "Own": "{company}"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ({"level": "Gold member"}, "Partner of"),
        ({"level": " gold  MEMBER "}, "Partner of"),
        ({"level": ["Gold member"]}, "Partner of"),
        ({"level": 1}, 7),
        ({"level": 1.0}, 7),
        ({"level": True}, "Agreed"),
        ({"level": "Yes"}, "Agreed"),
        ({"level": "Own", "company": "Acme"}, "Acme"),
        ({"level": "Nothing"}, NOT_GIVEN),
        ({"level": ""}, NOT_GIVEN),
        ({}, NOT_GIVEN),
    ],
)
def test_looks_a_value_up(field, value):
    """A map compares text, first as it is and then whatever its case and spacing."""
    template = compile_template({"value": "{level}", "map": LEVELS})

    assert evaluate(template, field) == value


def test_prefers_the_exact_text():
    """Two entries that differ in case alone are both reached."""
    template = compile_template({"value": "{level}", "map": {"Gold": 1, "gold": 2}})

    assert [evaluate(template, {"level": level}) for level in ("Gold", "gold", "GOLD")] == [1, 2, 2]


@pytest.mark.parametrize("field", [{"level": "Bronze"}, {"level": " "}, {}])
def test_else_stands_for_all_the_rest(field):
    """`else` is taken for a value that is not listed and for one that was not given."""
    template = compile_template({"value": "{level}", "map": {"Gold": 1}, "else": "{level || 'none'}"})

    assert evaluate(template, field) == (field.get("level", "").strip() or "none")


def test_refuses_a_value_that_is_not_listed():
    """Without `else` the sender hears which field, and which values it may have."""
    template = compile_template({"value": "{Level}", "map": {"Gold": 1, "Silver": 2}})

    with pytest.raises(InvalidSubmission) as caught:
        evaluate(template, {"level": "Bronze"})

    assert (caught.value.errors[0].field, "Send one of: Gold, Silver." in caught.value.detail) == ("level", True)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ({"value": "{a}", "map": {"x": "y"}, "els": "z"}, {"els": "els is not known here; did you mean else?"}),
        ({"map": {"x": "y"}}, {"value": 'Say which field is looked up, in braces, such as "{level}".'}),
        ({"value": "a", "map": {"x": "y"}}, {"value": "Say which field is looked up, in braces, such as"}),
        ({"value": "{a", "map": {"x": "y"}}, {"value": "Column 1: this { is never closed."}),
        ({"value": "{a}"}, {"map": "Say what each value means"}),
        ({"value": "{a}", "map": {}}, {"map": "Say what each value means"}),
        ({"value": "{a}", "map": ["x"]}, {"map": "Say what each value means"}),
        ({"value": "{a}", "map": {"x": "{"}}, {"map": {"x": "Column 1: this { is never closed."}}),
        ({"value": "{a}", "map": {None: "y"}}, {"map": {"null": "Put quotes around what is meant as text."}}),
        ({"value": "{a}", "map": {"x": "y"}, "else": "}"}, {"else": "Column 1: this } closes nothing."}),
    ],
)
def test_says_what_is_wrong_with_a_map(source, path):
    """Each mistake of `{value, map, else}` has its path."""
    with pytest.raises(ValidationError) as caught:
        compile_template(source)

    assert _starts(caught.value.messages, path)


def _starts(messages, wanted):
    if isinstance(wanted, dict):
        return messages.keys() == wanted.keys() and all(_starts(messages[key], wanted[key]) for key in wanted)
    return messages[0].startswith(wanted)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (["a"], "A template is a text, a number, or"),
        (None, "A template is a text, a number, or"),
        ({"org_number": None}, 'Put quotes around the braces: "{org_number}".'),
    ],
)
def test_refuses_what_is_no_template(source, words):
    """YAML has more kinds of value than templates; unquoted braces are the likeliest slip."""
    with pytest.raises(ValidationError) as caught:
        compile_template(source)

    assert words in caught.value.messages[0]


@pytest.mark.parametrize("source", ["{a.b}", "x {a} y", "plain", "4"])
def test_writes_a_template_back(source):
    """`try` shows a template as it stands in hooks.yaml."""
    assert written(compile_template(source)) == source
