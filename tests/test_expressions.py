"""Where an expression of a template ends, and what is told of one that is wrong."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from schemas.expressions import read_expression
from schemas.templates import compile_template


@pytest.mark.parametrize(
    "text",
    [
        "{name}",
        "{name.first}",
        "{join(', ', topics)}",
        "{items[?kind == 'x}y'].name | [0]}",
        '{"Your } e-mail"}',
        '{"a \\" } b"}',
        "{'it\\'s } here'}",
        '{`{"a": {"b": "}"}}`.a}',
        "{name.{first: a, last: b}}",
        "{ {a: {b: c}} }",
        "{`[1, 2]`}",
        "{a || b}",
        "{1.3}",
        "{E-post}",
        "{Your e-mail}",
        "{What's your name?}",
        "{Selskapsområde}",
        "{会社 名}",
        "{ padded }",
    ],
)
def test_finds_the_closing_brace(text):
    """Braces in quotes, in JSON and of the expression's own do not end it."""
    expression, end = read_expression(text, 0)

    assert (expression.written, end) == (text[1:-1].strip(), len(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{name", "Column 1: this { is never closed"),
        ("a {b} {c", "Column 7: this { is never closed"),
        ("{'name}", "Column 2: this ' is never closed"),
        ('{"name}', 'Column 2: this " is never closed'),
        ("{`name}", "Column 2: this ` is never closed"),
        ("{'name\\", "Column 2: this ' is never closed"),
        ("{`name`}", "Column 2: between ` and ` stands JSON"),
        ("{}", "Column 2: nothing stands between the braces"),
        ("a {  }", "Column 4: nothing stands between the braces"),
        ("{-}", "Column 2: this is not JMESPath"),
        ("{?!}", "Column 2: this is not JMESPath"),
        ("{a = 'b'}", "Column 4: this is not JMESPath"),
        ("{join(', ', topics}", "Column 19: this is not JMESPath"),
        ("{join ' ' topics}", "Column 7: this is not JMESPath"),
        ("{name.first name}", "Column 13: this is not JMESPath"),
        ("{a || E-post}", 'such as {"Your e-mail"}'),
        ("{[" + "9" * 5000 + "]}", "this is not JMESPath"),
        ("{" + "[" * 50_000 + "}", "nested too deeply"),
        ("{lenght(name)}", "lenght() is not a function of JMESPath; did you mean length()?"),
        ("{Phone (mobile)}", "Phone() is not a function of JMESPath; if it is a field's name"),
        ("{length()}", "length() takes 1 in its brackets, not 0"),
        ("{join(a, b, c)}", "join() takes 2 in its brackets, not 3"),
        ("{not_null()}", "not_null() takes 1 or more in its brackets, not 0"),
        ("name}", "Column 5: this } closes nothing"),
        ("{name}}", "Column 7: this } closes nothing"),
    ],
)
def test_says_what_is_wrong_and_where(text, words):
    """A template that cannot be compiled is told with its column when the file is read."""
    with pytest.raises(ValidationError) as caught:
        compile_template(text)

    assert words in caught.value.messages[0]


@given(st.text(alphabet="ab1 .,'\"`\\{}[]()|&!=<>?*@:-~é\n") | st.text())
def test_takes_or_refuses_any_text(text):
    """Whatever is written, it is a template or a ValidationError."""
    with suppress(ValidationError):
        assert compile_template(text) == compile_template(text)
