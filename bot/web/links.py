"""Where the links of messages lead: a page that says what will be done and asks, and acts only when it is told to.

Whatever looks at addresses by itself (a mail scanner, a chat that previews links) only ever makes a page: GET and HEAD
change nothing. The page needs no script, loads nothing, is kept by no cache, and stands in no other page's frame.
"""

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import parse_qs

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.engine.confirmations import Confirmations
from bot.web.answers import Rejected, body_of, new_request_id, rejection
from cards import links
from cards.card import Strong, Text
from cards.catalogue import language
from cards.email_text import within
from cards.links import Outcome, Page
from cards.plain import isolated

TEXT_LIMIT: Final = 4000
_STATUSES: Final = {
    Outcome.ASKS: 200,
    Outcome.DONE: 200,
    Outcome.USED: 410,
    Outcome.EXPIRED: 410,
    Outcome.FORGED: 404,
    Outcome.GONE: 404,
    Outcome.HINDERED: 409,
    Outcome.FAILED: 503,
}
_STYLE: Final = """
:root{color-scheme:light dark;--paper:#fff;--sunk:#f1f1f6;--ink:#1c1c28;--soft:#5d5f70;--line:#e4e4ec;--accent:#4f4bd1}
@media (prefers-color-scheme:dark){:root{--paper:#1e1f26;--sunk:#111216;--ink:#ececf1;--soft:#a3a5b4;--line:#2d2f39}}
*{box-sizing:border-box}
body{margin:0;padding:16px;background:var(--sunk);color:var(--ink);
font:17px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Noto Sans CJK SC",sans-serif}
main{max-width:480px;margin:4vh auto;padding:24px;background:var(--paper);
border:1px solid var(--line);border-radius:12px}
h1{margin:0 0 12px;font-size:22px;line-height:1.3;overflow-wrap:anywhere}
p{margin:0 0 12px;overflow-wrap:anywhere}
.incident{margin:0 0 16px;padding:10px 14px;border-left:4px solid var(--soft);background:var(--sunk);border-radius:4px}
.incident p{margin:0}.incident b{display:block}
.critical{border-color:#c42b3c}.warning{border-color:#b25a00}.info{border-color:#2563c9}
.taken{border-color:#4f4bd1}.done{border-color:#147a50}
button{display:block;width:100%;min-height:52px;margin:4px 0 16px;padding:12px;border:0;border-radius:10px;
background:var(--accent);color:#fff;font:inherit;font-weight:700;cursor:pointer}
button.danger{background:#c42b3c}button.plain{background:transparent;color:var(--ink);border:1px solid var(--soft)}
button:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
small{display:block;color:var(--soft);font-size:14px}
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Links:
    """Answers those who follow a link of a message."""

    confirmations: Confirmations

    def routes(self) -> list[Route]:
        """Return where links lead."""
        return [
            Route("/links/{token}", self._look, methods=["GET"]),
            Route("/links/{token}", self._keep, methods=["POST"]),
        ]

    async def _look(self, request: Request) -> Response:
        token, locale = request.path_params["token"], _language_of(request)
        try:
            page = await self.confirmations.look(token, locale)
        except Exception as error:  # noqa: BLE001 - Somebody looks at it, and is told to try again.
            page = _failed("link_not_shown", error, locale)
        return self._response(page, token)

    async def _keep(self, request: Request) -> Response:
        token, locale = request.path_params["token"], _language_of(request)
        try:
            page = await self.confirmations.keep(token, _seen(await body_of(request)), locale)
        except Rejected as rejected:
            return rejection(rejected, new_request_id())
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:  # noqa: BLE001 - As above; a link that did not act has not been used.
            page = _failed("link_not_kept", error, locale)
        log.info("link", outcome=str(page.outcome))
        return self._response(page, token)

    def _response(self, page: Page, token: str) -> Response:
        to = token
        if page.outcome is Outcome.DONE and page.button is not None:
            to = self.confirmations.way_back(token, page.button.token)
        return HTMLResponse(_html(page, to), _STATUSES[page.outcome], headers=_HEADERS)


def _failed(event: str, error: Exception, locale: str) -> Page:
    log.error(event, error=type(error).__name__, detail=str(error)[:200])
    return links.failed(locale)


def _seen(body: bytes) -> int | None:
    """Return the version of the incident that was on the page."""
    (said,) = parse_qs(body.decode("ascii", "replace")).get("seen", [""])[:1]
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None


def _language_of(request: Request) -> str:
    """Return the language that the browser wants most; for a person whom the link names, their own counts."""
    return language(request.headers.get("accept-language", "").split(",")[0].split(";")[0].strip())


def _html(page: Page, token: str) -> str:
    said = "".join(f"<p>{_marked(text)}</p>" for text in page.said)
    incident = (
        f'<div class="incident {page.tone}"><p dir="auto"><b>{escape(isolated(page.incident))}</b></p>'
        f'<p dir="auto">{_marked(page.status)}</p></div>'
        if page.tone is not None
        else ""
    )
    small = "".join(f"<small>{_marked(text)}</small>" for text in page.small)
    return (
        f'<!doctype html><html lang="{language(page.locale)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(page.heading)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(page.heading)}</h1>{incident}{said}{_form(page, token)}{small}</main></body></html>"
    )


def _form(page: Page, token: str) -> str:
    if page.button is None or not token:
        return ""
    seen = f'<input type="hidden" name="seen" value="{page.seen}">' if page.seen is not None else ""
    style = "plain" if page.outcome is Outcome.DONE else str(page.button.style)
    return (
        f'<form method="post" action="/links/{escape(token)}">{seen}'
        f'<button class="{style}">{escape(page.button.label)}</button></form>'
    )


def _marked(text: Text) -> str:
    shown = within(text, TEXT_LIMIT)
    return "".join(
        f"<strong>{escape(part.text)}</strong>" if isinstance(part, Strong) else escape(part) for part in shown
    )
