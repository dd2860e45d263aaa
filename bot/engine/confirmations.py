"""What is behind a signed link: looking changes nothing, keeping its promise acts once.

The page shows the incident as it is when it is opened, and that is what counts when its button is pressed: a link in a
mail of an hour ago is not refused because of what has happened since, but whoever opened the page before it happened is
shown the incident again.
"""

from dataclasses import dataclass, replace
from typing import Final

from bot import commands
from bot.clock import Clock
from bot.commands import Command, NotUnderstood, Speaker, Unclear
from bot.domain.delivery import Place
from bot.domain.flow import rules_of
from bot.domain.incident import Actor, Incident, Refused
from bot.domain.law import step
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, Account
from bot.engine.act import Desk
from bot.engine.heard import Heard
from bot.engine.picture import Picture
from bot.engine.scenes import scene_of
from bot.engine.signing import Promise, Signing, trigger_of
from cards import links, notes
from cards.build import Scene
from cards.links import Page
from storage import idempotency, incidents
from storage.database import Connection, Database

_METHODS: Final = {line: str(method) for method, line in LINES.items()}


@dataclass(frozen=True, slots=True)
class _Known:
    """A promise that counts, to somebody who is there, about an incident that is there."""

    promise: Promise
    command: Command
    account: Account
    incident: Incident
    organisation: Organisation
    scene: Scene
    is_used: bool


class Confirmations:
    """Where the links of messages lead."""

    def __init__(self, database: Database, picture: Picture, desk: Desk, signing: Signing, clock: Clock) -> None:
        """Wire the parts."""
        self._database = database
        self._picture = picture
        self._desk = desk
        self._signing = signing
        self._clock = clock

    async def look(self, token: str, locale: str) -> Page:
        """Return what a link asks, or why it does nothing any more; `locale`: for whom nothing else is known of."""
        known = await self._known(token, locale)
        return known if isinstance(known, Page) else self._shown(known)

    async def keep(self, token: str, seen: int | None, locale: str) -> Page:
        """Do what a link promises, unless the incident has changed since version `seen` of it was looked at."""
        known = await self._known(token, locale)
        if isinstance(known, Page):
            return known
        promise, account = known.promise, known.account
        asked = replace(known.command, seen=seen if seen is not None else known.incident.version)
        reply = await self._desk.hear(
            Heard(
                commands.sentence(asked),
                Actor(account.id, _METHODS.get(promise.line, "")),
                Place(promise.line, account=account.id),
                is_token=True,
                trigger=trigger_of(token),
            )
        )
        after = await self._known(token, locale)
        if isinstance(after, Page):
            return after
        if not reply.is_done or reply.note is None:
            return self._shown(after, again=True)
        return links.done(after.scene, reply.note)

    def way_back(self, token: str, sentence: str) -> str:
        """Return a token for what takes back what `token` has done; empty: there is none."""
        promise = self._signing.read(token)
        return self._signing.token(replace(promise, sentence=sentence)) if promise is not None else ""

    async def _known(self, token: str, locale: str) -> _Known | Page:
        promise = self._signing.read(token)
        command = promise.command if promise is not None else None
        if promise is None or command is None:
            return links.forged(locale)

        async def work(connection: Connection) -> _Known | Page:
            organisation = await self._picture.current(connection)
            account = organisation.people.accounts.get(promise.account)
            reads = account.locale if account is not None else locale
            if promise.expires <= self._clock.now():
                return links.expired(reads)
            number = command.numbers[0]
            incident = (await incidents.find(connection, [number])).get(number)
            if account is None or not account.active or incident is None:
                return links.gone(reads)
            key = idempotency.key_of(promise.line, trigger_of(token), number)
            is_used = await idempotency.is_done(connection, key)
            place = Place(promise.line, account=account.id)
            scene = await scene_of(connection, incident, organisation, place, ())
            return _Known(promise, command, account, incident, organisation, scene, is_used)

        return await self._database.read(work)

    def _shown(self, known: _Known, *, again: bool = False) -> Page:
        if known.is_used:
            return links.used(known.scene)
        now, account = self._clock.now(), known.account
        actor = Actor(account.id, _METHODS.get(known.promise.line, ""))
        asked = commands.action(known.command, Speaker(actor, known.organisation.people, now, account.timezone))
        if asked is None or isinstance(asked, NotUnderstood | Unclear):
            return links.forged(account.locale)
        made = step(known.incident, asked, rules_of(known.incident, known.organisation), now)
        if isinstance(made, Refused):
            by_reader = made.deed.by.account == account.id if made.deed is not None else None
            return links.hindered(known.scene, notes.refusal(known.scene, made, now), by_reader=by_reader)
        return links.asks(known.scene, account, known.command.verb, again=again)
