"""Slack in a process of its own: the playground's servers, and a file with every call that they took.

`python -m tests.bench.slack FOLDER` is that process. It writes `slack.json` when it listens, and a line to
`calls.jsonl` for each call of the Web API; `slack(...)` starts it and reads both.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

import click
import uvloop

from bot.clock import SystemClock
from bot.playground.slack.flatten import visible_text
from bot.playground.slack.server import SlackServer
from bot.playground.wire import WireEntry, as_object, as_text
from tests.bench import configuration
from tests.support.process import Program, running

FOREVER = 86_400.0
TOP = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Call:
    """One call: when it had come (Unix time), in which workspace, and what it wrote where.

    `person` is the one whose direct conversation it is, `text` what a reader sees of the message now.
    """

    at: float
    workspace: str
    method: str
    status: int
    error: str
    channel: str
    ts: str = ""
    person: str = ""
    text: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether Slack took it."""
        return not self.error

    @property
    def place(self) -> str:
        """The conversation, with its workspace."""
        return f"{self.workspace}/{self.person or self.channel}"


@dataclass(frozen=True, slots=True)
class Slack:
    """The running process: the workspaces as the configuration file takes them, and their chats (`workspace/id`)."""

    workspaces: tuple[Mapping[str, object], ...]
    chats: tuple[str, ...]
    folder: Path

    def calls(self) -> list[Call]:
        """Return all calls so far, oldest first."""
        lines = (self.folder / "calls.jsonl").read_text().split("\n")
        return [Call(**json.loads(line)) for line in lines[:-1]]


@contextlib.contextmanager
def slack(home: Path, *, workspaces: int = 1, chats: int = 1, acknowledge_every: int = 0) -> Iterator[Slack]:
    """Run so many workspaces with so many chats each; of the cards in them, people acknowledge every n-th."""
    folder = home / "slack"
    folder.mkdir()
    options = [f"--workspaces={workspaces}", f"--chats={chats}", f"--acknowledge-every={acknowledge_every}"]
    ready = folder / "slack.json"
    words = [sys.executable, "-m", "tests.bench.slack", str(folder), *options]
    with running(Program(words, folder / "log", directory=TOP), ready.exists):
        said = json.loads(ready.read_text())
        yield Slack(tuple(said["workspaces"]), tuple(said["chats"]), folder)


class _Desk:
    """One workspace, with what is written down of it."""

    def __init__(self, number: int, people: Sequence[str], chats: int, acknowledge_every: int, calls: TextIO) -> None:
        self.name = f"acme-{number}"
        self._people = people
        self.server = SlackServer(SystemClock())
        self._calls = calls
        self._acknowledge_every = acknowledge_every
        self._cards = 0
        self._clicks: set[asyncio.Task[None]] = set()
        for person in self._people:
            self.server.workspace.add_user(person)
        self.chats = [self.server.workspace.add_channel(f"chat-{number}").id for number in range(1, chats + 1)]

    def described(self) -> Mapping[str, object]:
        """Return the workspace as the configuration file takes it."""
        users = self.server.workspace
        return {
            "name": self.name,
            "platform": "slack",
            "bot_token": self.server.bot_token,
            "app_token": self.server.app_token,
            "api_base_url": self.server.api_base_url,
            "links": {configuration.address(name): users.user(name).id for name in self._people},
        }

    def note(self) -> None:
        """Write down the newest exchange, if it is a call of the app."""
        entry = tuple(self.server.log)[-1]
        if entry.direction != "in" or entry.status is None:
            return
        call = self._call(entry)
        self._calls.write(json.dumps(asdict(call)) + "\n")
        self._calls.flush()
        if call.method == "chat.postMessage" and call.is_taken and not call.person:
            self._cards += 1
            if self._acknowledge_every and self._cards % self._acknowledge_every == 0:
                click_soon = asyncio.create_task(self._acknowledge(call))
                self._clicks.add(click_soon)
                click_soon.add_done_callback(self._clicks.discard)

    def _call(self, entry: WireEntry) -> Call:
        said, asked = as_object(entry.response), as_object(entry.request)
        workspace = self.server.workspace
        channel = as_text(said.get("channel")) or as_text(asked.get("channel"))
        ts = as_text(said.get("ts"))
        message = workspace.message(channel, ts) if ts else None
        known = workspace.channels.get(channel)
        user = workspace.users.get(known.user if known else channel)
        return Call(
            at=entry.at.timestamp(),
            workspace=self.name,
            method=entry.method,
            status=entry.status or 0,
            error="" if said.get("ok") else as_text(said.get("error")) or "no answer",
            channel=channel,
            ts=ts,
            person=user.name if user else "",
            text=visible_text(workspace, message) if message else "",
        )

    async def _acknowledge(self, call: Call) -> None:
        with contextlib.suppress(LookupError):  # The card may be closed by now.
            await self.server.click(configuration.PEOPLE[0], call.channel, call.ts, "Acknowledge")


def _members(number: int, workspaces: int, *, clicks: bool) -> list[str]:
    """Return who is in the workspace of this number, from 0: everybody is in one, but for who clicks: in each.

    In several, each page would have as many ways to somebody, and all people in one would be told more in it than a
    chat app lets through.
    """
    others = [name for place, name in enumerate(configuration.PEOPLE) if place % workspaces == number]
    return list(dict.fromkeys([*configuration.PEOPLE[:1], *others] if clicks else others))


async def _serve(folder: Path, workspaces: int, chats: int, acknowledge_every: int) -> None:
    async with contextlib.AsyncExitStack() as stack:
        calls = stack.enter_context((folder / "calls.jsonl").open("w"))
        desks = [
            _Desk(
                number + 1, _members(number, workspaces, clicks=acknowledge_every > 0), chats, acknowledge_every, calls
            )
            for number in range(workspaces)
        ]
        for desk in desks:
            await stack.enter_async_context(desk.server)
            stack.enter_context(desk.server.log.watching(desk.note))
        said = {
            "workspaces": [desk.described() for desk in desks],
            "chats": [f"{desk.name}/{chat}" for desk in desks for chat in desk.chats],
        }
        (folder / "writing").write_text(json.dumps(said))
        (folder / "writing").rename(folder / "slack.json")
        await SystemClock().sleep(FOREVER)


@click.command
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--workspaces", type=int, default=1)
@click.option("--chats", type=int, default=1)
@click.option("--acknowledge-every", type=int, default=0)
def main(folder: Path, workspaces: int, chats: int, acknowledge_every: int) -> None:
    """Run the workspaces until this process is ended."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(folder, workspaces, chats, acknowledge_every))


if __name__ == "__main__":
    main()
