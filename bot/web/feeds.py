"""Where calendar programs get the shifts: `/schedules/<token>.ics`. They ask again and again for what they have.

Whoever has the address may read; it names nobody who asks. What leads nowhere any more is as if it had never been.
"""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.engine.feeds import Content, Feeds
from bot.web.answers import Code, Rejected, new_request_id, rejection

CONTENT_TYPE: Final = "text/calendar; charset=utf-8"
_HEADERS: Final = {
    "Cache-Control": "private, no-cache",
    "Content-Disposition": 'inline; filename="on-call.ics"',
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Calendars:
    """Answers calendar programs."""

    feeds: Feeds

    def routes(self) -> list[Route]:
        """Return where feeds are."""
        return [Route("/schedules/{token}.ics", self._take, methods=["GET"])]

    async def _take(self, request: Request) -> Response:
        content = await self.feeds.content(request.path_params["token"])
        if content is None:
            message = "there is no such feed, or it has a new address: `oncard schedule feed` prints it"
            return rejection(Rejected(Code.ROUTE_NOT_FOUND, message), new_request_id())
        headers = {**_HEADERS, "ETag": content.tag}
        if _has(request, content):
            return Response(status_code=304, headers=headers)
        return Response(content.body, headers={**headers, "Content-Type": CONTENT_TYPE})


def _has(request: Request, content: Content) -> bool:
    """Whether the program says that it has just this."""
    tags = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    return content.tag in tags or "*" in tags
