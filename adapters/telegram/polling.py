"""The bot's own polling: an update is handed on before the next poll says that it was received.

1. Updates are taken as JSON, one by one: what cannot be read is skipped, and said once. The SDK's Updater asks for it
   again for ever, some 400 times a second.
2. A poll that gets no answer within twice the time for which the server may keep it has hung: the run ends, and the
   next one has new connections. Whatever else a poll is refused with ends the run, too: the core decides when to try
   again.
3. Polls that are answered with nothing at once, again and again, are not kept waiting as they should be: something
   between us and Telegram answers in its stead. That ends the run, too.
4. A webhook that is set is taken away when a run begins, since Telegram answers no poll while there is one.
"""

import math
from collections.abc import Callable
from typing import Final, NoReturn

import structlog

from adapters.telegram.api import Api
from adapters.telegram.errors import TelegramFailed
from adapters.telegram.updates import KINDS
from bot.adapter import FailureKind, Inbox
from bot.clock import Clock

AT_ONCE: Final = 100
# Seconds that a poll lasts at the least when there is nothing to tell; so many in a row may be shorter.
BRIEF_SECONDS: Final = 0.5
MOST_BRIEF: Final = 5

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger(__name__)

Receive = Callable[[object], int | None]
"""Takes one update, and returns its number as soon as it is held on to; None: it has none."""


async def poll(api: Api, inbox: Inbox, receive: Receive, clock: Clock, silence: float) -> NoReturn:
    """Ask for updates until that cannot go on; `silence` in seconds. Raises TelegramFailed, in words for an admin."""
    await _take_away_webhook(api)
    offset = wait = brief = 0
    while True:
        since = clock.now()
        found = await _ask(api, offset, wait, silence)
        lasted = (clock.now() - since).total_seconds()
        brief = brief + 1 if wait and not found and lasted < BRIEF_SECONDS else 0
        if brief >= MOST_BRIEF:
            raise TelegramFailed(FailureKind.UNREACHABLE, "getUpdates: polls end at once, with nothing to tell")
        inbox.connected()
        numbers = [receive(update) for update in found]
        known = [number for number in numbers if number is not None]
        if numbers and not known:
            # It would be given again at once, and again.
            raise TelegramFailed(FailureKind.UNCERTAIN, "getUpdates: no update that can be read")
        # Not the highest so far: after a week of silence the numbers begin anew, perhaps lower.
        offset = max(known) + 1 if known else offset
        # The first poll is answered at once, so that it is known that polling works.
        wait = math.ceil(silence)


async def _ask(api: Api, offset: int, wait: int, silence: float) -> list[object]:
    arguments = {"offset": offset, "timeout": wait, "limit": AT_ONCE, "allowed_updates": list(KINDS)}
    limit = 2 * silence if wait else None
    try:
        found = await api.call("getUpdates", arguments, within=limit)
    except TelegramFailed as failure:
        why = _why(failure, limit)
    else:
        if isinstance(found, list):
            return found
        why = TelegramFailed(FailureKind.UNCERTAIN, "getUpdates: no answer that can be read")
    raise why


def _why(failure: TelegramFailed, limit: float | None) -> TelegramFailed:
    """Return the failure in words that say what to do."""
    if failure.words.startswith("terminated by other getupdates"):
        why = "another program polls with this bot's token: stop it, or give Oncard a bot of its own"
    elif "setwebhook" in failure.words or "webhook is active" in failure.words:
        why = "another program has set a webhook for this bot: stop it, or give Oncard a bot of its own"
    elif failure.kind is FailureKind.UNCERTAIN and failure.detail.endswith("no answer in time") and limit is not None:
        return TelegramFailed(
            FailureKind.UNREACHABLE, f"getUpdates: no answer within {limit:g} s, though polls are short"
        )
    else:
        return failure
    return TelegramFailed(failure.kind, f"getUpdates: {why}", words=failure.words)


async def _take_away_webhook(api: Api) -> None:
    if (await api.get("getWebhookInfo")).get("url"):
        # Not its address: it may hold a secret.
        _log.warning("webhook_taken_away", why="this workspace polls, and Telegram answers no poll while one is set")
        await api.call("deleteWebhook")
