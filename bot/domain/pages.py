"""Pages: from whom the law wants told to the ways by which each is told, in their order and at their times.

The service makes messages of them and sends these; a simulation only says when they would go out.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.delivery import Place
from bot.domain.fallback import Tried, plan
from bot.domain.frozen import dataclass
from bot.domain.incident import ChannelId, Incident, Notify
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId, Target, TargetKind
from bot.domain.reach import Way, quiet_ways, ways


@dataclass(frozen=True, slots=True)
class Planned:
    """One way of one page: where it goes, when, in which order, and when at the latest.

    `group`: which page of the notification it belongs to; None: it is the only way.
    """

    place: Place
    at: datetime
    group: int | None = None
    rank: int | None = None
    latest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pages:
    """What a notification comes to, for every incident alike; `groups`: how many pages have several ways."""

    legs: tuple[Planned, ...]
    groups: int


def pages_of(incident: Incident, effect: Notify, organisation: Organisation, now: datetime) -> Pages:
    """Return the ways by which these people and chats are told."""
    chats = [Place(chat.workspace, chat=chat.chat) for chat in effect.chats]
    severity = incident.facts.severity
    behind = {} if effect.accounts else _behind(incident, effect, organisation)
    if chats and behind:
        # Chats stand side by side at the head of one page, and go out at once.
        legs = [Planned(place, now, 0, 0, now) for place in chats]
        for found in behind.values():
            legs += legs_of(found, now, 0, organisation, chats=len(chats))
        return Pages(tuple(legs), 1)
    legs = [Planned(place, now) for place in chats]
    groups = 0
    for account in effect.accounts:
        several = ways(account, organisation, severity, effect.methods, effect.chats)
        legs += legs_of(several, now, groups if len(several) > 1 else None, organisation)
        groups += len(several) > 1
    return Pages(tuple(legs), groups)


def legs_of(
    found: Sequence[Way], now: datetime, group: int | None, organisation: Organisation, *, chats: int = 0
) -> Iterator[Planned]:
    """Yield the ways of one person's page, behind so many chats."""
    latest = [now + way.after if way.after is not None else None for way in found]
    tried = [Tried(latest=now)] * chats + [Tried(latest=at) for at in latest]
    turns = plan(now, tried, organisation.deadline)[chats:]
    first_rank = 1 if chats else 0
    for rank, (way, turn) in enumerate(zip(found, turns, strict=True), start=first_rank):
        at = latest[rank - first_rank]
        yield Planned(way.place, turn or now, group, rank if group is not None else None, at)


def who_hears(channel: ChannelId, organisation: Organisation) -> tuple[AccountId, ...]:
    """Return who hears of what the channel's team and the admins must know; none: no way leads to any of them."""
    return tuple(one for one in organisation.told_about(channel) if quiet_ways(one, organisation))


def _behind(incident: Incident, effect: Notify, organisation: Organisation) -> dict[AccountId, list[Way]]:
    """Return the ways to the channel's team: where a level tells chats alone, it is told when no chat can be."""
    team = organisation.channel(incident.channel).team
    members = organisation.people.resolve([Target(TargetKind.TEAM, team)] if team is not None else [])
    # They wait for the chats, whatever their own delays are.
    return {
        one: [Way(way.place) for way in ways(one, organisation, incident.facts.severity, (), effect.chats)]
        for one in members
    }
