"""Gathers what a message about an incident is built from, as it stands now in one place."""

from bot.domain.delivery import Place
from bot.domain.flow import rules_of
from bot.domain.incident import Happened, Incident
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId
from cards.build import Scene
from storage import incidents
from storage.database import Connection

TIMELINE_READ = 60


async def scene_of(
    connection: Connection, incident: Incident, organisation: Organisation, place: Place, mention: tuple[AccountId, ...]
) -> Scene:
    """Return the scene of the incident for a place; in a direct message, in that person's language and time zone."""
    timeline = await incidents.timeline(connection, incident.id, TIMELINE_READ)
    return scene_with(timeline, incident, organisation, place, mention)


def scene_with(
    timeline: tuple[Happened, ...],
    incident: Incident,
    organisation: Organisation,
    place: Place,
    mention: tuple[AccountId, ...],
) -> Scene:
    """Return the same for who has the last entries of its timeline already."""
    people = organisation.people
    levels = rules_of(incident, organisation).levels
    after = incident.level + 1
    reader = organisation.reader(place.workspace, place.account)
    return Scene(
        incident=incident,
        channel=organisation.channel(incident.channel).name,
        levels=len(levels),
        names={account.id: account.name for account in people.accounts.values()},
        users=organisation.users_in(place.workspace),
        timeline=timeline,
        locale=reader.locale,
        timezone=reader.timezone,
        mention=mention,
        upcoming=people.resolve(levels[after].targets) if 0 <= after < len(levels) else (),
        direct=place.chat is None,
    )
