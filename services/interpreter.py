"""JMESPath over one submission: finds names in any spelling, and notes which fields were asked for.

Importing this imports jmespath: do so only where a template is worked out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from jmespath.exceptions import JMESPathTypeError
from jmespath.functions import Functions
from jmespath.visitor import Options, TreeInterpreter

from schemas.expressions import Expression
from schemas.fields import is_blank
from services.errors import FieldError, InvalidSubmission, UnreadableBody
from services.senders.names import Spellings, loose, normalise

_FUNCTIONS = Functions()
_OPTIONS = Options(custom_functions=_FUNCTIONS)


class Interpreter(TreeInterpreter):
    """Works out syntax trees over `fields`; `asked` says of each field that was looked up whether it is there."""

    def __init__(self, fields: Mapping[str, Any]):
        super().__init__(_OPTIONS)
        self.fields = fields if type(fields) is dict else dict(fields)  # JMESPath's functions know no other kind
        self.asked: dict[str, bool] = {}
        self._searched: dict[int, tuple[Mapping[str, Any], dict[str, str]]] = {}

    def visit(self, node: Any, value: Any) -> Any:
        """Work out one node; TreeInterpreter's own way finds its methods anew for each submission."""
        return _VISITS[node["type"]](self, node, value)

    @cached_property
    def _spellings(self) -> Spellings:
        return Spellings(loose)

    def work_out(self, expression: Expression) -> Any:
        """Return what an expression comes to; InvalidSubmission where it cannot be worked out."""
        tree = expression.tree
        try:
            return self.visit_field(tree, self.fields) if tree["type"] == "field" else self.visit(tree, self.fields)
        except JMESPathTypeError as error:  # its own words hold the value
            types = " or ".join(kind.replace("array-", "array of ") for kind in error.expected_types)
            reason = f"{error.function_name}() takes a value of type {types}"
            raise self.refusal(f"{{{expression.written}}} cannot be worked out: {reason}") from error
        except (ValueError, TypeError, ArithmeticError, AttributeError, RecursionError, UnreadableBody) as error:
            raise self.refusal(f"{{{expression.written}}} cannot be worked out over these values") from error

    def refusal(self, message: str) -> InvalidSubmission:
        """Make the error that names the field to blame."""
        return InvalidSubmission(f"{message}."[:249], errors=[FieldError(self.blamed(), f"{message}.")])

    def blamed(self) -> str:
        """Name the field that a mistake is about: the first that was asked for and is there, or else the first."""
        return next((name for name, there in self.asked.items() if there), next(iter(self.asked), ""))

    def visit_field(self, node: Any, value: Any) -> Any:
        """Look a name up as it is written, which is how `raw` has it, or else in any spelling of it."""
        if not isinstance(value, dict):
            return None
        name = self._own_name(node["value"], value)
        if value is self.fields:
            self.asked[node["value"] if name is None else name] = name is not None
        found = None if name is None else value[name]
        return "" if found is not None and is_blank(found) else found

    def _own_name(self, name: str, value: Mapping[str, Any]) -> str | None:
        """Return what `value` calls the field, None where it has none."""
        if name in value:
            return name
        if (normal := normalise(name)) in value:
            return normal
        return self._loose_names(value).get(loose(name))

    def _loose_names(self, value: Mapping[str, Any]) -> dict[str, str]:
        """Give the field that each loose spelling means, of several the first; worked out once for each mapping."""
        if id(value) not in self._searched:  # the value is kept beside it: so nothing else gets its id
            self._searched[id(value)] = value, {self._spellings[name]: name for name in reversed(list(value))}
        return self._searched[id(value)][1]

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        """Call a function; over what is not given it gives nothing, save `not_null`, which passes over it."""
        arguments = [self.visit(child, value) for child in node["children"]]
        if node["value"] == "not_null":
            arguments = [None if is_blank(argument) else argument for argument in arguments]
        elif any(
            is_blank(argument) and child["type"] != "literal"
            for argument, child in zip(arguments, node["children"], strict=True)
        ):
            return None
        try:
            return _FUNCTIONS.call_function(node["value"], arguments)
        except JMESPathTypeError as error:
            if error.current_value is None or error.actual_type == "null":  # null inside a list
                return None
            raise


_VISITS = {
    name.removeprefix("visit_"): getattr(Interpreter, name) for name in dir(Interpreter) if name.startswith("visit_")
}
