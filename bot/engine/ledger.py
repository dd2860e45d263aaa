"""Answers `why`: reads what was decided about incidents and what became of it."""

from bot.commands import Command, NotUnderstood, Speaker, Unclear, why
from bot.domain.incident import Incident, IncidentId
from bot.domain.ledger import Ledger, reckon
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId, TargetKind
from bot.domain.untold import Span, concerns, untold
from cards import ledger as said
from cards import notes
from cards.card import Note
from cards.ledger import Absence, Eye
from storage import incidents, ledger
from storage.database import Connection
from storage.incidents import Unreadable

# Of so many incidents that were open in a span it is known whom their rules name, and of so many it is said why.
MOST_LOOKED_AT = 500
MOST_TOLD = 30
# More than any incident has; it only keeps a runaway from filling the memory.
MOST_ENTRIES = 10_000


async def of(connection: Connection, number: IncidentId, organisation: Organisation) -> Ledger | None:
    """Return the account of an incident; None: there is none of this number. Raises Unreadable."""
    incident = (await incidents.find(connection, [number])).get(number)
    return (await _ledgers(connection, [incident], organisation))[0] if incident is not None else None


async def absence(connection: Connection, person: AccountId, span: Span, organisation: Organisation) -> Absence:
    """Return why somebody was not paged: of the incidents that were open in the span, those that concern them first."""
    open_then = await ledger.open_during(connection, span.since, span.until, MOST_LOOKED_AT)
    found = open_then.found
    ordered = sorted(found.incidents, key=lambda one: (not concerns(person, one, organisation), one.id))
    ledgers = await _ledgers(connection, ordered[:MOST_TOLD], organisation)
    told = [untold(person, span, one, organisation) for one in ledgers]
    return Absence(person, span, told, open_then.count, found.unreadable)


async def _ledgers(connection: Connection, chosen: list[Incident], organisation: Organisation) -> list[Ledger]:
    sent = await ledger.of_incidents(connection, [incident.id for incident in chosen])
    return [
        reckon(
            incident,
            await incidents.timeline(connection, incident.id, MOST_ENTRIES),
            sent[incident.id],
            organisation,
        )
        for incident in chosen
    ]


async def answer(connection: Connection, command: Command, speaker: Speaker, eye: Eye) -> Note:
    """Return the answer to a `why` in a chat."""
    text = str(command.numbers[0]) if command.numbers else command.rest
    asked = why.read(text, speaker)
    if isinstance(asked, NotUnderstood):
        return notes.not_understood(f"why {text}".strip(), asked.hint(eye.locale), eye.locale)
    if isinstance(asked, Unclear):
        return _who_is_meant(asked, eye)
    if isinstance(asked, why.WhyNot):
        return said.absence(await absence(connection, asked.person, asked.span, eye.organisation), eye)
    try:
        found = await of(connection, asked.number, eye.organisation)
    except Unreadable:
        return notes.unreadable_incident(asked.number, eye.locale)
    return said.account(found, eye) if found is not None else notes.unknown_incident(asked.number, eye.locale)


def _who_is_meant(unclear: Unclear, eye: Eye) -> Note:
    accounts = eye.organisation.people.accounts
    meant = [accounts[AccountId(one.id)] for one in unclear.choices if one.kind is TargetKind.ACCOUNT]
    choices = [(f"{one.name} ({one.email})", f"why {unclear.before}@{one.id}{unclear.after}") for one in meant]
    return notes.who_is_meant(unclear.said, choices, eye.locale)
