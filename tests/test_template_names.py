"""Which fields of a submission templates ask for."""

import pytest

from schemas.template_names import names_of
from schemas.templates import compile_template


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Partner of", []),
        (42, []),
        ("{company}", ["company"]),
        ("{Your e-mail}", ["Your e-mail"]),
        ("Since {year}, by {name.first} {name.last}", ["year", "name", "name"]),
        ("{topics[0]}", ["topics"]),
        ("{topics[0].text}", ["topics"]),
        ("{topics[].text}", ["topics"]),
        ("{topics[?chosen == 'yes'].text | [0]}", ["topics"]),
        ("{topics[1:3]}", ["topics"]),
        ("{answers.*.text}", ["answers"]),
        ("{join(', ', topics)}", ["topics"]),
        ("{sort_by(people, &age)[0].name}", ["people"]),
        ("{email || mail && !bounced}", ["email", "mail", "bounced"]),
        ("{[first, last]}", ["first", "last"]),
        ("{{a: first, b: last.b}}", []),
        ("{ {a: first, b: last.b} }", ["first", "last"]),
        ("{'text'}", []),
        ("{raw.payload.id}", ["raw"]),
        ("{@}", []),
    ],
)
def test_a_name_is_what_the_submission_must_have(written, names):
    """What is read inside another field's value is no field of the submission."""
    assert [name for name, _ in names_of(compile_template(written))] == names


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("{company}", [("company", True)]),
        ("{name.first} at {company}", [("name", False), ("company", True)]),
        (
            {"value": "{level}", "map": {"Gold": "{best}", "Silver": 19}, "else": "{other}"},
            [("level", True), ("best", False), ("other", False)],
        ),
    ],
)
def test_it_is_told_whether_a_field_is_used_as_it_comes(written, names):
    """Of such a field it is plain what people type into it."""
    assert list(names_of(compile_template(written))) == names
