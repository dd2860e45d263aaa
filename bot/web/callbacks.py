"""Where platforms call us, for the workspaces that are configured so.

The adapter verifies before anything is parsed.
"""

from dataclasses import dataclass
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.adapter import Answer, Callback
from bot.engine import metrics
from bot.engine.connections import Connections
from bot.web.answers import Code, Rejected, body_of, new_request_id, rejection

# By these an adapter says that a request was not the platform's, or was too old.
_REFUSALS: Final = (401, 403)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Callbacks:
    """Passes requests on to the adapter that they are for."""

    connections: Connections

    def routes(self) -> list[Route]:
        """Return where platforms call."""
        return [Route("/im/{platform}/{workspace}/{path:path}", self._pass_on, methods=["POST"])]

    async def _pass_on(self, request: Request) -> Response:
        platform, workspace = request.path_params["platform"], request.path_params["workspace"]
        adapter = self.connections.taking_callbacks(platform, workspace)
        if adapter is None:
            return rejection(Rejected(Code.ROUTE_NOT_FOUND, "no workspace takes callbacks here"), new_request_id())
        try:
            body = await body_of(request)
        except Rejected as rejected:
            return rejection(rejected, new_request_id())
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await adapter.callback(Callback(request.path_params["path"], body, headers))
        reason = _reason(answer)
        if reason:
            metrics.CALLBACKS_REJECTED.labels(platform=platform, workspace=workspace, reason=reason).inc()
        return Response(answer.body, answer.status, media_type=answer.content_type)


def _reason(answer: Answer) -> str:
    """Return why a request was not carried out, as the metric names it; empty: it was."""
    if answer.status in _REFUSALS:
        return "forged"
    return "repeated" if answer.repeated else ""
