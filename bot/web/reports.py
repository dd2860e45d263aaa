"""Where providers of SMS, calls, e-mail and pushes call us: reports, replies, keys.

The provider verifies before anything is parsed.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.adapter import Callback
from bot.domain.people import LINES
from bot.engine import metrics
from bot.engine.lines import Lines
from bot.engine.phone import PhoneDesk
from bot.web.answers import Code, Rejected, body_of, new_request_id, rejection

# By these a provider says that a request was not the service's.
_REFUSALS = (401, 403)


@dataclass(frozen=True, slots=True)
class Reports:
    """Passes requests on to the provider that they are for."""

    lines: Lines
    phone: PhoneDesk

    def routes(self) -> list[Route]:
        """Return where providers call: a path for each method."""
        return [
            Route(f"/{method}/{{provider}}/{{path:path}}", self._pass_on, methods=["POST", "GET"], name=method)
            for method in LINES
        ]

    async def _pass_on(self, request: Request) -> Response:
        name = request.path_params["provider"]
        method = next(one for one in LINES if request.url.path.startswith(f"/{one}/"))
        provider = self.lines.called_back(method, name)
        if provider is None:
            return rejection(Rejected(Code.ROUTE_NOT_FOUND, "no provider takes callbacks here"), new_request_id())
        try:
            body = await body_of(request)
        except Rejected as rejected:
            return rejection(rejected, new_request_id())
        headers = {key.lower(): value for key, value in request.headers.items()}
        base = self.phone.post.callback(method, name)
        called = Callback(request.path_params["path"], body, headers, request.url.query, request.method, base)
        answer = await provider.callback(called, self.phone.inbox(method, name))
        if answer.status in _REFUSALS:
            metrics.CALLBACKS_REJECTED.labels(platform=method, workspace=name, reason="forged").inc()
        return Response(answer.body, answer.status, media_type=answer.content_type)
