"""The MDO list of relation definitions.

https://docs.superoffice.com/en/api/mdo-providers/reference/contactrelationdefinition
"""

from __future__ import annotations

from typing import Any

from sandbox import carriers
from sandbox.call import Answer, Context, json_answer, malformed, refusal
from sandbox.records import Definition
from sandbox.seed_definitions import DEFINITIONS

PAIRS = {"CC", "CP", "PC", "PP"}


def get(context: Context, name: str) -> Answer:
    """Answer `GET MDOList/{name}?additional=CC&query=part&flat=true`; this list has no headings to flatten."""
    args = context.call.args
    if args.get("flat", "false").lower() not in ("true", "false"):
        raise malformed("flat is not a System.Boolean")
    return items(context, name, args.get("additional", ""), args.get("query", ""))


def items(context: Context, name: str, pair: str, query: str = "") -> Answer:
    """List the definitions that may join `pair` and have `query` in their active text, deleted ones marked so."""
    if name.lower() != "contactrelationdefinition":
        raise refusal(400, "ArgumentException", f"The sandbox has no MDO provider named '{name}'")
    if pair.upper() not in PAIRS:
        raise refusal(400, "ArgumentException", "Additional must be one of CC, CP, PC, PP")
    fitting = [definition for definition in DEFINITIONS.values() if pair.upper() in definition.pairs]
    listed = [_item(definition, context.call.language) for definition in fitting]
    return json_answer([item for item in listed if query.lower() in item["Name"].lower()])


def _item(definition: Definition, language: str | None) -> dict[str, Any]:
    """Name it by the active text; the passive one travels in ExtraInfo."""
    name = carriers.text(definition.active, language)
    return {
        "Id": definition.id,
        "Name": name,
        "ToolTip": "",
        "Deleted": definition.deleted,
        "Rank": definition.id,
        "Type": "",
        "ChildItems": [],
        "IconHint": "",
        "ColorBlock": 0,
        "ExtraInfo": carriers.text(definition.passive, language),
        "StyleHint": "",
        "FullName": name,
        "TableRight": dict(carriers.FULL_ACCESS),
        "FieldProperties": {},
    }
