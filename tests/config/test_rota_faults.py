"""What is wrong with calendars, schedules and the conditions of rules is told with its line and its mend."""

import pytest

from tests.config.example import faults
from tests.config.test_rota import CHANGE, FULL, LAYER, RULE, SCHEDULE, WEEKLY

CALENDAR = "calendars:\n  - name: cn\n    "
DAY = f"{CHANGE}start: 2026-11-02T09:00\n        end: 2026-11-03T09:00"
FILTER = f"{RULE}when:\n          filter: "
MONTHLY = f"{LAYER}rotation: {{every: 1mo, handover: "


@pytest.mark.parametrize(
    ("text", "line", "what", "mend"),
    [
        # People and names
        (WEEKLY.replace("[ana@", "[anna@"), 11, "`anna@example.com` names no account", "did you"),
        (
            WEEKLY.replace("[ana@", "[[bo@example.com, anna@").replace("com]", "com]]"),
            11,
            "`anna@example.com` names",
            "",
        ),
        (WEEKLY.replace("[ana@example.com]", "anna@example.com"), 11, "`anna@example.com` names no account", "did you"),
        (
            f"{CHANGE}start: 2026-11-02T00:00\n        end: 2026-11-03T00:00\n        replaces: x@example.com",
            13,
            "`x@example.com` names no account",
            "did",
        ),
        (f"{SCHEDULE}name: a/b".replace("name: payments\n    ", ""), 8, "the name `a/b` holds a `/`", "a `/` parts"),
        (
            f"{SCHEDULE}layers: []\n  - name: Payments",
            10,
            "another schedule is called `Payments`, on line 7",
            "give each",
        ),
        (f"{CALENDAR}workdays: [mon]\n  - name: CN", 4, "another calendar is called `CN`, on line 2", "give each"),
        (
            f"{WEEKLY}\n      - {{name: A, members: [ana@example.com], rotation: {{every: 1w}}, start: 2026-11-02}}",
            15,
            "another layer of this schedule is called `A`, on line 10",
            "give each its own name",
        ),
        (f"{SCHEDULE}handover_notice: 3d", 9, "the duration `3d` is out of range", "write one from 0s to 2d"),
        # Turns
        (f"{LAYER}rotation: {{every: 5m}}", 13, "`5m` is no length of a turn", "write one such as `8h`"),
        (f"{LAYER}rotation: {{every: 0d}}", 13, "`every` is 0", "write 1 to 30 for day"),
        (f"{LAYER}rotation: {{every: 31w}}", 13, "`every` is 31", "write 1 to 30 for week"),
        (f"{MONTHLY}31st 09:00}}", 13, "not every month has the day of `31st 09:", "write `last"),
        (f"{MONTHLY}32nd 09:00}}", 13, "`32nd 09:00` is no time of a hand-over", "write"),
        (f"{MONTHLY}mo 09:00}}", 13, "`mo 09:00` is no time of a hand-over", "write"),
        (f"{MONTHLY}noon}}", 13, "`noon` is no time of a hand-over", "write"),
        (
            f"{LAYER}rotation: {{every: 1d, handover: mon 09:00}}",
            13,
            "a hand-over on a weekday belongs to turns of weeks",
            "",
        ),
        (
            f"{LAYER}rotation: {{every: 1w, handover: 1st 09:00}}",
            13,
            "a hand-over on a day of the month belongs to",
            "",
        ),
        (f"{LAYER}rotation: {{every: 1d, length: 90m}}", 13, "`90m` is not in whole hours", "write one such as `12h`"),
        (f"{LAYER}rotation: {{every: 1d, length: 31d}}", 13, "the duration `31d` is out of range", "write one from 1h"),
        (WEEKLY.replace("[ana@example.com]", "[[]]"), 11, "`members` are nobody", "name at least one account"),
        (f"{WEEKLY}hours: ['9-18']", 14, "`9-18` is no period", "write one such as `09:00-18:00`"),
        (f"{WEEKLY}hours: [fry 09:00-sat 09:00]", 14, "`fry 09:00-sat 09:00` is no period", "write"),
        (f"{WEEKLY}hours: []", 14, "there are no hours here", "write some"),
        (f"{WEEKLY}weekdays: [monday]", 14, "these are no days of the week", "write a list such as `[mon-fri]`"),
        (f"{WEEKLY}fair: maybe", 14, "`maybe` is neither true nor false", "write `true` or `false`"),
        # Times
        (f"{WEEKLY}end: 2026-11-01", 14, "`end` is not after the start", "write a later time"),
        (f"{WEEKLY}end: soon", 14, "`soon` is no date or time", "write one such as `2026-11-02`"),
        (f"{WEEKLY}end: 2026-02-30", 14, "`2026-02-30` is no date or time", "write one such as `2026-11-02`"),
        (f"{WEEKLY}end: 3026-02-20", 14, "`3026-02-20` is too far away", "write a year from 2000 to 2099"),
        (
            f"{CHANGE}start: 2026-11-02\n        end: 2026-11-03T00:00",
            11,
            "`2026-11-02` says no time of the day",
            "write it",
        ),
        (
            f"{CHANGE}start: 2026-11-02T09:00\n        end: 2026-11-02T09:00",
            12,
            "`end` is not after the start",
            "write a",
        ),
        # Overrides
        (
            f"{DAY}\n        fair: true",
            10,
            "`fair` belongs to a rotation, and this change has none",
            "give it a `rotation`",
        ),
        (
            f"{DAY}\n".replace("[ana", "[[ana").replace("com]", "com, bo@example.com]]"),
            10,
            "members in brackets take turns, and this change has no `rotation`",
            "list them singly",
        ),
        (
            f"{DAY}\n        replaces: ana@example.com",
            13,
            "`replaces` is who takes over",
            "name whom they stand in for",
        ),
        (
            f"{DAY}\n        rotation: {{every: 0d}}",
            13,
            "`every` is 0",
            "write 1 to 30 for day",
        ),
        # Fallbacks
        (f"{SCHEDULE}fallback: dee@example.com", 9, "this is no fallback", "write `account:dee@example.com` or"),
        (f"{SCHEDULE}fallback: schedule:other", 9, "`schedule:other` names no schedule", "add the schedule under"),
        (f"{SCHEDULE}fallback: []", 9, "this names 0 schedules", "name one at most, or accounts"),
        (
            f"{SCHEDULE}fallback: schedule:payments",
            9,
            "this schedule falls back on itself: payments → payments",
            "end with",
        ),
        # Calendars
        (f"{CALENDAR}country: Germany", 3, "`Germany` is no country", "write its ISO 3166 code of two letters"),
        (f"{CALENDAR}country: DE\n    subdivision: XX", 4, "`XX` is no part of DE", "write `BB`"),
        (f"{CALENDAR}country: Germany\n    subdivision: BY", 3, "`Germany` is no country", "write its"),
        (f"{CALENDAR}subdivision: BY", 3, "`BY` is a part of no country", "name the `country` too"),
        (f"{CALENDAR}exceptions: {{tomorrow: rest}}", 3, "`tomorrow` is no date or time", "write one such as"),
        (f"{CALENDAR}exceptions: {{2026-12-24T00:00: rest}}", 3, "`2026-12-24T00:00` is no date", "write one such as"),
        (f"{CALENDAR}exceptions: {{2026-12-24: sleep}}", 3, "`sleep` is no kind of day", "write `work` or `rest`"),
        # Rules
        (f"{RULE}delay: 2h", 12, "the duration `2h` is out of range", "write one from 0s to 1h"),
        (f"{RULE}enabled: off", 12, "`off` is neither true nor false", "write `true` or `false`"),
        (f"{RULE}when: {{calendar: {{cnn: work}}}}", 12, "`cnn` names no calendar", "did you mean `cn`?"),
        (
            f"{RULE}when: {{calendar: {{cn: work, de: work}}}}",
            12,
            "one calendar belongs here",
            "write it with the days",
        ),
        (f"{RULE}when: {{hours: ['fri 18:00-mon 09:00']}}", 12, "", "write one such as `09:00-18:00`"),
        (f"{RULE}when: {{hours: []}}", 12, "there are no hours here", "write some"),
        (f"{RULE}when: {{timezone: Berlin}}", 12, "`Berlin` is no time zone", "did you mean"),
        (f"{FILTER}\n            - severity: [critical]", 14, "`critical` is no severity", "did you mean"),
        (f"{FILTER}\n            - source: grafana", 14, "this filter cannot look at the field", ""),
        (f"{FILTER}{{severity: '${{X}}'}}", 13, "the environment has no variable `X`", "set it"),
        (f"{FILTER}{{title: '${{X}}'}}", 13, "the environment has no variable `X`", "set it"),
        (
            f"{FILTER}[{{labels.a: b, not labels.a: b}}]",
            13,
            "this filter matches nothing: no `labels.a` is",
            "change it, or remove the rule",
        ),
        (
            RULE.replace("account:ana@example.com", "schedule:x"),
            11,
            "`schedule:x` names no schedule",
            "add the schedule",
        ),
        (
            FULL.replace("payments/backup", "payments/bakup"),
            59,
            "the schedule `payments` has no role `bakup`",
            "did you mean `backup`",
        ),
        (
            FULL.replace("when_nobody: hold", "when_nobody: wait"),
            60,
            "`wait` is no way to go on",
            "write `pass`, `hold`",
        ),
    ],
)
def test_a_fault_has_its_line_and_its_mend(text: str, line: int, what: str, mend: str) -> None:
    (fault,) = faults(text)
    assert (fault.line, fault.what[: len(what)], fault.mend[: len(mend)]) == (line, what, mend)


def test_a_loop_of_fallbacks_is_told_of_at_each_schedule_in_it() -> None:
    text = "schedules:\n" + "".join(
        f"  - name: {name}\n    fallback: schedule:{other}\n" for name, other in ("ab", "bc", "cb")
    )
    assert [(fault.line, fault.what) for fault in faults(text)] == [
        (5, "this schedule falls back on itself: b → c → b"),
        (7, "this schedule falls back on itself: c → b → c"),
    ]
