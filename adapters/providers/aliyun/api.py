"""The calls of one account: signed, one at a time, and every way to fail told as DeliveryFailed."""

import json
import secrets
from collections.abc import Mapping
from typing import Final

from adapters.providers.aliyun.config import Account
from adapters.providers.aliyun.errors import accepted
from adapters.providers.aliyun.signature import Key, Request, signed
from bot.adapter import Answer, DeliveryFailed, FailureKind
from bot.clock import Clock
from bot.outbound.client import HttpClient
from bot.outbound.redaction import Redaction
from bot.outbound.templates import Variable, fill

# Without it the gateway may answer in XML.
JSON: Final = {"accept": "application/json"}
TAKEN: Final = Answer(200, b'{"code":0,"msg":"OK"}', "application/json; charset=utf-8")
FORGED: Final = Answer(403, b"This address is not one of ours.")
UNREADABLE: Final = Answer(400, b"JSON is expected.")


class Api:
    """One account at one of the services."""

    def __init__(self, account: Account, clock: Clock) -> None:
        self._key = Key(account.access_key_id, account.access_key_secret.get_secret_value())
        self._host = account.host
        self._http = HttpClient(account, Redaction(self._key.secret))
        self._clock = clock

    async def call(self, action: str, parameters: Mapping[str, str]) -> dict[str, object]:
        """Make a call and return what was answered. Raises DeliveryFailed."""
        given = dict(parameters)
        nonce = secrets.token_hex(16)
        headers = signed(self._key, Request(self._host, action, given), at=self._clock.now(), nonce=nonce)
        return accepted(action, await self._http.call("POST", "", params=given, headers=headers | JSON))

    async def send(self, action: str, parameters: Mapping[str, str], id_field: str) -> str:
        """Make a call that sends something, and return the service's id of it. Raises DeliveryFailed."""
        answer = await self.call(action, parameters)
        found = answer.get(id_field)
        if not isinstance(found, str) or not found:
            raise DeliveryFailed(FailureKind.UNCERTAIN, f"{action}: an answer without a {id_field}")
        return found

    async def close(self) -> None:
        """Give back the connections."""
        await self._http.close()


def parameters_of(variables: tuple[Variable, ...], fields: Mapping[str, str]) -> str:
    """Return the values of a template's variables as the JSON text that the services want, empty: it has none."""
    values = dict(zip((one.name for one in variables), fill(variables, fields), strict=True))
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) if values else ""
