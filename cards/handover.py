"""What is said of a hand-over: before a shift to whoever begins it, and to the others when nobody has confirmed.

Every message shows how it stands now: who has the pager, who keeps it, or that nothing is to be done any more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.domain.event import Severity, cut
from bot.domain.handover import KEPT_FOR, Handover, Kept, Occasion, Stage, Why
from bot.domain.incident import Incident
from bot.domain.people import AccountId
from cards import words
from cards.answers import MOST_NAMED, Readers
from cards.card import Button, Card, Fact, Listing, Moment, Note, Part, Style, Text, Tone
from cards.plain import line
from cards.schedule import role_of
from cards.words import amount, duration, name_of, say

NAME_LIMIT: Final = 80
MOST_SHIFTS: Final = 6

HANDOVER: Final = "Hand-over"
NEXT_SHIFT: Final = "Your next shift: {shifts}"
NOT_CONFIRMED_TITLE: Final = "{name} has not confirmed: {shifts}"
SHIFT: Final = "{schedule} · {role}"
FROM_UNTIL: Final = "{start} to {end}"
FROM: Final = "from {start}"
SHIFTS_JOINED: Final = "{first} and {count} more"

ASK: Final = "You are on call from {at}. [Confirm] that you have the pager."
ASK_AGAIN: Final = "You are on call from {at} and have [not confirmed] yet that you have the pager."
ASK_LATE: Final = (
    "⚠️ You are on call since {at} and have [not confirmed] that you have the pager. Others were told at {told}."
)
YOU_HAVE: Final = "[You have the pager] since {at}."
HAS: Final = "[{who} has the pager] since {at}."
KEEPS: Final = "[{who} has the pager] until {until}, since {name} has not confirmed."
YOU_KEEP: Final = "[You have the pager] until {until}, since {name} has not confirmed."
TAKEN_AWAY: Final = "[This shift is no longer yours]: there is nothing to confirm."
NO_SHIFT: Final = "[{name} does not have this shift any more]: there is nothing to do."
SILENT_OUTGOING: Final = (
    "⚠️ {name} is on call since {at} and has [not confirmed]. Keep the pager for a while, or call the backup."
)
SILENT: Final = "⚠️ {name} is on call since {at} and has [not confirmed]. Told as well: {told}."
SILENT_ALONE: Final = "⚠️ {name} is on call since {at} and has [not confirmed]. Nobody else is on duty."
CALLED: Final = "⚠️ {who} [asks you to take the pager]: {name} is on call since {at} and has not confirmed."
BACKUP_CALLED: Final = " {who} called the backup at {at}."
TO_CONFIRM: Final = "To confirm, write “pager” to Oncard."

CONFIRM: Final = "I have the pager"
TEST: Final = "Test my methods"
KEEP: Final = "I keep it for {time}"
TAKE: Final = "I take it for {time}"
CALL_BACKUP: Final = "Page the backup"

HANDS_OVER: Final = "Hands over"
BACKUP: Final = "Backup"
OPEN: Final = "Open incidents"
NOBODY: Final = "nobody"
WORST: Final = "The worst"
METHODS: Final = "Your methods"
OPEN_ROW: Final = "#{number} {severity}: {title} · {channel}"

CONFIRMED: Final = "[You have the pager]: {shifts}."
KEPT: Final = "[You have the pager] until {until}: {shifts}. {name} is asked again before that."
BACKUP_PAGED: Final = "The backup is being told by every way at once: {who}."
NOTHING_OPEN: Final = "You have no hand-over to confirm."
NEXT_IS: Final = "You have no hand-over to confirm. Your next shift begins at {at}: {shifts}."
ALREADY: Final = "You have confirmed already: {shifts}."
UNKNOWN: Final = "There is no hand-over of that number that you have a part in."
NOT_BY_SMS: Final = "By SMS “pager” only confirms; the rest is done in the chat. Nothing changed."
REFUSED: Final[Mapping[Why, str]] = MappingProxyType(
    {
        Why.NOT_YOURS: "Only who was asked can decide this; nothing changed.",
        Why.ALREADY_CONFIRMED: "{name} has confirmed already and has the pager; nothing changed.",
        Why.KEPT: "{who} has the pager until {until}; nothing changed.",
        Why.WITHDRAWN: "{name} does not have this shift any more; nothing changed.",
        Why.OVER: "This shift is over; nothing changed.",
        Why.NO_BACKUP: "No backup is on duty; nothing changed.",
        Why.ALREADY_CALLED: "The backup has been called already; nothing changed.",
    }
)
DOES_PAGER: Final = "confirm that you have the pager, or have all your methods rung once"
SAY_PAGER: Final = "For example: {example}"


@dataclass(frozen=True, slots=True)
class Shift:
    """A role of a schedule that is taken over; `end` None: not in sight."""

    schedule: str
    role: str
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that a message about a hand-over is built from, as its reader sees it.

    `number`: the hand-over's. `reader`: who reads it. `count`: how many incidents are open where this schedule is told;
    `worst`: the worst of them, each with its channel. `methods`: what came of the test of the reader's methods.
    """

    number: int
    handover: Handover
    occasion: Occasion
    reader: AccountId
    shifts: tuple[Shift, ...]
    names: Mapping[AccountId, str]
    count: int = 0
    worst: Sequence[tuple[Incident, str]] = ()
    methods: tuple[Text, ...] = ()
    locale: str = "en"
    timezone: str = "UTC"

    @property
    def is_incoming(self) -> bool:
        """Whether it is read by who comes on duty."""
        return self.reader == self.handover.takeover.account

    @property
    def name(self) -> str:
        """Return who comes on duty."""
        return self.names.get(self.handover.takeover.account, name_of(self.locale, words.SOMEBODY))

    def moment(self, at: datetime) -> Moment:
        """Return an instant in the reader's zone."""
        return Moment(at, self.timezone, day=at.date() != self.handover.takeover.at.date())


def card(scene: Scene) -> Card:
    """Return the message as it stands now."""
    stage = scene.handover.stage
    title = _title(scene)
    return Card(
        number=None,
        severity=Severity.INFO if _is_quiet(scene) else Severity.WARNING,
        severity_word=name_of(scene.locale, HANDOVER),
        tone=_tone(scene),
        title=title,
        summary=title,
        status=status(scene),
        facts=_facts(scene),
        listings=_listings(scene) if stage is not Stage.WITHDRAWN else (),
        buttons=_buttons(scene),
    )


def note(scene: Scene) -> Note:
    """Return the same in words, for what shows no card."""
    hint = (" ", *say(scene.locale, TO_CONFIRM)) if scene.is_incoming and _is_asked(scene) else ()
    head = (f"{_title(scene)}. ",)
    return Note((*head, *status(scene), *hint), buttons=_buttons(scene))


def status(scene: Scene) -> Text:
    """Return who has the pager, or that nobody has said so."""
    handover, locale = scene.handover, scene.locale
    if handover.withdrawn_at is not None:
        return say(locale, TAKEN_AWAY if scene.is_incoming else NO_SHIFT, name=scene.name)
    if handover.kept is not None:
        return _kept(scene, handover.kept)
    if handover.confirmed_at is not None:
        at = scene.moment(handover.confirmed_at)
        return say(locale, YOU_HAVE if scene.is_incoming else HAS, who=scene.name, at=at)
    return _asked(scene) if scene.is_incoming else _silent(scene)


def _kept(scene: Scene, kept: Kept) -> Text:
    form = YOU_KEEP if kept.by == scene.reader else KEEPS
    parts: dict[str, Part] = {"who": _who(scene, [kept.by]), "name": scene.name}
    return say(scene.locale, form, until=scene.moment(kept.until), **parts)


def _asked(scene: Scene) -> Text:
    """Return what is asked of who comes on duty."""
    handover, at = scene.handover, scene.moment(scene.handover.takeover.at)
    if handover.told_at is not None:
        return say(scene.locale, ASK_LATE, at=at, told=scene.moment(handover.told_at))
    return say(scene.locale, ASK_AGAIN if handover.reminded_at is not None else ASK, at=at)


def _silent(scene: Scene) -> Text:
    """Return what the others are told, each by their part in it."""
    handover, crew = scene.handover, scene.handover.takeover.crew
    at, paged = scene.moment(handover.takeover.at), handover.paged
    parts: dict[str, Part] = {"name": scene.name, "at": at}
    if scene.occasion is Occasion.PAGE and paged is not None:
        return say(scene.locale, CALLED, who=_who(scene, [paged.by]), **parts)
    if scene.reader in crew.outgoing and crew.backups:
        said = say(scene.locale, SILENT_OUTGOING, **parts)
    elif told := [one for one in (*crew.outgoing, *crew.backups) if one != scene.reader]:
        said = say(scene.locale, SILENT, told=_who(scene, told), **parts)
    else:
        said = say(scene.locale, SILENT_ALONE, **parts)
    if paged is None:
        return said
    return said + say(scene.locale, BACKUP_CALLED, who=_who(scene, [paged.by]), at=scene.moment(paged.at))


# ---- answers ---------------------------------------------------------------------------------------------------------


def confirmed(shifts: Sequence[Shift], locale: str) -> Note:
    """Return that somebody has the pager now."""
    return Note(say(locale, CONFIRMED, shifts=_shifts(shifts, locale)), done=True)


def already(shifts: Sequence[Shift], locale: str) -> Note:
    """Return that somebody has confirmed before."""
    return Note(say(locale, ALREADY, shifts=_shifts(shifts, locale)))


def kept(shifts: Sequence[Shift], until: datetime, name: str, readers: Readers) -> Note:
    """Return that somebody keeps the pager."""
    parts: dict[str, Part] = {"until": Moment(until, readers.timezone), "shifts": _shifts(shifts, readers.locale)}
    return Note(say(readers.locale, KEPT, **parts, name=name), done=True)


def backup_paged(names: Sequence[str], locale: str) -> Note:
    """Return that the backup is called."""
    return Note(say(locale, BACKUP_PAGED, who=", ".join(names[:MOST_NAMED])), done=True)


def refused(why: Why, handover: Handover, readers: Readers) -> Note:
    """Return why it was not done."""
    kept = handover.kept
    parts: dict[str, Part] = {"name": readers.names.get(handover.takeover.account, "")}
    if kept is not None:
        parts |= {"who": readers.names.get(kept.by, ""), "until": Moment(kept.until, readers.timezone)}
    return Note(say(readers.locale, REFUSED[why], **parts))


def nothing_open(at: datetime | None, shifts: Sequence[Shift], readers: Readers) -> Note:
    """Return that there is nothing to confirm, and when the next shift begins if that is known."""
    if at is None:
        return Note(say(readers.locale, NOTHING_OPEN))
    when = Moment(at, readers.timezone, day=True)
    return Note(say(readers.locale, NEXT_IS, at=when, shifts=_shifts(shifts, readers.locale)))


def not_by_sms(locale: str) -> Note:
    """Return that this is done where people are known better."""
    return Note(say(locale, NOT_BY_SMS))


def unknown(locale: str) -> Note:
    """Return that no such hand-over is known."""
    return Note(say(locale, UNKNOWN))


# ---- parts of the card -----------------------------------------------------------------------------------------------


def _title(scene: Scene) -> str:
    shifts = _shifts(scene.shifts, scene.locale)
    if scene.is_incoming:
        return name_of(scene.locale, NEXT_SHIFT, shifts=shifts)
    return name_of(scene.locale, NOT_CONFIRMED_TITLE, name=scene.name, shifts=shifts)


def _is_asked(scene: Scene) -> bool:
    return scene.handover.stage not in (Stage.CONFIRMED, Stage.KEPT, Stage.WITHDRAWN)


def _is_quiet(scene: Scene) -> bool:
    return not _is_asked(scene) or scene.handover.told_at is None


def _tone(scene: Scene) -> Tone:
    if scene.handover.stage is Stage.WITHDRAWN:
        return Tone.QUIET
    if not _is_asked(scene):
        return Tone.DONE
    return Tone.WARNING if scene.handover.told_at is not None else Tone.INFO


def _facts(scene: Scene) -> tuple[Fact, ...]:
    locale, takeover = scene.locale, scene.handover.takeover
    start = Moment(takeover.at, scene.timezone, day=True)
    facts = [
        Fact(
            _shift(one, locale),
            say(locale, FROM_UNTIL, start=start, end=Moment(one.end, scene.timezone, day=True))
            if one.end is not None
            else say(locale, FROM, start=start),
        )
        for one in scene.shifts[:MOST_SHIFTS]
    ]
    crew = takeover.crew
    facts.append(Fact(name_of(locale, HANDS_OVER), (_who(scene, crew.outgoing),)))
    facts.append(Fact(name_of(locale, BACKUP), (_who(scene, crew.backups),)))
    facts.append(Fact(name_of(locale, OPEN), (amount(locale, scene.count),)))
    return tuple(facts)


def _listings(scene: Scene) -> tuple[Listing, ...]:
    locale = scene.locale
    worst = tuple(
        say(
            locale,
            OPEN_ROW,
            number=incident.id,
            severity=name_of(locale, words.SEVERITIES[incident.facts.severity]),
            title=cut(line(incident.facts.title), NAME_LIMIT),
            channel=channel,
        )
        for incident, channel in scene.worst
    )
    groups = ((WORST, worst), (METHODS, scene.methods if scene.is_incoming else ()))
    return tuple(Listing(name_of(locale, name), rows) for name, rows in groups if rows)


def _buttons(scene: Scene) -> tuple[Button, ...]:
    number, locale = scene.number, scene.locale
    test = Button(name_of(locale, TEST), "pager test")
    if scene.is_incoming:
        if not _is_asked(scene):
            return (test,) if scene.handover.stage is Stage.CONFIRMED else ()
        return (Button(name_of(locale, CONFIRM), f"pager confirm {number}", Style.PRIMARY), test)
    if not _is_asked(scene):
        return ()
    crew = scene.handover.takeover.crew
    keep = KEEP if scene.reader in crew.outgoing else TAKE
    buttons = [Button(name_of(locale, keep, time=duration(locale, KEPT_FOR)), f"pager keep {number}", Style.PRIMARY)]
    if crew.backups and scene.reader not in crew.backups and scene.handover.paged is None:
        buttons.append(Button(name_of(locale, CALL_BACKUP), f"pager backup {number}"))
    return tuple(buttons)


def _who(scene: Scene, accounts: Iterable[AccountId]) -> str:
    somebody = name_of(scene.locale, words.SOMEBODY)
    named = [scene.names.get(one, somebody) for one in accounts]
    return ", ".join(named[:MOST_NAMED]) or name_of(scene.locale, NOBODY)


def _shifts(shifts: Sequence[Shift], locale: str) -> str:
    """Return the first shift, and how many more there are."""
    first = _shift(shifts[0], locale) if shifts else name_of(locale, NOBODY)
    more = len(shifts) - 1
    return name_of(locale, SHIFTS_JOINED, first=first, count=amount(locale, more)) if more > 0 else first


def _shift(shift: Shift, locale: str) -> str:
    schedule = cut(line(shift.schedule), NAME_LIMIT)
    return name_of(locale, SHIFT, schedule=schedule, role=role_of(shift.role, locale))
