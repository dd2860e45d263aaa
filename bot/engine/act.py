"""What people ask for, through whichever door: find out who they are, lock the incident, ask the law, tell them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import structlog

from bot import commands
from bot.adapter import Interaction
from bot.clock import Clock
from bot.commands import VERBS, Command, NotUnderstood, Speaker, Unclear
from bot.domain.board import BoardId
from bot.domain.delivery import Place
from bot.domain.flow import rules_of
from bot.domain.incident import Acknowledge, Actor, Close, Incident, IncidentId, Record, Refused, Step
from bot.domain.law import step
from bot.domain.organisation import Organisation
from bot.domain.people import WorkspaceId
from bot.engine import drawing, lint, metrics, verification
from bot.engine.apply import apply
from bot.engine.drawing import Sketch
from bot.engine.feeds import Feeds
from bot.engine.heard import Answer, Around, Heard, Reply
from bot.engine.linking import Digest
from bot.engine.picture import Picture
from bot.engine.questions import ANSWERS, MOST_LOOKED_AT, Question, mine
from bot.engine.scenes import scene_of
from bot.engine.sweep import Sweep, Sweeper
from bot.engine.verification import NO_LINES, Sends, Telling
from bot.engine.wakeups import Wakeups
from cards import assigning, board, forms, linking, notes
from cards.form import Form
from storage import idempotency, incidents, questions
from storage.database import Connection, Database
from storage.incidents import Unreadable

# So many incidents are offered where it is not clear which one is meant.
MOST_OFFERED: Final = 5
# So many of those that were told in a chat are looked at for it.
MOST_TOLD: Final = 20
_NOWHERE: Final = Around()

log = structlog.get_logger(__name__)


class Desk:
    """Where clicks and commands are carried out."""

    def __init__(  # noqa: PLR0913 - The parts of the engine, each of which it needs.
        self,
        database: Database,
        picture: Picture,
        wakeups: Wakeups,
        clock: Clock,
        digest: Digest,
        *,
        sends: Callable[[], Sends] = lambda: NO_LINES,
        font: str = "",
    ) -> None:
        """Wire the parts; `digest` makes of a code what is stored of it, `sends` sends somebody theirs.

        `font`: the file whose letters pictures are written with, before the usual ones.
        """
        self._font = font
        self._digest = digest
        self._sends = sends
        self._database = database
        self._picture = picture
        self.wakeups = wakeups
        self._clock = clock
        self._sweeper = Sweeper(database, picture, clock)
        # One picture and one look at the configuration at a time: what many ask for at once must leave threads for
        # others, such as for the names of the hosts to which pages go.
        self._drawing, self._linting = asyncio.Lock(), asyncio.Lock()
        # Where somebody's own shifts are to be had as a calendar; without, nowhere.
        self.feeds: Feeds | None = None

    async def handle(
        self, workspace: WorkspaceId, interaction: Interaction, around: Around = _NOWHERE
    ) -> Answer | None:
        """Carry out what somebody asked for in a chat; the answer is for that person alone.

        A person without a link changes nothing and learns how to link.
        """
        organisation = await self._database.read(self._picture.current)
        account = organisation.account_of(workspace, interaction.user)
        name = organisation.workspaces[workspace].name
        if account is None and not _is_for_anybody(interaction):
            metrics.ACTIONS.labels(verb="any", outcome="unlinked").inc()
            return linking.unlinked(interaction.user_name or interaction.user, organisation.reader(workspace).locale)
        heard = Heard(
            interaction.text,
            Actor(account, name),
            Place(workspace, account=account),
            interaction.is_token,
            interaction.user,
            interaction.chat,
            interaction.replied,
            around,
            interaction.user_name,
            interaction.trigger,
        )
        # Also where the message that was clicked shows what was done: the answer takes it back.
        return (await self.hear(heard)).answer

    async def hear(self, heard: Heard) -> Reply:
        """Carry out one sentence of somebody who is known, or who asks what anybody may."""
        organisation = await self._database.read(self._picture.current)
        command = commands.parse(heard.text, is_token=heard.is_token)
        if isinstance(command, NotUnderstood):
            return _not_understood(heard, command, organisation)
        verb = VERBS[command.verb]
        asked = commands.action(command, self._speaker(heard, organisation)) if not command.asks else None
        if isinstance(asked, NotUnderstood):
            # Before anything is looked for: what makes no sense needs no incident.
            return _not_understood(heard, asked, organisation)
        if verb.numbered and not command.numbers:
            meant = await self._meant(command, heard, organisation)
            if isinstance(meant, Reply):
                return meant
            command = meant
        if isinstance(asked, Unclear):
            return _who_is_meant(command, asked, heard, organisation)
        reply = await self._carry_out(command, heard)
        outcome = _outcome(command, reply)
        metrics.ACTIONS.labels(verb=command.verb, outcome=outcome).inc()
        log.info("action", verb=command.verb, incidents=command.numbers, outcome=outcome, via=heard.actor.via)
        if reply.is_done:
            self.wakeups.all()
        return reply

    async def _carry_out(self, command: Command, heard: Heard) -> Reply:
        verb = VERBS[command.verb]
        if command.asks:
            return await self._ask(command, heard)
        if verb.action is None:
            return await self._answer(command, heard)
        if verb.for_all:
            return await self._act_on_all(command, heard)
        replies = [await self._act_on(replace(command, numbers=(number,)), heard) for number in command.numbers]
        if len(replies) == 1:
            return replies[0]
        locale = await self._locale(heard)
        answered = zip(command.numbers, replies, strict=True)
        said = [(number, reply.note) for number, reply in answered if reply.note is not None]
        done = sum(reply.is_done for reply in replies)
        return Reply(notes.several(done, said, locale), is_done=done > 0)

    # ---- on one incident ---------------------------------------------------------------------------------------------

    async def _act_on(self, command: Command, heard: Heard) -> Reply:
        async def work(connection: Connection) -> Reply:
            return await self._act(connection, command, heard)

        return await self._database.transact(work)

    async def _act(self, connection: Connection, command: Command, heard: Heard) -> Reply:
        organisation = await self._picture.current(connection)
        asked = commands.action(command, self._speaker(heard, organisation))
        if isinstance(asked, NotUnderstood):
            return _not_understood(heard, asked, organisation)
        if isinstance(asked, Unclear):
            return _who_is_meant(command, asked, heard, organisation)
        if asked is None:
            raise TypeError(f"{command.verb} is nothing that is done to an incident")
        number = command.numbers[0]
        locale = _reader(heard, organisation)
        try:
            incident = (await incidents.lock(connection, [number])).get(number)
        except Unreadable:
            return Reply(notes.unreadable_incident(number, locale), is_done=False)
        if incident is None:
            return Reply(notes.unknown_incident(number, locale), is_done=False)
        # It may have waited for whoever held the incident: what it does comes after what they did.
        now = self._clock.now()
        key = idempotency.key_of(heard.place.workspace, heard.trigger, number) if heard.trigger else ""
        if key and await idempotency.is_done(connection, key):
            # The platform tells of it again, to a process that did not hear it the first time: it was answered then.
            return Reply(None, is_done=False, incident=number)
        made = step(incident, asked, rules_of(incident, organisation), now)
        if isinstance(made, Refused):
            scene = await scene_of(connection, incident, organisation, heard.place, ())
            return Reply(notes.refusal(scene, made, now), is_done=False, incident=incident.id)
        if key:
            await idempotency.done(connection, key, now)
        await incidents.update(connection, [made.incident])
        await apply(connection, [(made.incident, made.effects)], (), organisation, now)
        return await self._done(connection, made, organisation, heard)

    async def _done(self, connection: Connection, made: Step, organisation: Organisation, heard: Heard) -> Reply:
        scene = await scene_of(connection, made.incident, organisation, heard.place, ())
        record = next(effect for effect in made.effects if isinstance(effect, Record) and effect.by == heard.actor)
        return Reply(notes.done(scene, record), is_done=True, incident=made.incident.id)

    async def _act_on_all(self, command: Command, heard: Heard) -> Reply:
        """Do it with every incident of a board: not in one transaction, so that other work goes on meanwhile."""
        organisation = await self._database.read(self._picture.current)
        asked = commands.action(command, self._speaker(heard, organisation))
        if not isinstance(asked, Acknowledge):
            raise TypeError(f"{command.verb} is nothing that can be done with a whole board")
        (number,) = command.numbers
        seen = IncidentId(command.seen) if command.seen is not None else None
        taken = await self._sweeper.take(Sweep(BoardId(number), asked, seen))
        if taken is None:
            return Reply(board.unknown(number), is_done=False)
        return Reply(board.took(taken), is_done=taken.count > 0)

    # ---- questions ---------------------------------------------------------------------------------------------------

    async def _answer(self, command: Command, heard: Heard) -> Reply:
        answerer = ANSWERS[command.verb]

        async def work(connection: Connection) -> Answer | Telling | Sketch | lint.Asked | None:
            organisation = await self._picture.current(connection)
            kind = connection.dialect.name
            asked = Question(command, heard, organisation, self._clock.now(), kind, self._digest, self.feeds)
            return await answerer.answer(connection, asked)

        changes = answerer.changes(command)
        answer = await (self._database.transact if changes else self._database.read)(work)
        if isinstance(answer, Telling):
            answer = (await verification.tell(self._sends(), answer)).note
        if isinstance(answer, Sketch):
            async with self._drawing:
                answer = await drawing.shown(answer, self._font)
        if isinstance(answer, lint.Asked):
            async with self._linting:
                answer = await lint.answer(answer)
        return Reply(answer, is_done=changes)

    async def _ask(self, command: Command, heard: Heard) -> Reply:
        """Answer with the command's form, unless the incident stands in its way."""
        form = VERBS[command.verb].form
        if form is None:
            raise TypeError(f"{command.verb} has no form")
        number, now = command.numbers[0], self._clock.now()

        async def work(connection: Connection) -> Reply:
            organisation = await self._picture.current(connection)
            locale = _reader(heard, organisation)
            try:
                incident = (await incidents.find(connection, [number])).get(number)
            except Unreadable:
                return Reply(notes.unreadable_incident(number, locale), is_done=False)
            if incident is None:
                return Reply(notes.unknown_incident(number, locale), is_done=False)
            scene = await scene_of(connection, incident, organisation, heard.place, ())
            if not VERBS[command.verb].fits(incident):
                # Every form but the comment's is for what is open; the law says why it is not.
                made = step(incident, Close(heard.actor), rules_of(incident, organisation), now)
                if isinstance(made, Refused):
                    return Reply(notes.refusal(scene, made, now), is_done=False, incident=number)
            return Reply(form(scene, forms.offer(incident, organisation, now)), is_done=False, incident=number)

        return await self._database.read(work)

    # ---- who and what is meant ---------------------------------------------------------------------------------------

    async def _meant(self, command: Command, heard: Heard, organisation: Organisation) -> Command | Reply:
        """Return the command with the incident that it is about, where that is clear; else what to answer."""
        verb, place = VERBS[command.verb], heard.place
        locale = _reader(heard, organisation)

        # Whoever replies to a message means that one: beside one that is not known here, nothing is clear.
        is_clear = heard.replied is None

        async def work(connection: Connection) -> IncidentId | Sequence[Incident]:
            nonlocal is_clear
            if heard.replied is not None:
                found = await questions.incident_of(connection, place.workspace, heard.replied)
                if found is not None:
                    return found
            told = await questions.told_in(connection, place.workspace, heard.chat or "", MOST_TOLD)
            own = (await mine(connection, place.account)).incidents
            # There may be more that fit than were looked at.
            is_clear = is_clear and len(told) < MOST_TOLD and len(own) < MOST_LOOKED_AT
            both = {incident.id: incident for incident in (*own, *told) if verb.fits(incident)}
            return tuple(both.values())

        meant = await self._database.read(work)
        if isinstance(meant, int):
            return replace(command, numbers=(meant,))
        if len(meant) == 1 and is_clear:
            return replace(command, numbers=(meant[0].id,))
        if not meant:
            return _not_understood(heard, commands.say_which(command), organisation)
        choices = [
            (one, commands.sentence(replace(command, numbers=(one.id,), seen=one.version)))
            for one in meant[:MOST_OFFERED]
        ]
        return Reply(notes.which_incident(choices, locale), is_done=False)

    def _speaker(self, heard: Heard, organisation: Organisation) -> Speaker:
        workspace = heard.place.workspace
        users = {link.user: link.account for link in organisation.links if link.workspace == workspace}
        reader = organisation.reader(workspace, heard.place.account)
        schedules = tuple(organisation.schedules.values())
        return Speaker(heard.actor, organisation.people, self._clock.now(), reader.timezone, users, schedules)

    async def _locale(self, heard: Heard) -> str:
        return _reader(heard, await self._database.read(self._picture.current))


def _outcome(command: Command, reply: Reply) -> str:
    if reply.is_done:
        return "done"
    if VERBS[command.verb].action is None or isinstance(reply.answer, Form):
        return "answered"
    return "refused"


def _is_for_anybody(interaction: Interaction) -> bool:
    command = commands.parse(interaction.text, is_token=interaction.is_token)
    return isinstance(command, Command) and VERBS[command.verb].for_anybody


def _reader(heard: Heard, organisation: Organisation) -> str:
    return organisation.reader(heard.place.workspace, heard.place.account).locale


def _not_understood(heard: Heard, why: NotUnderstood, organisation: Organisation) -> Reply:
    locale = _reader(heard, organisation)
    # What a form said is answered in the form.
    field = why.field if heard.is_token else ""
    return Reply(notes.not_understood(heard.text, why.hint(locale), locale, field=field), is_done=False)


def _who_is_meant(command: Command, unclear: Unclear, heard: Heard, organisation: Organisation) -> Reply:
    choices = [
        (
            assigning.label_of(target, organisation),
            commands.sentence(command, f"{unclear.before}{assigning.token_of(target)}{unclear.after}"),
        )
        for target in unclear.choices
    ]
    return Reply(notes.who_is_meant(unclear.said, choices, _reader(heard, organisation)), is_done=False)
