"""The templates of a request: Jinja2 in its sandbox, in which a name that does not exist is a fault.

Beside Jinja2's own filters there are `b64` (for Basic authentication), `digits` (a number without its plus) and
`hex_ucs2` (what some modems want). Headers, forms, tables of states and of errors are written as lines `name: value`.
"""

import base64
from collections.abc import Mapping
from functools import cache
from typing import Final

import jinja2
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment

Pairs = tuple[tuple[str, str], ...]

# What a template can run into beside its own errors: a division, an index, a text that is added to a number.
_FAULTS: Final = (
    jinja2.TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class WrongTemplate(ValueError):
    """A template cannot be filled; `args[0]` says why, without any value."""


def fill(template: str, variables: Mapping[str, object]) -> str:
    """Return the text. Raises WrongTemplate."""
    try:
        compiled, names = _compiled(template)
        unknown = sorted(names - variables.keys())
        if unknown:
            raise WrongTemplate(f"there is no {unknown[0]}; there are: {', '.join(sorted(variables))}")
        return compiled.render(variables)
    except WrongTemplate:
        raise
    except jinja2.UndefinedError as error:
        raise WrongTemplate(f"it cannot be filled: {error.message}") from None
    except jinja2.TemplateSyntaxError as error:
        raise WrongTemplate(f"line {error.lineno} is no template: {error.message}") from None
    except _FAULTS as error:
        raise WrongTemplate(f"it cannot be filled: {type(error).__name__}") from None


def pairs(text: str) -> Pairs:
    """Read lines `name: value`. Raises ValueError, which says which line is none."""
    read = []
    for number, row in enumerate(text.splitlines(), 1):
        if not row.strip():
            continue
        name, separator, value = row.partition(":")
        if not separator or not name.strip():
            raise ValueError(f"line {number} is not of the form `name: value`")
        read.append((name.strip(), value.strip()))
    return tuple(read)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _digits(number: str) -> str:
    return number.lstrip("+")


def _hex_ucs2(text: str) -> str:
    return text.encode("utf-16-be").hex().upper()


@cache
def _compiled(template: str) -> tuple[jinja2.Template, frozenset[str]]:
    """Return a template, and the names that it uses."""
    # What is escaped, and how, depends on what is written: JSON, an address, XML. The check of the settings sees to it.
    environment = SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)
    environment.filters |= {"b64": _b64, "digits": _digits, "hex_ucs2": _hex_ucs2}
    names = find_undeclared_variables(environment.parse(template))
    return environment.from_string(template), frozenset(names)
