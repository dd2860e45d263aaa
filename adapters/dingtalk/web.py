"""Both generations of DingTalk's API over our own HTTP client: one call at a time, and the token that they share.

The SDK is not used for it: its calls block, swallow errors and return an id even for a card that was refused
(dingtalk_stream/card_replier.py). A standard organisation has 5,000 calls a month for all its apps together, so the
calls are counted; other apps and other processes make calls that nobody here sees.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import structlog

from adapters.dingtalk.config import DingTalkConfig
from adapters.dingtalk.errors import TOKEN_CODES, DingTalkFailed, failure_of
from bot.adapter import DeliveryFailed, FailureKind
from bot.clock import Clock
from bot.outbound.client import HttpClient, Reply
from bot.outbound.multipart import Multipart
from bot.outbound.redaction import Redaction

JsonObject = dict[str, object]
Method = tuple[str, str]
"""A method's verb and path."""
Ask = Callable[[str], Awaitable[Reply]]
"""Makes a call with a token."""

TOKEN: Final = ("POST", "v1.0/oauth2/accessToken")
GATEWAY: Final = ("POST", "v1.0/gateway/connections/open")
UPLOAD: Final = "media/upload"
HEADER: Final = "x-acs-dingtalk-access-token"
# A token is renewed so long before its end, or in the middle of its life if that is later.
BEFORE_THE_END: Final = timedelta(seconds=600)
CALLS_A_MONTH: Final = 5000
WARN_AT: Final = CALLS_A_MONTH * 8 // 10

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)


class OpenApi:
    """The calls of one app, over one set of connections, with one token at a time."""

    def __init__(self, config: DingTalkConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._http = HttpClient(config, Redaction(*config.secrets()))
        self._token = ""
        self._good_until: datetime | None = None
        self._fetching: asyncio.Task[str] | None = None
        self._month = (0, 0)
        self._made = 0

    async def call(
        self, method: Method, content: object = None, *, params: Mapping[str, str] | None = None
    ) -> JsonObject:
        """Call a method of the newer API; return the whole answer. Raises DingTalkFailed."""
        self._count()
        return await self._with_token(
            lambda token: self._ask(method, content, params=params, headers={HEADER: token}), method[1]
        )

    async def call_old(self, path: str, content: object) -> JsonObject:
        """Call a method of the older API, which is not counted; return the whole answer. Raises DingTalkFailed."""
        address = f"{self._config.old_api}{path}"
        return await self._with_token(
            lambda token: self._ask(("POST", address), content, params={"access_token": token}), path
        )

    async def upload(self, body: Multipart) -> JsonObject:
        """Put a picture into the older API's store; return the whole answer. Raises DingTalkFailed."""
        self._count()
        address = f"{self._config.old_api}{UPLOAD}"
        return await self._with_token(
            lambda token: self._ask(
                ("POST", address),
                body.data,
                params={"access_token": token, "type": "image"},
                headers={"content-type": body.content_type},
            ),
            UPLOAD,
        )

    async def answer(self, webhook: str, content: object) -> None:
        """Post to the address that came with a message. Raises DingTalkFailed."""
        if not self._is_dingtalks(webhook):
            raise DingTalkFailed(FailureKind.REFUSED, "the session's address is none of DingTalk's")
        body = _judged("sessionWebhook", await self._ask(("POST", webhook), content))
        if body.get("errcode") != 0:
            raise DingTalkFailed(FailureKind.UNCERTAIN, "sessionWebhook: the answer does not say whether it was sent")

    async def ticket(self, topics: tuple[str, ...]) -> tuple[str, str]:
        """Return where a Stream connection is opened that hears of `topics`, and the ticket that opens it once."""
        content = {
            "clientId": self._config.client_id,
            "clientSecret": self._config.client_secret.get_secret_value(),
            "subscriptions": [{"type": "CALLBACK", "topic": topic} for topic in topics],
            "ua": "oncard",
        }
        body = await self._without_effect(GATEWAY, content)
        endpoint, ticket = body.get("endpoint"), body.get("ticket")
        if (
            not isinstance(endpoint, str)
            or urlsplit(endpoint).scheme not in ("ws", "wss")
            or not isinstance(ticket, str)
        ):
            raise DingTalkFailed(FailureKind.UNREACHABLE, f"{GATEWAY[1]}: the answer lacks the endpoint or the ticket")
        return endpoint, ticket

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

    async def _with_token(self, ask: Ask, name: str) -> JsonObject:
        """Ask with the token; one that DingTalk no longer knows is replaced once, for nothing was done with it."""
        token = await self.token()
        try:
            return _judged(name, await ask(token))
        except DingTalkFailed as failure:
            if failure.code not in TOKEN_CODES:
                raise
        if token == self._token:
            self._good_until = None
        return _judged(name, await ask(await self.token()))

    def _fetched(self, task: asyncio.Task[str]) -> None:
        self._fetching = None
        # Looked at, since nobody may be waiting any more.
        if not task.cancelled():
            task.exception()

    async def _fetch(self) -> str:
        now = self._clock.now()
        secret = self._config.client_secret.get_secret_value()
        body = await self._without_effect(TOKEN, {"appKey": self._config.client_id, "appSecret": secret})
        token, life = body.get("accessToken"), body.get("expireIn")
        if not isinstance(token, str) or not token or not isinstance(life, int):
            raise DingTalkFailed(FailureKind.UNREACHABLE, f"{TOKEN[1]}: the answer lacks the token")
        left = timedelta(seconds=life)
        self._token, self._good_until = token, now + max(left - BEFORE_THE_END, left / 2)
        return token

    async def _without_effect(self, method: Method, content: object) -> JsonObject:
        """Ask for what sends nothing: whatever became of the question, no message was sent."""
        try:
            return _judged(method[1], await self._ask(method, content))
        except DingTalkFailed as failure:
            if failure.kind is FailureKind.UNCERTAIN:
                raise DingTalkFailed(FailureKind.UNREACHABLE, failure.detail, code=failure.code) from None
            raise

    async def _ask(
        self,
        method: Method,
        content: object,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        verb, path = method
        try:
            return await self._http.call(verb, path, params=params, content=content, headers=headers)
        except DeliveryFailed as failure:
            name = urlsplit(path).path.lstrip("/")
            raise DingTalkFailed(failure.kind, f"{name}: {failure.detail}") from None

    def _is_dingtalks(self, address: str) -> bool:
        """Whether an address that somebody told us is DingTalk's own: nothing else may hear our answers."""
        parts = urlsplit(address)
        known = {urlsplit(base).netloc for base in (self._config.api_base_url, self._config.old_api)}
        secure = parts.scheme == "https" and (parts.hostname or "").endswith(".dingtalk.com")
        return secure or (parts.scheme in ("http", "https") and parts.netloc in known)

    def _count(self) -> None:
        now = self._clock.now()
        if self._month != (now.year, now.month):
            self._month, self._made = (now.year, now.month), 0
        self._made += 1
        if self._made == WARN_AT:
            _log.warning("calls_of_the_month_run_out", made=self._made, of=CALLS_A_MONTH)


def text_at(body: Mapping[str, object], name: str) -> str:
    """Return what an answer must hold. Raises DingTalkFailed: it was done, but what was done cannot be told."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise DingTalkFailed(FailureKind.UNCERTAIN, f"the answer lacks {name}")
    return value


def _judged(name: str, reply: Reply) -> JsonObject:
    failure = failure_of(name, reply)
    if failure is not None:
        raise failure
    return reply.json()
