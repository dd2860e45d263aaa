"""What the tests of hand-overs put on: a rota of four people, and apps that keep what they were told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.adapter import MessageRef, Receipt, To
from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    Contact,
    Definition,
    IntegrationDefinition,
    Kind,
    LevelDefinition,
    ProviderDefinition,
    RuleDefinition,
    Secret,
    TargetDefinition,
    WorkspaceDefinition,
)
from bot.domain.delivery import Place
from bot.domain.handover import Handover
from bot.domain.incident import Actor
from bot.domain.people import LINES, AccountId, ContactKind, Method, Role, TargetKind, WorkspaceId
from bot.domain.rotation import Unit
from bot.domain.schedule_definition import (
    HandoverDefinition,
    LayerDefinition,
    OverrideDefinition,
    RotationDefinition,
    ScheduleDefinition,
)
from bot.domain.verification import How
from bot.engine.act import Desk
from bot.engine.handovers import Handovers
from bot.engine.heard import Heard
from cards.card import Card, Message, Note
from cards.plain import spoken
from storage import contacts, definitions, handovers
from storage.database import Connection, Database
from tests.engine.stage import Platform, Stage
from tests.support.clocks import START, ManualClock

PEOPLE = ("ana", "bo", "chen", "dee")
AT = START + timedelta(hours=1)
"""When Bo takes over from Ana; Chen is the backup."""

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@dataclass
class Told:
    """One message: to whom, and what it says now."""

    to: str
    words: str
    at: datetime
    buttons: tuple[str, ...]
    edits: int = 0


class App(Platform):
    """A platform that keeps what it was told."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self.clock = clock
        self.told: list[Told] = []

    async def send(self, to: To, message: Message, *, under: MessageRef | None = None) -> Receipt:
        receipt = await super().send(to, message, under=under)
        tokens = tuple(one.token for one in message.buttons)
        self.told.append(Told(to.id, words(message), self.clock.now(), tokens))
        return Receipt(MessageRef(receipt.message.chat, str(len(self.told))), "ok")

    async def edit(self, message: MessageRef, card: Card) -> Receipt:
        receipt = await super().edit(message, card)
        told = self.told[int(message.id) - 1]
        told.words, told.edits = words(card), told.edits + 1
        told.buttons = tuple(one.token for one in card.buttons)
        return receipt


def words(message: Message) -> str:
    """Return all that a message says."""
    if isinstance(message, Note):
        return "\n".join(spoken(one) for one in (message.text, *message.rows))
    facts = [f"{fact.name}: {spoken(fact.value)}" for fact in message.facts]
    rows = [spoken(row) for listing in message.listings for row in listing.lines]
    return "\n".join([message.title, spoken(message.status), *facts, *rows])


@dataclass
class Rota:
    """The stage with the loop of hand-overs on it."""

    stage: Stage
    lines: dict[Method, App] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.loop = Handovers(self.stage.database, self.stage.picture, self.stage.wakeups, self.clock)
        vault = self.stage.vault
        self.desk = Desk(self.stage.database, self.stage.picture, self.stage.wakeups, self.clock, vault.digest)
        self.chat = App(self.clock)

    @property
    def clock(self) -> ManualClock:
        assert isinstance(self.stage.clock, ManualClock)
        return self.stage.clock

    async def configure(
        self,
        schedules: Sequence[ScheduleDefinition],
        methods: Sequence[Method] = (Method.SMS, Method.EMAIL),
        linked: Sequence[str] = PEOPLE,
    ) -> None:
        """Configure the people, their ways, and these schedules, which the channel `payments` tells."""
        targets = tuple(TargetDefinition(TargetKind.SCHEDULE, one.name) for one in schedules)
        wanted = [
            *(Definition(Kind.ACCOUNT, account(number, name)) for number, name in enumerate(PEOPLE)),
            Definition(
                Kind.WORKSPACE, WorkspaceDefinition("acme", "chatty", {}, {f"{one}@example.com": one for one in linked})
            ),
            *(Definition(Kind.PROVIDER, ProviderDefinition("main", method, "any")) for method in methods),
            *(Definition(Kind.SCHEDULE, one) for one in schedules),
            Definition(
                Kind.CHANNEL,
                ChannelDefinition("payments", "", (RuleDefinition("all", (LevelDefinition(targets, ()),)),)),
            ),
            Definition(
                Kind.INTEGRATION, IntegrationDefinition("any", "standard", "payments"), {"key": Secret("k" * 20)}
            ),
        ]

        async def work(connection: Connection) -> list[WorkspaceId]:
            await definitions.replace_all(connection, wanted, self.stage.vault)
            organisation = await definitions.organisation(connection)
            for one in organisation.people.accounts.values():
                for kind, value in ((ContactKind.PHONE, one.phone), (ContactKind.EMAIL, one.email)):
                    await contacts.prove(connection, Contact(one.id, kind, value), How.ADMIN, self.clock.now())
            return list(organisation.workspaces)

        (acme,) = await self.stage.database.transact(work)
        self.stage.adapters[acme] = self.chat
        for method in methods:
            self.lines.setdefault(method, App(self.clock))
            self.stage.adapters[LINES[method]] = self.lines[method]

    async def until(self, instant: datetime, step: timedelta = 10 * SECOND) -> None:
        """Let time pass until an instant, and everything that is due happen meanwhile."""
        while self.clock.now() < instant:
            self.clock.set(min(self.clock.now() + step, instant))
            await self.settle()

    async def settle(self) -> None:
        """Let happen what is due now."""
        await self.loop.round()
        await self.stage.outbox.drain()

    async def says(self, by: str, text: str, *, is_token: bool = False, trigger: str | None = None) -> str:
        """Return what somebody is answered in the chat; nothing: they were answered before."""
        organisation = await self.stage.database.read(self.stage.picture.current)
        number = next(one.id for one in organisation.people.accounts.values() if one.name == by.title())
        place = Place(next(iter(organisation.workspaces)), account=number)
        heard = Heard(text, Actor(number, "acme"), place, is_token, user=by, trigger=trigger)
        answer = (await self.desk.hear(heard)).answer
        await self.settle()
        if answer is None:
            return ""
        assert isinstance(answer, Note)
        return words(answer)

    def by(self, *names: str) -> list[Told]:
        """Return the first message to each of these people in the chat."""
        return [next(one for one in self.chat.told if one.to == name) for name in names]

    async def handovers(self) -> list[Handover]:
        """Return what is stored."""

        async def work(connection: Connection) -> list[Handover]:
            return [one.handover for one in await handovers.since(connection, START - timedelta(days=1))]

        return await self.stage.database.read(work)

    async def on_duty(self, name: str = "payments", role: str = "primary") -> list[str]:
        """Return who is on duty now."""
        organisation = await self.stage.database.read(self.stage.picture.current)
        schedule = next(one for one in organisation.schedules.values() if one.name == name)
        found = organisation.duty(schedule.id, role, self.clock.now())
        return [organisation.people.accounts[AccountId(one.account)].name for one in found]


def account(number: int, name: str) -> AccountDefinition:
    """Return one of the people; Dee is the owner."""
    role = Role.OWNER if name == "dee" else Role.MEMBER
    return AccountDefinition(f"{name}@example.com", name.title(), f"+4917112345{number}0", role)


def shift_rota(
    *changes: OverrideDefinition, name: str = "payments", backup: str | None = "chen", notice: timedelta = 10 * MINUTE
) -> ScheduleDefinition:
    """Return a schedule in which Ana hands over to Bo at `AT`, and back a day later, beside a backup."""
    start = datetime(2026, 11, 20, 4)  # noqa: DTZ001 - A local time.
    days = RotationDefinition(
        (("ana@example.com",), ("bo@example.com",)), Unit.DAY, handover=HandoverDefinition(start.time())
    )
    layers = [LayerDefinition("days", days, start)]
    if backup is not None:
        always = RotationDefinition(((f"{backup}@example.com",),), Unit.WEEK)
        layers.append(LayerDefinition("always", always, start, role="backup"))
    return ScheduleDefinition(name, layers=tuple(layers), overrides=changes, notice=notice)


async def rota_on(database: Database, methods: Sequence[Method] = (Method.SMS, Method.EMAIL)) -> Rota:
    """Return the usual rota on a database, ten minutes and a bit before the notice."""
    rota = Rota(Stage(database))
    await rota.configure([shift_rota()], methods)
    rota.clock.set(AT - 21 * MINUTE)
    await rota.settle()
    return rota
