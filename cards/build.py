"""From an incident to what is said about it: the only place that decides what is shown.

A card says in its first lines what is the matter, who has it, and what happens next if nobody acts. Whoever has just
acted is not mentioned, and a closed card mentions nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.domain.event import cut
from bot.domain.incident import Actor, Entry, Happened, Idle, Incident, Progress
from bot.domain.people import AccountId
from cards import doors, words
from cards.card import Button, Card, Confirm, Fact, Moment, Part, Person, Style, Text, Tone
from cards.history import line_of, newest
from cards.plain import line
from cards.words import name_of, say

TITLE_IN_LINE: Final = 200
RESOLUTION_IN_LINE: Final = 300
MOST_LABELS: Final = 7
MOST_HISTORY: Final = 5
# What tells where the trouble is comes first; aliases of one thing stand side by side.
KEY_LABELS: Final = (
    *("service", "app", "application", "instance", "host", "hostname", "node", "resource"),
    *("cluster", "namespace", "pod", "container", "env", "environment", "job", "team", "region", "zone"),
)
_LABELS: Final = {
    "ack": words.ACKNOWLEDGE,
    "unack": words.UNACKNOWLEDGE,
    "escalate": words.ESCALATE,
    "close": words.CLOSE,
    "reopen": words.REOPEN,
}
# What a button that opens a form says: an ellipsis promises that nothing is done yet.
_ASKING: Final = {
    "escalate": words.ASK_ESCALATE,
    "close": words.ASK_CLOSE,
    "snooze": words.ASK_SNOOZE,
    "reassign": words.ASK_REASSIGN,
    "add": words.ASK_ADD,
    "comment": words.ASK_COMMENT,
}
_TONES: Final = {"Critical": Tone.CRITICAL, "Warning": Tone.WARNING}


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that a message about an incident is built from, as it is known where the message will be read.

    `levels`: how many its rule has. `users`: the platform's ids of those who are linked in this workspace. `mention`:
    who must notice this message. `upcoming`: whom the level after this one would tell. `direct`: one person reads it
    alone. `may_repeat`: an earlier try of this message got no answer, so it may be there already. `forms`: where it is
    read, a form can be asked of somebody who clicks.
    """

    incident: Incident
    channel: str
    levels: int
    names: Mapping[AccountId, str]
    users: Mapping[AccountId, str] = field(default_factory=dict)
    timeline: tuple[Happened, ...] = ()
    locale: str = "en"
    timezone: str = "UTC"
    mention: tuple[AccountId, ...] = ()
    upcoming: tuple[AccountId, ...] = ()
    direct: bool = False
    may_repeat: bool = False
    forms: bool = False


def card(scene: Scene) -> Card:
    """Return the card of the incident as it is now."""
    facts = scene.incident.facts
    labels = _labels(facts.labels, (facts.title, str(facts.severity)))
    hidden = len(labels) - MOST_LABELS
    return Card(
        number=scene.incident.id,
        severity=facts.severity,
        severity_word=name_of(scene.locale, words.SEVERITIES[facts.severity]),
        tone=_tone(scene.incident),
        title=facts.title,
        summary=summary(scene, _summary_form(scene.incident)),
        status=status(scene) + repeated(scene),
        facts=_facts(scene),
        description=facts.description,
        labels=labels[:MOST_LABELS],
        more_labels=words.count_of(scene.locale, words.MORE_LABELS, hidden) if hidden > 0 else "",
        images=facts.images,
        links=facts.links,
        history=_history(scene),
        mentions=mentions(scene),
        buttons=buttons(scene),
        repeat=scene.may_repeat,
    )


def summary(scene: Scene, form: str = words.SUMMARY) -> str:
    """Return the incident in one line whose first characters say how bad it is and what it is."""
    facts = scene.incident.facts
    severity = name_of(scene.locale, words.SEVERITIES[facts.severity])
    title = cut(line(facts.title), TITLE_IN_LINE)
    return name_of(scene.locale, form, severity=severity, title=title, number=scene.incident.id)


def status(scene: Scene) -> Text:
    """Return who has it and what happens next."""
    incident, locale = scene.incident, scene.locale
    if incident.progress is Progress.CLOSED:
        return _ended(scene)
    if incident.snoozed_until is not None:
        return _snoozed(scene, Moment(incident.snoozed_until, scene.timezone, day=True))
    if incident.acknowledged is not None:
        at = Moment(incident.acknowledged.at, scene.timezone)
        said = say(locale, words.ACKNOWLEDGED, who=by(scene, incident.acknowledged.by), at=at)
        return said + _next(scene, words.NEXT_UNLESS_CLOSED, words.LAST_UNLESS_CLOSED)
    if incident.idle is Idle.NO_RULE:
        return say(locale, words.NO_RULE, channel=scene.channel)
    if incident.exhausted_at is not None:
        at = Moment(incident.exhausted_at, scene.timezone)
        return say(locale, words.EXHAUSTED, levels=scene.levels, at=at)
    return _paging(scene) + _next(scene, words.NEXT_UNLESS_ACKNOWLEDGED, words.LAST_UNLESS_ACKNOWLEDGED)


def repeated(scene: Scene) -> Text:
    """Return that the reader may have seen this message before, where that is possible."""
    return say(scene.locale, words.MAY_REPEAT) if scene.may_repeat else ()


def by(scene: Scene, actor: Actor) -> Text:
    """Return who it was, and through which door."""
    form = doors.BY_DOOR.get(actor.via, words.BY_CHAT)
    return say(scene.locale, form, name=_who(scene, actor), place=actor.via)


def mentions(scene: Scene) -> tuple[Person, ...]:
    """Return those who must notice a message: nobody where they would in any case, and not who has just acted."""
    if scene.direct or not scene.incident.is_open:
        return ()
    notified = newest(scene.timeline, Entry.NOTIFIED)
    deeds = [
        item
        for item in scene.timeline
        if item.record.by.account is not None and (notified is None or item.at >= notified.at)
    ]
    acted = deeds[-1].record.by.account if deeds else None
    return tuple(_person(scene, account) for account in scene.mention if account != acted)


def buttons(scene: Scene) -> tuple[Button, ...]:
    """Return what a reader can do now, the most wanted first."""
    incident = scene.incident
    if not incident.is_open:
        return (_reopen(scene),)
    taken = incident.progress is Progress.PROCESSING
    first = _button(scene, "unack") if taken else acknowledge(scene)
    if scene.forms:
        return (first, *(_ask(scene, verb) for verb in _ASKING))
    further = incident.level + 1 < scene.levels
    return (first, *((_escalate(scene),) if further else ()), _close(scene))


def acknowledge(scene: Scene) -> Button:
    """Return the button by which somebody takes it."""
    return _button(scene, "ack", Style.PRIMARY)


# ---- status ----------------------------------------------------------------------------------------------------------


def _ended(scene: Scene) -> Text:
    incident, locale = scene.incident, scene.locale
    if incident.closed is None:
        return ()
    at = Moment(incident.closed.at, scene.timezone)
    lasted = words.duration(locale, incident.closed.at - incident.opened_at)
    if incident.recovered:
        return say(locale, words.RECOVERED, at=at, duration=lasted)
    form = words.CLOSED_WITH if incident.resolution else words.CLOSED
    resolution = cut(incident.resolution, RESOLUTION_IN_LINE)
    who = by(scene, incident.closed.by)
    return say(locale, form, who=who, at=at, duration=lasted, resolution=resolution)


def _snoozed(scene: Scene, until: Moment) -> Text:
    happened = newest(scene.timeline, Entry.SNOOZED)
    if happened is None:
        return say(scene.locale, words.SNOOZED, until=until)
    return say(scene.locale, words.SNOOZED_BY, who=by(scene, happened.record.by), until=until)


def _paging(scene: Scene) -> Text:
    incident = scene.incident
    told = _told(scene)
    if incident.assigned and told:
        form = words.ASSIGNED_BY_HAND if incident.idle is Idle.BY_HAND else words.ASSIGNED
    else:
        form = words.PAGING if told else words.PAGING_LEVEL
    return say(scene.locale, form, who=told, level=incident.level + 1, levels=scene.levels)


def _told(scene: Scene) -> Text:
    """Whom the newest notification went to: mentioned where they shall notice it, else by name."""
    persons = mentions(scene)
    if persons:
        return _listed(persons)
    told = [item.record for item in scene.timeline if item.record.entry in (Entry.NOTIFIED, Entry.UNDONE)]
    # What was taken back has told nobody, unless it says who has it again.
    records = [record for record in told if record.entry is Entry.NOTIFIED or record.said.get("to")]
    names = str(records[-1].said.get("to", "")) if records else ""
    return (names,) if names else ()


def _next(scene: Scene, further: str, last: str) -> Text:
    incident = scene.incident
    if incident.escalate_at is None:
        return ()
    form = further if incident.level + 1 < scene.levels else last
    return say(scene.locale, form, level=incident.level + 2, at=Moment(incident.escalate_at, scene.timezone))


# ---- parts of the card -----------------------------------------------------------------------------------------------


def _tone(incident: Incident) -> Tone:
    if not incident.is_open:
        return Tone.DONE
    if incident.snoozed_until is not None:
        return Tone.QUIET
    if incident.progress is Progress.PROCESSING:
        return Tone.TAKEN
    return _TONES.get(incident.facts.severity, Tone.INFO)


def _summary_form(incident: Incident) -> str:
    if not incident.is_open:
        return words.SUMMARY_RECOVERED if incident.recovered else words.SUMMARY_CLOSED
    if incident.snoozed_until is not None:
        return words.SUMMARY_SNOOZED
    return words.SUMMARY_ACKNOWLEDGED if incident.progress is Progress.PROCESSING else words.SUMMARY


def _facts(scene: Scene) -> tuple[Fact, ...]:
    incident, locale = scene.incident, scene.locale
    started = Moment(incident.opened_at, scene.timezone, day=True)
    facts = [Fact(name_of(locale, words.CHANNEL), (scene.channel,)), Fact(name_of(locale, words.STARTED), (started,))]
    if incident.responders:
        responders = _listed(Person(_person(scene, responder.account).name) for responder in incident.responders)
        facts.append(Fact(name_of(locale, words.RESPONDERS), responders))
    tally = incident.facts.tally
    if tally.total > 1:
        alerts = say(locale, words.ALERTS_ACTIVE, active=tally.active, total=tally.total)
        facts.append(Fact(name_of(locale, words.ALERTS), alerts))
    return tuple(facts)


def _labels(labels: Mapping[str, str], shown: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the labels, those that say where first, without what the card's head `shown` already."""
    known = {text.casefold() for text in shown}
    told = [(key, value) for key, value in labels.items() if value.casefold() not in known]
    places = {key: place for place, key in enumerate(KEY_LABELS)}
    return tuple(sorted(told, key=lambda label: places.get(label[0].casefold(), len(places))))


def _history(scene: Scene) -> tuple[Text, ...]:
    """Return the last things that somebody should know, oldest first. Whom a reassignment told is said by itself."""
    before = (None, *(item.record.entry for item in scene.timeline))
    said = [
        (Moment(item.at, scene.timezone), " ", *sentence)
        for item, previous in zip(scene.timeline, before, strict=False)
        if not (previous is Entry.REASSIGNED and item.record.entry is Entry.NOTIFIED)
        and (sentence := line_of(item.record, _who(scene, item.record.by), scene.locale, scene.timezone))
    ]
    return tuple(said[-MOST_HISTORY:])


def _button(scene: Scene, verb: str, style: Style = Style.PLAIN, confirm: Confirm | None = None) -> Button:
    """Return a button; its token is a sentence of the chat grammar with the version that the reader sees."""
    label = name_of(scene.locale, _LABELS[verb])
    return Button(label, f"{verb} {scene.incident.id} v{scene.incident.version}", style, confirm)


def _ask(scene: Scene, verb: str) -> Button:
    """Return a button that opens a form."""
    style = Style.DANGER if verb == "close" else Style.PLAIN
    label = name_of(scene.locale, _ASKING[verb])
    return Button(label, f"{verb}? {scene.incident.id} v{scene.incident.version}", style)


def _confirm(scene: Scene, title: str, text: str, verb: str) -> Confirm:
    locale = scene.locale
    title = name_of(locale, title, number=scene.incident.id)
    return Confirm(title, text, yes=name_of(locale, _LABELS[verb]), no=name_of(locale, words.CANCEL))


def _escalate(scene: Scene) -> Button:
    who = ", ".join(_person(scene, account).name for account in scene.upcoming)
    form = words.ESCALATE_TEXT_NAMES if who else words.ESCALATE_TEXT
    text = name_of(scene.locale, form, level=scene.incident.level + 2, levels=scene.levels, who=who)
    return _button(scene, "escalate", confirm=_confirm(scene, words.ESCALATE_TITLE, text, "escalate"))


def _close(scene: Scene) -> Button:
    text = name_of(scene.locale, words.CLOSE_TEXT)
    return _button(scene, "close", Style.DANGER, _confirm(scene, words.CLOSE_TITLE, text, "close"))


def _reopen(scene: Scene) -> Button:
    text = name_of(scene.locale, words.REOPEN_TEXT if scene.levels else words.REOPEN_TEXT_NO_RULE)
    return _button(scene, "reopen", confirm=_confirm(scene, words.REOPEN_TITLE, text, "reopen"))


def _who(scene: Scene, actor: Actor) -> Text:
    """Return who it was, by name: nobody is mentioned for what is past."""
    return (
        (Person(_person(scene, actor.account).name),) if actor.account is not None else say(scene.locale, words.ONCARD)
    )


def _person(scene: Scene, account: AccountId) -> Person:
    name = scene.names.get(account) or name_of(scene.locale, words.SOMEBODY)
    user = scene.users.get(account)
    return Person(name, user, notify=user is not None)


def _listed(persons: Iterable[Person]) -> Text:
    parts: list[Part] = [part for person in persons for part in (", ", person)]
    return tuple(parts[1:])
