"""Who an event is about: those who are invited, else whose address or whose name is in its title."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from icalendar import Event

from bot.config.fault import quoted
from bot.config.ical.event import value
from bot.config.ical.refused import about
from cards.feed_text import NAME

_ADDRESS: Final = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_THINGS: Final = frozenset({"ROOM", "RESOURCE"})
_MENTION: Final = "add the account and apply it, or say who it is with"


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds people. `emails`: the accounts' addresses; `names`: whose each name is; all found by their folded form.

    `said`: names and addresses of the file, and whose they are by the word of whoever takes it in.
    """

    emails: Mapping[str, str]
    names: Mapping[str, Collection[str]]
    said: Mapping[str, str]

    def people(self, event: Event) -> frozenset[str]:
        """Return the addresses of those who are on call by an event. Raises NotImported for who is not known."""
        own = value(event, NAME)
        if own is not None:
            return frozenset({self._named(event, str(own))})
        invited = [self._invited(event, *one) for one in _attendees(event)]
        if invited:
            return frozenset(invited)
        title = str(event.get("SUMMARY") or "")
        written = [self._address(event, one) for one in _ADDRESS.findall(title)]
        return frozenset(written or self._in_title(event, title))

    def _invited(self, event: Event, address: str, name: str) -> str:
        known = self._known(address) or self.said.get(name.casefold())
        if known is None and not _ADDRESS.fullmatch(address):
            known = self._by_name(event, name or address)
        return known or self._address(event, address)

    def _known(self, address: str) -> str | None:
        return self.said.get(address.casefold()) or self.emails.get(address.casefold())

    def _address(self, event: Event, address: str) -> str:
        known = self._known(address)
        if known is None:
            mend = f'{_MENTION} --person "{address}=ana@example.com"'
            raise about(event, f"{quoted(address)} is the address of no account", mend)
        return known

    def _named(self, event: Event, name: str) -> str:
        known = self._by_name(event, name)
        if known is None:
            raise about(
                event, f"{quoted(name)} is the name of no account", f'{_MENTION} --person "{name}=ana@example.com"'
            )
        return known

    def _by_name(self, event: Event, name: str) -> str | None:
        folded = name.casefold()
        if folded in self.said:
            return self.said[folded]
        several = self.names.get(folded, ())
        if len(several) > 1:
            mend = f'say which with --person "{name}={min(several)}"'
            raise about(event, f"{len(several)} accounts are called {quoted(name)}", mend)
        return next(iter(several), None)

    def _in_title(self, event: Event, title: str) -> list[str]:
        """Return those whose names are in a title, each as words of their own, the longest names first."""
        found: list[str] = []
        rest = title.casefold()
        for name in sorted({*self.said, *self.names}, key=lambda one: (-len(one), one)):
            # First what takes no time: most of a thousand names are in no title.
            if not name or name not in rest:
                continue
            pattern = rf"(?<!\w){re.escape(name)}(?!\w)"
            if re.search(pattern, rest):
                rest = re.sub(pattern, "\0", rest)
                found.append(self._named(event, name))
        if not found:
            mend = (
                f'invite them to it, or say whom its title means with --person "{title or "Ana Ito"}=ana@example.com"'
            )
            raise about(event, "it names nobody who is known", mend)
        return found


def _attendees(event: Event) -> Iterator[tuple[str, str]]:
    """Yield the address and the name of each who is invited and has not declined."""
    listed = value(event, "ATTENDEE") or []
    for one in listed if isinstance(listed, list) else [listed]:
        params = {key.upper(): str(value) for key, value in getattr(one, "params", {}).items()}
        is_out = params.get("PARTSTAT", "").upper() == "DECLINED" or params.get("ROLE", "").upper() == "NON-PARTICIPANT"
        if not is_out and params.get("CUTYPE", "").upper() not in _THINGS:
            address = re.sub(r"(?i)^mailto:", "", str(one)).strip()
            yield address, params.get("CN", "").strip()
