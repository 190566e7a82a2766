"""Gathers the answers of one submission: each value under every name that the sender has for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson

from schemas.packing import Answers, Labels, Packing
from services.senders.names import FORMS_KEPT, GROUPS, Answer
from services.senders.paths import MISSING, asking, find, holds, way, word

LARGEST_FORM = 50_000  # bytes of its questions; what is larger is read anew each time
Way = Callable[[Any], Any]
_Questions = dict[str, tuple[tuple[str, ...], bool]]


def gather(body: Any, root: Any, packing: Packing) -> list[Answer]:
    """Return the answers of `body`, of which `root` is the record where there is one, in the order of the steps."""
    found: list[Answer] = []
    for listed in packing.answers:
        found += _listed(find(body, listed.at), listed)
    for values in (root, *[find(body, path) for path in packing.merge]):
        if isinstance(values, dict):
            found += [((str(name),), value) for name, value in values.items()]
    for step in packing.labels:
        found = _labelled(found, find(body, step.at), step)
    if packing.keep or packing.ignore:
        found = [answer for answer in found if _is_wanted(answer, packing)]
    if packing.prefix or packing.unwrap_single or packing.omit:
        found = [_finish(answer, packing) for answer in found]
    return found


def _listed(items: Any, step: Answers) -> list[Answer]:
    """Return each object of a list as an answer; in a mapping its key is a name too, and it may be the value itself."""
    read = _reader(step)
    if isinstance(items, list):
        return [answer for item in items if isinstance(item, dict) and (answer := read(item))]
    found = list[Answer]()
    for key, item in items.items() if isinstance(items, dict) else ():
        answer = read(item, (str(key),)) if isinstance(item, dict) else None
        found.append(answer or ((str(key),), item))
    return found


@lru_cache(maxsize=1024)  # steps come from presets and from a user's senders.yaml, never from a body
def _reader(step: Answers) -> Callable[..., Answer | None]:
    """Return a function that reads one object as an answer, or as None where it has no name."""
    name, find_value, is_several = _namer(step.names), _first_of(step.value), asking(step.several)

    def read(item: Mapping[str, Any], known: tuple[str, ...] = ()) -> Answer | None:
        names = known + name(item)
        if not names:
            return None
        value, several = find_value(item), is_several(item)
        if value is MISSING:
            value = None
        if several or step.options or isinstance(value, GROUPS):  # which most are not
            value = _value(item, step, value, several=several)
        return names, value

    return read


def _namer(paths: Iterable[str]) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    """Return what finds the names of an object, those that are there."""
    ways = [way(path) for path in paths]

    def name(item: Mapping[str, Any]) -> tuple[str, ...]:
        names = []
        for look in ways:
            if named := word(look(item)):
                names.append(named)
        return tuple(names)

    return name


def _value(item: Mapping[str, Any], step: Answers, value: Any, *, several: bool) -> Any:
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


def _first_of(paths: tuple[str, ...]) -> Way:
    """Return how to find what stands at the first of the paths that leads anywhere: None or MISSING where none does."""
    ways = [_way_by(way(path[1:-1])) if path[0] == "<" and path[-1] == ">" else way(path) for path in paths]
    if len(ways) == 1:
        return ways[0]

    def look(item: Mapping[str, Any]) -> Any:
        for one in ways:
            found = one(item)
            if found is not MISSING and found is not None:
                return found
        return MISSING

    return look


def _way_by(key: Way) -> Way:
    """Return how to find `<type>`, which stands at the key that the object's `type` names."""

    def look(item: Mapping[str, Any]) -> Any:
        found = key(item)
        return item.get(word(found))

    return look


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


def _labelled(found: list[Answer], questions: Any, step: Labels) -> list[Answer]:
    """Give each answer its question's names as well, and each question without an answer its names without a value."""
    known = _asked(questions, step) if isinstance(questions, list) else {}
    left, labelled = dict(known), list[Answer]()
    for answer in found:
        for name in answer[0]:
            if question := left.pop(name, None):
                own, value = answer
                labelled.append((own + question[0], as_list(value) if question[1] else value))
                break
        else:
            labelled.append(answer)
    labelled += [((match, *names), [] if several else None) for match, (names, several) in left.items()]
    return labelled


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
    find_match, name, is_several = way(step.match), _namer(step.names), asking(step.several)
    for question in questions:
        if match := word(find_match(question)):
            known[match] = name(question), is_several(question)
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
