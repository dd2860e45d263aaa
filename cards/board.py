"""From a board to what is said about it: many incidents of one place in one message.

It says how many there are, how many of them nobody has, which have waited longest, and offers to take them all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.domain.board import BoardId, Pages, Summary
from bot.domain.event import Severity, cut
from bot.domain.incident import ChannelId, Entry, Idle, Incident
from bot.domain.people import AccountId
from cards import words
from cards.card import Button, Card, Fact, Listing, Moment, Note, Part, Person, Strong, Style, Text, Tone
from cards.plain import line
from cards.words import amount, count_of, form_of, name_of, say

MOST_NAMES: Final = 3
MOST_MENTIONS: Final = 10
MOST_OLDEST: Final = 5
MOST_CRITICAL: Final = 3
TITLE_IN_ROW: Final = 80
_TONES: Final = {Severity.CRITICAL: Tone.CRITICAL, Severity.WARNING: Tone.WARNING}


@dataclass(frozen=True, slots=True)
class BoardScene:
    """Everything that a message about a board is built from, as it is known where the message will be read.

    `oldest`: those that nobody has for longest; `critical`: the newest of them that are Critical. `takers`: who has
    acknowledged some, those with most first. `pages`: what goes out with this message. `mention`, `users`, `names`,
    `direct` and `may_repeat` are as in the scene of one incident; `now` is when it is built.
    """

    board: BoardId
    summary: Summary
    opened_at: datetime
    now: datetime
    channels: Mapping[ChannelId, str]
    names: Mapping[AccountId, str]
    oldest: tuple[Incident, ...] = ()
    critical: tuple[Incident, ...] = ()
    takers: tuple[AccountId, ...] = ()
    pages: Pages = field(default_factory=Pages)
    users: Mapping[AccountId, str] = field(default_factory=dict)
    locale: str = "en"
    timezone: str = "UTC"
    mention: tuple[AccountId, ...] = ()
    direct: bool = False
    may_repeat: bool = False


def card(scene: BoardScene) -> Card:
    """Return the board as it is now."""
    severity = min(scene.summary.severities, key=list(Severity).index, default=Severity.OK)
    is_open = scene.summary.open > 0
    return Card(
        number=None,
        severity=severity,
        severity_word=name_of(scene.locale, words.STORM if is_open else words.STORM_OVER),
        tone=_tone(scene, severity),
        title=_title(scene),
        summary=_summary(scene),
        status=_status(scene) + _warnings(scene) + _repeated(scene),
        facts=_facts(scene),
        listings=_listings(scene),
        mentions=_mentions(scene),
        buttons=_buttons(scene),
        repeat=scene.may_repeat,
    )


def call(scene: BoardScene) -> Note:
    """Return the note under a board that stands there already: more has come, or is to be told again."""
    summary, pages, locale = scene.summary, scene.pages, scene.locale
    state = {"untaken": amount(locale, summary.untaken), "open": amount(locale, summary.open)}
    where = _where(scene)
    if pages.newest is None:
        said = say(locale, words.BOARD_CALL_AGAIN, where=where, **state)
    else:
        form = form_of(words.BOARD_CALL, pages.incidents)
        count = amount(locale, pages.incidents)
        said = say(locale, form, count=count, where=where, newest=_newest(pages.newest, locale), **state)
    text = said + _warnings(scene) + _repeated(scene)
    return Note(text, _mentions(scene), _buttons(scene), aloud=not scene.direct, repeat=scene.may_repeat)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of taking everything on a board: `by` one person now, and what was and is besides.

    `before`: how many others had taken by then; `since`: how many came after what that person saw.
    """

    count: int
    before: int
    since: int
    others: tuple[str, ...]


def took(taken: Taken, locale: str = "en") -> Note:
    """Return what taking everything did, for the person who did it."""
    if not taken.count and not taken.since:
        if not taken.before:
            return Note(say(locale, words.BOARD_ALL_CLOSED))
        return Note(say(locale, words.BOARD_ALL_TAKEN, who=_people(taken.others, locale)))
    said = say(locale, form_of(words.BOARD_TOOK, taken.count), count=Strong(amount(locale, taken.count)))
    if taken.before:
        form = form_of(words.BOARD_TAKEN_BEFORE, taken.before)
        said += say(locale, form, count=amount(locale, taken.before), who=_people(taken.others, locale))
    if taken.since:
        said += say(locale, form_of(words.BOARD_CAME_SINCE, taken.since), count=amount(locale, taken.since))
    return Note(said)


def unknown(number: int, locale: str = "en") -> Note:
    """Return that no board has this number."""
    return Note(say(locale, words.UNKNOWN_BOARD, number=number))


# ---- parts of the card -----------------------------------------------------------------------------------------------


def _title(scene: BoardScene) -> str:
    summary = scene.summary
    if summary.open:
        return count_of(scene.locale, words.BOARD_TITLE, summary.open, where=_where(scene))
    return count_of(scene.locale, words.BOARD_TITLE_OVER, summary.total, where=_where(scene))


def _summary(scene: BoardScene) -> str:
    form, storm = words.BOARD_SUMMARY_OVER, words.STORM_OVER
    if scene.summary.open:
        form, storm = words.BOARD_SUMMARY, words.STORM
    untaken = amount(scene.locale, scene.summary.untaken)
    return name_of(scene.locale, form, storm=storm, title=_title(scene), untaken=untaken)


def _status(scene: BoardScene) -> Text:
    locale, summary = scene.locale, scene.summary
    by = _people([_name(scene, account) for account in scene.takers], locale)
    if not summary.open:
        lasted = words.duration(locale, scene.now - scene.opened_at)
        at = Moment(scene.now, scene.timezone)
        return say(locale, words.BOARD_OVER_BY if by else words.BOARD_OVER, at=at, duration=lasted, who=by)
    if not summary.untaken:
        return say(locale, words.BOARD_TAKEN_BY if by else words.BOARD_TAKEN, who=by)
    paged = _listed(_mentions(scene))
    form = words.BOARD_PAGING if paged else words.BOARD_UNTAKEN
    return say(locale, form, untaken=amount(locale, summary.untaken), who=paged)


def _warnings(scene: BoardScene) -> Text:
    """Return where nobody is left to be told: as it stands, and what this message alone tells."""
    summary, locale = scene.summary, scene.locale
    counts = (
        (words.BOARD_EXHAUSTED, summary.idle(Idle.EXHAUSTED)),
        (words.BOARD_NO_RULE, summary.idle(Idle.NO_RULE)),
        (words.BOARD_LEVEL_FAILED, scene.pages.notes.get(Entry.LEVEL_FAILED, 0)),
    )
    return tuple(
        part for form, count in counts if count for part in say(locale, form, count=Strong(amount(locale, count)))
    )


def _repeated(scene: BoardScene) -> Text:
    return say(scene.locale, words.MAY_REPEAT) if scene.may_repeat else ()


def _newest(incident: Incident, locale: str) -> str:
    """Return the newest incident that goes out with the message, as its own card would be announced."""
    severity = name_of(locale, words.SEVERITIES[incident.facts.severity])
    title = cut(line(incident.facts.title), TITLE_IN_ROW)
    return name_of(locale, words.SUMMARY, severity=severity, title=title, number=incident.id)


def _facts(scene: BoardScene) -> tuple[Fact, ...]:
    locale, summary = scene.locale, scene.summary
    facts: list[tuple[str, Text]] = []
    if summary.open:
        ordered = sorted(summary.severities.items(), key=lambda pair: list(Severity).index(pair[0]))
        counts = [f"{amount(locale, count)} {name_of(locale, words.SEVERITIES[kind])}" for kind, count in ordered]
        facts.append((words.BOARD_OPEN, (" · ".join(counts),)))
    if summary.taken:
        who = _people([_name(scene, account) for account in scene.takers], locale)
        count = amount(locale, summary.taken)
        facts.append((words.BOARD_ACKNOWLEDGED, say(locale, words.BOARD_BY, count=count, who=who) if who else (count,)))
    if summary.open and summary.total > summary.open:
        facts.append((words.BOARD_CLOSED, (amount(locale, summary.total - summary.open),)))
    if len(summary.channels) > 1:
        names = [scene.channels.get(channel, "") for channel in summary.channels]
        facts.append((words.BOARD_CHANNELS, _people(names, locale)))
    facts.append((words.STARTED, (Moment(scene.opened_at, scene.timezone, day=True),)))
    facts.append((words.BOARD, (str(scene.board),)))
    return tuple(Fact(name_of(locale, name), value) for name, value in facts)


def _listings(scene: BoardScene) -> tuple[Listing, ...]:
    known = {incident.id for incident in scene.oldest}
    newest = [incident for incident in scene.critical if incident.id not in known]
    groups = ((words.BOARD_OLDEST, scene.oldest), (words.BOARD_CRITICAL, newest))
    return tuple(Listing(name_of(scene.locale, name), _rows(scene, some)) for name, some in groups if some)


def _rows(scene: BoardScene, some: Sequence[Incident]) -> tuple[Text, ...]:
    return tuple(
        say(
            scene.locale,
            words.BOARD_ROW,
            number=incident.id,
            title=cut(line(incident.facts.title), TITLE_IN_ROW),
            at=Moment(incident.opened_at, scene.timezone),
        )
        for incident in some
    )


def _buttons(scene: BoardScene) -> tuple[Button, ...]:
    """Return the button that takes all that the reader sees counted, and nothing that comes after it."""
    summary = scene.summary
    if not summary.untaken:
        return ()
    label = count_of(scene.locale, words.ACKNOWLEDGE_ALL, summary.untaken)
    return (Button(label, f"ackboard {scene.board} v{summary.newest}", Style.PRIMARY),)


def _tone(scene: BoardScene, severity: Severity) -> Tone:
    if not scene.summary.open:
        return Tone.DONE
    return _TONES.get(severity, Tone.INFO) if scene.summary.untaken else Tone.TAKEN


# ---- people and places -----------------------------------------------------------------------------------------------


def _mentions(scene: BoardScene) -> tuple[Person, ...]:
    """Return those who must notice the message; alone with it, one notices it in any case."""
    if scene.direct or not scene.summary.untaken:
        return ()
    persons = [(_name(scene, account), scene.users.get(account)) for account in scene.mention[:MOST_MENTIONS]]
    return tuple(Person(name, user, notify=user is not None) for name, user in persons)


def _name(scene: BoardScene, account: AccountId) -> str:
    return scene.names.get(account) or name_of(scene.locale, words.SOMEBODY)


def _where(scene: BoardScene) -> str:
    """Return the channels in a few words: the one that has most incidents, and how many others there are."""
    first = next((scene.channels.get(channel, "") for channel in scene.summary.channels), "")
    more = len(scene.summary.channels) - 1
    return count_of(scene.locale, words.BOARD_WHERE, more, first=line(first)) if more > 0 else line(first)


def _people(names: Sequence[str], locale: str) -> Text:
    """Return the first names, and how many more there are."""
    shown = _listed(tuple(Person(name) for name in names[:MOST_NAMES]))
    more = len(names) - MOST_NAMES
    return say(locale, words.AND_MORE, first=shown, count=amount(locale, more)) if more > 0 else shown


def _listed(persons: Sequence[Person]) -> Text:
    parts: list[Part] = [part for person in persons for part in (", ", person)]
    return tuple(parts[1:])
