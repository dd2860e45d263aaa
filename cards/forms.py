"""The forms: what is asked before something is done to an incident. Each is a pure function of scene and offer.

A form's token is the sentence that it completes, with the version that the reader sees; the values of its choices are
words of the chat grammar: `level 2`, `@7` (an account), `@t3` (a team), `@s5` (who is on call), `240m`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.domain.escalation import Level
from bot.domain.flow import rules_of
from bot.domain.incident import Incident
from bot.domain.organisation import Organisation
from bot.domain.people import Account, Target, TargetKind, Team
from bot.domain.schedule import Schedule, ScheduleId, roles
from cards import words
from cards.assigning import FIELD_SCHEDULE, staffed, token_of
from cards.build import Scene, status, summary
from cards.card import Text
from cards.form import Choice, Field, Form
from cards.plain import zone
from cards.words import count_of, duration, name_of, say

MOST_CHOICES: Final = 100
TITLE_LIMIT: Final = 24
LABEL_LIMIT: Final = 70
# All in minutes: one of them and a time that was written besides are no sum, as `1h 30m` would be.
SNOOZES: Final = (
    ("15m", timedelta(minutes=15)),
    ("60m", timedelta(hours=1)),
    ("240m", timedelta(hours=4)),
    ("480m", timedelta(hours=8)),
)
MORNING: Final = 9


@dataclass(frozen=True, slots=True)
class Rung:
    """A level as it is offered: the names of those who are on it now, and in how many chats it is told."""

    names: tuple[str, ...]
    chats: int = 0


@dataclass(frozen=True, slots=True)
class Duty:
    """A schedule, or one role of it, as it is offered: whom it means, and the names of those who are on call now."""

    target: Target
    schedule: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What there is to choose from: people and teams, those of the channel's team first; levels; `now` it is asked.

    `duties`: those of the schedules that the incident's rule names first.
    """

    accounts: tuple[Account, ...]
    teams: tuple[Team, ...]
    levels: tuple[Rung, ...]
    now: datetime
    duties: tuple[Duty, ...] = ()


def offer(incident: Incident, organisation: Organisation, now: datetime) -> Offer:
    """Return what the forms of this incident offer."""
    people = organisation.people
    own = organisation.channel(incident.channel).team
    team = people.teams.get(own) if own is not None else None
    near = frozenset(team.members) if team is not None else frozenset()
    active = (account for account in people.accounts.values() if account.active)
    levels = rules_of(incident, organisation).levels
    return Offer(
        accounts=tuple(sorted(active, key=lambda one: (one.id not in near, one.name.casefold(), one.id))),
        teams=tuple(sorted(people.teams.values(), key=lambda one: (one.id != own, one.name.casefold(), one.id))),
        levels=tuple(rung(level, organisation) for level in levels),
        now=now,
        duties=tuple(_duties(levels, organisation, now))[:MOST_CHOICES],
    )


def _duties(levels: Iterable[Level], organisation: Organisation, now: datetime) -> Iterator[Duty]:
    """Yield each active schedule, and after it its roles where it has several."""
    named = {target.id for level in levels for target in level.targets if target.kind is TargetKind.SCHEDULE}
    known = [one for one in organisation.schedules.values() if one.active]
    for one in sorted(known, key=lambda one: (one.id not in named, one.name.casefold(), one.id))[:MOST_CHOICES]:
        yield from _duties_of(one, organisation, now)


def _duties_of(schedule: Schedule, organisation: Organisation, now: datetime) -> Iterator[Duty]:
    posts = organisation.duty(ScheduleId(schedule.id), "", now)
    accounts = organisation.people.accounts
    known = roles(schedule)
    for role in ("", *known) if len(known) > 1 else ("",):
        on_call = dict.fromkeys(post.account for post in posts if role in ("", post.role))
        names = tuple(accounts[one].name for one in on_call if one in accounts and accounts[one].active)
        yield Duty(Target(TargetKind.SCHEDULE, schedule.id, role), schedule.name, names)


def close(scene: Scene, offered: Offer) -> Form:
    """Ask what fixed it."""
    del offered  # Nothing is chosen.
    text = Field(
        "text",
        name_of(scene.locale, words.FIELD_RESOLUTION),
        hint=name_of(scene.locale, words.FIELD_RESOLUTION_HINT),
        lines=True,
    )
    more = say(scene.locale, words.CLOSE_TEXT)
    return _form(scene, "close", (words.FORM_CLOSE, words.CLOSE), (text,), more)


def escalate(scene: Scene, offered: Offer) -> Form:
    """Ask which level is to be paged, or who; with nothing chosen it is the next level."""
    at = scene.incident.level
    levels = tuple(
        Choice(_rung_label(scene, number, staffed), f"level {number}")
        for number, staffed in sorted(enumerate(offered.levels, start=1), key=lambda one: (one[0] <= at + 1, one[0]))
    )
    level = (Field("level", name_of(scene.locale, words.FIELD_LEVEL), levels[:MOST_CHOICES]),) if levels else ()
    more = say(scene.locale, words.ESCALATE_HOW if at + 1 < len(offered.levels) else words.ESCALATE_TO_PEOPLE)
    fields = (*level, _who(scene, offered), *_on_call(scene, offered))
    return _form(scene, "escalate", (words.FORM_ESCALATE, words.ESCALATE), fields, more)


def snooze(scene: Scene, offered: Offer) -> Form:
    """Ask for how long it shall be quiet."""
    local = offered.now.astimezone(zone(scene.timezone))
    morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    until = words.UNTIL_TODAY if local < morning else words.UNTIL_TOMORROW
    choices = (
        *(Choice(duration(scene.locale, lasts), value) for value, lasts in SNOOZES),
        Choice(name_of(scene.locale, until, time=f"{MORNING:02}:00"), f"until {MORNING}:00"),
    )
    fields = (
        Field("time", name_of(scene.locale, words.FIELD_TIME), choices),
        Field(
            "own",
            name_of(scene.locale, words.FIELD_OWN_TIME),
            hint=name_of(scene.locale, words.FIELD_OWN_TIME_HINT),
        ),
    )
    return _form(scene, "snooze", (words.FORM_SNOOZE, words.SNOOZE), fields)


def reassign(scene: Scene, offered: Offer) -> Form:
    """Ask to whom it shall be given."""
    return _form(scene, "reassign", (words.FORM_REASSIGN, words.REASSIGN), _people(scene, offered))


def add(scene: Scene, offered: Offer) -> Form:
    """Ask who else shall be told."""
    return _form(scene, "add", (words.FORM_ADD, words.ADD), _people(scene, offered))


def comment(scene: Scene, offered: Offer) -> Form:
    """Ask what is to be said."""
    del offered  # Nothing is chosen.
    text = Field(
        "text",
        name_of(scene.locale, words.FIELD_COMMENT),
        hint=name_of(scene.locale, words.FIELD_COMMENT_HINT),
        lines=True,
        required=True,
    )
    return _form(scene, "comment", (words.FORM_COMMENT, words.COMMENT), (text,))


def _form(scene: Scene, verb: str, named: tuple[str, str], fields: tuple[Field, ...], more: Text = ()) -> Form:
    """Return a form whose head says how the incident stands, and `more`; `named`: its title and its button."""
    title, submit = named
    about = say(scene.locale, words.FORM_TEXT, incident=summary(scene), status=status(scene))
    return Form(
        title=name_of(scene.locale, title, number=scene.incident.id)[:TITLE_LIMIT],
        token=f"{verb} {scene.incident.id} v{scene.incident.version}",
        text=(*about, " · ", *more) if more else about,
        fields=fields,
        submit=name_of(scene.locale, submit),
        cancel=name_of(scene.locale, words.CANCEL),
    )


def _people(scene: Scene, offered: Offer) -> tuple[Field, ...]:
    teams = tuple(Choice(team.name[:LABEL_LIMIT], f"@t{team.id}") for team in offered.teams[:MOST_CHOICES])
    team = (Field("team", name_of(scene.locale, words.FIELD_TEAM), teams),) if teams else ()
    return (_who(scene, offered), *team, *_on_call(scene, offered))


def _on_call(scene: Scene, offered: Offer) -> tuple[Field, ...]:
    choices = tuple(
        Choice(staffed(one.schedule, one.target.role, one.names, scene.locale)[:LABEL_LIMIT], token_of(one.target))
        for one in offered.duties
    )
    return (Field("schedule", name_of(scene.locale, FIELD_SCHEDULE), choices),) if choices else ()


def _who(scene: Scene, offered: Offer) -> Field:
    names = [account.name for account in offered.accounts]
    choices = tuple(
        Choice(_account_label(account, is_alone=names.count(account.name) == 1), f"@{account.id}")
        for account in offered.accounts[:MOST_CHOICES]
    )
    return Field("who", name_of(scene.locale, words.FIELD_WHO), choices, people=True)


def _account_label(account: Account, *, is_alone: bool) -> str:
    """Return a name, with the address where others have the same one."""
    return (account.name if is_alone else f"{account.name} · {account.email}")[:LABEL_LIMIT]


def rung(level: Level, organisation: Organisation) -> Rung:
    """Return a level as it is staffed now."""
    people = organisation.people
    return Rung(tuple(people.accounts[one].name for one in people.resolve(level.targets)), len(level.chats))


def _rung_label(scene: Scene, number: int, rung: Rung) -> str:
    chats = [count_of(scene.locale, words.A_CHAT, rung.chats)] if rung.chats else []
    who: Iterable[str] = (*rung.names, *chats)
    form = words.LEVEL_CHOICE if rung.names or chats else words.LEVEL_ALONE
    return name_of(scene.locale, form, level=number, who=", ".join(who))[:LABEL_LIMIT]
