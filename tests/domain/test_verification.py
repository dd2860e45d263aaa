"""Codes go out within limits that nobody can get around, and a code proves what it was sent for, five tries long."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import reach
from bot.domain.organisation import Organisation, Provider, Workspace
from bot.domain.people import Account, AccountId, ChatLink, ContactKind, Method, People, WorkspaceId
from bot.domain.verification import (
    ALTOGETHER,
    LASTS,
    METHODS,
    PER_ACCOUNT,
    PER_VALUE,
    REMEMBERED,
    TRIES,
    Judged,
    Obstacle,
    Pending,
    Sent,
    judge,
    may_send_at,
    obstacle,
    subject,
    value_of,
    way_to_prove,
)
from tests.support.clocks import START

ANA = Account(AccountId(1), "Ana", "ana@example.com", "+4930123456")
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Request:
    """Somebody asks for a code, so long after the one before."""

    after: timedelta
    account: int
    value: int


REQUESTS = st.lists(
    st.builds(
        Request,
        after=st.sampled_from([0, 1, 30, 60, 61, 120, 300, 601, 7200]).map(lambda some: timedelta(seconds=some)),
        account=st.integers(0, 3),
        value=st.integers(0, 3),
    ),
    max_size=150,
)


def history(granted: Iterable[tuple[datetime, Request]], one: Request, now: datetime) -> Sent:
    lately = [(at, request) for at, request in granted if at > now - REMEMBERED]
    return Sent(
        tuple(at for at, request in lately if request.value == one.value),
        tuple(at for at, request in lately if request.account == one.account),
        tuple(at for at, _ in lately),
    )


def carried_out(requests: Iterable[Request]) -> list[tuple[datetime, Request]]:
    """Ask for codes again and again, and return what was sent when."""
    granted: list[tuple[datetime, Request]] = []
    now = START
    for one in requests:
        now += one.after
        if may_send_at(history(granted, one, now), now) <= now:
            granted.append((now, one))
    return granted


def most_within(times: list[datetime], within: timedelta) -> int:
    return max((sum(begin <= at < begin + within for at in times) for begin in times), default=0)


@given(REQUESTS)
@settings(max_examples=50, deadline=None)
def test_no_limit_is_ever_passed(requests: list[Request]) -> None:
    granted = carried_out(requests)
    for limits, key in ((PER_VALUE, "value"), (PER_ACCOUNT, "account")):
        for which in range(4):
            times = [at for at, request in granted if getattr(request, key) == which]
            for most, within in limits:
                assert most_within(times, within) <= most
    for most, within in ALTOGETHER:
        assert most_within([at for at, _ in granted], within) <= most
    for which in range(4):
        times = [at for at, request in granted if request.value == which]
        assert all(later - earlier >= timedelta(seconds=60) for earlier, later in pairwise(times))


@given(REQUESTS, st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=50, deadline=None)
def test_when_it_is_said_that_a_code_can_be_sent_it_can(requests: list[Request], account: int, value: int) -> None:
    granted = carried_out(requests)
    now = granted[-1][0] if granted else START
    one = Request(timedelta(), account, value)
    at = may_send_at(history(granted, one, now), now)
    assert now <= at <= now + REMEMBERED
    assert may_send_at(history(granted, one, at), at) == at


def test_each_further_code_takes_twice_as_long() -> None:
    sent: list[datetime] = []
    waits = []
    now = START
    for _ in range(5):
        at = may_send_at(Sent(tuple(sent)), now)
        waits.append(at - now)
        now = at
        sent.append(at)
    # The third within ten minutes is the last of them.
    assert [int(wait.total_seconds()) for wait in waits] == [0, 60, 120, 420, 480]
    assert may_send_at(Sent(tuple(sent)), now) == START + REMEMBERED


def test_altogether_so_many_codes_are_sent_within_ten_minutes() -> None:
    most, within = ALTOGETHER[0]
    times = tuple(START + number * SECOND for number in range(most))
    assert may_send_at(Sent(everybody=times[1:]), times[-1]) == times[-1]
    assert may_send_at(Sent(everybody=times), times[-1]) == START + within


# ---- codes -----------------------------------------------------------------------------------------------------------


def pending(kind: ContactKind = ContactKind.PHONE, code: str = "123456", account: Account = ANA) -> Pending:
    blank = Pending(account.id, kind, value_of(account, kind), METHODS[kind][0], "", START + LASTS)
    return replace(blank, digest=digest(subject(blank, code)))


def digest(text: str) -> str:
    return f"<{text}>"


def judged(*codes: Pending, code: str = "123456", account: Account = ANA, now: datetime = START) -> Judged:
    return judge(codes, account, code, digest, now)


def test_the_right_code_proves_what_it_was_sent_to() -> None:
    phone, email = pending(), pending(ContactKind.EMAIL, "654321")
    assert judged(phone, email) == Judged(phone, (email,))
    assert judged(phone, email, code="654321") == Judged(email, (phone,))


def test_a_code_ends_after_ten_minutes() -> None:
    assert judged(pending(), now=START + LASTS - SECOND).proven is not None
    assert judged(pending(), now=START + LASTS) == Judged(None, ())


def test_a_code_ends_after_five_wrong_tries_also_for_who_knows_it() -> None:
    codes: tuple[Pending, ...] = (pending(),)
    left = []
    for number in range(TRIES):
        found = judged(*codes, code=f"00000{number}")
        assert found.proven is None
        codes = found.left
        left.append(found.tries_left)
    assert left == [4, 3, 2, 1, 0]
    assert judged(*codes) == Judged(None, ())


def test_a_code_says_nothing_of_a_number_that_was_changed_since() -> None:
    assert judged(pending(), account=replace(ANA, phone="+4930999999")) == Judged(None, ())


def test_a_code_is_good_for_one_account_and_one_number() -> None:
    texts = {
        subject(one, "123456")
        for one in (
            pending(),
            pending(ContactKind.EMAIL),
            pending(account=replace(ANA, id=AccountId(2))),
            pending(account=replace(ANA, phone="+4930999999")),
        )
    }
    assert len(texts) == 4


# ---- what stands in the way ------------------------------------------------------------------------------------------

ACME = Workspace(WorkspaceId(1), "acme", "chatty")
PROVIDERS = tuple(
    Provider("main", "any", method, countries, links)
    for method, countries, links in (
        (Method.SMS, ("+49",), frozenset[str]()),
        (Method.VOICE, (), frozenset()),
        (Method.EMAIL, (), frozenset()),
        (Method.PUSH, (), frozenset({ANA.email})),
    )
)
PHONE, EMAIL = ContactKind.PHONE, ContactKind.EMAIL


def organisation(*providers: Provider, account: Account = ANA, linked: bool = True, chats: bool = True) -> Organisation:
    return Organisation(
        revision=1,
        people=People({account.id: account}),
        workspaces={ACME.id: ACME} if chats else {},
        links=(ChatLink(ACME.id, "U1", account.id),) if linked else (),
        providers=providers,
    )


@pytest.mark.parametrize(
    ("account", "configured", "method", "expected"),
    [
        (ANA, organisation(), Method.IM, None),
        (ANA, organisation(linked=False), Method.IM, Obstacle.NOT_LINKED),
        (ANA, organisation(chats=False), Method.IM, Obstacle.NO_WORKSPACE),
        (ANA, organisation(), Method.EMAIL, Obstacle.NO_PROVIDER),
        (ANA, organisation(), Method.PUSH, Obstacle.NO_PROVIDER),
        (ANA, organisation(*PROVIDERS), Method.EMAIL, Obstacle.NOT_VERIFIED),
        (ANA, organisation(*PROVIDERS), Method.SMS, Obstacle.NOT_VERIFIED),
        (replace(ANA, verified=frozenset({PHONE})), organisation(*PROVIDERS), Method.SMS, None),
        (replace(ANA, phone="+331"), organisation(*PROVIDERS), Method.SMS, Obstacle.NOT_SERVED),
        (replace(ANA, phone=""), organisation(*PROVIDERS), Method.VOICE, Obstacle.NO_PHONE),
        (replace(ANA, email="bo@example.com"), organisation(*PROVIDERS), Method.PUSH, Obstacle.NO_DEVICE),
        (ANA, organisation(*PROVIDERS), Method.PUSH, None),
    ],
)
def test_what_keeps_somebody_from_being_reached_has_a_name(
    account: Account, configured: Organisation, method: Method, expected: Obstacle | None
) -> None:
    assert obstacle(account, configured, method) is expected


@given(
    providers=st.lists(st.sampled_from(PROVIDERS)),
    phone=st.sampled_from(["", "+4930123456", "+33612345678"]),
    email=st.sampled_from(["ana@example.com", "bo@example.com"]),
    verified=st.frozensets(st.sampled_from(ContactKind)),
)
@settings(max_examples=50)
def test_nothing_stands_in_the_way_of_what_pages_go_out_by(
    providers: list[Provider], phone: str, email: str, verified: frozenset[ContactKind]
) -> None:
    account = replace(ANA, phone=phone, email=email, verified=verified)
    configured = organisation(*providers, account=account)
    lines = [method for method in Method if method is not Method.IM]
    free = {method for method in lines if obstacle(account, configured, method) is None}
    assert free == reach.lines_to(account, configured)


def test_a_code_goes_by_the_first_way_that_can_carry_it() -> None:
    configured = organisation(*PROVIDERS)
    assert way_to_prove(ANA, configured, PHONE) is Method.SMS
    assert way_to_prove(ANA, configured, PHONE, Method.VOICE) is Method.VOICE
    assert way_to_prove(ANA, configured, EMAIL) is Method.EMAIL
    french = replace(ANA, phone="+33612345678")
    assert way_to_prove(french, configured, PHONE) is Method.VOICE
    assert way_to_prove(french, configured, PHONE, Method.SMS) is Obstacle.NOT_SERVED
    assert way_to_prove(ANA, organisation(), PHONE) is Obstacle.NO_PROVIDER
    assert way_to_prove(replace(ANA, phone=""), configured, PHONE) is Obstacle.NO_PHONE
