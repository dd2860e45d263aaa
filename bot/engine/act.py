"""What people ask for, through whichever door: find out who they are, lock the incident, ask the law, tell them."""

from dataclasses import dataclass

import structlog

from bot import commands
from bot.adapter import Interaction
from bot.clock import Clock
from bot.commands import Command, NotUnderstood, Speaker
from bot.domain.board import BoardId
from bot.domain.delivery import Place
from bot.domain.flow import rules_of
from bot.domain.incident import Acknowledge, Actor, IncidentId, Record, Refused, Step
from bot.domain.law import step
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId, WorkspaceId
from bot.engine import metrics
from bot.engine.apply import apply
from bot.engine.picture import Picture
from bot.engine.scenes import scene_of
from bot.engine.sweep import Sweep, Sweeper
from bot.engine.wakeups import Wakeups
from cards import board, notes
from cards.card import Note
from storage import boards, incidents
from storage.database import Connection, Database

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Heard:
    """A sentence, who said it, and where the answer will be read. `is_token`: a button said it."""

    text: str
    actor: Actor
    place: Place
    is_token: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of it: the note for the person, and whether anything was done."""

    note: Note | None
    is_done: bool
    incident: IncidentId | None = None


class Desk:
    """Where clicks and commands are carried out."""

    def __init__(self, database: Database, picture: Picture, wakeups: Wakeups, clock: Clock) -> None:
        self._database = database
        self._picture = picture
        self.wakeups = wakeups
        self._clock = clock
        self._sweeper = Sweeper(database, picture, clock)

    async def handle(self, workspace: WorkspaceId, interaction: Interaction) -> Note | None:
        """Carry out what somebody asked for in a chat.

        A person without a link changes nothing and learns how to link.
        """
        organisation = await self._database.read(self._picture.current)
        account = organisation.account_of(workspace, interaction.user)
        name = organisation.workspaces[workspace].name
        if account is None:
            metrics.ACTIONS.labels(verb="any", outcome="unlinked").inc()
            return notes.unlinked(interaction.user, interaction.user_name, name)
        is_click = interaction.message is not None
        heard = Heard(interaction.text, Actor(account, name), Place(workspace, account=account), is_click)
        reply = await self.hear(heard)
        # The card that was clicked shows what was done, unless much else is to be shown in that place before it.
        shows = reply.is_done and is_click and reply.incident is not None
        if shows and not await self._is_crowded(workspace, interaction, account):
            return None
        return reply.note

    async def _is_crowded(self, workspace: WorkspaceId, interaction: Interaction, account: AccountId) -> bool:
        places = [Place(workspace, chat=interaction.chat)] if interaction.chat else []
        now = self._clock.now()

        async def work(connection: Connection) -> bool:
            for place in [*places, Place(workspace, account=account)]:
                if await boards.is_crowded(connection, place, now):
                    return True
            return False

        return await self._database.read(work)

    async def hear(self, heard: Heard) -> Reply:
        """Carry out one sentence of somebody who is known."""
        command = commands.parse(heard.text, is_token=heard.is_token)
        if isinstance(command, NotUnderstood):
            return Reply(notes.not_understood(heard.text, command.hint), is_done=False)

        async def work(connection: Connection) -> Reply:
            return await self._act(connection, command, heard)

        if commands.is_for_all(command):
            reply = await self._act_on_all(command, heard)
        else:
            reply = await self._database.transact(work)
        outcome = "done" if reply.is_done else "refused"
        metrics.ACTIONS.labels(verb=command.verb, outcome=outcome).inc()
        log.info("action", verb=command.verb, incident=command.number, outcome=outcome, via=heard.actor.via)
        if reply.is_done:
            self.wakeups.all()
        return reply

    async def _act(self, connection: Connection, command: Command, heard: Heard) -> Reply:
        organisation = await self._picture.current(connection)
        now = self._clock.now()
        asked = commands.action(command, Speaker(heard.actor, organisation.people, now))
        if isinstance(asked, NotUnderstood):
            return Reply(notes.not_understood(heard.text, asked.hint), is_done=False)
        incident = (await incidents.lock(connection, [command.number])).get(command.number)
        if incident is None:
            return Reply(notes.unknown_incident(command.number), is_done=False)
        made = step(incident, asked, rules_of(incident, organisation), now)
        if isinstance(made, Refused):
            scene = await scene_of(connection, incident, organisation, heard.place, ())
            return Reply(notes.refusal(scene, made, now), is_done=False, incident=incident.id)
        await incidents.update(connection, [made.incident])
        await apply(connection, [(made.incident, made.effects)], (), organisation, now)
        return await self._done(connection, made, organisation, heard)

    async def _act_on_all(self, command: Command, heard: Heard) -> Reply:
        """Do it with every incident of a board: not in one transaction, so that other work goes on meanwhile."""
        organisation = await self._database.read(self._picture.current)
        asked = commands.action(command, Speaker(heard.actor, organisation.people, self._clock.now()))
        if not isinstance(asked, Acknowledge):
            raise TypeError(f"{command.verb} is nothing that can be done with a whole board")
        seen = IncidentId(command.seen) if command.seen is not None else None
        taken = await self._sweeper.take(Sweep(BoardId(command.number), asked, seen))
        if taken is None:
            return Reply(board.unknown(command.number), is_done=False)
        return Reply(board.took(taken), is_done=taken.count > 0)

    async def _done(self, connection: Connection, made: Step, organisation: Organisation, heard: Heard) -> Reply:
        scene = await scene_of(connection, made.incident, organisation, heard.place, ())
        record = next(effect for effect in made.effects if isinstance(effect, Record) and effect.by == heard.actor)
        return Reply(notes.done(scene, record), is_done=True, incident=made.incident.id)
