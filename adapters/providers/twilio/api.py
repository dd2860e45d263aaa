"""Twilio's REST API: one call at a time, as a form, and every way to fail as DeliveryFailed.

It knows no key by which a repeated call would be recognised (https://www.twilio.com/docs/usage/api), so a call without
an answer may have been carried out.
"""

import base64
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from adapters.providers.twilio.config import Account
from adapters.providers.twilio.errors import failure_of
from bot.outbound.client import HttpClient
from bot.outbound.redaction import Redaction

VERSION: Final = "2010-04-01"
FORM: Final = "application/x-www-form-urlencoded"

Fields = Sequence[tuple[str, str]]


class Api:
    """The calls of one account to one resource, `Messages` or `Calls`."""

    def __init__(self, config: Account, resource: str) -> None:
        self._top = f"{VERSION}/Accounts/{config.account_sid}/{resource}"
        name, secret = config.credentials
        self._clean = Redaction(secret, *config.tokens, config.proxy or "")
        self._client = HttpClient(config, self._clean)
        coded = base64.b64encode(f"{name}:{secret}".encode()).decode()
        self._headers = {"Authorization": f"Basic {coded}", "Accept": "application/json"}

    async def create(self, fields: Fields) -> dict[str, object]:
        """Send something; what is returned has a `sid`. Raises DeliveryFailed."""
        return await self._call("POST", f"{self._top}.json", fields)

    async def update(self, sid: str, fields: Fields) -> dict[str, object]:
        """Change something. Raises DeliveryFailed."""
        return await self._call("POST", f"{self._top}/{sid}.json", fields)

    async def look(self) -> None:
        """Ask for the newest of the resource, which shows that the credentials are good. Raises DeliveryFailed."""
        reply = await self._client.call("GET", f"{self._top}.json", params={"PageSize": "1"}, headers=self._headers)
        if reply.status != 200 or not reply.json():
            raise failure_of(reply, self._clean)

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.close()

    async def _call(self, method: str, path: str, fields: Fields) -> dict[str, object]:
        headers = {**self._headers, "Content-Type": FORM}
        reply = await self._client.call(method, path, content=urlencode(fields).encode(), headers=headers)
        body = reply.json()
        if not 200 <= reply.status < 300 or not isinstance(body.get("sid"), str):
            raise failure_of(reply, self._clean)
        return body
