"""Variables of the environment in texts: `${NAME}` stands for the value of NAME, `$${` for a plain `${`.

They are put in after the YAML is read, so that no value can become anything but text.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

_PIECE: Final = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def fill(text: str, environment: Mapping[str, str], complain: Callable[[str, str], None]) -> str:
    """Return `text` with its variables replaced. `complain` is called with each fault: what, and how to mend it."""

    def replaced(piece: re.Match[str]) -> str:
        if piece[0] == "$${":
            return "${"
        name = piece[1]
        if name is None or not _NAME.fullmatch(name):
            # What stands there may be a password: it is not quoted.
            complain(
                "`${` begins a variable, and no name in braces follows", "write `${NAME}`, or `$${` for a plain `${`"
            )
        elif name not in environment:
            complain(
                f"the environment has no variable `{name}`", f"set it, or write the value in place of `${{{name}}}`"
            )
        else:
            return environment[name]
        return piece[0]

    return _PIECE.sub(replaced, text)


def has_any(text: str) -> bool:
    """Whether `text` holds something to replace."""
    return "${" in text


def escape(text: str) -> str:
    """Return `text` such that `fill` gives it back as it is."""
    return text.replace("${", "$${")
