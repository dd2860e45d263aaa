"""Any rule, any staff, any night: what hypothesis makes the laws of an incident hold against."""

from datetime import timedelta
from typing import Final

from hypothesis import strategies as st

from bot.domain.escalation import Level, Repeat, Unless
from bot.domain.event import Severity
from bot.domain.facts import Facts, Tally
from bot.domain.people import AccountId, Method, People, Target
from tests.domain.cast import ANA, BO, CHEN, DEE, NAMES, NOBODY, OPS, SRE, people, person, team

EVERYBODY: Final = tuple(NAMES)
SECONDS: Final = st.integers(0, 20 * 60).map(lambda seconds: timedelta(seconds=seconds))
TARGETS: Final[st.SearchStrategy[tuple[Target, ...]]] = st.lists(
    st.sampled_from(
        [*(person(one) for one in (ANA, BO, CHEN, DEE)), person(AccountId(99)), team(SRE), team(NOBODY)],
    ),
    max_size=3,
).map(tuple)
LOOPS: Final = st.builds(
    Repeat, every=st.sampled_from([30, 60, 300, 420]).map(lambda s: timedelta(seconds=s)), times=st.integers(0, 6)
)
WAITS: Final = st.sampled_from([0, 30, 60, 300, 600, 900]).map(lambda seconds: timedelta(seconds=seconds))


def levels(targets: st.SearchStrategy[tuple[Target, ...]] = TARGETS, most: int = 4) -> st.SearchStrategy[list[Level]]:
    """Return rules of some levels: none, empty ones and looping ones among them."""
    one = st.builds(
        Level,
        targets=targets,
        chats=st.sampled_from([(), (), (OPS,)]),
        methods=st.sampled_from([(), (Method.IM,)]),
        repeat=st.none() | LOOPS,
        escalate_after=WAITS,
        unless=st.sampled_from(Unless),
    )
    return st.lists(one, max_size=most)


@st.composite
def staffs(draw: st.DrawFn) -> People:
    """Return people, of whom some have left and some cannot be told."""
    gone = draw(st.sets(st.sampled_from(EVERYBODY), max_size=2))
    here = frozenset(EVERYBODY) - gone
    reachable = draw(st.just(here) | st.frozensets(st.sampled_from(sorted(here))))
    return people(gone, reachable)


FACTS_OF_ALERTS: Final = st.builds(
    Facts,
    severity=st.sampled_from([Severity.CRITICAL, Severity.WARNING, Severity.INFO]),
    title=st.just("Disk full"),
    description=st.sampled_from(["91 %", "92 %"]),
    tally=st.builds(Tally, critical=st.integers(0, 2), warning=st.integers(0, 2), total=st.just(4)),
)
