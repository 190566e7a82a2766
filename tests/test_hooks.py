"""hooks.yaml: what it may say, and what is said about its mistakes."""

from __future__ import annotations

import pytest
import yaml

from schemas.hooks import Hook
from schemas.hooks import load_hooks as load
from services.errors import InvalidSettings
from services.hooks import read_hooks
from services.senders.presets import Presets
from services.yaml_file import YamlMistake, read_yaml
from tests.examples import HOOKS, ROOT

PRESETS = Presets(ROOT)
VERIFY = {"verify": {"bearer": "key"}}


def load_hooks(written):
    """Read hooks with the presets of the project."""
    return load(written, PRESETS.find)


def test_the_example_is_sound():
    """`hooks.example.yaml` runs as it is."""
    assert read_hooks(str(ROOT / "hooks.example.yaml")).mistakes == ()


def test_the_form_in_the_example_can_be_used():
    """Whoever takes the `# ` away has a hook that works."""
    text = (ROOT / "hooks.example.yaml").read_text("utf-8")
    lines = text[text.index("# signup:") :].split("\n\n")[0].splitlines()

    assert isinstance(load_hooks(yaml.safe_load("\n".join(line[2:] for line in lines)))["signup"], Hook)


def test_the_defaults_of_a_hook():
    """A hook needs only to say who may send."""
    hook = load_hooks(HOOKS)["example"]

    assert isinstance(hook, Hook)
    assert (hook.limit, hook.answer_within, hook.allow) == (1_048_576, 4, {"create", "update", "delete"})


@pytest.mark.parametrize(
    ("rules", "path", "hint"),
    [
        ({}, "h.verify", "missing"),
        ({"verify": "nobody"}, "h.verify", "none"),
        ({"verify": {"headr": "X", "secret": "k"}}, "h.verify", "did you mean header?"),
        ({**VERIFY, "alow": ["create"]}, "h.alow", "did you mean allow?"),
        ({**VERIFY, "allow": ["creat"]}, "h.allow", "did you mean create?"),
        ({**VERIFY, "select": ["Coment"]}, "h.select", "did you mean Comment?"),
        ({**VERIFY, "limit": 0}, "h.limit", "bytes"),
        ({**VERIFY, "limit": 8 * 1024 * 1024 + 1}, "h.limit", "bytes"),
        ({**VERIFY, "limit": "1 MB"}, "h.limit", ""),
        ({**VERIFY, "origins": ["https://example.com/form"]}, "h.origins", "https://www.example.com"),
        ({**VERIFY, "pass_headers": "maybe"}, "h.pass_headers", ""),
        ({**VERIFY, "answer_within": 0}, "h.answer_within", "seconds"),
        ({**VERIFY, "from": "generik"}, "h.from", "did you mean generic?"),
        ({**VERIFY, "unpack": {"rot": "a"}}, "h.unpack.rot", "did you mean root?"),
        ({**VERIFY, "acknowledge": "allways"}, "h.acknowledge", "did you mean always?"),
        ({**VERIFY, "when": "{a"}, "h.when", ""),
        ({**VERIFY, "relation": {"source": {"company": {"orgn": "{o}"}}}}, "h.relation.source.company.orgn", "orgnr?"),
        ("text", "h", "mapping"),
    ],
)
def test_a_mistake_has_its_path_and_a_hint(rules, path, hint):
    """A consultant finds the line, and reads what was probably meant."""
    mistake = load_hooks({"h": rules})["h"]

    assert isinstance(mistake, str)
    assert f"{path}: " in mistake
    assert hint in mistake


@pytest.mark.parametrize("name", ["a/b", "", "å", "a b", "-x", "x" * 101])
def test_a_name_that_is_no_address_is_a_mistake(name):
    """The hook's name is the last part of its address."""
    assert "address" in str(load_hooks({name: VERIFY})[name])


def test_a_file_that_is_not_there_is_said_with_the_way_out(tmp_path):
    """The message names the file to copy."""
    with pytest.raises(InvalidSettings, match=r"hooks\.example\.yaml"):
        read_hooks(str(tmp_path / "hooks.yaml"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1, 2", "line 2"),
        ("a: 1\nb: 2\na: 3", "line 3: a is written twice"),
        ("a: &x [*x]", "holds itself"),
        (
            "a: &a [1,2,3,4,5,6,7,8,9]\n"
            + "\n".join(
                f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "too large",
        ),
        ("a: 2026-99-99", "cannot be read"),
        ("a: \x00", "not text"),
        ("[" * 5000 + "]" * 5000, "nested too deeply"),
    ],
)
def test_a_file_with_a_mistake_says_where(tmp_path, text, told):
    """Ten lines of aliases can stand for billions of values: they are counted, not written out."""
    file = tmp_path / "hooks.yaml"
    file.write_text(text)

    with pytest.raises(YamlMistake, match=told):
        read_yaml(file)
