"""The calls of one account: signed, one at a time, and every way to fail told as DeliveryFailed."""

import json
from collections.abc import Mapping
from typing import Final

from adapters.providers.tencent.config import Account
from adapters.providers.tencent.errors import accepted
from adapters.providers.tencent.signature import Action, Key, signed
from bot.adapter import Answer
from bot.clock import Clock
from bot.outbound.client import HttpClient
from bot.outbound.redaction import Redaction

TAKEN: Final = Answer(200, b'{"result":0,"errmsg":"OK"}', "application/json; charset=utf-8")
FORGED: Final = Answer(403, b"This address is not one of ours.")
UNREADABLE: Final = Answer(400, b"JSON is expected.")


class Api:
    """One account at one of the services, `service` and `version` by the name and the date in its API."""

    def __init__(self, account: Account, clock: Clock, *, service: str, version: str) -> None:
        self._key = Key(account.secret_id, account.secret_key.get_secret_value())
        self._host = account.host
        self._region, self._service, self._version = account.region, service, version
        self._http = HttpClient(account, Redaction(self._key.secret))
        self._clock = clock

    async def call(self, name: str, content: Mapping[str, object]) -> dict[str, object]:
        """Make a call and return its `Response`. Raises DeliveryFailed."""
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        action = Action(self._service, self._version, self._region, name)
        headers = signed(self._key, self._host, action, body, at=self._clock.now())
        return accepted(name, await self._http.call("POST", "", content=body, headers=headers))

    async def close(self) -> None:
        """Give back the connections."""
        await self._http.close()
