"""Short messages beside the card: reminders, word for the team and the admins, answers to one person.

Those about an incident begin with its severity and title, because a lock screen shows little more. An answer says what
happened, who stands in the way and since when, and what to do instead.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.delivery import OVER
from bot.domain.event import cut
from bot.domain.incident import (
    LONGEST_SNOOZE,
    UNDO_WITHIN,
    Entry,
    Idle,
    Incident,
    Progress,
    Reason,
    Record,
    Refused,
)
from cards import words
from cards.assigning import nobody_on_call
from cards.build import TITLE_IN_LINE, Scene, acknowledge, by, mentions, repeated, status, summary
from cards.card import Button, Moment, Note, Strong, Text
from cards.history import line_of, newest, parts_of
from cards.plain import line, spoken
from cards.words import form_of, name_of, say

HINT_LIMIT: Final = 200
LABEL_LIMIT: Final = 60
MOST_CHOICES: Final = 5


def reminder(scene: Scene, turn: int) -> Note:
    """Return the note under a card that stands there already; `turn` counts the loop's turns from 1.

    Turn 0: a level is told now in a place that knows the incident, because it climbed, or was opened again. Before it:
    somebody is told who was added.
    """
    if turn <= 0:
        paged = say(scene.locale, words.PAGED, incident=Strong(summary(scene)), status=status(scene))
        return _aloud(scene, paged)
    return _aloud(scene, say(scene.locale, words.REMINDER, incident=Strong(summary(scene)), turn=turn))


def announcement(scene: Scene, entry: Entry) -> Note:
    """Return what people must know.

    The team and the admins: that nobody acknowledged, or nobody was told, or a level failed. Those who were paged where
    no card could change: that it is over, or in other hands.
    """
    incident = Strong(summary(scene))
    if entry is Entry.EXHAUSTED:
        return _aloud(scene, say(scene.locale, words.ANNOUNCE_EXHAUSTED, incident=incident, levels=scene.levels))
    if entry is Entry.NO_RULE:
        return _aloud(
            scene, say(scene.locale, words.ANNOUNCE_NO_RULE, incident=incident, channel=Strong(scene.channel))
        )
    if entry is Entry.LEVEL_FAILED:
        return _aloud(scene, _failed(scene, incident))
    if entry in OVER:
        return replace(_aloud(scene, (incident, " · ", *status(scene))), over=True)
    raise ValueError(f"nobody is told by an announcement that it was {entry}")


def refusal(scene: Scene, refused: Refused, now: datetime) -> Note:
    """Return why an action did nothing, for the person who tried it."""
    locale, reason, deed = scene.locale, refused.reason, refused.deed
    if deed is not None and reason in words.REFUSED_BECAUSE:
        ago = words.duration(locale, now - deed.at)
        return Note(say(locale, words.REFUSED_BECAUSE[reason], who=by(scene, deed.by), ago=ago))
    coming = nobody_on_call(refused, scene.incident.id, scene.names, (locale, scene.timezone))
    if coming:
        return Note(coming)
    without = not scene.levels and reason in (Reason.NO_SUCH_LEVEL, Reason.NO_FURTHER_LEVEL)
    return Note(
        say(
            locale,
            words.NO_LEVELS if without else words.REFUSED[reason],
            number=scene.incident.id,
            channel=Strong(scene.channel),
            levels=scene.levels,
            longest=words.duration(locale, LONGEST_SNOOZE),
            status=status(scene),
        )
    )


def done(scene: Scene, record: Record) -> Note | None:
    """Return what an action did, for the person who did it; None for an entry that no person's action makes.

    With the button that takes it back, while that is possible.
    """
    form = words.DONE.get(record.entry)
    if form is None:
        return None
    incident, goes_on = scene.incident, scene.incident.escalate_at
    if record.entry is Entry.ACKNOWLEDGED and goes_on is not None:
        form = words.DONE_GOES_ON if incident.level + 1 < scene.levels else words.DONE_GOES_ON_LAST
    if record.entry is Entry.REOPENED and not scene.levels:
        form = words.REOPENED_NO_RULE
    if record.entry is Entry.ADDED and record.said.get("already"):
        form = words.DONE_ADDED_SOME
    parts = parts_of(record, scene.timezone) | {
        "title": Strong(cut(line(incident.facts.title), TITLE_IN_LINE)),
        "channel": Strong(scene.channel),
        "next": str(incident.level + 2),
        "at": Moment(goes_on, scene.timezone) if goes_on else "",
    }
    said = say(scene.locale, form, number=incident.id, levels=scene.levels, status=status(scene), **parts)
    if incident.undo is None or record.entry is not incident.undo.entry:
        return Note(said, done=True)
    undo = Button(name_of(scene.locale, words.UNDO), f"undo {incident.id} v{incident.undo.version}")
    can_undo = say(scene.locale, words.CAN_UNDO, lasts=words.duration(scene.locale, UNDO_WITHIN), number=incident.id)
    return Note(said + can_undo, buttons=(undo,), done=True)


def try_again(locale: str = "en") -> Note:
    """Return that what somebody asked for could not be carried out, through no fault of theirs."""
    return Note(say(locale, words.TRY_AGAIN))


def not_understood(said: str, hint: Text, locale: str = "en", *, field: str = "") -> Note:
    """Return that what was said is no command; `hint` is a line that says what is.

    `field`: the field of a form in which it was said.
    """
    if field:
        return Note(hint, field=field)
    return Note(say(locale, words.NOT_UNDERSTOOD, said=cut(line(said), HINT_LIMIT), hint=hint))


def who_is_meant(name: str, choices: Sequence[tuple[str, str]], locale: str = "en") -> Note:
    """Return that a name means several; each choice is a label and the sentence in which it is clear."""
    rows: tuple[Text, ...] = tuple((label,) for label, _ in choices)
    buttons = tuple(Button(label, token) for label, token in choices[:MOST_CHOICES])
    return Note(say(locale, words.WHO_IS_MEANT, name=cut(line(name), HINT_LIMIT)), buttons=buttons, rows=rows)


def which_incident(choices: Sequence[tuple[Incident, str]], locale: str = "en") -> Note:
    """Return that several incidents can be meant, each with the sentence in which it is clear."""
    buttons = tuple(
        Button(cut(f"#{incident.id} {line(incident.facts.title)}", LABEL_LIMIT), token)
        for incident, token in choices[:MOST_CHOICES]
    )
    return Note(say(locale, words.WHICH_INCIDENT), buttons=buttons)


def several(done: int, answers: Sequence[tuple[int, Note]], locale: str = "en") -> Note:
    """Return what became of several incidents that were named at once, by number; `done` of them as asked."""
    count = len(answers)
    head = say(locale, form_of(words.DONE_WITH, count), done=Strong(str(done)), count=count)
    return Note(head, rows=tuple(_numbered(number, answer.text) for number, answer in answers))


def _numbered(number: int, text: Text) -> Text:
    return text if f"#{number}" in spoken(text) else (Strong(f"#{number}"), " · ", *text)


def click_again(locale: str = "en") -> Note:
    """Return that a form could not be opened any more."""
    return Note(say(locale, words.CLICK_AGAIN))


def unknown_incident(number: int, locale: str = "en") -> Note:
    """Return that no incident has this number."""
    return Note(say(locale, words.UNKNOWN_INCIDENT, number=number))


def unreadable_incident(number: int, locale: str = "en") -> Note:
    """Return that what is stored of this incident cannot be read, so that nobody can do anything with it."""
    return Note(say(locale, words.UNREADABLE_INCIDENT, number=number))


def _failed(scene: Scene, incident: Strong) -> Text:
    happened = newest(scene.timeline, Entry.LEVEL_FAILED)
    failed = happened.record.said.get("level", "") if happened else scene.incident.level + 1
    last = scene.incident.idle is Idle.EXHAUSTED
    form = words.ANNOUNCE_FAILED_LAST if last else words.ANNOUNCE_FAILED_NEXT
    level = scene.incident.level + 1
    said = say(scene.locale, form, incident=incident, failed=failed, level=level, levels=scene.levels)
    refused = newest(scene.timeline, Entry.NOT_DELIVERED)
    if refused is None:
        return said
    why = line_of(refused.record, (), scene.locale, scene.timezone)
    return said + say(scene.locale, words.FAILED_BECAUSE, refusal=why)


def _aloud(scene: Scene, text: Text) -> Note:
    """Return a note that all who see the card see, with the button that ends it."""
    waits = scene.incident.progress is Progress.TRIGGERED
    buttons: tuple[Button, ...] = (acknowledge(scene),) if waits else ()
    return Note(text + repeated(scene), mentions(scene), buttons, aloud=not scene.direct, repeat=scene.may_repeat)
