"""What questions are answered with: the list, who is paged, who somebody is, how Oncard is, and the help.

Pure, as all cards: what is to be said comes in, in the order in which it is to be said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.domain.event import cut
from bot.domain.incident import Incident, IncidentId
from bot.domain.people import Account, AccountId
from cards import words
from cards.card import Button, Moment, Note, Part, Person, Strong, Text
from cards.forms import Rung
from cards.plain import line
from cards.words import amount, count_of, duration, form_of, name_of, say

TITLE_IN_ROW: Final = 80
MOST_BUTTONS: Final = 5
MOST_NAMED: Final = 10
# So many lines fit into a note everywhere.
MOST_ROWS: Final = 15


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads it, and when: the language and the time zone, and the names of everybody."""

    locale: str
    timezone: str
    now: datetime
    names: Mapping[AccountId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listed:
    """Some open incidents, the most urgent first, of `count`; `whose`: of whom or what, if not all of them.

    `channels`: each one's channel. `unreadable`: those of which what is stored cannot be read.
    """

    incidents: Sequence[Incident]
    count: int
    channels: Mapping[int, str]
    whose: str = ""
    unreadable: Sequence[IncidentId] = ()


@dataclass(frozen=True, slots=True)
class Staffed:
    """A channel's levels with who is on them now, and after how long the next takes over; none: it has no rule."""

    channel: str
    levels: Sequence[tuple[Rung, timedelta]]


@dataclass(frozen=True, slots=True)
class Line:
    """How a workspace's connection is."""

    name: str
    connected: bool
    since: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class Health:
    """How Oncard itself is. `queue`: how many messages wait, and since when the oldest does."""

    lines: Sequence[Line]
    database: str
    queue: tuple[int, datetime | None]
    open: int
    untaken: int
    troubles: Sequence[Incident]


def help_all(commands: Sequence[tuple[str, str]], topics: Mapping[str, Sequence[str]], locale: str) -> Note:
    """Return how each command is written and what it does, and which others each topic has."""
    rows: tuple[Text, ...] = tuple((Strong(usage), f" · {name_of(locale, does)}") for usage, does in commands)
    rows += tuple((Strong(f"help {topic}"), f" · {', '.join(names)}") for topic, names in topics.items())
    return Note(say(locale, words.HELP_HEAD), rows=rows)


def help_one(usage: str, does: str, aliases: Sequence[str], locale: str) -> Note:
    """Return how one command is written, what it does, and how else it may be called."""
    rows = (say(locale, words.HELP_ALSO, aliases=", ".join(aliases)),) if aliases else ()
    return Note((Strong(usage), f" · {name_of(locale, does)}"), rows=rows)


def listing(listed: Listed, readers: Readers) -> Note:
    """Return the open incidents, one on each line, with buttons that show the first ones."""
    locale = readers.locale
    rows = [_row(incident, listed.channels, readers) for incident in listed.incidents]
    if listed.unreadable:
        numbers = ", ".join(f"#{number}" for number in listed.unreadable[:MOST_NAMED])
        rows.append(say(locale, words.UNREADABLE_LEFT_OUT, numbers=numbers))
    show = tuple(
        Button(name_of(locale, words.SHOW_BUTTON, number=incident.id), f"show {incident.id}")
        for incident in listed.incidents[:MOST_BUTTONS]
    )
    return Note(_list_head(listed, locale), buttons=show, rows=tuple(rows))


def staffing(channels: Sequence[Staffed], locale: str) -> Note:
    """Return who would be paged now, level by level."""
    if not channels:
        return Note(say(locale, words.WHO_NO_CHANNELS))
    rows = [row for channel in channels for row in _levels(channel, locale)]
    hidden = len(rows) - MOST_ROWS
    if hidden > 0:
        rows[MOST_ROWS:] = [say(locale, words.WHO_MORE, count=hidden, channel=channels[-1].channel)]
    return Note(say(locale, words.WHO_HEAD), rows=tuple(rows))


def about(
    account: Account,
    links: Sequence[tuple[str, str]],
    levels: Sequence[tuple[str, int]],
    mine: Listed,
    readers: Readers,
) -> Note:
    """Return who somebody is: address, links by workspace (an empty user: none), levels by channel, what they have."""
    locale = readers.locale
    reads = say(locale, words.ME_READS, locale=account.locale, timezone=account.timezone, role=str(account.role))
    told = [say(locale, words.ME_TOLD, channel=channel, level=level) for channel, level in levels]
    linked = [
        say(locale, words.ME_LINK if user else words.ME_NO_LINK, workspace=workspace, user=user)
        for workspace, user in links
    ]
    has = ", ".join(f"#{incident.id} {cut(line(incident.facts.title), TITLE_IN_ROW)}" for incident in mine.incidents)
    having = say(locale, words.ME_HAS, incidents=has) if has else say(locale, words.ME_HAS_NONE)
    head = say(locale, words.ME_HEAD, name=account.name, email=account.email)
    return Note(head, rows=(reads, having, *linked, *told))


def health(found: Health, readers: Readers) -> Note:
    """Return how Oncard itself is, what is wrong first in each part."""
    locale, zone = readers.locale, readers.timezone
    lines = [_line(one, readers) for one in sorted(found.lines, key=lambda one: (one.connected, one.name))]
    count, since = found.queue
    waits = (
        say(locale, words.STATUS_QUEUE, count=amount(locale, count), age=duration(locale, readers.now - since))
        if count and since is not None
        else say(locale, words.STATUS_NO_QUEUE)
    )
    troubles = [
        say(locale, words.STATUS_TROUBLE, number=one.id, title=cut(line(one.facts.title), TITLE_IN_ROW))
        for one in found.troubles
    ]
    rows = (
        *(lines or [say(locale, words.STATUS_NO_WORKSPACE)]),
        say(locale, words.STATUS_DATABASE, name=found.database),
        waits,
        say(locale, words.STATUS_OPEN, open=amount(locale, found.open), untaken=amount(locale, found.untaken)),
        *(troubles or [say(locale, words.STATUS_NO_TROUBLE)]),
    )
    return Note(say(locale, words.STATUS_HEAD, at=Moment(readers.now, zone, day=True)), rows=rows)


def no_channel(name: str, channels: Sequence[str], locale: str) -> Note:
    """Return that no channel has this name."""
    known = ", ".join(channels[:MOST_NAMED])
    return Note(say(locale, words.NO_CHANNEL, name=f"“{cut(line(name), TITLE_IN_ROW)}”", channels=known))


def _list_head(listed: Listed, locale: str) -> Text:
    whose = name_of(locale, listed.whose) if listed.whose == words.YOURS else listed.whose
    if not listed.count:
        return say(locale, words.LIST_NONE_OF, whose=whose) if whose else say(locale, words.LIST_NONE)
    count, shown = amount(locale, listed.count), len(listed.incidents)
    if shown < listed.count:
        return say(locale, words.LIST_SOME_OF if whose else words.LIST_SOME, shown=shown, count=count, whose=whose)
    form = form_of(words.LIST_OF if whose else words.LIST_HEAD, listed.count)
    return say(locale, form, count=count, whose=whose)


def _row(incident: Incident, channels: Mapping[int, str], readers: Readers) -> Text:
    return say(
        readers.locale,
        words.LIST_ROW,
        number=incident.id,
        severity=name_of(readers.locale, words.SEVERITIES[incident.facts.severity]),
        title=cut(line(incident.facts.title), TITLE_IN_ROW),
        channel=channels.get(incident.channel, ""),
        state=_state(incident, readers),
    )


def _state(incident: Incident, readers: Readers) -> Text:
    if incident.snoozed_until is not None:
        until = Moment(incident.snoozed_until, readers.timezone, day=True)
        return say(readers.locale, words.STATE_SNOOZED, until=until)
    if incident.acknowledged is None:
        ago = duration(readers.locale, readers.now - incident.opened_at)
        return say(readers.locale, words.STATE_TRIGGERED, ago=ago)
    taker = incident.acknowledged.by.account
    name = readers.names.get(taker) if taker is not None else None
    return say(readers.locale, words.STATE_TAKEN, who=Person(name or name_of(readers.locale, words.SOMEBODY)))


def _levels(staffed: Staffed, locale: str) -> list[Text]:
    if not staffed.levels:
        return [say(locale, words.WHO_NOBODY, channel=staffed.channel)]
    rows: list[Text] = []
    last = len(staffed.levels)
    for number, (rung, after) in enumerate(staffed.levels, start=1):
        chats = [count_of(locale, words.A_CHAT, rung.chats)] if rung.chats else []
        who: Part = ", ".join([*rung.names, *chats]) or name_of(locale, words.REACHES_NOBODY)
        form = words.WHO_ROW_THEN if number < last else words.WHO_ROW
        rows.append(
            say(
                locale, form, channel=staffed.channel, level=number, levels=last, who=who, after=duration(locale, after)
            )
        )
    return rows


def _line(one: Line, readers: Readers) -> Text:
    since = Moment(one.since, readers.timezone, day=True) if one.since is not None else None
    if one.connected and since is not None:
        return say(readers.locale, words.STATUS_UP, workspace=one.name, since=since)
    if since is None:
        return say(readers.locale, words.STATUS_DOWN, workspace=one.name, why=one.why)
    return say(readers.locale, words.STATUS_DOWN_SINCE, workspace=one.name, since=since, why=one.why)
