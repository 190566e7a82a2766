"""Gathers the answers of one submission: each value under every name that the sender has for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import orjson

from schemas.packing import Answers, Labels, Packing
from services.senders.names import FORMS_KEPT, Answer
from services.senders.paths import MISSING, asking, find, holds, way, word

LARGEST_FORM = 50_000  # bytes of its questions; what is larger is read anew each time
Way = Callable[[Any], Any]
_Questions = dict[str, tuple[list[str], bool]]


def gather(body: Any, root: Any, packing: Packing) -> list[Answer]:
    """Return the answers of `body`, of which `root` is the record where there is one, in the order of the steps."""
    found = [answer for step in packing.answers for answer in _listed(find(body, step.at), step)]
    if isinstance(root, dict):
        found.extend(((str(name),), value) for name, value in root.items())
    found.extend(_merged(body, packing.merge))
    for step in packing.labels:
        found = list(_labelled(found, find(body, step.at), step))
    if packing.keep or packing.ignore:
        found = [answer for answer in found if _is_wanted(answer, packing)]
    if packing.prefix or packing.unwrap_single or packing.omit:
        found = [_finish(answer, packing) for answer in found]
    return found


def _listed(items: Any, step: Answers) -> Iterator[Answer]:
    """Give each object of a list as an answer; in a mapping its key is a name too, and it may be the value itself."""
    entries: Iterable[tuple[tuple[str, ...], Any]] = ()
    if isinstance(items, list):
        entries = [((), item) for item in items if isinstance(item, dict)]
    elif isinstance(items, dict):
        entries = [((str(key),), item) for key, item in items.items()]
    ways, values, is_several = [way(path) for path in step.names], _ways_to(step.value), asking(step.several)
    for key, item in entries:
        if not isinstance(item, dict):
            yield key, item
        elif names := (*key, *_names(item, ways)):
            yield names, _value(item, step, _first(item, values), several=is_several(item))


def _names(item: Mapping[str, Any], ways: list[Way]) -> list[str]:
    names = []
    for look in ways:
        found = look(item)
        if name := found.strip() if type(found) is str else word(found):
            names.append(name)
    return names


def _value(item: Mapping[str, Any], step: Answers, value: Any, *, several: bool) -> Any:
    if not several and type(value) is str and not step.options:  # as most are
        return value
    if several and step.list_value is not None:
        listed = find(item, step.list_value)
        value = listed if isinstance(listed, list) else value
    if step.text and isinstance(value, dict):
        value = _text(value, step.text)
    if step.options:
        value = _chosen(value, _texts_of([find(item, path) for path in step.options]))
    if several and not isinstance(value, bool):  # Tally tells of each box once more, whether it is ticked
        return as_list(value)
    return value[0] if isinstance(value, list) and len(value) == 1 and holds(step.one, item) else value


def _ways_to(paths: tuple[str, ...]) -> list[Way]:
    """Return how to look along each path; `<type>` is the key that the object's `type` names."""
    return [_way_by(way(path[1:-1])) if path[0] == "<" and path[-1] == ">" else way(path) for path in paths]


def _way_by(key: Way) -> Way:
    return lambda item: item.get(word(key(item)))


def _first(item: Mapping[str, Any], ways: list[Way]) -> Any:
    """Return what stands at the first path that leads anywhere."""
    for look in ways:
        found = look(item)
        if found is not MISSING and found is not None:
            return found
    return None


def _text(value: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    """Take the text out of a chosen option: of several options a list, what was typed beside them at its end."""
    texts = [text for key in keys if (text := value.get(key)) is not None]
    if any(isinstance(text, list) for text in texts):
        return [item for text in texts for item in as_list(text)]
    return texts[0] if texts else value


def _texts_of(lists: list[Any]) -> dict[str, Any]:
    """Return the text of each option's id."""
    options = [option for listed in lists if isinstance(listed, list) for option in listed]
    return {word(option.get("id")): option.get("text") for option in options if isinstance(option, dict)}


def _chosen(value: Any, known: Mapping[str, Any]) -> Any:
    """Replace the ids of options by their texts; anything else, such as what was typed beside them, stays."""
    if not known:
        return value
    if isinstance(value, list):
        return [_chosen(item, known) for item in value]
    if isinstance(value, dict):  # a grid: for each row what was chosen in it
        return {str(known.get(row) or row): _chosen(item, known) for row, item in value.items()}
    return known.get(word(value), value)


def as_list(value: Any) -> list[Any]:
    """Make the list that a question with several answers always is, also of one or none."""
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def _merged(body: Any, paths: Iterable[str]) -> Iterator[Answer]:
    for path in paths:
        values = find(body, path)
        if isinstance(values, dict):
            yield from (((str(name),), value) for name, value in values.items())


def _labelled(found: list[Answer], questions: Any, step: Labels) -> Iterator[Answer]:
    """Give each answer its question's names as well, and each question without an answer its names without a value."""
    known = _asked(questions, step) if isinstance(questions, list) else {}
    answered = set[str]()
    for answer in found:
        own, value = answer
        for name in own:
            if name in known and name not in answered:
                answered.add(name)
                names, several = known[name]
                yield (*own, *names), as_list(value) if several else value
                break
        else:
            yield answer
    for match, (names, several) in known.items():
        if match not in answered:
            yield (match, *names), [] if several else None


def _asked(questions: list[Any], step: Labels) -> _Questions:
    """Return each question's names, and whether it takes several answers; a form's submissions have the same ones."""
    try:
        written = orjson.dumps(questions)
    except TypeError:  # a number of 20 digits
        written = b""
    return _read_questions(written, step) if 0 < len(written) < LARGEST_FORM else _read(questions, step)


@lru_cache(maxsize=FORMS_KEPT)
def _read_questions(questions: bytes, step: Labels) -> _Questions:
    return _read(orjson.loads(questions), step)


def _read(questions: list[Any], step: Labels) -> _Questions:
    known: _Questions = {}
    find_match, ways, is_several = way(step.match), [way(path) for path in step.names], asking(step.several)
    for question in questions:
        if match := word(find_match(question)):
            known[match] = (_names(question, ways), is_several(question))
    return known


def _is_wanted(answer: Answer, packing: Packing) -> bool:
    name = answer[0][0]
    return name not in packing.ignore and (packing.keep is None or packing.keep.search(name) is not None)


def _finish(answer: Answer, packing: Packing) -> Answer:
    """Take the steps that are the same for every answer, wherever it stood."""
    names, value = answer
    if packing.prefix is not None and (start := packing.prefix.match(names[0])):
        names = (*names, names[0][start.end() :] or names[0])
    if packing.unwrap_single and isinstance(value, list) and len(value) < 2:
        value = value[0] if value else None
    return names, _without(value, packing.omit) if packing.omit else value


def _without(value: Any, omitted: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {name: _without(inner, omitted) for name, inner in value.items() if name not in omitted}
    if isinstance(value, list):
        return [_without(item, omitted) for item in value]
    return value
