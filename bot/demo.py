"""The demo: the service beside the playground's own chat app, with a sample organisation and a clock that can run.

Nothing of the service is different here: it is wired as `serve` wires it, and its adapters speak to local servers.
"""

import contextlib
import json
import os
import secrets
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from bot import main, sources
from bot.clock import Clock, DemoClock, SystemClock
from bot.config.define import define
from bot.config.fault import Fault
from bot.config.load import load
from bot.domain.definition import Contact
from bot.domain.organisation import Integration
from bot.domain.people import Account, ContactKind
from bot.domain.verification import How
from bot.engine.ingest import Report
from bot.main import Service, Settings
from bot.playground.demo import SAMPLE, CallsBack, PlatformDemo, platforms
from bot.playground.page import Story, routes
from bot.playground.page.samples import SAMPLES, Sample
from bot.playground.story import STORY, steps
from bot.web.answers import new_request_id
from storage import contacts, definitions
from storage.database import Connection

VAR: Final = Path("var")
KEY_FILE: Final = VAR / "demo.key"
PAYMENTS_KEY: Final = "demo-payments-key"
INFRASTRUCTURE_KEY: Final = "demo-infrastructure-key"


@dataclass(frozen=True, slots=True)
class Hands:
    """What the page can do: fire sample alerts and let them recover, through the door that every alert takes."""

    service: Service

    def curl(self, base_url: str) -> str:
        """Return the command line that fires an alert."""
        return curl(base_url)

    async def fire(self, sample: str) -> str:
        """Send a sample as a monitoring system would."""
        await self._send(_sample(sample), recovered=False)
        return f"Fired: {_sample(sample).title}"

    async def recover(self, sample: str) -> str:
        """Send the sample's recovery."""
        await self._send(_sample(sample), recovered=True)
        return f"Recovered: {_sample(sample).title}"

    async def _send(self, sample: Sample, *, recovered: bool) -> None:
        now = self.service.clock.now()
        body = json.dumps(sample.event(recovered=recovered)).encode()
        source = sources.find("standard")
        if source is None:
            raise LookupError("the standard source is not installed")
        events = source.parse(sources.Request(body, now)).events
        integration = await self._integration("standard")
        await self.service.ingest.take(Report(new_request_id(), integration.id, integration.channel, events, now))

    async def _integration(self, source: str) -> Integration:
        organisation = await self.service.database.read(self.service.picture.current)
        return next(one for one in organisation.integrations.values() if one.active and one.source == source)


def _sample(name: str) -> Sample:
    found = next((sample for sample in SAMPLES if sample.name == name), None)
    if found is None:
        raise LookupError(f"there is no sample {name!r}")
    return found


def curl(base_url: str) -> str:
    """Return a command line that fires an alert at the demo."""
    labels = {"host": "db-1", "service": "postgres"}
    body = {"event_status": "Critical", "title_rule": "Disk full on db-1", "alert_key": "db-1", "labels": labels}
    url = f"{base_url}/event/push/alert/standard?integration_key={PAYMENTS_KEY}"
    return f"curl -X POST {shlex.quote(url)} -H 'Content-Type: application/json' -d {shlex.quote(json.dumps(body))}"


async def run(port: int, say: Callable[[str], None], rest: Clock | None = None) -> None:
    """Serve the demo until told to stop; `say` tells what to open. Raises OSError when the port is taken.

    `rest`: the clock of the pauses in which the captions of the story are read.
    """
    clock = DemoClock()
    listening = main.listen("127.0.0.1", port)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(listening)
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        chats = platforms(clock)
        for chat in chats:
            await chat.start()
            stack.push_async_callback(chat.stop)
            if isinstance(chat, CallsBack):
                chat.reach(base_url)
        service = Service(_settings(os.environ, base_url), clock)
        stack.push_async_callback(service.close)
        service.claim_database()
        await service.prepare()
        await _load_sample(service, chats)
        say(f"Oncard runs on {base_url}")
        say(f"  the chat apps:   {base_url}/playground")
        say(f"  watch the story: {base_url}/playground?tour")
        say(f"  fire an alert:   {curl(base_url)}")
        say("  stop it:         Ctrl-C")
        story = Story(steps(STORY.read_text()), rest or SystemClock())
        page = routes([chat.pane for chat in chats], clock, Hands(service), service.stopping, story)
        await main.serve(service, listening, page)


def _settings(environment: Mapping[str, str], base_url: str) -> Settings:
    """Return the environment's settings; without a key, the demo makes one and keeps it beside its database.

    The demo's phones are on this machine, so they reach us here whatever the public address is.
    """
    key = environment.get("ONCARD_SECRET_KEY") or _kept_key()
    return replace(main.settings({**environment, "ONCARD_SECRET_KEY": key}), public_url=base_url)


def _kept_key() -> str:
    if not KEY_FILE.exists():
        VAR.mkdir(exist_ok=True)
        KEY_FILE.touch(mode=0o600)
        KEY_FILE.write_text(secrets.token_hex(32))
    return KEY_FILE.read_text()


async def _load_sample(service: Service, chats: Sequence[PlatformDemo]) -> None:
    environment = {"DEMO_PAYMENTS_KEY": PAYMENTS_KEY, "DEMO_INFRASTRUCTURE_KEY": INFRASTRUCTURE_KEY}
    for chat in chats:
        environment |= chat.variables()
    loaded = load(SAMPLE.read_text(), await main.context(service, environment))
    if isinstance(loaded, tuple):
        raise ValueError("; ".join(_fault(fault) for fault in loaded))
    wanted = define(loaded)

    async def work(connection: Connection) -> None:
        await definitions.replace_all(connection, wanted, service.vault)

    await service.database.transact(work)
    await service.database.transact(lambda connection: _prove(connection, service))


async def _prove(connection: Connection, service: Service) -> None:
    """Give our word that the sample's numbers and addresses are their owners'."""
    organisation = await service.picture.current(connection)
    for account in organisation.people.accounts.values():
        for contact in _contacts(account):
            await contacts.prove(connection, contact, How.ADMIN, service.clock.now())


def _contacts(account: Account) -> Iterator[Contact]:
    yield Contact(account.id, ContactKind.EMAIL, account.email)
    if account.phone:
        yield Contact(account.id, ContactKind.PHONE, account.phone)


def _fault(fault: Fault) -> str:
    return f"{SAMPLE.name}:{fault.line}: {fault.what}; {fault.mend}"
