"""`./liaison senders`: what there is a preset for, and how each is set up."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from commands.example_hook import example_hook
from schemas.hooks import Hook, load_hooks
from services.senders.presets import Presets
from tests.command_line import CommandLine
from tests.examples import HOOKS

OURS = Presets(Path("/nowhere"))
URL = "https://crm.example/hooks/my-hook"
OWN = """
my-tool:
  title: My Tool
  sends: JSON of mine.
  proof: It sends a key.
  refusals: It tries again for a day.
  setup: ["Enter {url}?key={secret} there.", "Paste:\\n  one()\\n  two()"]
  verify: {query: key}
"""


@pytest.fixture
def liaison(tmp_path, settings, secrets):
    """Run the command line beside a senders.yaml of one's own."""
    line = CommandLine(tmp_path, settings, secrets, HOOKS)
    line.write("senders.yaml", OWN)
    return line


def test_all_presets_are_listed_and_ones_own_are_marked(liaison):
    """Ours and those of senders.yaml stand in one list."""
    listed = {row["name"]: row for row in liaison.json("senders")}

    assert set(listed) == {*OURS, "my-tool"}
    assert [name for name, row in listed.items() if row["own"]] == ["my-tool"]
    assert listed["my-tool"]["proves"] == "secret in the address"


def test_people_read_one_line_for_each(liaison):
    """Name, title, proof and what it sends, cut to the terminal's width."""
    lines = liaison("senders").stdout.splitlines()

    assert "  my-tool  " in "\n".join(lines)
    assert "  (senders.yaml) JSON" in "\n".join(lines)
    assert max(map(len, lines[1:])) <= 110


def test_a_sender_is_described_with_its_steps(liaison):
    """The steps have the address in them, and never a secret; code in them keeps its lines."""
    seen = liaison("senders", "my-tool", PUBLIC_URL="https://crm.example/").stdout

    assert "1. Enter https://crm.example/hooks/my-my-tool?key=<the secret> there." in seen
    assert "\n        one()\n        two()\n" in seen
    for words in ("JSON of mine.", "It sends a key.", "It tries again for a day.", "Store its secret as my-tool-key"):
        assert words in seen


def test_the_address_is_that_of_the_hook_that_is_there(liaison):
    """Who has a hook for the sender already sees its own address."""
    liaison.write("hooks.yaml", "partners: {from: my-tool, verify: {secret: example-key}}")
    told = liaison.json("senders", "my-tool", PUBLIC_URL="https://crm.example")

    assert told["hooks"] == {"partners": "https://crm.example/hooks/partners"}
    assert told["setup"][0].startswith("Enter https://crm.example/hooks/partners?key=")


def test_without_an_address_an_example_stands_there(liaison):
    """The page says that it is one, and how to have one's own shown."""
    seen = liaison("senders", "typeform").stdout

    assert "https://hooks.example.com/hooks/my-typeform" in seen
    assert "set PUBLIC_URL" in seen


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_hook_to_paste_is_a_hook(name):
    """What is pasted is taken as it is, and names the secrets that have to be stored."""
    lines, secrets = example_hook(OURS.find(name), "my-hook", URL)
    [hook] = load_hooks(yaml.safe_load(lines), OURS.find).values()

    assert isinstance(hook, Hook), hook
    assert hook.sender == name
    assert all(secret in lines for secret in secrets)


def test_an_unknown_name_is_answered_with_the_one_meant(liaison):
    """Exit code 2: the call is wrong, and nothing else."""
    outcome = liaison("senders", "typefrom")

    assert outcome.returncode == 2
    assert "did you mean typeform?" in outcome.stderr


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ("my-tool: {title: X, vrify: {}}", "did you mean verify?"),
        ("my-tool: {sends: X}", "title"),
        ("- a list", "names no presets"),
        ("my-tool: {", "line 2, column 1"),
    ],
)
@pytest.mark.check
def test_a_mistake_in_senders_yaml_is_exit_code_1(liaison, own, words):
    """It is told with its place, and the presets that are sound stay in the list."""
    liaison.write("senders.yaml", own)
    outcome = liaison("senders")

    assert outcome.returncode == 1
    assert words in outcome.stdout + outcome.stderr
