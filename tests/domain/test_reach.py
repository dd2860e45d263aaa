"""By which ways a person can be told, in which order."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.delivery import Place
from bot.domain.escalation import Chat
from bot.domain.event import Severity
from bot.domain.organisation import Organisation, Provider, Workspace
from bot.domain.people import (
    LINES,
    AccountId,
    ChatLink,
    ContactKind,
    Method,
    People,
    Preference,
    WorkspaceId,
)
from bot.domain.reach import address, lines_to, quiet_ways, serves, ways
from tests.domain.cast import ANA, BO, OPS, people

ACME, OTHER, GONE = WorkspaceId(1), WorkspaceId(2), WorkspaceId(3)
SMS, VOICE, EMAIL, PUSH = (LINES[method] for method in (Method.SMS, Method.VOICE, Method.EMAIL, Method.PUSH))
EVERYTHING = tuple(
    Provider("main", "any", method, links=frozenset({"ana@example.com"} if method is Method.PUSH else ()))
    for method in LINES
)
MINUTES = timedelta(minutes=1)


def connected(*links: ChatLink, providers: tuple[Provider, ...] = (), **ana: object) -> Organisation:
    """Return an organisation with two workspaces and one that was removed; Ana has what is said of her."""
    workspaces = {
        number: Workspace(number, f"workspace {number}", "chatty", active=number != GONE)
        for number in (ACME, OTHER, GONE)
    }
    known = people()
    changed = replace(known.accounts[ANA], **ana)  # type: ignore[arg-type]
    accounts = {**known.accounts, ANA: changed}
    everybody = People(accounts, known.teams, known.reachable)
    return Organisation(1, everybody, workspaces=workspaces, links=links, providers=providers)


def reachable(**more: object) -> Organisation:
    """Return an organisation in which Ana can be reached by everything."""
    proven = frozenset(ContactKind)
    return connected(ChatLink(ACME, "U1", ANA), providers=EVERYTHING, phone="+491711234567", verified=proven, **more)


def told(
    organisation: Organisation, severity: Severity = Severity.CRITICAL, account: AccountId = ANA
) -> list[tuple[WorkspaceId, timedelta | None]]:
    """Return where a person is told, each with its delay."""
    return [(way.place.workspace, way.after) for way in ways(account, organisation, severity, (), (OPS,))]


# ---- chats -----------------------------------------------------------------------------------------------------------


def in_chats(account: AccountId, organisation: Organisation, chats: tuple[Chat, ...]) -> list[Place]:
    return [way.place for way in ways(account, organisation, Severity.CRITICAL, (), chats)]


def test_a_person_is_told_where_they_are_linked() -> None:
    organisation = connected(ChatLink(OTHER, "U1", ANA))

    assert in_chats(ANA, organisation, ()) == [Place(OTHER, account=ANA)]
    assert in_chats(ANA, organisation, (OPS,)) == [Place(OTHER, account=ANA)]
    assert in_chats(BO, organisation, ()) == [Place(ACME, account=BO)]


def test_who_is_linked_twice_is_told_where_the_level_has_its_chat_and_else_in_the_other() -> None:
    both = connected(ChatLink(ACME, "U1", ANA), ChatLink(OTHER, "U1", ANA))

    assert in_chats(ANA, both, (Chat(OTHER, "C2"),)) == [Place(OTHER, account=ANA), Place(ACME, account=ANA)]
    assert in_chats(ANA, both, (Chat(GONE, "C3"),)) == [Place(ACME, account=ANA), Place(OTHER, account=ANA)]


def test_who_is_linked_nowhere_is_looked_for_where_the_level_has_its_chat() -> None:
    assert in_chats(ANA, connected(), (Chat(OTHER, "C2"),)) == [Place(OTHER, account=ANA)]
    assert in_chats(ANA, connected(ChatLink(GONE, "U1", ANA)), ()) == [Place(ACME, account=ANA)]


def test_without_a_workspace_and_a_provider_there_is_no_way() -> None:
    assert in_chats(ANA, Organisation(1, people()), (OPS,)) == []


# ---- what is preferred -----------------------------------------------------------------------------------------------


def test_who_has_said_nothing_is_told_in_chat_then_by_phone_and_by_everything_else_if_that_fails() -> None:
    assert told(reachable()) == [
        (ACME, None),
        (PUSH, timedelta(0)),
        (SMS, 2 * MINUTES),
        (VOICE, 5 * MINUTES),
        (EMAIL, None),
    ]


def test_what_somebody_prefers_comes_first_and_the_rest_stands_behind_it() -> None:
    wanted = {Severity.CRITICAL: (Preference(Method.VOICE), Preference(Method.IM, MINUTES))}

    assert told(reachable(preferences=wanted)) == [
        (VOICE, None),
        (ACME, MINUTES),
        (PUSH, None),
        (SMS, None),
        (EMAIL, None),
    ]


def test_a_level_that_names_methods_uses_all_of_them_at_once() -> None:
    found = ways(ANA, reachable(), Severity.WARNING, (Method.SMS, Method.IM), (OPS,))

    assert [(way.place.workspace, way.after) for way in found][:2] == [(SMS, timedelta(0)), (ACME, timedelta(0))]


def test_nobody_is_called_for_what_is_only_information() -> None:
    assert VOICE not in [place for place, _ in told(reachable(), Severity.INFO)]


def test_nobody_is_called_for_word_that_is_no_page_unless_that_is_the_last_way() -> None:
    assert [way.place.workspace for way in quiet_ways(ANA, reachable())] == [ACME, PUSH, EMAIL, SMS, VOICE]
    assert VOICE not in [way.place.workspace for way in quiet_ways(ANA, reachable(), voice=False)]


# ---- what counts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(ContactKind))
def test_only_what_was_proven_to_be_theirs_is_used(kind: ContactKind) -> None:
    organisation = connected(providers=EVERYTHING, phone="+491711234567", verified=frozenset({kind}))
    by_phone, by_email = {Method.SMS, Method.VOICE}, {Method.EMAIL}

    assert lines_to(organisation.people.accounts[ANA], organisation) == {
        Method.PUSH,
        *(by_phone if kind is ContactKind.PHONE else by_email),
    }


def test_a_number_that_no_provider_serves_is_no_way() -> None:
    abroad = (Provider("main", "any", Method.SMS, ("+1",)),)
    organisation = connected(providers=abroad, phone="+491711234567", verified=frozenset(ContactKind))

    assert address(ANA, organisation, SMS) == ""
    assert serves(("+1", "+49"), "+491711234567")
    assert serves((), "+491711234567")


def test_where_a_person_is_reached_by_each_line() -> None:
    organisation = reachable()

    assert [address(ANA, organisation, line) for line in (SMS, VOICE, EMAIL, PUSH)] == [
        "+491711234567",
        "+491711234567",
        "ana@example.com",
        "ana@example.com",
    ]
    assert address(ANA, organisation, ACME) == ""
    assert address(BO, organisation, PUSH) == ""
    assert address(ANA, connected(providers=EVERYTHING, active=False), EMAIL) == ""


@given(st.sampled_from(list(Severity)), st.lists(st.sampled_from(list(Method)), unique=True))
def test_every_way_that_is_open_is_there_once(severity: Severity, methods: list[Method]) -> None:
    found = [way.place.workspace for way in ways(ANA, reachable(), severity, methods, (OPS,))]

    assert len(found) == len(set(found))
    assert {ACME, PUSH, SMS, EMAIL} <= set(found)
