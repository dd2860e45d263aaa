"""By which ways a person can be told, in which order.

What they prefer for the severity comes first, or what the level says for everybody. Every other way by which they can
be reached stands behind it, for when all of that comes to nothing: nobody is left untold while a way is open. Only a
phone call is never made for what is Info and nobody asked to be called for.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Final

from bot.domain.delivery import Place
from bot.domain.escalation import Chat
from bot.domain.event import Severity
from bot.domain.frozen import dataclass
from bot.domain.organisation import Organisation
from bot.domain.people import LINES, Account, AccountId, ContactKind, Method, Preference, WorkspaceId

_LAST_RESORT: Final = (Method.IM, Method.PUSH, Method.SMS, Method.VOICE, Method.EMAIL)
_LAST_RESORT_OF_INFO: Final = (Method.IM, Method.PUSH, Method.EMAIL, Method.SMS)
# Word for those who need not jump up: what makes no noise first.
_QUIET: Final = (Method.IM, Method.PUSH, Method.EMAIL, Method.SMS, Method.VOICE)
_AT_ONCE: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to a person.

    `after`: so long after the page began it is used whatever became of those before it; None: only if they come to
    nothing.
    """

    place: Place
    after: timedelta | None = None


def ways(
    account: AccountId, organisation: Organisation, severity: Severity, methods: Sequence[Method], chats: Iterable[Chat]
) -> tuple[Way, ...]:
    """Return the ways by which a page goes to this person. `methods`: what the level says; none: their preferences.

    Direct messages go rather to a workspace that the level uses anyway (`chats`).
    """
    person = organisation.people.accounts[account]
    wanted = [Preference(one, _AT_ONCE) for one in methods] if methods else list(person.wants(severity))
    last = _LAST_RESORT if severity.rank > Severity.INFO.rank else _LAST_RESORT_OF_INFO
    named = {preference.method for preference in wanted}
    wanted += [Preference(one) for one in last if one not in named]
    return tuple(_ways(person, organisation, wanted, [chat.workspace for chat in chats]))


def quiet_ways(account: AccountId, organisation: Organisation, *, voice: bool = True) -> tuple[Way, ...]:
    """Return the ways by which word goes to this person that is no page, each only if those before it fail."""
    person = organisation.people.accounts[account]
    wanted = [Preference(one) for one in _QUIET if voice or one is not Method.VOICE]
    return tuple(_ways(person, organisation, wanted, ()))


def lines_to(person: Account, organisation: Organisation) -> frozenset[Method]:
    """Return by which methods beside the chat apps this person can be reached."""
    return frozenset(method for method in LINES if _address(person, organisation, method))


def address(account: AccountId, organisation: Organisation, line: WorkspaceId) -> str:
    """Return where this person is reached by a line: a number, an address, or for a push who they are; empty: nowhere.

    Only what was proven to be theirs counts.
    """
    person = organisation.people.accounts[account]
    method = next((method for method, number in LINES.items() if number == line), None)
    return _address(person, organisation, method) if method is not None and person.active else ""


def _ways(
    person: Account, organisation: Organisation, wanted: Iterable[Preference], used: Sequence[WorkspaceId]
) -> Iterator[Way]:
    for preference in wanted:
        if preference.method is not Method.IM:
            if _address(person, organisation, preference.method):
                yield Way(Place(LINES[preference.method], account=person.id), preference.after)
            continue
        for index, workspace in enumerate(_workspaces(person.id, organisation, used)):
            # Where somebody is in several chat apps, the others stand behind the first.
            yield Way(Place(workspace, account=person.id), preference.after if index == 0 else None)


def _workspaces(account: AccountId, organisation: Organisation, used: Sequence[WorkspaceId]) -> list[WorkspaceId]:
    """Return where this person is linked, the workspaces that are used anyway first.

    Somebody who is linked nowhere is looked for in the first.
    """
    active = [workspace.id for workspace in organisation.workspaces.values() if workspace.active]
    linked = {link.workspace for link in organisation.links if link.account == account}
    ordered = list(dict.fromkeys([one for one in used if one in active] + active))
    return [one for one in ordered if one in linked] or ordered[:1]


def _address(person: Account, organisation: Organisation, method: Method) -> str:
    providers = [one for one in organisation.providers if one.method is method]
    if not providers:
        return ""
    if method is Method.PUSH:
        return person.email if any(person.email in one.links for one in providers) else ""
    if method is Method.EMAIL:
        return person.email if ContactKind.EMAIL in person.verified else ""
    if ContactKind.PHONE not in person.verified:
        return ""
    return person.phone if any(serves(one.countries, person.phone) for one in providers) else ""


def serves(countries: Sequence[str], number: str) -> bool:
    """Whether a provider for these beginnings of numbers serves the number; none are named: all."""
    return not countries or any(number.startswith(country) for country in countries)
