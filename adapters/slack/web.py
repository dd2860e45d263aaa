"""Slack's Web API: one call at a time, each with a deadline, and every way to fail told as DeliveryFailed.

Nothing is tried again here, and no error carries what the SDK's errors carry: the request with its token.
"""

import json
import logging
from collections.abc import Awaitable, Mapping
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack.config import SlackConfig
from adapters.slack.errors import SlackFailed, answered, failure_of, status_failure
from bot.adapter import FailureKind

Content = Mapping[str, object]
"""A message in Slack's words: `text`, `blocks`, `attachments`."""

# What the SDK raises when it trips over an answer: connections, deadlines, and an answer that is no JSON object, which
# `validate` in slack_sdk/web/async_slack_response.py takes for one.
_BROKEN: Final = (aiohttp.ClientError, OSError, TimeoutError, AttributeError, TypeError, ValueError)


class WebApi:
    """The calls of one workspace, over one session."""

    def __init__(self, config: SlackConfig, logger: logging.Logger) -> None:
        self._config = config
        self._logger = logger
        self.proxy = config.way_out()
        self._ssl = config.certificates()
        self.client = AsyncWebClient(
            config.bot_token.get_secret_value(),
            base_url=config.api_base_url,
            ssl=self._ssl,
            logger=logger,
            # The SDK's own repeat a call whose answer was lost, and sleep for as long as Slack says.
            retry_handlers=[],
        )
        # Afterwards, because without one the SDK takes the environment's, for this machine's own addresses too.
        self.client.proxy = self.proxy

    async def tell(self, method: str, arguments: Content) -> AsyncSlackResponse:
        """Call a method that does something. Raises SlackFailed."""
        self._session()
        return await _answer_to(method, self.client.api_call(method, json=dict(arguments)))

    async def ask(self, method: str, arguments: Content) -> AsyncSlackResponse:
        """Call a method that only reads: such take no JSON. Raises SlackFailed."""
        self._session()
        return await _answer_to(method, self.client.api_call(method, http_verb="GET", params=dict(arguments)))

    async def done(self, method: str, call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
        """Return the answer to one of the client's own calls, which was not begun yet. Raises SlackFailed."""
        self._session()
        return await _answer_to(method, call)

    async def put(self, address: str, data: bytes) -> None:
        """Post bytes to an address for uploads. Raises SlackFailed."""
        try:
            async with self._session().post(address, data=data, proxy=self.proxy, ssl=self._ssl) as response:
                status, said = response.status, await response.text()
        except _BROKEN as error:
            failure = failure_of("upload", error)
        else:
            if status == 200:
                return
            failure = status_failure("upload", status, response.headers.get("Retry-After"))
            if status in (400, 404, 410, 413):
                failure = SlackFailed(FailureKind.MALFORMED, f"upload: HTTP {status}: {said[:100]}")
        raise failure

    async def socket_address(self) -> str:
        """Return the address of a new socket; it works once. Raises SlackFailed."""
        token = self._config.app_token.get_secret_value() if self._config.app_token else ""
        return text_at(await self.tell("apps.connections.open", {"token": token}), "url")

    async def respond(self, address: str, content: Content) -> None:
        """Post to the address that came with a click or a command. Raises SlackFailed."""
        web = AsyncWebhookClient(
            address, session=self._session(), ssl=self._ssl, logger=self._logger, retry_handlers=[]
        )
        web.proxy = self.proxy
        try:
            response = await web.send_dict(dict(content))
        except _BROKEN as error:
            failure = failure_of("response_url", error)
        else:
            if response.status_code == 200 and _is_yes(response.body):
                return
            if response.status_code != 200:
                failure = status_failure("response_url", response.status_code, response.headers.get("Retry-After"))
            else:
                failure = SlackFailed(FailureKind.REFUSED, f"response_url: {response.body}")
        raise failure

    async def close(self) -> None:
        """Give back the session."""
        if self.client.session is not None:
            await self.client.session.close()

    def _session(self) -> aiohttp.ClientSession:
        """Return the one session, made when it is first needed, because only a running loop can make it."""
        if self.client.session is None:
            limits = aiohttp.ClientTimeout(total=self._config.timeout, sock_connect=self._config.timeout / 2)
            # The SDK's own timeout counts only for sessions that it makes itself, one for each call.
            self.client.session = aiohttp.ClientSession(timeout=limits)
        return self.client.session


def text_at(response: AsyncSlackResponse, *path: str) -> str:
    """Return what an answer must hold. Raises SlackFailed: it was done, but what was done cannot be told."""
    value: object = response.data
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise SlackFailed(FailureKind.UNCERTAIN, f"{response.api_url}: the answer lacks {'.'.join(path)}")
    return value


async def _answer_to(method: str, call: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    try:
        response = await call
    except SlackApiError as error:
        done = answered(error)
        if done is not None:
            return done
        failure = failure_of(method, error)
    except _BROKEN as error:
        failure = failure_of(method, error)
    else:
        if isinstance(response.data, dict):
            return response
        failure = SlackFailed(FailureKind.UNCERTAIN, f"{method}: no answer that can be read")
    # Outside of the handlers, so that it holds nothing of the SDK's error.
    raise failure


def _is_yes(body: str) -> bool:
    """Whether an answer means that the message was taken: `ok`, or a JSON object that says so."""
    if body.strip() in ("ok", ""):
        return True
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("ok") is True
