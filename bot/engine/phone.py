"""What comes back from people by SMS, call and push, and what providers report of what they carried.

Whoever acts here is the person whom the message went to: its reference is signed, and a number counts only where it was
proven to be theirs. What they say is carried out at the desk, as everywhere.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot import commands
from bot.adapter import MessageRef
from bot.clock import Clock
from bot.commands import Command
from bot.domain.delivery import Delivery, DeliveryId, Kind, Place, State
from bot.domain.incident import Actor, Incident, IncidentId, Progress
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, Account, AccountId, ContactKind, Method
from bot.engine import boards, calls, metrics, outcomes
from bot.engine.act import Desk
from bot.engine.heard import Heard, Reply
from bot.engine.lines import Lines, Post, keys_of
from bot.engine.picture import Picture
from bot.engine.scenes import scene_of
from bot.provider import FAILURES, RANKS, Report, Spoken
from bot.provider import Progress as Came
from cards import build, doors, voice
from cards.card import Button, Card, Note
from cards.form import Form
from cards.plain import spoken
from cards.script import Script
from cards.sms import text as sms_text
from cards.words import say
from storage import contacts, incidents, lines
from storage.contacts import Pin
from storage.database import Connection, Database
from storage.lines import Hop

# A key that is pressed later than this is not about the call any more.
CALL_LASTS: Final = timedelta(minutes=30)
# Whoever writes back without a number means something that they were told of not long ago.
REPLY_WITHIN: Final = timedelta(hours=24)
# Two machines must not write to each other for ever.
MOST_ANSWERS: Final = 10
ANSWERS_PER: Final = timedelta(minutes=10)
# Wrong PINs in one call.
MOST_PINS: Final = 3
_SHORT: Final = re.compile(r"\s*([12])(?:\s+#?(\d{1,9}))?\s*[.!]?\s*", re.ASCII)
_MEANS: Final = {"1": "ack", "2": "escalate"}
_MAY: Final = frozenset({"ack", "escalate", "close", "unack"})
_BY_SMS: Final = frozenset({*_MAY, "undo", "show", "list", "help", "pager"})

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Paged:
    """A message that somebody was sent: to whom, and about what."""

    delivery: Delivery
    account: Account
    incident: Incident
    organisation: Organisation


class PhoneDesk:
    """Where people answer by phone; `inbox` is what one provider talks to."""

    def __init__(
        self, database: Database, picture: Picture, desk: Desk, posts: tuple[Lines, Post], clock: Clock
    ) -> None:
        """Wire the parts. `posts`: the lines, and what their references are made by."""
        self.database = database
        self.picture = picture
        self.desk = desk
        self.lines, self.post = posts
        self.clock = clock
        self._answered: dict[AccountId, list[datetime]] = {}

    def inbox(self, method: Method, provider: str) -> "LineInbox":
        """Return what a provider talks to."""
        return LineInbox(self, method, provider)

    def may_answer(self, account: AccountId) -> bool:
        """Whether somebody who writes is answered once more: not when it looks like a machine that answers us."""
        now = self.clock.now()
        lately = [at for at in self._answered.get(account, []) if timedelta() <= now - at < ANSWERS_PER]
        self._answered[account] = [*lately, now]
        return len(lately) < MOST_ANSWERS


class LineInbox:
    """What one provider of one method tells us."""

    def __init__(self, phone: PhoneDesk, method: Method, provider: str) -> None:
        self._phone = phone
        self._method = method
        self._provider = provider

    def knows(self, reference: str) -> bool:
        """Whether the reference is one of ours."""
        return self._phone.post.delivery(reference) is not None

    # ---- what became of a message ------------------------------------------------------------------------------------

    async def reported(self, report: Report) -> None:
        """Store what became of a message; one that reached nobody after all lets the next way go out at once."""
        phone = self._phone

        async def work(connection: Connection) -> bool:
            return await self._store(connection, report)

        if await phone.database.transact(work):
            phone.desk.wakeups.all()

    async def _store(self, connection: Connection, report: Report) -> bool:
        number = await self._number(connection, report.reference, report.id)
        found = await lines.find(connection, number, lock=True) if number is not None else None
        if found is None:
            log.info("report_of_nothing_known", method=str(self._method), provider=self._provider)
            return False
        delivery, state = found
        known = (await lines.hops_of(connection, [delivery.id])).get(delivery.id, [])
        if not _is_news(known, report.progress):
            return False
        now = self._phone.clock.now()
        hop = Hop(delivery.id, now, str(report.progress), self._provider, report.said, report.id)
        await lines.add(connection, [hop])
        metrics.REPORTS.labels(method=self._method, provider=self._provider, progress=report.progress).inc()
        if report.progress not in FAILURES or state is not State.DELIVERED:
            return True
        organisation = await self._phone.picture.current(connection)
        await outcomes.lost(connection, delivery, (str(report.progress), report.said), organisation, now)
        return True

    async def _number(self, connection: Connection, reference: str, id: str) -> DeliveryId | None:  # noqa: A002
        """Return which message is meant: by our word for it, else by the provider's."""
        number = self._phone.post.delivery(reference) if reference else None
        if number is not None:
            return DeliveryId(number)
        if not id:
            return None
        return await lines.known_as(connection, LINES[self._method], MessageRef(self._provider, id))

    # ---- calls -------------------------------------------------------------------------------------------------------

    async def answered(self, reference: str) -> Script:
        """Return what a call says now that somebody has picked it up: the incident as it is at this moment."""
        paged = await self._paged(reference)
        if paged is None:
            of_none = await self._of_board(reference) or await self._of_letter(reference)
            return of_none or voice.last_words(voice.UNKNOWN, "en")
        return await self._opening(paged)

    async def pressed(self, reference: str, keys: str, *, id: str = "") -> Script:  # noqa: A002 - As in a report.
        """Carry out a key; return what the call says next."""
        paged = await self._paged(reference, id)
        if paged is None and (said := await self._of_letter(reference, id, keys)) is not None:
            return said
        if paged is None or self._phone.clock.now() - paged.delivery.created_at > CALL_LASTS:
            return voice.last_words(voice.UNKNOWN, paged.account.locale if paged else "en")
        locale = paged.account.locale
        if not keys:
            await self._note(paged, "no_input", "no key was pressed")
            return voice.last_words(voice.NOTHING_PRESSED, locale)
        pin = await self._pin(paged)
        means = self._keys(paged).means(keys)
        if pin is not None and len(keys) == pin.length:
            return await self._with_pin(paged, pin, keys)
        if pin is not None and means == "ack":
            return voice.ask_pin(pin.length, locale)
        if means == "again":
            return await self._opening(paged)
        if not means:
            await self._note(paged, "wrong_key", f"pressed {keys[:4]}")
            return voice.once_more(await self._opening(paged), voice.WRONG_KEY)
        return await self._do(paged, means, reference, id)

    async def _with_pin(self, paged: _Paged, pin: Pin, keys: str) -> Script:
        """Take what was asked for if the PIN is right; three wrong ones end the call."""
        locale = paged.account.locale
        digest = self._phone.post.vault.digest(f"pin {paged.account.id} {keys}")
        if hmac.compare_digest(digest, pin.digest):
            return await self._do(paged, "ack", self._phone.post.reference(paged.delivery.id), "")
        wrong = await self._note(paged, "wrong_pin", "a wrong PIN was entered")
        if wrong >= MOST_PINS:
            return voice.last_words(voice.TOO_MANY_PINS, locale)
        return voice.ask_pin(pin.length, locale, again=True)

    async def _pin(self, paged: _Paged) -> Pin | None:
        async def work(connection: Connection) -> Pin | None:
            return await contacts.pin_of(connection, paged.account.id)

        return await self._phone.database.read(work)

    async def _do(self, paged: _Paged, means: str, reference: str, id: str) -> Script:  # noqa: A002 - As in a report.
        """Carry it out, and say how it stands."""
        locale = paged.account.locale
        reply = await self._carry_out(paged, f"{means} {paged.incident.id}", means)
        now = await self._paged(reference, id)
        if reply.note is None or reply.is_done:
            # As it stands now: what takes it back in a chat cannot be pressed here.
            return await self._state(now or paged)
        return voice.last_words(reply.note.text, locale)

    async def _state(self, paged: _Paged, *, is_opening: bool = False) -> Script:
        """Return what is said of an incident that needs no key; an opening says, too, that it may be a repeat."""
        card = await self._card(paged)
        about = voice.opening(card if is_opening else replace(card, repeat=False), paged.account.locale, None).lines[
            1:-1
        ]
        return voice.last_words((*(f"{line} " for line in about), spoken(card.status)), paged.account.locale)

    async def _opening(self, paged: _Paged) -> Script:
        locale = paged.account.locale
        card = await self._card(paged)
        script = voice.opening(card, locale, self._keys(paged))
        if paged.incident.progress is Progress.TRIGGERED:
            return script
        # Somebody has been faster: there is nothing to press.
        return await self._state(paged, is_opening=True)

    async def _of_board(self, reference: str) -> Script | None:
        """Return what a call about many incidents says: there is no key for all of them."""
        phone = self._phone

        async def work(connection: Connection) -> Script | None:
            number = await self._number(connection, reference, "")
            found = await lines.find(connection, number) if number is not None else None
            if found is None or found[0].kind is not Kind.BOARD:
                return None
            organisation = await phone.picture.current(connection)
            card = await boards.said(connection, found[0], organisation, phone.clock.now())
            place = found[0].place
            locale = organisation.reader(place.workspace, place.account).locale
            return voice.opening(card, locale, None) if card is not None else None

        return await phone.database.read(work)

    async def _of_letter(self, reference: str, id: str = "", keys: str | None = None) -> Script | None:  # noqa: A002 - As in a report.
        """Return what a call about no incident says, and after a key what it says then; None: it is none."""
        phone = self._phone

        async def work(connection: Connection) -> Script | None:
            number = await self._number(connection, reference, id)
            found = await lines.find(connection, number) if number is not None else None
            if number is None or found is None or found[0].kind is not Kind.LETTER:
                return None
            organisation, now = await phone.picture.current(connection), phone.clock.now()
            known = keys_of(self._settings(), number, None, phone.post)
            if keys is not None and now - found[0].created_at <= CALL_LASTS:
                return await calls.pressed(connection, found[0], (self._provider, keys, known), organisation, now)
            return await calls.opening(connection, found[0], known, organisation, now)

        return await phone.database.transact(work)

    def _keys(self, paged: _Paged) -> voice.Keys:
        severity = paged.incident.facts.severity
        return keys_of(self._settings(), paged.delivery.id, severity, self._phone.post)

    def _settings(self) -> Mapping[str, str]:
        line = self._phone.lines.lines.get(self._method)
        member = next((one for one in line.members if one.name == self._provider), None) if line is not None else None
        return member.definition.settings if member is not None else {}

    # ---- pushes ------------------------------------------------------------------------------------------------------

    async def seen(self, reference: str, token: str) -> str:
        """Carry out what somebody tapped on a push; return the answer."""
        paged = await self._paged(reference)
        command = commands.parse(token, is_token=True)
        if paged is None or not isinstance(command, Command):
            return ""
        # The token is of a button of this very message, or somebody has made it up.
        if command.verb not in _MAY or command.numbers != (paged.incident.id,):
            return ""
        said = (await self._carry_out(paged, token, token, is_token=True)).note
        return spoken(said.text) if said is not None else ""

    # ---- SMS ---------------------------------------------------------------------------------------------------------

    async def replied(self, spoken: Spoken) -> str:
        """Carry out what somebody wrote back; a number that was proven to be nobody's gets no answer."""
        organisation = await self._phone.database.read(self._phone.picture.current)
        account = _owner(organisation, spoken.number)
        if account is None:
            log.info("sms_from_nobody", provider=self._provider)
            return ""
        short = _SHORT.fullmatch(spoken.text)
        text = spoken.text
        if short is not None:
            number = short[2] or await self._only_one(account)
            text = f"{_MEANS[short[1]]} {number or ''}".strip()
        command = commands.parse(text)
        if isinstance(command, Command) and command.verb not in _BY_SMS:
            # A sender's number can be forged: what is dear is said where people are known better.
            return self._answer(account, Note(say(account.locale, doors.BY_SMS)))
        trigger = f"{self._provider} {spoken.trigger}"
        heard = Heard(text, Actor(account.id, "sms"), Place(LINES[Method.SMS], account=account.id), trigger=trigger)
        answer = (await self._phone.desk.hear(heard)).answer
        return self._answer(account, answer) if answer is not None else ""

    def _answer(self, account: Account, answer: Card | Note | Form) -> str:
        """Return the answer as an SMS, unless it looks as if a machine answered us."""
        return _as_sms(answer, account.locale) if self._phone.may_answer(account.id) else ""

    async def _only_one(self, account: Account) -> IncidentId | None:
        """Return the one incident that waits for this person and that they were paged for by this line."""
        phone = self._phone

        async def work(connection: Connection) -> IncidentId | None:
            since = phone.clock.now() - REPLY_WITHIN
            waiting = await lines.waiting_for(connection, LINES[self._method], account.id, since)
            return waiting[0] if len(waiting) == 1 else None

        return await phone.database.read(work)

    # ---- all of them -------------------------------------------------------------------------------------------------

    async def _paged(self, reference: str, id: str = "") -> _Paged | None:  # noqa: A002 - As in a report.
        async def work(connection: Connection) -> _Paged | None:
            number = await self._number(connection, reference, id)
            found = await lines.find(connection, number) if number is not None else None
            if found is None or found[0].place.account is None:
                return None
            delivery, _ = found
            organisation = await self._phone.picture.current(connection)
            account = organisation.people.accounts.get(AccountId(found[0].place.account))
            incident = (await incidents.find(connection, [delivery.incident])).get(delivery.incident)
            if account is None or not account.active or incident is None:
                return None
            return _Paged(delivery, account, incident, organisation)

        return await self._phone.database.read(work)

    async def _card(self, paged: _Paged) -> Card:
        async def work(connection: Connection) -> Card:
            scene = await scene_of(connection, paged.incident, paged.organisation, paged.delivery.place, ())
            return build.card(replace(scene, may_repeat=paged.delivery.uncertain))

        return await self._phone.database.read(work)

    async def _carry_out(self, paged: _Paged, text: str, trigger: str, *, is_token: bool = False) -> Reply:
        place = paged.delivery.place
        once = f"delivery {paged.delivery.id} {trigger}"
        heard = Heard(text, Actor(paged.account.id, str(self._method)), place, is_token, trigger=once)
        reply = await self._phone.desk.hear(heard)
        if reply.is_done:
            await self._note(paged, "acted", text)
        return reply

    async def _note(self, paged: _Paged, hop: str, said: str) -> int:
        """Keep what happened in a call; return how often it has by now."""
        now = self._phone.clock.now()

        async def work(connection: Connection) -> int:
            await lines.add(connection, [Hop(paged.delivery.id, now, hop, self._provider, said)])
            known = (await lines.hops_of(connection, [paged.delivery.id]))[paged.delivery.id]
            return sum(one.hop == hop for one in known)

        return await self._phone.database.transact(work)


def _is_news(known: list[Hop], progress: Came) -> bool:
    """Whether a report says more than those before it: late ones and doubles change nothing."""
    ranks = [RANKS[Came(hop.hop)] for hop in known if hop.hop in set(Came)]
    return RANKS[progress] > max(ranks, default=-1)


def _owner(organisation: Organisation, number: str) -> Account | None:
    """Return whose number it is; None: nobody's that was proven, or several people's."""
    found = [
        one
        for one in organisation.people.accounts.values()
        if one.active and one.phone == number and ContactKind.PHONE in one.verified
    ]
    return found[0] if len(found) == 1 else None


def _as_sms(answer: Card | Note | Form, locale: str) -> str:
    if isinstance(answer, Form):
        return ""
    if isinstance(answer, Note) and answer.buttons and not answer.done:
        # What would be buttons in a chat is written: `1 42`.
        return sms_text(replace(answer, buttons=(), rows=(*answer.rows, *map(_choice, answer.buttons))), locale=locale)
    return sms_text(replace(answer, buttons=()), locale=locale)


def _choice(button: Button) -> tuple[str, ...]:
    sentence = re.sub(r"\s+v\d+$", "", button.token)
    return (f"{sentence}: {button.label}",)
