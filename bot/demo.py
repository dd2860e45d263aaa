"""The demo: the service beside the playground's own chat app, with a sample organisation and a clock that can run.

Nothing of the service is different here: it is wired as `serve` wires it, and its adapters speak to local servers.
"""

import contextlib
import json
import os
import secrets
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot import main, sources
from bot.clock import DemoClock
from bot.config.define import define
from bot.config.fault import Fault
from bot.config.load import load
from bot.domain.organisation import Integration
from bot.engine.ingest import Report
from bot.main import Service, Settings
from bot.playground.demo import SAMPLE, PlatformDemo, platforms
from bot.playground.page import routes
from bot.playground.page.samples import SAMPLES, Sample
from bot.web.answers import new_request_id
from storage import definitions
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


async def run(port: int, say: Callable[[str], None]) -> None:
    """Serve the demo until told to stop; `say` tells what to open. Raises OSError when the port is taken."""
    clock = DemoClock()
    listening = main.listen("127.0.0.1", port)
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(listening)
        chats = platforms(clock)
        for chat in chats:
            await chat.start()
            stack.push_async_callback(chat.stop)
        service = Service(_settings(os.environ), clock)
        stack.push_async_callback(service.close)
        service.claim_database()
        await service.prepare()
        await _load_sample(service, chats)
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        say(f"Oncard runs on {base_url}")
        say(f"  the chat app:    {base_url}/playground")
        say(f"  fire an alert:   {curl(base_url)}")
        say("  stop it:         Ctrl-C")
        page = routes([chat.pane for chat in chats], clock, Hands(service), service.stopping)
        await main.serve(service, listening, page)


def _settings(environment: Mapping[str, str]) -> Settings:
    """Return the environment's settings; without a key, the demo makes one and keeps it beside its database."""
    key = environment.get("ONCARD_SECRET_KEY") or _kept_key()
    return main.settings({**environment, "ONCARD_SECRET_KEY": key})


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


def _fault(fault: Fault) -> str:
    return f"{SAMPLE.name}:{fault.line}: {fault.what}; {fault.mend}"
