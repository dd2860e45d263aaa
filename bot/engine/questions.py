"""Answers the commands that only ask: the list, a card, who is paged, who somebody is, how Oncard is, the help.

An answer is a function of a connection and a question, under the command's name in `ANSWERS`; one that `writes` gets a
transaction of its own.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.commands import ALIASES, TOPIC_NAMES, TOPICS, VERBS, Command, NotUnderstood, Speaker, me
from bot.domain.incident import ChannelId, Incident, IncidentId, Progress
from bot.domain.organisation import OWN_NAME, UNCONFIGURED, Channel, Organisation, Reader
from bot.domain.people import LINES, Account, AccountId, Method
from bot.engine import (
    drawing,
    feeds,
    ledger,
    linking,
    lint,
    overrides,
    pager,
    rota,
    trades,
    verification,
    what_if,
    wishes,
)
from bot.engine.drawing import Sketch
from bot.engine.feeds import Feeds
from bot.engine.heard import Answer, Heard
from bot.engine.linking import Asking, Digest
from bot.engine.scenes import scene_of
from bot.engine.verification import Telling
from cards import answers, build, checkup, contacts, forms, notes, schedule, simulate
from cards import linking as links
from cards.answers import Health, Line, Listed, Readers, Staffed
from cards.card import Note
from cards.ledger import Eye
from storage import contacts as stored_contacts
from storage import definitions, deliveries, idempotency, incidents, questions, watch
from storage.database import Connection
from storage.incidents import Found, Unreadable
from storage.links import Identity

MOST_LISTED: Final = 15
# So many that somebody has to do with are looked at for those that are theirs.
MOST_LOOKED_AT: Final = 500
_MINE: Final = frozenset({"mine", "my", "me", "我的", "我"})
_NO_INCIDENT: Final = IncidentId(0)
_ALL: Final = frozenset({"", "all", "全部"})


@dataclass(frozen=True, slots=True)
class Question:
    """A command that asks, who asks it and where, and what is configured."""

    command: Command
    heard: Heard
    organisation: Organisation
    now: datetime
    database: str
    digest: Digest
    feeds: Feeds | None = None

    @property
    def reader(self) -> Reader:
        """In which language and time zone the answer is read."""
        return self.organisation.reader(self.heard.place.workspace, self.heard.place.account)

    @property
    def readers(self) -> Readers:
        """The same, with what an answer needs besides."""
        names = {account.id: account.name for account in self.organisation.people.accounts.values()}
        return Readers(self.reader.locale, self.reader.timezone, self.now, names)


Answering = Callable[[Connection, Question], Awaitable[Answer | Telling | Sketch | lint.Asked | None]]


@dataclass(frozen=True, slots=True)
class Answerer:
    """How a question is answered. `sets`: it writes if something stands behind the command."""

    answer: Answering
    writes: bool = False
    sets: bool = False

    def changes(self, command: Command) -> bool:
        """Whether it needs a transaction of its own."""
        return self.writes or (self.sets and bool(command.rest))


def is_of(incident: Incident, account: AccountId | None) -> bool:
    """Whether the incident is somebody's: it was given to them, or they have taken it."""
    taker = incident.acknowledged.by.account if incident.acknowledged else None
    if account is None:
        return False
    return taker == account or any(responder.account == account for responder in incident.responders)


async def mine(connection: Connection, account: AccountId | None) -> Found:
    """Return the most urgent open incidents that are somebody's."""
    if account is None:
        return Found()
    found = await questions.naming(connection, account, MOST_LOOKED_AT)
    return Found(tuple(one for one in found.incidents if is_of(one, account)), found.unreadable)


async def _help(connection: Connection, asked: Question) -> Answer:
    del connection  # What there is to say is in the registry.
    wanted = asked.command.rest.lower().split()
    said, locale = (wanted[0].strip("?？") if wanted else ""), asked.reader.locale
    verb, topic = ALIASES.get(said), TOPIC_NAMES.get(said)
    if verb is not None:
        return answers.help_one(verb.usage, verb.does, verb.aliases, locale)
    apart = {name for names in TOPICS.values() for name in names}
    told = TOPICS[topic] if topic else [name for name in VERBS if name not in apart]
    return answers.help_all([(VERBS[name].usage, VERBS[name].does) for name in told], {} if topic else TOPICS, locale)


async def _list(connection: Connection, asked: Question) -> Answer:
    wanted = asked.command.rest.casefold()
    if wanted in _MINE:
        found = await mine(connection, asked.heard.place.account)
        return _listing(asked, found, len(found.incidents), "yours")
    channel = None
    if wanted not in _ALL:
        channel = _channel(asked.organisation, asked.command.rest)
        if channel is None:
            return _no_channel(asked)
    number = channel.id if channel else None
    found = await questions.most_urgent(connection, MOST_LISTED, number)
    return _listing(asked, found, await questions.count_open(connection, number), channel.name if channel else "")


async def _show(connection: Connection, asked: Question) -> Answer:
    (number,) = asked.command.numbers
    locale = asked.reader.locale
    try:
        incident = (await incidents.find(connection, [number])).get(number)
    except Unreadable:
        return notes.unreadable_incident(number, locale)
    if incident is None:
        return notes.unknown_incident(number, locale)
    scene = await scene_of(connection, incident, asked.organisation, asked.heard.place, ())
    return build.card(replace(scene, forms=asked.heard.around.forms))


async def _who(connection: Connection, asked: Question) -> Answer:
    del connection  # What is configured says it.
    organisation = asked.organisation
    channels = _active(organisation)
    if asked.command.rest.casefold() not in _ALL:
        channel = _channel(organisation, asked.command.rest)
        if channel is None:
            return _no_channel(asked)
        channels = [channel]
    note = answers.staffing([_staffed(channel, asked) for channel in channels], asked.reader.locale)
    serving = [schedule.serving(one, asked.readers) for one in rota.serving_in(channels, organisation, asked.now)]
    return replace(note, rows=(*note.rows, *serving)[: max(len(note.rows), answers.MOST_ROWS)])


async def _schedule(connection: Connection, asked: Question) -> Answer | Sketch:
    organisation, readers = asked.organisation, asked.readers
    known = rota.active(organisation)
    wanted = asked.command.rest.strip().strip('"“”')
    if wanted.casefold() in _ALL:
        return schedule.on_call(rota.serving(known, organisation, asked.now), readers)
    found = next((one for one in known if one.name.casefold() == wanted.casefold()), None)
    if found is None and wanted.casefold() in feeds.WORDS:
        return await feeds.own(connection, asked.feeds, asked.heard.place.account, organisation)
    if found is None:
        return schedule.no_schedule(wanted, [one.name for one in known], readers.locale)
    span = (asked.now, asked.now + rota.SHOWN)
    note = schedule.shifts(found.name, rota.turns(found, organisation, span), span, readers)
    if not asked.heard.user:
        return note  # By SMS, for one: no chat, so that no picture could be shown.
    days = drawing.days(asked.now, readers.timezone)
    return Sketch(note, drawing.chart(found, organisation, days, asked.now, (readers.locale, readers.timezone)))


async def _me(connection: Connection, asked: Question) -> Answer | Telling:
    account = asked.heard.place.account
    if account is None:
        raise LookupError("only who has an account asks who they are")
    meant = me.read(asked.command.rest)
    if isinstance(meant, NotUnderstood):
        return notes.not_understood(asked.heard.text, meant.hint(asked.reader.locale), asked.reader.locale)
    person = asked.organisation.people.accounts[account]
    asking = verification.Asking(
        person, asked.organisation, asked.now, asked.digest, asked.reader.locale, asked.heard.actor.via
    )
    match meant:
        case me.Verify():
            return _said(await verification.begin(connection, asking, meant.kind, meant.method))
        case me.Code():
            return _said(await verification.enter(connection, asking, meant.code))
        case me.Pin():
            return await _pin(connection, asked, account, meant)
        case me.Prefer():
            return await _prefer(connection, asked, account, meant)
        case me.Show():
            return await _about(connection, asked, person)


def _said(outcome: verification.Outcome) -> Note | Telling:
    return outcome if isinstance(outcome, Telling) else outcome.note


async def _pin(connection: Connection, asked: Question, account: AccountId, meant: me.Pin) -> Answer:
    pin = asked.digest(f"pin {account} {meant.digits}") if meant.digits is not None else None
    kept = stored_contacts.Pin(len(meant.digits or ""), pin) if pin is not None else None
    await stored_contacts.set_pin(connection, account, kept)
    return contacts.pin(is_on=kept is not None, locale=asked.reader.locale)


async def _prefer(connection: Connection, asked: Question, account: AccountId, meant: me.Prefer) -> Answer:
    await wishes.prefer(connection, account, meant.severity, meant.ways)
    # What was said applies from here on; the picture in hand is from before.
    organisation = await definitions.organisation(connection)
    told = await wishes.of(connection, organisation.people.accounts[account], organisation)
    return contacts.preferred(told, is_default=meant.ways is None, locale=asked.reader.locale)


async def _about(connection: Connection, asked: Question, person: Account) -> Answer:
    organisation, account = asked.organisation, person.id
    found = await mine(connection, account)
    users = {link.workspace: link.user for link in organisation.links if link.account == account}
    links = [(one.name, users.get(one.id, "")) for one in organisation.workspaces.values() if one.active]
    levels = [
        (channel.name, number)
        for channel in _active(organisation)
        for rule in [organisation.rule_at(channel.id, asked.now)]
        for number, level in enumerate(rule.levels if rule else (), start=1)
        if account in organisation.people.resolve(level.targets)
    ]
    listed = _listed(asked, found, len(found.incidents), "")
    reached = await wishes.of(connection, person, organisation)
    note = answers.about(person, links, levels, listed, asked.readers)
    locale = asked.reader.locale
    # Before links and levels: where not all fit, it is those that can be left out.
    rows = (*note.rows[:2], *contacts.rows(reached, locale), *note.rows[2:])
    return replace(note, rows=rows, buttons=contacts.buttons(reached, locale))


async def _link(connection: Connection, asked: Question) -> Answer:
    heard = asked.heard
    if not heard.user:
        # Whoever writes by SMS has no chat account here to show that it is them: a sender's number can be made up.
        return links.wrong_code(asked.reader.locale)
    linked = await linking.link(connection, _asking(asked), asked.command.rest, is_token=heard.is_token)
    return linked.note


async def _unlink(connection: Connection, asked: Question) -> Answer:
    return await linking.unlink(connection, _asking(asked))


def _asking(asked: Question) -> Asking:
    heard = asked.heard
    identity = Identity(heard.place.workspace, heard.user, heard.user_name) if heard.user else None
    return Asking(identity, heard.place.account, asked.organisation, asked.now, asked.digest, heard.actor.via)


async def _why(connection: Connection, asked: Question) -> Answer:
    heard, organisation, reader = asked.heard, asked.organisation, asked.reader
    command = asked.command
    if not command.rest and not command.numbers and heard.replied is not None:
        meant = await questions.incident_of(connection, heard.place.workspace, heard.replied)
        command = replace(command, numbers=(meant,)) if meant is not None else command
    eye = Eye(reader.locale, reader.timezone, organisation)
    return await ledger.answer(connection, command, _speaker(asked), eye)


def _speaker(asked: Question) -> Speaker:
    heard, organisation = asked.heard, asked.organisation
    users = {link.user: link.account for link in organisation.links if link.workspace == heard.place.workspace}
    return Speaker(heard.actor, organisation.people, asked.now, asked.reader.timezone, users)


def _about_shifts(answer: Callable[[Connection, overrides.Asking], Awaitable[Answer | None]]) -> Answering:
    """Return what answers a command about shifts, which a platform may tell of twice."""

    async def work(connection: Connection, asked: Question) -> Answer | None:
        heard, organisation = asked.heard, asked.organisation
        users = {link.user: link.account for link in organisation.links if link.workspace == heard.place.workspace}
        speaker = Speaker(heard.actor, organisation.people, asked.now, asked.reader.timezone, users)
        said = " ".join([*(str(one) for one in asked.command.numbers), asked.command.rest]).strip()
        return await answer(connection, overrides.Asking(said, speaker, organisation, asked.readers, _key(heard)))

    return work


def _key(heard: Heard) -> str:
    """Return the key of this very action, which a platform may tell of twice, hours later; empty: it does not."""
    return idempotency.key_of(heard.place.workspace, heard.trigger, _NO_INCIDENT) if heard.trigger else ""


async def _what_if(connection: Connection, asked: Question) -> Answer:
    del connection  # What is configured says it.
    reader = asked.reader
    schedules = tuple(asked.organisation.schedules.values())
    found = what_if.of(asked.command.rest, asked.organisation, replace(_speaker(asked), schedules=schedules))
    if isinstance(found, NotUnderstood):
        return notes.not_understood(asked.heard.text, found.hint(reader.locale), reader.locale)
    return simulate.what_if(found, Eye(reader.locale, reader.timezone, asked.organisation))


async def _lint(connection: Connection, asked: Question) -> lint.Asked:
    return lint.Asked(await lint.gather(connection, asked.organisation, asked.now), asked.readers)


async def _pager(connection: Connection, asked: Question) -> Answer | None:
    account = asked.heard.place.account
    if account is None:
        raise LookupError("only who has an account is ever on duty")
    heard = asked.heard
    if not await overrides.once(connection, _key(heard), asked.now):
        return None  # It was about what was open then.
    # By a click it is known that a message has come; whoever writes may have had none.
    at = heard.place.workspace if heard.is_token and heard.user else None
    person = asked.organisation.people.accounts[account]
    by_sms = heard.place.workspace == LINES[Method.SMS]
    asking = pager.Asking(
        person, asked.organisation, asked.now, asked.readers, heard.text, heard.actor.via, at, by_sms=by_sms
    )
    said = [*(str(one) for one in asked.command.numbers), asked.command.rest]
    return await pager.answer(connection, asking, " ".join(said).strip())


async def _ping(connection: Connection, asked: Question) -> Answer:
    """Somebody may wait for this click: `oncard doctor`."""
    await watch.forget(connection, watch.click_of(asked.command.rest))
    return checkup.heard(asked.reader.locale)


async def _status(connection: Connection, asked: Question) -> Answer:
    progress = await incidents.count_by_progress(connection)
    waiting = (await deliveries.queue(connection)).values()
    own = [one.id for one in asked.organisation.channels.values() if one.name == OWN_NAME]
    troubles = [
        incident
        for channel in (UNCONFIGURED, *own)
        for incident in (await questions.most_urgent(connection, MOST_LISTED, channel)).incidents
    ]
    return answers.health(
        Health(
            lines=[Line(one.name, one.connected, one.since, one.why) for one in asked.heard.around.lines],
            database=asked.database,
            queue=(sum(count for count, _ in waiting), min((since for _, since in waiting), default=None)),
            open=sum(progress.values()),
            untaken=progress.get(Progress.TRIGGERED, 0),
            troubles=troubles,
        ),
        asked.readers,
    )


ANSWERS: Final[Mapping[str, Answerer]] = {
    "list": Answerer(_list),
    "show": Answerer(_show),
    "who": Answerer(_who),
    "link": Answerer(_link, writes=True),
    "unlink": Answerer(_unlink, writes=True),
    "ping": Answerer(_ping, writes=True),
    "me": Answerer(_me, sets=True),
    "schedule": Answerer(_schedule),
    "override": Answerer(_about_shifts(overrides.answer), writes=True),
    "cover": Answerer(_about_shifts(trades.cover), writes=True),
    "swap": Answerer(_about_shifts(trades.swap), writes=True),
    "trade": Answerer(_about_shifts(trades.answer), writes=True),
    "pager": Answerer(_pager, writes=True),
    "why": Answerer(_why),
    "what-if": Answerer(_what_if),
    "lint": Answerer(_lint),
    "status": Answerer(_status),
    "help": Answerer(_help),
}


def _listing(asked: Question, found: Found, count: int, whose: str) -> Note:
    return answers.listing(_listed(asked, found, count, whose), asked.readers)


def _listed(asked: Question, found: Found, count: int, whose: str) -> Listed:
    organisation = asked.organisation
    # What is snoozed waits for nobody, however bad it is.
    shown = sorted(found.incidents, key=lambda one: one.snoozed_until is not None)[:MOST_LISTED]
    channels = {int(one.channel): organisation.channel(one.channel).name for one in shown}
    return Listed(shown, count, channels, whose, found.unreadable)


def _active(organisation: Organisation) -> Sequence[Channel]:
    return sorted((one for one in organisation.channels.values() if one.active), key=lambda one: one.name)


def _channel(organisation: Organisation, name: str) -> Channel | None:
    wanted = name.strip().strip('"#“”').casefold()
    own = Channel(ChannelId(organisation.own_channel), OWN_NAME)
    return next((one for one in [*_active(organisation), own] if one.name.casefold() == wanted), None)


def _no_channel(asked: Question) -> Note:
    return answers.no_channel(
        asked.command.rest, [one.name for one in _active(asked.organisation)], asked.reader.locale
    )


def _staffed(channel: Channel, asked: Question) -> Staffed:
    organisation = asked.organisation
    rule = organisation.rule_at(channel.id, asked.now)
    levels = [(forms.rung(level, organisation), level.escalate_after) for level in (rule.levels if rule else ())]
    return Staffed(channel.name, levels)
