"""What is printed of a run."""

import re
from collections.abc import Iterator
from datetime import datetime
from statistics import median
from typing import Final

from tests.crash import ways
from tests.crash.history import History
from tests.crash.model import Law, count_by_progress
from tests.crash.run import Outcome

MOST_SHOWN: Final = 20
MOST_TOLD: Final = 5
_NUMBER: Final = re.compile(r"#(\d+)")


def table(outcome: Outcome) -> str:
    """Return the figures of a run, one a line."""
    rows = list(_figures(outcome))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def account(outcome: Outcome) -> str:
    """Return what was violated, in words; empty when nothing was."""
    lines = [f"FAULT {fault}" for fault in outcome.faults]
    for law, violations in outcome.verdict.violations.items():
        lines += [f"VIOLATION {law}: {violation}" for violation in violations[:MOST_SHOWN]]
        if len(violations) > MOST_SHOWN:
            lines.append(f"VIOLATION {law}: and {len(violations) - MOST_SHOWN} more")
    for number in sorted(_named(outcome))[:MOST_TOLD]:
        lines += _told(outcome.history, number)
    if lines:
        lines += [f"{one.what} from {one.began:%T.%f} to {one.ended:%T.%f}" for one in outcome.history.interruptions]
        lines.append(f"seed {outcome.plan.seed}")
    return "\n".join(lines)


def _named(outcome: Outcome) -> set[int]:
    """Return the incidents that the violations name."""
    said = [one for violations in outcome.verdict.violations.values() for one in violations]
    return {int(number) for one in said for number in _NUMBER.findall(one)}


def _told(history: History, number: int) -> Iterator[str]:
    """Yield what is stored of an incident, and what was received of it: a run comes once, and so does what it shows."""
    for said in history.timeline.get(number, ()):
        yield f"#{number} at {said.at:%T.%f} {said.entry} level {said.level + 1}, turn {said.turn} {said.to}".rstrip()
    for row in history.deliveries:
        if row.incident == number:
            yield (
                f"#{number} {row.kind} {row.id} to {row.place}: {row.state} {row.reason}, level {row.level + 1}, "
                f"turn {row.turn}, made {row.created_at:%T.%f}, for {row.not_before:%T.%f}, "
                f"settled {_clock(row.settled_at)}, {row.attempts} tries, board {row.board}, page {row.page}"
            )
    for one in history.arrivals:
        if one.number == number:
            of, mark = f" of delivery {one.delivery}" if one.delivery else "", ", said to be a repeat" * one.is_marked
            yield f"#{number}: {one.place} received at {one.at:%T.%f} a {one.seen}{of}{mark}"


def _clock(at: datetime | None) -> str:
    return f"{at:%T.%f}" if at is not None else "never"


def errors(outcome: Outcome) -> str:
    """Return what the processes logged as errors, the most frequent first."""
    return "\n".join(f"logged {count} times: {what}" for what, count in outcome.errors.most_common(MOST_SHOWN))


def _figures(outcome: Outcome) -> Iterator[tuple[str, object]]:
    figures, history, storm, verdict = outcome.figures, outcome.history, outcome.storm, outcome.verdict
    ended = ", ".join(
        f"{count} {progress}" for progress, count in count_by_progress(history.incidents.values()).items()
    )
    yield "kills", figures.kills
    yield "pauses", figures.pauses
    yield "restarts", len(figures.ready_after) - outcome.plan.processes
    yield "requests posted", storm.requests
    yield "answered with 2xx", storm.taken
    yield "refused", len(storm.refused)
    yield "events", len(history.posts)
    yield "incidents", f"{len(history.incidents)} ({ended})"
    yield "clicks and commands", len(storm.clicks)
    yield "of them answered", sum(click.is_answered for click in storm.clicks)
    yield "messages received", len(history.arrivals)
    for law in Law:
        yield str(law), len(verdict.violations[law])
    if outcome.plan.lines:
        yield "troubles of chat and providers", figures.troubles
        yield "pages accepted", ", ".join(f"{count} {way}" for way, count in ways.reached_by(history).most_common())
        yield "calls, and answers taken", f"{len(history.rings)}, {len(history.words)}"
        yield "later ways, an earlier taken unknown", ways.unknown(history)
        yield "calls that trouble let ring on", ways.rung_on(history)
    yield "repeats, marked as such", verdict.marked
    yield "repeats, not marked", verdict.unmarked
    yield "most repeats of one kill", verdict.most_at_once
    middle, slowest = median(figures.ready_after), max(figures.ready_after)
    yield "restart to ready", f"median {middle:.2f} s, slowest {slowest:.2f} s"
    yield "slowest takeover", f"{max(figures.takeovers, default=0.0):.1f} s of {len(figures.takeovers)}"
    yield "quiet after", f"{figures.quiet_after:.1f} s"
