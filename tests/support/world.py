"""Oncard as a whole beside a Slack of our own, on a clock that tests move: the language of the end-to-end tests.

Nothing of Oncard is replaced: the service is wired as `serve` wires it, the adapter is the real one, and Slack's side
is the playground's server. Only the workers' loops are turned by hand, so that every instant is exact.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx

from bot import main
from bot.clock import Clock
from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    ChatDefinition,
    Definition,
    IntegrationDefinition,
    Kind,
    LevelDefinition,
    RuleDefinition,
    Secret,
    TargetDefinition,
    TeamDefinition,
    WorkspaceDefinition,
)
from bot.domain.delivery import State
from bot.domain.incident import Idle, Incident, IncidentId, Progress
from bot.domain.people import Role, TargetKind
from bot.main import Service, Settings
from bot.playground.slack.interactivity import Answer
from bot.playground.slack.server import SlackServer
from bot.playground.wire import JsonObject, as_object, as_objects, as_text
from storage import definitions, deliveries, front, incidents
from storage.database import Connection
from storage.deliveries import Settled
from tests.support.clocks import ManualClock

SECRET_KEY = "a key for tests, long enough to be one"
PROMETHEUS_KEY = "prometheus-key-0123456789"
STANDARD_KEY = "standard-key-0123456789ab"
CHAT = "ops-alerts"
PEOPLE = ("ana", "bo", "chen", "dee")


def level(*who: str, chats: tuple[str, ...] = (), **more: Any) -> LevelDefinition:
    """Return a level that tells accounts (by first name) and `team:…`, and these chats of the workspace."""
    targets = tuple(
        TargetDefinition(TargetKind.TEAM, name.removeprefix("team:"))
        if name.startswith("team:")
        else TargetDefinition(TargetKind.ACCOUNT, f"{name}@example.com")
        for name in who
    )
    return LevelDefinition(targets, tuple(ChatDefinition("acme", chat) for chat in chats), **more)


class World:
    """One Oncard, one Slack, the people of both, and the time."""

    def __init__(self, service: Service, slack: SlackServer) -> None:
        self.service = service
        self.slack = slack
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(service.app()), base_url="http://oncard")

    # ---- what is configured ------------------------------------------------------------------------------------------

    async def configure(self, *levels: LevelDefinition, links: Mapping[str, str] | None = None) -> None:
        """Configure the sample people, Slack, and a channel with these levels."""
        slack = self.slack.workspace
        known = {f"{name}@example.com": slack.user(name).id for name in PEOPLE} if links is None else links
        wanted = [
            *(
                Definition(
                    Kind.ACCOUNT,
                    AccountDefinition(
                        f"{name}@example.com", name.title(), role=Role.OWNER if name == "dee" else Role.MEMBER
                    ),
                )
                for name in PEOPLE
            ),
            Definition(Kind.TEAM, TeamDefinition("sre", ("bo@example.com", "chen@example.com"))),
            Definition(
                Kind.WORKSPACE,
                WorkspaceDefinition("acme", "slack", {"api_base_url": self.slack.api_base_url}, dict(known)),
                {"bot_token": Secret(self.slack.bot_token), "app_token": Secret(self.slack.app_token)},
            ),
            Definition(
                Kind.CHANNEL,
                ChannelDefinition("payments", "sre", (RuleDefinition("default", levels),) if levels else ()),
            ),
            Definition(
                Kind.INTEGRATION,
                IntegrationDefinition("alertmanager", "prometheus", "payments"),
                {"key": Secret(PROMETHEUS_KEY)},
            ),
            Definition(
                Kind.INTEGRATION,
                IntegrationDefinition("anything", "standard", "payments"),
                {"key": Secret(STANDARD_KEY)},
            ),
        ]

        async def work(connection: Connection) -> None:
            await definitions.replace_all(connection, wanted, self.service.vault)

        await self.service.database.transact(work)
        await self.connect()

    async def map_fields(self, fields: Mapping[str, str]) -> None:
        """Let the standard integration read foreign JSON by these fields."""

        async def work(connection: Connection) -> None:
            stored = await definitions.stored(connection, self.service.vault)
            mapped = [
                replace(one, body=replace(one.body, fields=dict(fields)))
                if isinstance(one.body, IntegrationDefinition) and one.body.source == "standard"
                else one
                for one in stored
            ]
            await definitions.replace_all(connection, mapped, self.service.vault)

        await self.service.database.transact(work)
        # The front door sees it within a second.
        self.clock.advance(1)

    async def connect(self) -> None:
        """Follow what is configured, and wait until every workspace is connected."""
        connections = self.service.connections
        await connections.follow()
        async with asyncio.timeout(15):
            while not all(status.connected for status in connections.statuses.values()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # Statuses tell nobody when they change.

    def chat(self, name: str = CHAT) -> str:
        """Return the id of one of Slack's channels."""
        return self.slack.workspace.channel(name).id

    # ---- what happens ------------------------------------------------------------------------------------------------

    async def post(self, body: Mapping[str, object], source: str = "standard") -> httpx.Response:
        """Send an alert as a monitoring system does; the workers do the rest."""
        key = STANDARD_KEY if source == "standard" else PROMETHEUS_KEY
        return await self.http.post(f"/event/push/alert/{source}", params={"integration_key": key}, json=body)

    async def send(self, body: Mapping[str, object], source: str = "standard") -> httpx.Response:
        """Send an alert as a monitoring system does, and let what follows at once happen."""
        response = await self.post(body, source)
        await self.settle()
        return response

    async def fire(self, title: str = "disk full", **more: object) -> httpx.Response:
        """Send a Critical alert whose key is its title."""
        labels = {"service": "postgres"}
        body = {"event_status": "Critical", "title_rule": title, "alert_key": title, "labels": labels, **more}
        return await self.send(body)

    async def recover(self, title: str = "disk full") -> httpx.Response:
        """Send the recovery of an alert."""
        return await self.send({"event_status": "Ok", "title_rule": title, "alert_key": title})

    async def say(self, text: str, by: str) -> None:
        """Let a person type a command in Slack, and let what follows at once happen."""
        await self.slack.command(by, CHAT, f"/oncard {text}")
        await self.settle()

    async def settle(self) -> None:
        """Let everything happen that happens at this instant."""
        await self.service.timers.tick()
        await self.service.outbox.drain()

    async def advance(self, time: timedelta) -> None:
        """Let time pass; what falls due within it happens at its instant."""
        clock = self.clock
        until = clock.now() + time
        await self.settle()
        while (at := await self._next()) is not None and at <= until:
            clock.set(max(at, clock.now()))
            await self.settle()
        clock.set(until)
        await self.settle()

    @property
    def clock(self) -> ManualClock:
        """The time."""
        clock: Clock = self.service.clock
        assert isinstance(clock, ManualClock)
        return clock

    async def _next(self) -> datetime | None:
        """Return the next instant at which something is due."""
        now = self.clock.now()

        async def work(connection: Connection) -> list[datetime | None]:
            _, later = await front.what_waits(connection, now)
            return [(await incidents.what_is_up(connection))[0], later]

        instants = [*await self.service.database.read(work), *self.service.outbox.held_until()]
        return min((at for at in instants if at is not None and at > now), default=None)

    # ---- what has become of it ---------------------------------------------------------------------------------------

    async def incident(self, number: int = 1) -> Incident:
        """Return an incident as it is."""

        async def work(connection: Connection) -> dict[IncidentId, Incident]:
            return await incidents.find(connection, [IncidentId(number)])

        found = await self.service.database.read(work)
        assert found, f"there is no incident #{number}"
        return found[IncidentId(number)]

    async def until_idle(self, idle: Idle, number: int = 1, *, within: float = 15) -> None:
        """Wait until the workers have brought an incident so far, and sent what they had to."""
        async with asyncio.timeout(within):
            while (await self.incident(number)).idle is not idle or await self._unsent(number):  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # Rows tell nobody when they change.

    async def _unsent(self, number: int) -> bool:
        return any(one.state in (State.PENDING, State.SENDING) for one in await self.ledger(number))

    async def form(self, by: str) -> JsonObject:
        """Wait until a person has a form before them, and return it."""
        user = self.slack.workspace.user(by).id

        def is_there() -> bool:
            view = self.slack.modals.top(user)
            return view is not None and view.content.get("callback_id") == "oncard:form"

        assert await self.slack.wait_for(is_there), f"{by} has no form: {self.window(by)}"
        view = self.slack.modals.top(user)
        return view.content if view else {}

    async def submit(self, by: str, **values: str) -> Answer:
        """Send the form that a person has open: texts by the fields' names, choices by value, people by `<@…>`."""
        form = await self.form(by)
        fields = [block for block in as_objects(form.get("blocks")) if block.get("type") == "input"]
        state: JsonObject = {}
        for field in fields:
            name = as_text(field.get("block_id"))
            kind = as_text(as_object(field.get("element")).get("type"))
            state[name] = {name: _filled(kind, values.get(name, ""))}
        return await self.slack.submit(by, state)

    def window(self, by: str) -> str:
        """Return the words in the window that a person has open; empty: there is none."""
        view = self.slack.modals.top(self.slack.workspace.user(by).id)
        blocks = as_objects(view.content.get("blocks")) if view else []
        return " ".join(as_text(as_object(block.get("text")).get("text")) for block in blocks)

    def answers(self) -> list[str]:
        """Return what people were answered alone, in the chat."""
        slack = self.slack.workspace
        everybody = (slack.user(name).id for name in PEOPLE)
        seen = (one for user in everybody for one in slack.messages(self.chat(), reader=user))
        return [one.draft.text for one in seen if one.visible_to]

    async def until(self, progress: Progress, number: int = 1, *, within: float = 15) -> Incident:
        """Wait until a click has been carried out: it is answered first, and carried out after."""
        async with asyncio.timeout(within):
            while (found := await self.incident(number)).progress is not progress:  # noqa: ASYNC110
                await asyncio.sleep(0.005)  # Rows tell nobody when they change.
        return found

    async def ledger(self, number: int = 1) -> list[Settled]:
        """Return what was to be sent for an incident."""

        async def work(connection: Connection) -> list[Settled]:
            return await deliveries.ledger(connection, IncidentId(number))

        return await self.service.database.read(work)

    async def timeline(self, number: int = 1) -> list[str]:
        """Return what the timeline says, by the entries' names."""

        async def work(connection: Connection) -> list[str]:
            entries = await incidents.timeline(connection, IncidentId(number), most=1000)
            return [str(item.record.entry) for item in entries]

        return await self.service.database.read(work)


def _filled(kind: str, value: str) -> JsonObject:
    if kind == "users_select":
        return {"type": kind, "selected_user": value.strip("<@>") or None}
    if kind == "static_select":
        return {"type": kind, "selected_option": {"value": value} if value else None}
    return {"type": kind, "value": value or None}


@contextlib.asynccontextmanager
async def world(url: str, clock: Clock | None = None) -> AsyncIterator[World]:
    """Run Oncard on the database at `url`, beside a Slack of its own."""
    clock = clock or ManualClock()
    async with SlackServer(clock) as slack:
        for name in PEOPLE:
            slack.workspace.add_user(name)
        slack.workspace.add_channel(CHAT)
        service = Service(Settings(url, SECRET_KEY), clock)
        await service.prepare()
        made = World(service, slack)
        try:
            yield made
        finally:
            await made.http.aclose()
            await service.connections.close()
            await service.close()


@contextlib.asynccontextmanager
async def served(made: World) -> AsyncIterator[str]:
    """Serve this Oncard as `serve` does, workers and all, and give its address."""
    with main.listen("127.0.0.1", 0) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        serving = asyncio.create_task(main.serve(made.service, listening))
        try:
            async with asyncio.timeout(15), httpx.AsyncClient() as client:
                while not await _answers(client, address):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)  # Nobody is told when a server has come up.
            yield address
        finally:
            serving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await serving


async def _answers(client: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await client.get(f"{address}/healthz")).is_success
    except httpx.TransportError:
        return False
