"""A card or a note as a mail: one subject for all of an incident's mails, plain text, and the same in HTML.

1. The subject begins with the incident's number and does not change with its state: mail programs show mails of one
   subject, which name the same first mail, as one conversation.
2. A button is a link, where there is an address for it; the page behind it asks first. Without one it is left out, and
   the mail says what to write in a chat instead.
3. What others wrote is quoted and cut, so that it cannot pass for a line or a button of ours; nothing is fetched when
   the mail is opened: pictures are links.

Guess: that 100,000 bytes are shown whole everywhere (Gmail folds what is longer than about 102 kB).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from bot.domain.event import Severity
from cards.card import Button, Card, Message, Note, Style, Tone
from cards.catalogue import language
from cards.email_html import Action, Body, Section, page
from cards.email_text import NOTHING, Words, address, shortened, within
from cards.plain import isolated, line, lines, spoken
from cards.words import name_of

ASKS_FIRST: Final = "The page behind a button asks you to confirm. It acts in your name: do not forward this mail."
WRITE_IN_A_CHAT: Final = "To act, write to Oncard in a chat: {example}"
LABELS: Final = "Labels"
HISTORY: Final = "History"
READ_MORE: Final = "Read more"
PICTURE: Final = "Picture"

SUBJECT_LIMIT: Final = 180
HEAD_LIMIT: Final = 1600
STATUS_LIMIT: Final = 4000
DESCRIPTION_LIMIT: Final = 10_000
MOST_FACTS: Final = 10
MOST_LABELS: Final = 16
MOST_LISTINGS: Final = 2
MOST_ROWS: Final = 12
MOST_HISTORY: Final = 12
MOST_LINKS: Final = 10
MOST_BUTTONS: Final = 8
NAME_LIMIT: Final = 90
ROW_LIMIT: Final = 400

_NUMBERED: Final = re.compile(r"(?!ackboard )[a-z]+\?? (\d{1,18})(?: .*)?", re.ASCII | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says. `thread`: the number of the incident that it is about, None: of none, or of several.

    `headers`: those that say something of the content; who sends it, and by which way, is not in them.
    """

    subject: str
    text: str
    html: str
    thread: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


_NO_LINKS: Final[Mapping[str, str]] = MappingProxyType({})


def render(message: Message, locale: str = "en", links: Mapping[str, str] = _NO_LINKS) -> Mail:
    """Return the mail; `links` has addresses for the tokens of buttons."""
    body = _card(message, locale, links) if isinstance(message, Card) else _note(message, locale, links)
    subject, thread = _subject(message)
    return Mail(subject, _plain(body), page(subject, language(locale), body), thread, _headers(message, locale))


def brief(message: Message, locale: str = "en", links: Mapping[str, str] = _NO_LINKS) -> Mail:
    """Return a mail of a few plain lines, for when a server refuses the whole one: it is still a page."""
    subject, thread = _subject(message)
    status = within(message.status if isinstance(message, Card) else message.text, STATUS_LIMIT)
    actions, hint = _actions(message.buttons, locale, links)
    body = Body(head=_head(message), badge=_badge(message), status=status, actions=actions, hint=hint)
    return Mail(subject, _plain(body), "", thread, _headers(message, locale))


# ---- the head --------------------------------------------------------------------------------------------------------


def _subject(message: Message) -> tuple[str, int | None]:
    """Return the subject, and the number of the incident."""
    if isinstance(message, Card):
        number = message.number
        said = line(message.summary) if number is None else f"{line(message.severity_word)}: {line(message.title)}"
    else:
        number, said = _number_of(message.buttons), spoken(message.text)
        # It begins with the incident in one line, and that with what the card's subject says.
        found = re.match(rf"(.*?\S)\s*\(#{number}\)", said)
        said = found[1] if found else said
    whole = said if number is None else f"[#{number}] {said}"
    return shortened(whole.strip() or NOTHING, SUBJECT_LIMIT), number


def _number_of(buttons: Iterable[Button]) -> int | None:
    """Return the incident that all buttons are about."""
    named = [_NUMBERED.fullmatch(button.token) for button in buttons]
    numbers = {found[1] if found else "" for found in named}
    only = numbers.pop() if len(numbers) == 1 else ""
    return int(only) if only else None


def _headers(message: Message, locale: str) -> dict[str, str]:
    """Return what mail programs show of a mail before it is read."""
    headers = {"Content-Language": language(locale)}
    is_urgent = (
        message.severity is Severity.CRITICAL and message.tone not in (Tone.DONE, Tone.TAKEN, Tone.QUIET)
        if isinstance(message, Card)
        else message.aloud
    )
    return {**headers, "Importance": "high", "X-Priority": "1"} if is_urgent else headers


# ---- what it says ----------------------------------------------------------------------------------------------------


def _card(card: Card, locale: str, links: Mapping[str, str]) -> Body:
    actions, hint = _actions(card.buttons, locale, links)
    more = [(line(card.more_labels), ())] if line(card.more_labels) else []
    labels = [(line(key), within((isolated(line(value)),), ROW_LIMIT)) for key, value in card.labels[:MOST_LABELS]]
    history = [within(entry, ROW_LIMIT) for entry in card.history[-MOST_HISTORY:]]
    return Body(
        head=_head(card),
        tone=card.tone,
        badge=_badge(card),
        status=within(card.status, STATUS_LIMIT),
        actions=actions,
        hint=hint,
        facts=_named((fact.name, within(fact.value, ROW_LIMIT)) for fact in card.facts[:MOST_FACTS]),
        description=shortened(lines(card.description), DESCRIPTION_LIMIT),
        sections=(
            *(
                Section(
                    shortened(line(listing.name), NAME_LIMIT),
                    tuple(within(row, ROW_LIMIT) for row in listing.lines[:MOST_ROWS]),
                )
                for listing in card.listings[:MOST_LISTINGS]
            ),
            Section(name_of(locale, LABELS), pairs=_named([*labels, *more])),
            Section(name_of(locale, READ_MORE), links=tuple(_addresses(card, locale))),
            Section(name_of(locale, HISTORY), tuple(history)),
        ),
    )


def _note(note: Note, locale: str, links: Mapping[str, str]) -> Body:
    actions, hint = _actions(note.buttons, locale, links)
    rows = tuple(within(row, ROW_LIMIT) for row in note.rows[: 2 * MOST_ROWS])
    return Body(
        status=within(note.text, STATUS_LIMIT),
        actions=actions,
        hint=hint,
        sections=(Section("", rows),),
    )


def _head(message: Message) -> str:
    if isinstance(message, Note):
        return ""
    number = f" (#{message.number})" if message.number is not None else ""
    return shortened(isolated(line(message.title)), HEAD_LIMIT) + number


def _badge(message: Message) -> str:
    return shortened(line(message.severity_word), NAME_LIMIT) if isinstance(message, Card) else ""


def _actions(buttons: tuple[Button, ...], locale: str, links: Mapping[str, str]) -> tuple[tuple[Action, ...], str]:
    """Return the buttons that have an address, and what to know of them; without any, how else it is done."""
    named = ((shortened(line(one.label).rstrip("…"), NAME_LIMIT), one) for one in buttons[:MOST_BUTTONS])
    actions = tuple(
        Action(label, href, is_first=button.style is Style.PRIMARY)
        for label, button in named
        if label and (href := address(links.get(button.token, "")))
    )
    if actions:
        return actions, name_of(locale, ASKS_FIRST)
    number = _number_of(buttons)
    if number is None:
        return (), ""
    verb = re.match("[a-z]+", buttons[0].token)
    return (), name_of(locale, WRITE_IN_A_CHAT, example=f"{verb[0] if verb else 'show'} {number}")


def _named(pairs: Iterable[tuple[str, Words]]) -> tuple[tuple[str, Words], ...]:
    return tuple((shortened(isolated(line(name)), NAME_LIMIT), value) for name, value in pairs if line(name) or value)


def _addresses(card: Card, locale: str) -> Iterator[tuple[str, str]]:
    """Yield what there is to read and to see; what has no usable address is shown as words."""
    picture = name_of(locale, PICTURE)
    named = [(line(one.text) or line(one.href), one.href) for one in card.links]
    named += [(f"{picture}: {line(image.alt or image.src)}", image.href or image.src) for image in card.images]
    for text, href in named[:MOST_LINKS]:
        if text:
            yield shortened(isolated(text), NAME_LIMIT), address(href)


# ---- plain text ------------------------------------------------------------------------------------------------------


def _plain(body: Body) -> str:
    """Return the mail for whoever reads plain text; what others wrote at length is quoted."""
    badge = f"{body.badge}: " if body.badge else ""
    blocks = [
        f"{badge}{body.head}" if body.head else "",
        spoken(body.status),
        "\n".join([*(f"{one.label}: {one.href}" for one in body.actions), body.hint]).strip("\n"),
        "\n".join(_pair(name, value) for name, value in body.facts),
        "\n".join(f"> {row}".rstrip() for row in body.description.splitlines()),
        *(_section(section) for section in body.sections),
    ]
    return ("\n\n".join(block for block in blocks if block) or NOTHING) + "\n"


def _section(section: Section) -> str:
    rows = [f"- {said}" for row in section.rows if (said := spoken(row))]
    rows += [f"- {_pair(name, value)}" for name, value in section.pairs]
    rows += [f"- {name}: {href}" if href else f"- {name}" for name, href in section.links]
    return "\n".join([*([section.name] if section.name else []), *rows]) if rows else ""


def _pair(name: str, value: Words) -> str:
    said = spoken(value)
    return f"{name}: {said}" if name and said else name or said
