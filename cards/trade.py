"""What is said of shifts that are asked to be taken over or exchanged: the live card, and answers to commands.

Pure, as all cards: what is to be said comes in, in the order in which it is to be said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from bot.domain.event import Severity, cut
from bot.domain.people import AccountId
from bot.domain.trade import Part, Reason, Refused, State, Trade, due
from cards import words
from cards.answers import MOST_ROWS, Readers
from cards.card import Button, Card, Confirm, Fact, Moment, Note, Style, Text, Tone
from cards.override import in_its_zone
from cards.plain import line
from cards.schedule import role_of
from cards.words import name_of, say

NAME_IN_ROW: Final = 80
WHY_IN_ROW: Final = 200
NAMES_IN_ROW: Final = 8

DOES_COVER: Final = "ask that somebody takes over your shift, the next or the one you say"
DOES_SWAP: Final = "ask somebody to exchange a shift with you"
DOES_TRADE: Final = "answer such a request, see one, or see which are open"
SAY_COVER: Final = "Say which shift and, if you like, who: {example}"
SAY_SWAP: Final = "Say with whom and, if you like, which shifts: {example}"
SAY_TRADE: Final = "For example: {example}"

COVER: Final = "Cover"
SWAP: Final = "Swap"
TITLE_COVER: Final = "{who} asks to be covered: {schedule} · {role}"
TITLE_SWAP: Final = "{who} asks {other} to swap: {schedule} · {role}"
SUMMARY: Final = "{title} (no. {number})"
FACT_SHIFT: Final = "Shift"
FACT_FOR: Final = "In exchange for"
FACT_WHY: Final = "Because"
FACT_ASKED: Final = "Asked"
FACT_DECLINED: Final = "Not"
FACT_UNREACHED: Final = "⚠️ Not reached"
SPAN: Final = "{start} to {end}"
SPAN_ROLE: Final = "{start} to {end} · {role}"

STATUS: Final = MappingProxyType(
    {
        State.ASKED: "[Open] until {until}: whoever takes it first has it",
        State.TAKEN: "[Taken] by {taker} · confirmed at {until} unless {who} withdraws it",
        State.CONFIRMED: "[Confirmed]: {taker} is on call then",
        State.WITHDRAWN: "[Withdrawn] by {who}",
        State.DECLINED: "[Declined] by everybody who was asked: {who} keeps the shift",
        State.EXPIRED: "⚠️ [Expired]: nobody took it. {who} keeps the shift",
        State.CHANGED: "⚠️ [Nothing changed]: the schedule was changed before it was confirmed. See who is on call",
    }
)
SWAPPED: Final = "[Confirmed]: {who} and {taker} have swapped"

TAKE: Final = "Take it"
SWAP_IT: Final = "Swap"
NOT_ME: Final = "Not me"
NOT_AFTER_ALL: Final = "Not after all"
CONFIRM: Final = "Confirm now"
WITHDRAW: Final = "Withdraw"
WITHDRAW_TITLE: Final = "Withdraw it?"
WITHDRAW_TEXT: Final = "You keep the shift, and nobody is asked any more."
CANCEL: Final = "Cancel"

ASKED_OF: Final = "[Asked] {names} to take your shift in {schedule} from {start} to {end} (no. {number})."
ASKED_SWAP: Final = "[Asked] {names} to swap: your shift in {schedule} from {start} to {end} (no. {number})."
THEIR_SHIFT: Final = "Their shift: {start} to {end}"
NOT_TOLD: Final = "⚠️ No message can reach {names}: tell them yourself."

LISTED: Final = "[Open requests]"
LISTED_NONE: Final = "No request is open. For example: {example}"
ROW: Final = "no. {number} · {title} from {start} to {end}"
ROW_TAKEN: Final = "no. {number} · {title} from {start} to {end} · taken by {taker}"
MORE_ROWS: Final = "and {count} more"
NONE_SUCH: Final = "There is no request no. {number}."
NOT_ON_DUTY: Final = "You are not on call for {schedule} in that time, so there is nothing to take over."
THEY_ARE_NOT: Final = "{who} is not on call for {schedule} in that time, so there is nothing to swap."

REASONS: Final = MappingProxyType(
    {
        Reason.CONFIRMED: "That is confirmed already: {who} has it. To change it, remove the change: override list",
        Reason.WITHDRAWN: "That was withdrawn at {at}; nothing changed.",
        Reason.DECLINED: "Everybody who was asked has declined; nothing changed.",
        Reason.EXPIRED: "That has expired; nothing changed.",
        Reason.CHANGED: "The schedule was changed before it was confirmed; nothing changed hands.",
        Reason.TAKEN: "{who} was faster and has it since {at}; nothing changed.",
        Reason.YOURS_ALREADY: "You have taken it already.",
        Reason.NOT_TAKEN: "Nobody has taken it yet, so there is nothing to confirm.",
        Reason.OWN: "It is your own request: somebody else must answer it. You can withdraw it.",
        Reason.NOT_ASKED: "You were not asked. Who was can take it; or make a temporary change: override",
        Reason.NOT_YOURS: "Only {who}, who asked, can do that; nothing changed.",
        Reason.DECLINED_ALREADY: "You have declined already. You can still take it.",
        Reason.SHIFT_CHANGED: "The schedule has changed: {who} is not on call then any more. Nothing changed hands.",
        Reason.ON_DUTY_THEN: "{who} is on call in that role then already; nothing changed.",
        Reason.GONE: "{who} is not there any more; nothing changed.",
        Reason.NOBODY_ELSE: "There is nobody else in this schedule to ask. Say whom: {example}",
        Reason.OVERLAP: "Both shifts are at the same time, so there is nothing to swap. Say other times: {example}",
        Reason.NOT_DUE: "Nothing is due yet; nothing changed.",
    }
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A trade, the schedule that it is of, and who reads of it (None: nobody in particular)."""

    trade: Trade
    schedule: str
    timezone: str
    readers: Readers
    reader: AccountId | None = None

    @property
    def locale(self) -> str:
        """In which language it is read."""
        return self.readers.locale

    def name(self, account: AccountId | None) -> str:
        """Return what somebody is called."""
        known = self.readers.names.get(account) if account is not None else None
        return _short(known) if known is not None else name_of(self.locale, words.SOMEBODY)

    def moment(self, at: datetime | None) -> Moment:
        """Return an instant, with its date."""
        return Moment(at or self.trade.asked.at, self.readers.timezone, day=True)


def card(scene: Scene) -> Card:
    """Return the live card of a trade, with the buttons of its reader."""
    trade, locale = scene.trade, scene.locale
    title = title_of(scene)
    return Card(
        number=None,
        severity=Severity.INFO,
        severity_word=name_of(locale, SWAP if trade.wanted is not None else COVER),
        tone=_tone(trade),
        title=title,
        summary=_summary(scene),
        status=status(scene),
        facts=_facts(scene),
        buttons=buttons(scene),
    )


def note(scene: Scene) -> Note:
    """Return the same in words, for where no card can be shown."""
    said: Text = (_summary(scene), " · ", *span_of(scene, scene.trade.given), " · ", *status(scene))
    return Note(said, buttons=buttons(scene))


def answered(scene: Scene) -> Note:
    """Return what came of an answer, for the person who gave it."""
    rows: list[Text] = [fact.value for fact in _facts(scene)[: MOST_ROWS - 1]]
    said: Text = (_summary(scene), " · ", *status(scene))
    return Note(said, rows=tuple(rows), buttons=buttons(scene), done=True)


def asked(scene: Scene, unreachable: Sequence[AccountId]) -> Note:
    """Return that it was asked, whom, and what to do with it. `unreachable`: to whom no message can go."""
    trade, locale = scene.trade, scene.locale
    names = _names(scene, trade.candidates)
    start, end = scene.moment(trade.given.start), scene.moment(trade.given.end)
    form = ASKED_SWAP if trade.wanted is not None else ASKED_OF
    schedule = _short(scene.schedule)
    said = say(locale, form, names=names, schedule=schedule, number=trade.id, start=start, end=end)
    rows: list[Text] = [say(locale, NOT_TOLD, names=_names(scene, unreachable))] if unreachable else []
    rows += in_its_zone(scene.timezone, (trade.given.start, trade.given.end), scene.readers)
    if trade.wanted is not None:
        start, end = scene.moment(trade.wanted.start), scene.moment(trade.wanted.end)
        rows.append(say(locale, THEIR_SHIFT, start=start, end=end))
    return Note(said, rows=tuple(rows), buttons=buttons(scene), done=True)


def refused(refused: Refused, names: Mapping[AccountId, str], example: str, readers: Readers) -> Note:
    """Return why nothing came of it."""
    who = names.get(refused.who) if refused.who is not None else None
    at: Moment | str = Moment(refused.at, readers.timezone, day=True) if refused.at is not None else ""
    parts = {"who": _short(who or name_of(readers.locale, words.SOMEBODY)), "at": at, "example": example}
    return Note(say(readers.locale, REASONS[refused.reason], **parts))


def nothing_to_take(schedule: str, locale: str, who: str = "") -> Note:
    """Return that there is no such shift of the asker or, with `who`, of the person to swap with."""
    return Note(say(locale, THEY_ARE_NOT if who else NOT_ON_DUTY, schedule=_short(schedule), who=_short(who)))


def none_such(number: int, locale: str) -> Note:
    """Return that there is no trade of this number."""
    return Note(say(locale, NONE_SUCH, number=number))


def listing(scenes: Sequence[Scene], example: str, locale: str) -> Note:
    """Return the trades that are open."""
    if not scenes:
        return Note(say(locale, LISTED_NONE, example=example))
    rows = [_row(scene) for scene in scenes]
    hidden = len(rows) - MOST_ROWS
    if hidden > 0:
        rows[MOST_ROWS:] = [say(locale, MORE_ROWS, count=hidden)]
    return Note(say(locale, LISTED), rows=tuple(rows))


# ---- parts -----------------------------------------------------------------------------------------------------------


def title_of(scene: Scene) -> str:
    """Return what is asked, of whom."""
    trade = scene.trade
    parts = {"schedule": _short(scene.schedule), "role": role_of(trade.given.role, scene.locale)}
    if trade.wanted is None:
        return name_of(scene.locale, TITLE_COVER, who=scene.name(trade.asker), **parts)
    other = scene.name(trade.wanted.holder)
    return name_of(scene.locale, TITLE_SWAP, who=scene.name(trade.asker), other=other, **parts)


def status(scene: Scene) -> Text:
    """Return how it stands."""
    trade = scene.trade
    is_swapped = trade.state is State.CONFIRMED and trade.wanted is not None
    who, taker, until = scene.name(trade.asker), scene.name(trade.taker), scene.moment(due(trade))
    return say(scene.locale, SWAPPED if is_swapped else STATUS[trade.state], who=who, taker=taker, until=until)


def span_of(scene: Scene, part: Part) -> Text:
    """Return from when to when a part is."""
    return say(scene.locale, SPAN, start=scene.moment(part.start), end=scene.moment(part.end))


def buttons(scene: Scene) -> tuple[Button, ...]:
    """Return what the reader can do with it."""
    trade, reader, locale = scene.trade, scene.reader, scene.locale
    if not trade.is_open or reader is None:
        return ()
    if reader == trade.asker:
        sure = Confirm(
            name_of(locale, WITHDRAW_TITLE),
            name_of(locale, WITHDRAW_TEXT),
            name_of(locale, WITHDRAW),
            name_of(locale, CANCEL),
        )
        withdraw = Button(name_of(locale, WITHDRAW), f"trade {trade.id} withdraw", Style.PLAIN, sure)
        if trade.state is not State.TAKEN:
            return (withdraw,)
        return Button(name_of(locale, CONFIRM), f"trade {trade.id} confirm", Style.PRIMARY), withdraw
    if reader not in trade.candidates:
        return ()
    if trade.state is State.TAKEN:
        drop = Button(name_of(locale, NOT_AFTER_ALL), f"trade {trade.id} decline")
        return (drop,) if reader == trade.taker else ()
    label = SWAP_IT if trade.wanted is not None else TAKE
    take = Button(name_of(locale, label), f"trade {trade.id} take", Style.PRIMARY)
    if reader in trade.declined:
        return (take,)
    return take, Button(name_of(locale, NOT_ME), f"trade {trade.id} decline")


def _tone(trade: Trade) -> Tone:
    match trade.state:
        case State.ASKED:
            return Tone.INFO
        case State.TAKEN:
            return Tone.TAKEN
        case State.CONFIRMED:
            return Tone.DONE
        case State.EXPIRED | State.CHANGED:
            return Tone.WARNING
        case _:
            return Tone.QUIET


def _summary(scene: Scene) -> str:
    return name_of(scene.locale, SUMMARY, title=title_of(scene), number=scene.trade.id)


def _facts(scene: Scene) -> tuple[Fact, ...]:
    trade, locale = scene.trade, scene.locale
    found = [Fact(name_of(locale, FACT_SHIFT), span_of(scene, trade.given))]
    theirs = in_its_zone(scene.timezone, (trade.given.start, trade.given.end), scene.readers)
    found += [Fact(name_of(locale, FACT_SHIFT), row) for row in theirs]
    if trade.wanted is not None:
        role = role_of(trade.wanted.role, locale)
        start, end = scene.moment(trade.wanted.start), scene.moment(trade.wanted.end)
        found.append(Fact(name_of(locale, FACT_FOR), say(locale, SPAN_ROLE, role=role, start=start, end=end)))
    if trade.why:
        found.append(Fact(name_of(locale, FACT_WHY), (cut(line(trade.why), WHY_IN_ROW),)))
    found.append(Fact(name_of(locale, FACT_ASKED), (_names(scene, trade.candidates),)))
    if trade.declined:
        found.append(Fact(name_of(locale, FACT_DECLINED), (_names(scene, trade.declined),)))
    if trade.unreached:
        found.append(Fact(name_of(locale, FACT_UNREACHED), (_names(scene, trade.unreached),)))
    return tuple(found)


def _row(scene: Scene) -> Text:
    trade = scene.trade
    start, end, taker = scene.moment(trade.given.start), scene.moment(trade.given.end), scene.name(trade.taker)
    form = ROW if trade.taker is None else ROW_TAKEN
    return say(scene.locale, form, number=trade.id, title=title_of(scene), taker=taker, start=start, end=end)


def _names(scene: Scene, accounts: Sequence[AccountId]) -> str:
    named = [scene.name(one) for one in accounts[:NAMES_IN_ROW]]
    more = len(accounts) - len(named)
    return ", ".join(named) + (f", +{more}" if more else "")


def _short(text: str) -> str:
    return cut(line(text), NAME_IN_ROW)
