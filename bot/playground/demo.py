"""The platforms of the demo: each is a package here with a module `demo`, found by looking into this folder.

Its `Demo` is a local server with the sample people and chats in it. Adding a platform to the demo edits no shared file
but the sample configuration.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from bot.clock import Clock
from bot.playground.page import Pane

PEOPLE: Final = ("ana", "bo", "chen", "dee")
CHATS: Final = ("ops-alerts", "random")
SAMPLE: Final = Path(__file__).parent / "sample.yaml"


class PlatformDemo(Protocol):
    """A platform's local server, as the demo runs it."""

    @property
    def pane(self) -> Pane:
        """How the page draws it."""
        ...

    async def start(self) -> None:
        """Listen on a free port. Raises OSError."""
        ...

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        ...

    def variables(self) -> Mapping[str, str]:
        """Return what the sample configuration needs to reach it, once it listens."""
        ...


def platforms(clock: Clock) -> tuple[PlatformDemo, ...]:
    """Return the local servers of all platforms, not started yet."""
    folder = str(Path(__file__).parent)
    packages = [f"bot.playground.{found.name}" for found in pkgutil.iter_modules([folder]) if found.ispkg]
    modules = [f"{package}.demo" for package in packages if importlib.util.find_spec(f"{package}.demo")]
    return tuple(importlib.import_module(module).Demo(clock) for module in modules)
