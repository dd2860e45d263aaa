"""The SDK's client of the long connection, with its defects fenced in; what it does is unchanged.

`lark_oapi/ws/client.py` keeps one event loop for the whole process, asks for its address without a deadline, opens its
socket without our proxy and authorities, reconnects so that some refusals leave it deaf, and lets a slow handler stop
its pings and everything else. So each connection gets a copy of that module of its own, in which the loop is that of
its thread and the calls that go out are ours; it never reconnects by itself; and what a frame is answered with is
waited for before the SDK is given the frame, while its loop goes on. Its dispatcher is not used: it answers 500 to
events that nobody registered and to a button whose value is a text. Nor is what the whole package imports for it, every
model of every API of Feishu: that would take seconds and 130 MB.
"""

import asyncio
import contextlib
import importlib
import importlib.util
import logging
import ssl
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import httpx
import websockets

from adapters.feishu.config import FeishuConfig
from bot.outbound.client import LARGEST_ANSWER
from bot.outbound.redaction import Redaction, quiet

# The server says how often it wants pings, every two minutes as a rule: too rarely to notice its silence in time.
# Guess: that it does not mind one in half a minute.
LONGEST_PING: Final = 30.0
# Seconds that the other side is given for its good-bye.
CLOSE_WITHIN: Final = 1.0
_PACKAGE: Final = "lark_oapi"
_DISPATCHER: Final = "lark_oapi.event.dispatcher_handler"

_importing = threading.Lock()

Answer = Callable[[bytes], Awaitable[tuple[object, Callable[[], None]]]]
"""What an event is answered with, and what to call when the answer is on its way."""


def load(config: FeishuConfig, given_up: Callable[[], bool]) -> Any:
    """Return a copy of the SDK's module for one connection; takes a while the first time.

    `given_up`: nobody waits for the connection any more.
    """
    with _importing, _the_rest_left_out():
        spec = importlib.util.find_spec("lark_oapi.ws.client")
        if spec is None or spec.loader is None:
            raise ImportError("lark_oapi has no long connection any more")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    # Its own handler prints, its lines hold the address of the connection with its ticket, and it calls every end of a
    # connection an error, also one that was asked for. What matters of it is told by whoever runs the connection.
    quiet("Lark", Redaction(*config.secrets()), logging.CRITICAL)
    way = _Way(config, given_up)
    vars(module).update(requests=SimpleNamespace(post=way.post), websockets=SimpleNamespace(connect=way.connect))
    return module


@contextlib.contextmanager
def _the_rest_left_out() -> Iterator[None]:
    """Let the long connection be imported alone: its package is there and not run, its dispatcher is a mere name.

    Both are gone afterwards, so that whoever imports the whole SDK gets it.
    """
    package = importlib.util.find_spec(_PACKAGE)
    if _PACKAGE in sys.modules or package is None:
        yield
        return
    dispatcher = ModuleType(_DISPATCHER)
    vars(dispatcher)["EventDispatcherHandler"] = object
    standing = {_PACKAGE: importlib.util.module_from_spec(package), _DISPATCHER: dispatcher}
    sys.modules.update(standing)
    try:
        yield
    finally:
        for name in standing:
            del sys.modules[name]


def client(sdk: Any, config: FeishuConfig, heard: Callable[[], None], answer: Answer) -> Any:
    """Return a client of that module. `heard` is called for every frame."""

    class Client(sdk.Client):  # type: ignore[misc]  # the SDK has no types
        def _configure(self, conf: Any) -> None:
            super()._configure(conf)
            self._ping_interval = min(conf.PingInterval or LONGEST_PING, LONGEST_PING)

        @property
        def ping_interval(self) -> float:
            return self._ping_interval

        async def open(self) -> websockets.ClientConnection | None:
            await self._connect()
            opened: websockets.ClientConnection | None = self._conn
            return opened

        async def ping(self) -> None:
            await self._ping_loop()

        async def _handle_message(self, msg: bytes) -> None:
            heard()
            await super()._handle_message(msg)

        async def _handle_data_frame(self, frame: Any) -> None:
            headers = {header.key: header.value for header in frame.headers}
            if headers["type"] != "event":
                return
            if int(headers["sum"]) > 1:
                whole = self._combine(headers["message_id"], int(headers["sum"]), int(headers["seq"]), frame.payload)
                if whole is None:
                    return
                frame.payload = whole
                next(header for header in frame.headers if header.key == "sum").value = "1"
            prepared, acknowledged = await answer(frame.payload)
            # Read by the SDK before anything else can run.
            self._event_handler.prepared = prepared
            await super()._handle_data_frame(frame)
            acknowledged()

    return Client(
        config.app_id,
        config.app_secret.get_secret_value(),
        log_level=importlib.import_module("lark_oapi.core.enum").LogLevel.CRITICAL,
        event_handler=_Prepared(),
        domain=config.api_base_url.rstrip("/"),
        auto_reconnect=False,
    )


class _Prepared:
    """Stands where the SDK's dispatcher would: gives the answer that was waited for."""

    prepared: object = None

    def _do_without_validation(self, _payload: bytes) -> object:
        if isinstance(self.prepared, Exception):
            raise self.prepared
        return self.prepared


class _Way:
    """The calls that the SDK makes, by our own way out and with our deadlines."""

    def __init__(self, config: FeishuConfig, given_up: Callable[[], bool]) -> None:
        self._config = config
        self._given_up = given_up
        self._logger = quiet("adapters.feishu.websocket", Redaction(*config.secrets()))

    def post(self, url: str, headers: Mapping[str, str], json: object) -> httpx.Response:
        """Ask for the address of a connection."""
        way = self._config
        # Without TLS no authority is needed, and reading all of them takes a while.
        trusted = way.certificates() if url.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        body = bytearray()
        with (
            httpx.Client(proxy=way.way_out(url), verify=trusted, timeout=way.timeout, trust_env=False) as http,
            http.stream("POST", url, headers=dict(headers), json=json) as response,
        ):
            # The deadline is for each step: an answer that comes byte by byte would keep the thread for ever.
            for part in response.iter_bytes():
                body += part
                if self._given_up() or len(body) > LARGEST_ANSWER:
                    raise ConnectionError("the address of the connection did not come in time")
        return httpx.Response(response.status_code, content=bytes(body))

    def connect(
        self,
        uri: str,
        *,
        proxy: str | None = None,
        additional_headers: Mapping[str, str] | None = None,
    ) -> Awaitable[websockets.ClientConnection]:
        """Open the connection. The SDK wants no proxy; ours is taken all the same."""
        way = self._config
        return asyncio.ensure_future(
            _opened(
                websockets.connect(
                    uri,
                    proxy=way.way_out(uri),
                    ssl=way.certificates() if uri.startswith("wss:") else None,
                    additional_headers=additional_headers,
                    open_timeout=way.timeout,
                    close_timeout=CLOSE_WITHIN,
                    # Its silence is noticed by whoever runs the connection.
                    ping_interval=None,
                    # The library's own tells the address with its ticket when everything is logged.
                    logger=self._logger,
                )
            )
        )


async def _opened(connecting: websockets.connect) -> websockets.ClientConnection:
    return await connecting
