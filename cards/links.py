"""The page behind a signed link: who the reader is, what will be done, and to which incident; then what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.domain.people import Account
from cards import words
from cards.build import Scene, card, summary
from cards.card import Button, Note, Style, Text, Tone
from cards.words import name_of, say

NOT_YOU: Final = "Is that not you? Then close this page: the link was sent to somebody else."
NOTHING_YET: Final = "Nothing is done until you press the button."
TAKES_IT: Final = "It becomes yours, and everybody sees that you have it."
GIVES_IT_BACK: Final = "It is nobody's any more: its level is paged again."
TAKES_IT_BACK: Final = "It becomes as it was before you acted."
CHANGED: Final = (
    "It has changed since you opened this page, so nothing was done. Look at it again, then press the button."
)
DONE: Final = "Done"
ASK_ACK: Final = "Acknowledge #{number}?"
ASK_UNACK: Final = "Give #{number} back?"
ASK_UNDO: Final = "Take back what you did to #{number}?"
HEAD_USED: Final = "This link was used already"
USED: Final = "Each link acts once, so nothing was done now. This is how it stands:"
HEAD_EXPIRED: Final = "This link has expired"
EXPIRED: Final = (
    "It was valid for 24 hours, and nothing was done. Use the newest message, or write to Oncard in a chat."
)
HEAD_FORGED: Final = "This link does not work"
FORGED: Final = "It is not whole, or not from here; nothing was done. Copy all of it from the message."
HEAD_GONE: Final = "There is nothing to act on"
GONE: Final = "The incident is kept no longer, or your account is switched off; nothing was done."
HEAD_YOURS: Final = "You were there already"
HEAD_OTHERS: Final = "Somebody was there before you"
HEAD_HINDERED: Final = "That cannot be done now"
HEAD_FAILED: Final = "That did not work"


class Outcome(StrEnum):
    """What a page tells."""

    ASKS = "asks"
    DONE = "done"
    USED = "used"
    EXPIRED = "expired"
    FORGED = "forged"
    GONE = "gone"
    HINDERED = "hindered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Page:
    """What stands on the page.

    `said`: paragraphs under the heading. `incident`: its first line, and `status` how it is now. `button`: what can be
    done here; `seen` is the version of the incident that the page shows, which goes with it. `small`: in small letters.
    """

    outcome: Outcome
    locale: str
    heading: str
    said: tuple[Text, ...] = ()
    tone: Tone | None = None
    incident: str = ""
    status: Text = ()
    button: Button | None = None
    seen: int | None = None
    small: tuple[Text, ...] = ()


def asks(scene: Scene, reader: Account, verb: str, *, again: bool = False) -> Page:
    """Return the page that asks; `again`: the incident has changed since it asked before."""
    locale, number = scene.locale, scene.incident.id
    button = next((one for one in card(scene).buttons if one.token.split(" ")[0] == verb), None)
    confirm = button.confirm if button is not None else None
    # What a button asks in a chat before it acts is said here too.
    heading = confirm.title if confirm is not None else name_of(locale, _HEADINGS[verb], number=number)
    what = confirm.text if confirm is not None else name_of(locale, _DOES[verb])
    label = button.label if button is not None else name_of(locale, words.UNDO)
    changed = (say(locale, CHANGED),) if again else ()
    page = Page(
        Outcome.ASKS,
        locale,
        heading,
        said=(*changed, say(locale, words.ME_HEAD, name=reader.name, email=reader.email), (what,)),
        button=Button(label, verb, Style.DANGER if verb == "close" else Style.PRIMARY),
        seen=scene.incident.version,
        small=(say(locale, NOTHING_YET), say(locale, NOT_YOU)),
    )
    return _about(scene, page)


def done(scene: Scene, note: Note) -> Page:
    """Return the page that says what was done; a button of the note, which takes it back, stands on it."""
    return _about(
        scene,
        Page(
            Outcome.DONE,
            scene.locale,
            name_of(scene.locale, DONE),
            said=(note.text,),
            button=note.buttons[0] if note.buttons else None,
        ),
    )


def used(scene: Scene) -> Page:
    """Return the page of a link that has acted."""
    return _about(
        scene, Page(Outcome.USED, scene.locale, name_of(scene.locale, HEAD_USED), said=(say(scene.locale, USED),))
    )


def hindered(scene: Scene, note: Note, *, by_reader: bool | None) -> Page:
    """Return the page that says why nothing can be done; `by_reader`: whether it is their own deed, None: nobody's."""
    heading = {True: HEAD_YOURS, False: HEAD_OTHERS, None: HEAD_HINDERED}[by_reader]
    return _about(scene, Page(Outcome.HINDERED, scene.locale, name_of(scene.locale, heading), said=(note.text,)))


def expired(locale: str) -> Page:
    """Return the page of a link that is too old."""
    return Page(Outcome.EXPIRED, locale, name_of(locale, HEAD_EXPIRED), said=(say(locale, EXPIRED),))


def forged(locale: str) -> Page:
    """Return the page of what is no link of ours."""
    return Page(Outcome.FORGED, locale, name_of(locale, HEAD_FORGED), said=(say(locale, FORGED),))


def gone(locale: str) -> Page:
    """Return the page of a link to what is there no longer."""
    return Page(Outcome.GONE, locale, name_of(locale, HEAD_GONE), said=(say(locale, GONE),))


def failed(locale: str) -> Page:
    """Return the page that says that it could not be done just now."""
    return Page(Outcome.FAILED, locale, name_of(locale, HEAD_FAILED), said=(say(locale, words.TRY_AGAIN),))


_HEADINGS: Final[Mapping[str, str]] = MappingProxyType({"ack": ASK_ACK, "unack": ASK_UNACK, "undo": ASK_UNDO})
_DOES: Final[Mapping[str, str]] = MappingProxyType({"ack": TAKES_IT, "unack": GIVES_IT_BACK, "undo": TAKES_IT_BACK})


def _about(scene: Scene, page: Page) -> Page:
    """Return the page with the incident on it as it is now."""
    shown = card(scene)
    return replace(page, tone=shown.tone, incident=summary(scene), status=shown.status)
