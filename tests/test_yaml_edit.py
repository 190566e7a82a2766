"""A value in a person's YAML file is changed, and the rest of the file stays as it was written."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.yaml_edit import replace_values, write_yaml

WRITTEN = """# my secrets
first: abc  # since May
# about the list
list:
- new
- old
# about the key

key: |
  -----BEGIN
  # not a comment
  -----END

# about the last
last: 'x'
# the end
"""
KEYS = st.text("abc-_", min_size=1, max_size=4)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.lists(st.text("ab 0:#", max_size=9))


@pytest.mark.parametrize(
    ("key", "value", "old", "new"),
    [
        ("first", "xyz", "first: abc  # since May\n", "first: xyz\n"),
        ("list", ["newer", "new"], "- new\n- old\n", "- newer\n- new\n"),
        ("key", "A\nB\n", "  -----BEGIN\n  # not a comment\n  -----END\n", "  A\n  B\n"),
        ("last", "0123", "last: 'x'\n", "last: '0123'\n"),
        ("added", "yes", "# the end\n", "# the end\nadded: 'yes'\n"),
    ],
)
def test_one_value_is_changed_alone(key, value, old, new):
    """Comments, blank lines, quotes and the order of everything else stay."""
    assert replace_values(WRITTEN, {key: value}) == WRITTEN.replace(old, new)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", {"a": "new"}),
        ("# nothing yet", {"a": "new"}),
        ("{a: old, b: kept}", {"a": "new", "b": "kept"}),
        ("a: &x old\nb: *x\n", {"a": "new", "b": "old"}),
        ("a: old\nb: kept\na: twice\n", {"a": "new", "b": "kept"}),
        ("---\na: old\n...\n", {"a": "new"}),
        ("b: kept\r\na: old", {"a": "new", "b": "kept"}),
    ],
)
def test_what_cannot_be_changed_alone_is_written_anew(text, told):
    """However the file is written, afterwards it says what it said, and the new value."""
    assert yaml.safe_load(replace_values(text, {"a": "new"})) == told


@given(st.dictionaries(KEYS, VALUES), st.dictionaries(KEYS, VALUES))
def test_no_value_is_harmed(before, values):
    """Whatever a secret is made of, it is read back as it was given, and so is every other one."""
    assert yaml.safe_load(replace_values(write_yaml(before), values)) == {**before, **values}
