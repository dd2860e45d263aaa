"""`oncard serve` in processes of its own, beside a Slack in the test's own: what only whole processes can show."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.playground.slack.faults import Hold
from bot.playground.slack.server import SlackServer
from tests.support.process import Program, running

SECRET_KEY = "a key for tests, long enough to be one"
KEY = "standard-key-0123456789ab"
CHAT = "ops-alerts"

_numbers = count(1)


@dataclass
class Served:
    """A process that serves."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.AsyncClient(base_url=self.url, timeout=30)

    async def fire(self, title: str = "disk full") -> httpx.Response:
        """Post a Critical alert whose key is its title."""
        body = {"event_status": "Critical", "title_rule": title, "alert_key": title}
        return await self.http.post("/event/push/alert/standard", params={"integration_key": KEY}, json=body)

    async def caught_sending(self, slack: SlackServer) -> Hold:
        """Fire an alert, and return once Slack was asked to post it; it answers when the hold is released."""
        hold = slack.faults.hang("chat.postMessage")
        assert (await self.fire()).status_code == 200
        await hold.reached.wait()
        return hold

    async def stopping(self) -> None:
        """Tell it to stop, and wait until it has begun to."""
        self.signal(signal.SIGTERM)
        await self.said("stopping")

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    async def ended(self, within: float = 20) -> int:
        """Wait for its end, and return its exit code."""
        return await asyncio.to_thread(self.process.wait, within)

    async def said(self, event: str, within: float = 20) -> Mapping[str, Any]:
        """Wait until it logs this event, and return what it says of it."""
        async with asyncio.timeout(within):
            while not (found := [line for line in events(self.log) if line["event"] == event]):  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # A log tells nobody when it grows.
        return found[0]


def events(log: Path) -> list[dict[str, Any]]:
    """Return what a process has logged."""
    return [json.loads(line) for line in log.read_text().splitlines() if line.endswith("}")]


def configuration(slack: SlackServer, *, by_callbacks: bool = False) -> str:
    """Return a configuration whose one channel tells Ana and a chat; `by_callbacks`: Slack calls us."""
    chat, ana = slack.workspace.channel(CHAT).id, slack.workspace.user("ana").id
    secret = f"signing_secret: {slack.signing_secret}" if by_callbacks else f"app_token: {slack.app_token}"
    return f"""\
accounts: [{{name: Ana, email: ana@example.com, role: owner}}]
teams: [{{name: sre, members: [ana@example.com]}}]
workspaces:
  - name: acme
    platform: slack
    bot_token: {slack.bot_token}
    {secret}
    api_base_url: {slack.api_base_url}
    links: {{ana@example.com: {ana}}}
channels:
  - name: payments
    team: sre
    integrations: [{{name: anything, source: standard, key: {KEY}}}]
    escalation:
      - name: always
        levels: [{{chats: ["acme/{chat}"], escalate_after: 30m}}]
"""


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """Run a Slack with Ana and one chat."""
    async with SlackServer() as slack:
        slack.workspace.add_user("ana")
        slack.workspace.add_channel(CHAT)
        yield slack


@dataclass(frozen=True)
class Site:
    """What all processes of a test share: the database, the folder of their logs, and the configuration."""

    database_url: str
    folder: Path
    configuration: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """All that a process finds in its environment."""
        ours = {"ONCARD_DATABASE_URL": self.database_url, "ONCARD_SECRET_KEY": SECRET_KEY, "ONCARD_LOG": "json"}
        return {"PATH": os.environ["PATH"], **ours, **self.variables}

    def command(self, *words: str) -> list[str]:
        """Return the command that runs `oncard` with these words, and nothing of our environment."""
        variables = (f"{name}={value}" for name, value in self.environment.items())
        return ["env", "-i", *variables, str(Path(sys.executable).with_name("oncard")), *words]

    async def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return await asyncio.to_thread(
            subprocess.run, self.command(*words), capture_output=True, text=True, check=False, timeout=30
        )

    @contextlib.asynccontextmanager
    async def serving(self, *words: str) -> AsyncIterator[Served]:
        """Run `oncard serve` with this configuration until the block ends; it is ready."""
        number = next(_numbers)
        file, log = self.folder / f"oncard{number}.yaml", self.folder / f"oncard{number}.log"
        file.write_text(self.configuration)
        program = Program(self.command("serve", "--port", "0", "--config", str(file), *words), log)
        with contextlib.ExitStack() as stack:
            process = await asyncio.to_thread(stack.enter_context, running(program, lambda: _is_ready(log)))
            served = Served(_address(log) or "", process, log)
            try:
                yield served
            finally:
                await served.http.aclose()
                await asyncio.to_thread(stack.close)


def _is_ready(log: Path) -> bool:
    url = _address(log)
    try:
        return url is not None and httpx.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False


def _address(log: Path) -> str | None:
    return next((line["url"] for line in events(log) if line["event"] == "listening"), None)
