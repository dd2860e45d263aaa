"""What the page asks of a server that it draws: one pane each.

A pane's `platform` names the JavaScript module that renders it, `static/panes/<platform>.js`; what
`conversation` returns is for that module alone. Adding a platform to the page is a class like this and a module.
"""

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from bot.playground.wire import JsonObject


class Pane(Protocol):
    """One local server as people see it."""

    @property
    def id(self) -> str:
        """What the page calls it; unique among the panes."""
        ...

    @property
    def platform(self) -> str:
        """The platform, which is also the name of its renderer."""
        ...

    @property
    def title(self) -> str:
        """The name that people read."""
        ...

    @property
    def plugged(self) -> bool:
        """Whether the server can be reached."""
        ...

    async def pull_plug(self) -> None:
        """Make the server vanish."""
        ...

    async def put_back(self) -> None:
        """Bring it back."""
        ...

    def people(self) -> list[JsonObject]:
        """Return those one can be: `id`, `name`, `handle`, and `direct`, their number of direct messages."""
        ...

    def chats(self, person: str) -> list[JsonObject]:
        """Return what a person sees in the list: `id`, `name`, `kind` (`channel` or `direct`), `count`, `latest`."""
        ...

    def conversation(self, person: str, chat: str) -> JsonObject:
        """Return a chat as a person sees it; raises LookupError if there is none such."""
        ...

    async def act(self, person: str, action: JsonObject) -> str:
        """Do what a person did, and return what went wrong for them to read, or nothing; raises LookupError."""
        ...

    def watch(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call `tell` after every change, until the returned function is called."""
        ...


@runtime_checkable
class Switches(Protocol):
    """A pane whose server can be given lasting trouble beside the pulled plug, such as `rate limit`, `kick the bot`."""

    def switches(self) -> Mapping[str, bool]:
        """Return the name of each trouble, as its button has it, and whether it lasts now."""
        ...

    async def switch(self, name: str) -> None:
        """Begin a trouble, or end it if it lasts; raises LookupError if none is called that."""
        ...


@runtime_checkable
class Documents(Protocol):
    """A pane that has whole documents of strangers to show, such as mails."""

    def document(self, person: str, name: str) -> str:
        """Return one as HTML, as the person sees it; raises LookupError."""
        ...


@runtime_checkable
class Pictures(Protocol):
    """A pane in whose messages there are pictures, at `/playground/picture?pane=...&as=...&name=...`."""

    def picture(self, person: str, name: str) -> bytes:
        """Return one as a PNG, if the person sees it; raises LookupError."""
        ...
