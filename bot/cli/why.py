"""`oncard why`: why an incident was told to whom and what became of it; `oncard why not`: why somebody was not paged.

What is asked is read as in a chat. Times of a `why not` are in that person's own zone.
"""

from dataclasses import replace
from datetime import UTC, datetime

import click

from bot.cli import session
from bot.cli.refused import Refused
from bot.cli.screen import Cell, instant, one_line, print_json, print_line, print_table
from bot.commands import NotUnderstood, Speaker, Unclear, why
from bot.domain.incident import Actor
from bot.domain.ledger import Hop, Ledger, Recipient, Telling
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId, TargetKind
from bot.domain.untold import Reason, Untold
from bot.engine import ledger
from bot.main import Service
from cards import ledger as said
from cards import notes, plain, words
from cards.ledger import Absence, Eye
from storage.database import Connection
from storage.incidents import Unreadable


@click.command
@click.argument("asked", nargs=-1, required=True, metavar="NUMBER | not PERSON FROM-TO")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(asked: tuple[str, ...], as_json: bool) -> None:
    """Say why an incident was told to whom, or why somebody was not paged.

    Each message is told with its hops and its outcome. With `not` it is about a person and a span, such as
    `oncard why not ana@example.com yesterday 03:00-04:00`.
    """
    text = " ".join(asked)

    async def work(service: Service) -> tuple[Ledger | Absence | None, Organisation]:
        organisation = await session.organisation(service)
        meant = _read(text, organisation, service.clock.now())

        async def find(connection: Connection) -> Ledger | Absence | None:
            if isinstance(meant, why.WhyNot):
                return await ledger.absence(connection, meant.person, meant.span, organisation)
            return await ledger.of(connection, meant.number, organisation)

        return await service.database.read(find), organisation

    try:
        found, organisation = session.run(work)
    except Unreadable as error:
        raise Refused(plain.spoken(notes.unreadable_incident(error.number).text)) from error
    if found is None:
        raise Refused(f"there is no incident {text}; `oncard incident list --all` shows which there are")
    if isinstance(found, Absence):
        _show_absence(found, organisation) if not as_json else print_json(_absence_as_json(found, organisation))
    elif as_json:
        print_json(_as_json(found, organisation))
    else:
        _show(found, organisation)


def _read(text: str, organisation: Organisation, now: datetime) -> why.Why | why.WhyNot:
    """Return what is asked; the times of a span are read once more in the zone of whoever it is about."""
    people = organisation.people
    speaker = Speaker(Actor(None, "cli"), people, now)
    asked = why.read(text, speaker)
    if isinstance(asked, why.WhyNot):
        asked = why.read(text, replace(speaker, timezone=people.accounts[asked.person].timezone))
    if isinstance(asked, NotUnderstood):
        if asked.field:
            raise Refused(str(asked))
        raise click.UsageError(str(asked))
    if isinstance(asked, Unclear):
        meant = [people.accounts[AccountId(one.id)] for one in asked.choices if one.kind is TargetKind.ACCOUNT]
        raise Refused(f"“{asked.said}” can mean {', '.join(one.email for one in meant)}; name the address")
    return asked


# ---- an incident -----------------------------------------------------------------------------------------------------


def _show(found: Ledger, organisation: Organisation) -> None:
    eye = Eye("en", "UTC", organisation)
    print_line(plain.spoken(said.account(found, eye).text), "bold")
    for recipient in found.recipients:
        print_line()
        print_line(_name(recipient, organisation), "bold")
        for telling in recipient.tellings:
            _show_telling(telling, found, eye)
    for unreached in found.unreached:
        print_line()
        print_line(plain.spoken(said.no_way(unreached, found.incident, eye)))


def _show_telling(telling: Telling, found: Ledger, eye: Eye) -> None:
    end = telling.ending
    reason = one_line(plain.spoken(said.ending(end, found.incident, eye)))
    kind = f"{telling.delivery.kind} by {said.way(telling.delivery.place, eye)}"
    print_line(
        f"  {instant(telling.delivery.created_at)}  {kind} ({said.cause(telling.cause, found.incident, eye)}): "
        f"{end.outcome}, {reason}"
    )
    print_table(("", "", "", ""), [_hop(hop) for hop in telling.hops], rigid=3, indent=6)


def _hop(hop: Hop) -> tuple[Cell, ...]:
    said_of_it = one_line(" ".join(part for part in (hop.said, f"({hop.id})" if hop.id else "") if part))
    return instant(hop.at), hop.word.replace("_", " "), hop.provider, said_of_it


def _name(recipient: Recipient, organisation: Organisation) -> str:
    place = recipient.place
    if place.account is None:
        return f"chat {place.chat} in {organisation.via(place.workspace) or said.NO_WORKSPACE}"
    account = organisation.people.accounts.get(place.account)
    return account.name if account is not None else "somebody"


# ---- somebody --------------------------------------------------------------------------------------------------------


def _show_absence(found: Absence, organisation: Organisation) -> None:
    eye = Eye("en", organisation.people.accounts[found.person].timezone, organisation)
    print_line(plain.spoken(said.absence_head(found, eye)), "bold")
    for one in found.untold:
        print_line()
        for number, row in enumerate(said.untold(one, eye)):
            print_line(f"{'  ' if number else ''}{plain.spoken(row)}")
    if found.unreadable:
        numbers = ", ".join(f"#{number}" for number in found.unreadable)
        print_line(words.UNREADABLE_LEFT_OUT.format(numbers=numbers))
    hidden = found.count - len(found.untold) - len(found.unreadable)
    if hidden > 0:
        print_line(f"… {hidden} more incidents were open then; name a shorter span")


# ---- for scripts -----------------------------------------------------------------------------------------------------


def _as_json(found: Ledger, organisation: Organisation) -> dict[str, object]:
    return {
        "incident": found.incident.id,
        "rule": found.incident.rule,
        "decisions": [
            {"at": _time(item.at), "entry": str(item.record.entry), "said": dict(item.record.said)}
            for item in found.decisions
        ],
        "messages": [telling_as_json(one, organisation) for one in found.tellings],
        "without_a_way": [
            {"at": _time(one.at), "account": _account(one.account, organisation), "level": one.level}
            for one in found.unreached
        ],
    }


def telling_as_json(telling: Telling, organisation: Organisation) -> dict[str, object]:
    """Return one message as values that `json` can write."""
    delivery, cause, end = telling.delivery, telling.cause, telling.ending
    return {
        "message": delivery.id,
        "incident": delivery.incident,
        "decided_at": _time(delivery.created_at),
        "kind": str(delivery.kind),
        "about": str(delivery.entry) if delivery.entry else None,
        "for": str(cause.asked),
        "level": cause.level or None,
        "turn": cause.turn or None,
        "after_seconds": cause.after.total_seconds() if cause.after is not None else None,
        "behind": [organisation.via(place.workspace) for place in cause.behind],
        "account": _account(delivery.place.account, organisation),
        "chat": delivery.place.chat,
        "via": organisation.via(delivery.place.workspace) or None,
        "outcome": str(end.outcome),
        "because": str(end.because),
        "by": _account(end.by, organisation),
        "reached_via": organisation.via(end.via.workspace) if end.via is not None else None,
        "until": _time(end.until),
        "reason": end.word or None,
        "said": end.said or None,
        "attempts": delivery.attempts,
        "hops": [
            {"at": _time(hop.at), "hop": hop.word, "provider": hop.provider, "said": hop.said, "id": hop.id or None}
            for hop in telling.hops
        ],
    }


def _absence_as_json(found: Absence, organisation: Organisation) -> dict[str, object]:
    return {
        "person": _account(found.person, organisation),
        "since": _time(found.span.since),
        "until": _time(found.span.until),
        "open_incidents": found.count,
        "unreadable": list(found.unreadable),
        "incidents": [_untold_as_json(one, organisation) for one in found.untold],
    }


def _untold_as_json(one: Untold, organisation: Organisation) -> dict[str, object]:
    return {
        "incident": one.incident.id,
        "channel": organisation.channel(one.incident.channel).name,
        "rule": one.incident.rule,
        "paged": one.is_paged,
        "messages": [telling_as_json(telling, organisation) for telling in one.tellings],
        "reasons": [_reason_as_json(reason, organisation) for reason in one.reasons],
    }


def _reason_as_json(reason: Reason, organisation: Organisation) -> dict[str, object]:
    return {
        "reason": str(reason.ground),
        "at": _time(reason.at),
        "by": _account(reason.by, organisation),
        "until": _time(reason.until),
        "level": reason.level or None,
        "to": reason.to or None,
        "method": str(reason.method) if reason.method else None,
        "obstacle": str(reason.obstacle) if reason.obstacle else None,
    }


def _account(number: AccountId | None, organisation: Organisation) -> str | None:
    known = organisation.people.accounts.get(number) if number is not None else None
    return known.name if known is not None else None


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at is not None else None
