"""Feishu's OpenAPI over our own HTTP client: one call at a time, each with a deadline, and the token that it needs.

The SDK is not used for it: its asynchronous calls fetch the token with a blocking request without a lock, keep one that
Feishu has revoked, and raise on the page of a gateway (lark_oapi/core/token/manager.py, api/im/v1/resource/message.py).
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from adapters.feishu.config import FeishuConfig
from adapters.feishu.errors import TOKEN_CODES, FeishuFailed, failure_of
from bot.adapter import DeliveryFailed, FailureKind
from bot.clock import Clock
from bot.outbound.client import HttpClient, Reply
from bot.outbound.multipart import Multipart
from bot.outbound.redaction import Redaction

JsonObject = dict[str, object]

TOKEN: Final = "auth.v3.tenant_access_token.internal"  # noqa: S105 - the name of the method
# A token is replaced so long before its end, or in the middle of its life if that is later.
BEFORE_THE_END: Final = timedelta(seconds=600)


class OpenApi:
    """The calls of one app, over one set of connections, with one token at a time."""

    def __init__(self, config: FeishuConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._http = HttpClient(config, Redaction(*config.secrets()))
        self._token = ""
        self._good_until: datetime | None = None
        self._fetching: asyncio.Task[str] | None = None

    async def call(
        self,
        method: tuple[str, str, str],
        *,
        params: Mapping[str, str] | None = None,
        content: object = None,
    ) -> JsonObject:
        """Call a method, told by its name, verb and path; return the whole answer. Raises FeishuFailed.

        A token that Feishu no longer knows is replaced once, inside the call: nothing was done with it.
        """
        token = await self.token()
        try:
            return await self._call(method, token, params, content)
        except FeishuFailed as failure:
            if failure.code not in TOKEN_CODES:
                raise
        self._drop(token)
        return await self._call(method, await self.token(), params, content)

    async def token(self) -> str:
        """Return a token that is good for a while; who comes while one is fetched waits for that one."""
        if self._good_until is not None and self._clock.now() < self._good_until:
            return self._token
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
            self._fetching.add_done_callback(self._fetched)
        # Shielded: who gives up waiting does not take the token from the others.
        return await asyncio.shield(self._fetching)

    async def close(self) -> None:
        """Give back the connections."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        await self._http.close()

    def _drop(self, token: str) -> None:
        if token == self._token:
            self._good_until = None

    def _fetched(self, task: asyncio.Task[str]) -> None:
        self._fetching = None
        # Looked at, since nobody may be waiting any more.
        if not task.cancelled():
            task.exception()

    async def _fetch(self) -> str:
        asked = {"app_id": self._config.app_id, "app_secret": self._config.app_secret.get_secret_value()}
        now = self._clock.now()
        try:
            reply = await self._send("POST", "auth/v3/tenant_access_token/internal", content=asked)
            body = _judged(TOKEN, reply, Redaction(*self._config.secrets()))
            token, life = body.get("tenant_access_token"), body.get("expire")
            if not isinstance(token, str) or not token or not isinstance(life, int):
                raise FeishuFailed(FailureKind.UNREACHABLE, f"{TOKEN}: the answer lacks the token")
        except DeliveryFailed as failure:
            if isinstance(failure, FeishuFailed) and failure.kind is not FailureKind.UNCERTAIN:
                raise
            # Whatever became of the question, nothing was sent.
            raise FeishuFailed(FailureKind.UNREACHABLE, failure.detail) from None
        left = timedelta(seconds=life)
        self._token, self._good_until = token, now + max(left - BEFORE_THE_END, left / 2)
        return token

    async def _call(
        self, method: tuple[str, str, str], token: str, params: Mapping[str, str] | None, content: object
    ) -> JsonObject:
        name, verb, path = method
        headers = {"authorization": f"Bearer {token}"}
        try:
            reply = await self._send(verb, path, params=params, content=content, headers=headers)
        except DeliveryFailed as failure:
            raise FeishuFailed(failure.kind, f"{name}: {failure.detail}") from None
        return _judged(name, reply, Redaction(*self._config.secrets(), token))

    async def _send(
        self,
        verb: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        if isinstance(content, Multipart):
            headers = {**(headers or {}), "content-type": content.content_type}
            content = content.data
        return await self._http.call(verb, f"open-apis/{path}", params=params, content=content, headers=headers)


def text_at(body: Mapping[str, object], *path: str) -> str:
    """Return what an answer must hold. Raises FeishuFailed: it was done, but what was done cannot be told."""
    value: object = body
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str) or not value:
        raise FeishuFailed(FailureKind.UNCERTAIN, f"the answer lacks {'.'.join(path)}")
    return value


def _judged(name: str, reply: Reply, clean: Redaction) -> JsonObject:
    failure = failure_of(name, reply, clean)
    if failure is not None:
        raise failure
    return reply.json()
