"""A YAML file that a person wrote: read with bounds, and every mistake told with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

LARGEST_FILE = 1024 * 1024  # bytes
DEEPEST = 100  # levels; hooks.yaml has seven
MOST_VALUES = 30_000  # counted as if every alias were written out: ten lines of them can stand for billions

LONGEST_NUMBER = 18  # signs; longer ones take seconds to read (1:59:59…) or to tell apart as keys
_INDICATORS = (b"[", b"{", b"-", b"?", b":", b",")  # each value, and each level of nesting, has one of these
_FEW = 2_000  # with no more of them no stack overflows


class YamlMistake(ValueError):
    """What is wrong with the file, and on which line."""


# The safe loader, in C where PyYAML has it: the other takes 15 times as long, and a cold start waits for it.
Loader: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def read_yaml(path: Path) -> Any:
    """Return what the file says; raise YamlMistake or OSError. A key given twice is a mistake."""
    return parse_yaml(path.read_bytes())


def parse_yaml(content: bytes) -> Any:
    """Return what YAML text says; raise YamlMistake."""
    if len(content) > LARGEST_FILE:
        raise YamlMistake("The file is larger than 1 MiB.")
    if sum(content.count(sign) for sign in _INDICATORS) > _FEW:
        _count(content)
    loader = Loader(content)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _measure(node, {}, set())
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise YamlMistake(f"{where}{error.problem or 'this is not YAML'}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise YamlMistake("This is not text in UTF-8, or holds characters that YAML does not allow.") from error
    except YamlMistake:
        raise
    except ValueError as error:
        raise YamlMistake(f"A value cannot be read: {error}.") from error
    except (LookupError, AttributeError, ArithmeticError) as error:  # what PyYAML lets through of `!!int x`
        raise YamlMistake("A value is not what its tag says: leave tags such as !!int out.") from error
    except RecursionError as error:
        raise YamlMistake("It is nested too deeply.") from error
    finally:
        loader.dispose()


def _count(content: bytes) -> None:
    """Refuse what nests without end or has too many values, before nodes are made of it.

    Composing it, libyaml would overflow its stack, and end the whole process.
    """
    loader, depth, values = Loader(content), 0, 0
    try:
        while depth <= DEEPEST and values <= MOST_VALUES and loader.check_event():
            event = loader.get_event()
            ends = isinstance(event, yaml.CollectionEndEvent)
            depth += isinstance(event, yaml.CollectionStartEvent) - ends
            values += not ends
    except yaml.YAMLError:
        return  # whoever reads it next says what is wrong
    finally:
        loader.dispose()
    if depth > DEEPEST:
        raise YamlMistake(f"line {event.start_mark.line + 1}: this is nested too deeply, more than {DEEPEST} levels.")
    if values > MOST_VALUES:
        raise YamlMistake(f"line {event.start_mark.line + 1}: the file has more than {MOST_VALUES:,} values.")


def _measure(node: yaml.Node, sizes: dict[int, int], open_nodes: set[int]) -> int:
    """Count the values below a node, an alias as often as it is used; refuse loops and keys given twice."""
    if (known := sizes.get(id(node))) is not None:
        return known
    if id(node) in open_nodes:
        raise YamlMistake(f"line {node.start_mark.line + 1}: an alias that holds itself.")
    open_nodes.add(id(node))
    size = 1
    if isinstance(node, yaml.MappingNode):
        _refuse_twins(node)
        size += sum(_measure(child, sizes, open_nodes) for pair in node.value for child in pair)
    elif isinstance(node, yaml.ScalarNode):
        _refuse_long_number(node)
    else:
        size += sum(_measure(child, sizes, open_nodes) for child in node.value)
    if size > MOST_VALUES:
        raise YamlMistake(f"line {node.start_mark.line + 1}: with its aliases written out this is too large.")
    open_nodes.discard(id(node))
    sizes[id(node)] = size
    return size


def _refuse_long_number(node: yaml.ScalarNode) -> None:
    if len(node.value) > LONGEST_NUMBER and node.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
        raise YamlMistake(f"line {node.start_mark.line + 1}: this number is too long; put quotes around what is text.")


def _refuse_twins(node: yaml.MappingNode) -> None:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value != "<<":
            if key.value in seen:
                raise YamlMistake(f"line {key.start_mark.line + 1}: {key.value} is written twice.")
            seen.add(key.value)
