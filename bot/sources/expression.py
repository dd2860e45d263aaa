"""JMESPath with what monitoring systems need beside it. An expression that fails is null: it never costs an alert.

Functions added: `first(list)`, the first that holds any text, number or truth value, where `||` would be content with
`" "` or `[null]`; `instant(text)`, the unix seconds of an ISO 8601 text, null if it is none.

Authors of sources write expressions, users do not: evaluation is bounded by the body's size only for expressions that
do not set out to grow.
"""

from functools import cache
from typing import Final

import jmespath
from jmespath.functions import Functions, signature
from jmespath.parser import ParsedResult
from jmespath.visitor import TreeInterpreter

from bot.sources import payload
from bot.sources.payload import Json


class _Functions(Functions):
    @signature({"types": ["array"]})
    def _func_first(self, candidates: list[Json]) -> Json:
        return next((candidate for candidate in candidates if payload.holds(candidate)), None)

    @signature({"types": ["string"]})
    def _func_instant(self, written: str) -> float | None:
        instant = payload.instant(written)
        return instant.timestamp() if instant else None


# One interpreter for all: it remembers nothing but its own methods, and to make one costs as much as a short path.
_INTERPRETER: Final = TreeInterpreter(jmespath.Options(custom_functions=_Functions()))


@cache
def compiled(expression: str) -> ParsedResult:
    """Return the expression ready to run; raise `jmespath.exceptions.ParseError` if it is none."""
    return jmespath.compile(expression)


def evaluate(expression: str, scope: Json) -> Json:
    """Return what the expression finds in the scope, or null."""
    try:
        found: Json = _INTERPRETER.visit(compiled(expression).parsed, scope)
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        # Functions of JMESPath raise on what is not of their kind: the first by its own JMESPathError, the others
        # where it does not look closely (`merge` of a text, `ceil` of an infinite number).
        return None
    return found
