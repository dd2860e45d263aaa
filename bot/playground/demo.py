"""The platforms of the demo: those of the sample's workspaces, in its order, each a package here with a module `demo`.

Its `Demo` is a local server with the sample people and chats in it. Adding a platform to the demo edits no shared file
but the sample configuration. Beside them are the people's phones and mailboxes, with what reaches those.
"""

import importlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from bot.clock import Clock
from bot.playground.page import Pane

PEOPLE: Final = ("ana", "bo", "chen", "dee")
CHATS: Final = ("ops-alerts", "random")
SAMPLE: Final = Path(__file__).parent / "sample.yaml"
DEVICES: Final = ("phones", "mailbox")
_PLATFORM: Final = re.compile(r"^ +platform: *(\w+)", re.MULTILINE)


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


@runtime_checkable
class CallsBack(Protocol):
    """A platform in whose console stands where it calls us."""

    def reach(self, base_url: str) -> None:
        """Call us there, at the address without a slash at its end."""
        ...


def platforms(clock: Clock) -> tuple[PlatformDemo, ...]:
    """Return the local servers of the platforms that the sample uses, and the devices; none is started yet."""
    used = dict.fromkeys([*_PLATFORM.findall(SAMPLE.read_text()), *DEVICES])
    modules = [importlib.import_module(f"bot.playground.{platform}.demo") for platform in used]
    return tuple(module.Demo(clock) for module in modules)
