"""A Twilio on this machine: point a provider's `api_base_url` at it, and be the people with their phones.

    async with TwilioServer(clock, phones) as twilio:
        ...                                     # a provider with twilio.api_base_url, twilio.account, twilio.number
        phones.phone("ana").calls[-1].pick_up()
        phones.phone("ana").calls[-1].press("1")
        phones.write("ana", twilio.number, "1 42")

What it tells of messages and calls is late, lost or doubled as `reports` says, and late things come the newest first.
Texts and calls that are answered wrongly show in `network.alerts`, as in the console's debugger.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.clock import Clock
from bot.playground.endpoint import Endpoint, Handle, Heard, Told
from bot.playground.phones import Phones
from bot.playground.twilio.account import VERSION, Account, Refused, new_sid
from bot.playground.twilio.calls import Calls
from bot.playground.twilio.network import Network
from bot.playground.twilio.texts import Texts
from bot.playground.wire import JsonObject

NUMBER: Final = "+15005550006"
Fields = list[tuple[str, str]]
Act = Callable[[Fields, str], JsonObject]
"""What a route does with the fields of a form and the id in the address."""


class TwilioServer(Endpoint):
    """One account with one number and one messaging service, at its API.

    Its routes, by which faults go: `<resource>.create`, `.fetch`, `.update` and `.list` of `messages` and `calls`.
    """

    def __init__(self, clock: Clock, phones: Phones, *, port: int = 0, number: str = NUMBER) -> None:
        super().__init__(clock, port)
        self.number = number
        self.service = new_sid("MG")
        self.account = Account(numbers={number}, services={self.service: number})
        self.log.hide([self.account.auth_token, self.account.api_secret])
        self.network = Network(self.account, phones, clock)
        self.texts = Texts(self.network, self.tell, self.ask)
        self.calls = Calls(self.network, self.tell, self.ask)
        phones.serve(number, lambda phone, words: self.texts.carry(phone, number, words))
        self._serve("messages", "Messages", lambda fields, _: self.texts.create(dict(fields)), self.texts)
        self._serve("calls", "Calls", lambda fields, _: self.calls.create(fields), self.calls)

    async def stop(self) -> None:
        """Drop every connection, stop listening, and let all calls end where they are."""
        await self.network.stop()
        await super().stop()

    async def ask(self, told: Told) -> Heard:
        """Make a request to us; unplugged, it makes none."""
        return await super().ask(told) if self.plugged else Heard(0, "unplugged")

    def refuse(self, route: str, code: int, about: str = "", *, times: int = 1) -> None:
        """Let the next calls of a route be refused with one of Twilio's codes."""
        refused = Refused(code, about)
        self.faults.refuse(route, refused.status, refused.body, times=times)

    def _serve(self, name: str, path: str, create: Act, resource: Texts | Calls) -> None:
        top = f"/{VERSION}/Accounts/{{account}}/{path}"
        routes: tuple[tuple[str, str, str, Act, int], ...] = (
            ("create", "POST", f"{top}.json", create, 201),
            ("list", "GET", f"{top}.json", lambda fields, _: resource.listed(dict(fields)), 200),
            ("fetch", "GET", f"{top}/{{sid}}.json", lambda _, sid: resource.fetch(sid), 200),
            ("update", "POST", f"{top}/{{sid}}.json", lambda fields, sid: resource.update(sid, dict(fields)), 200),
        )
        for verb, method, address, act, status in routes:
            self.route(f"{name}.{verb}", method, address, self._guarded(act, status))

    def _guarded(self, act: Act, status: int) -> Handle:
        """Return the handler of a route: who calls is checked first, and a refusal is an answer."""

        async def handle(request: Request) -> Response:
            fields = parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True)
            fields += request.query_params.multi_items()
            try:
                self.account.check(request.headers.get("authorization", ""), request.path_params["account"])
                return JSONResponse(act(fields, request.path_params.get("sid", "")), status)
            except Refused as refused:
                return JSONResponse(refused.body, refused.status)

        return handle
