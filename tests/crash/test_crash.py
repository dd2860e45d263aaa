"""The short form of the crash runs: a few kills on each kind of database; `python -m tests.crash` is the long one.

Leases of the dead are aged in the database, so that nobody waits a minute for them.
"""

from pathlib import Path

import pytest

from tests.crash import report
from tests.crash.run import Outcome, Plan, crash

KILLS = 3
# Four starts of a process or eight, on a machine that may be busy.
pytestmark = pytest.mark.timeout(150)


def is_sound(outcome: Outcome) -> bool:
    """Whether nothing was violated, in a run in which something could have been."""
    assert outcome.is_good, f"{report.account(outcome)}\n{report.table(outcome)}\n{report.errors(outcome)}"
    return outcome.figures.kills == KILLS and len(outcome.history.incidents) > 1 and len(outcome.history.arrivals) > 1


async def test_killed_on_sqlite_nothing_is_lost_and_nothing_doubled_unsaid(sqlite_url: str, tmp_path: Path) -> None:
    plan = Plan(sqlite_url, tmp_path, seed=11, loops=False, ages_leases=True, most_firing=4)
    assert is_sound(await crash(plan, KILLS))


async def test_killed_amid_sms_calls_and_e_mail_nobody_is_left_untold_and_nobody_told_twice_unsaid(
    sqlite_url: str, tmp_path: Path
) -> None:
    plan = Plan(sqlite_url, tmp_path, seed=13, loops=False, ages_leases=True, most_firing=3, lines=True)
    assert is_sound(await crash(plan, KILLS))


async def test_one_of_two_processes_killed_or_held_up_the_other_goes_on(postgresql_url: str, tmp_path: Path) -> None:
    plan = Plan(postgresql_url, tmp_path, seed=12, processes=2, loops=False, ages_leases=True, most_firing=4)
    assert is_sound(await crash(plan, KILLS))
