"""Who is on duty and cannot be reached, once that has lasted: whoever is new is looked for by e-mail first."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.domain.duty import unreachable
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId
from bot.domain.trouble import Check, Trouble, key_of
from bot.domain.trouble import unreachable as trouble_of

# By then each workspace has been asked for everybody.
PATIENCE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a look has found, and the keys of what is over."""

    found: tuple[Trouble, ...] = ()
    over: frozenset[str] = frozenset()


@dataclass(slots=True)
class RollCall:
    """Remembers since when each person has been out of reach."""

    _since: dict[AccountId, datetime] = field(default_factory=dict)

    def look(self, organisation: Organisation, now: datetime) -> Missing:
        """Return who has been out of reach for long enough. While somebody is for less, nothing is over."""
        missing = unreachable(organisation)
        # A clock that was put back begins anew.
        self._since = {one.id: min(self._since.get(one.id, now), now) for one in missing}
        if not missing:
            return Missing(over=frozenset({key_of(Check.UNREACHABLE)}))
        long = [f"{one.name} ({one.email})" for one in missing if now - self._since[one.id] >= PATIENCE]
        return Missing((trouble_of(long),) if long else ())
