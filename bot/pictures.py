"""Shows the picture of an answer, after its words: no picture keeps words from arriving, or takes them away again."""

from typing import Final

import structlog

from bot.adapter import DeliveryFailed, FailureKind, Interaction, Reply, ShowsPictures, To
from cards.card import Note

# The place does not take it; another may.
_ELSEWHERE: Final = frozenset({FailureKind.REFUSED, FailureKind.UNLINKED, FailureKind.GONE})

log = structlog.get_logger(__name__)


async def show_picture(platform: ShowsPictures, asked: Interaction, reply: Reply | None) -> None:
    """Show an answer's picture, if it has one, where it was asked for; else to who asked; else the log says why.

    To be called when the words have gone out. Raises nothing that the platform says.
    """
    if not isinstance(reply, Note) or reply.picture is None:
        return
    under = asked.message or asked.replied
    places = [(To(asked.chat), under)] if asked.chat else []
    for to, thread in [*places, (To(asked.user, direct=True), None)]:
        try:
            await platform.show(to, reply.picture, under=thread)
        except DeliveryFailed as failure:
            log.warning("picture_not_shown", chat=to.id, direct=to.direct, why=failure.detail)
            if failure.kind not in _ELSEWHERE:
                return
        else:
            return
