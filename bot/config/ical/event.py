"""What an event says of itself. The library reads values of any type under any name; `value` is where they come in."""

from typing import Any

from icalendar import Component


def value(event: Component, name: str) -> Any:
    """Return the value of a property as the library has it: a list, if there are several; None: there is none."""
    return event.get(name)
