"""What is said of the ledger: every outcome and every ground has its words, and a long account fits everywhere."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.domain.delivery import Dropped, Kind, Place, State
from bot.domain.incident import Acknowledge, Snooze
from bot.domain.ledger import Because, Ending, Hop, Outcome, Unreached, reckon
from bot.domain.organisation import Organisation
from bot.domain.people import Method
from bot.domain.untold import Ground, Reason, Span, Untold
from bot.domain.verification import Obstacle
from cards import dingtalk, feishu, ledger, slack, telegram
from cards.card import Note
from cards.ledger import MOST_SHOWN, Absence, Eye
from cards.plain import spoken
from tests.domain.cast import ANA, BO, BY_ANA, BY_BO, MINUTE, NIGHT
from tests.domain.nights import ACME, SMS, TO_ANA, VOICE, Night, organisation, sent

EYE = Eye("en", "UTC", organisation())
SMS_LATER = "03:00 UTC · Ana · SMS (level 1 of rule “day and night”, turn 1, after 2 min if nobody acts)"
SPAN = Span(NIGHT, NIGHT + 60 * MINUTE)


def rows(note: Note) -> list[str]:
    return [spoken(row) for row in note.rows]


def account(night: Night, *messages: object, eye: Eye = EYE) -> Note:
    return ledger.account(reckon(night.incident, night.stored, messages, eye.organisation), eye)  # type: ignore[arg-type]  # Messages as `sent` makes them.


def a_page(number: int, **more: object) -> object:
    return sent(number, place=Place(SMS, account=ANA), kind=Kind.PAGE, rank=number, **more)  # type: ignore[arg-type]  # As `sent` takes them.


def test_the_account_is_in_time_order_with_what_people_did_between() -> None:
    night = Night()
    night.after(3).when(Acknowledge(BY_BO))
    note = account(
        night,
        sent(1, State.DELIVERED, said="ok"),
        a_page(2, state=State.WITHDRAWN, reason=Dropped.ACTED, latest=2, settled=3),
        sent(3, State.DELIVERED, kind=Kind.EDIT, at=3),
    )
    assert spoken(note.text) == "#42 Critical · Disk full · payments · 2026-11-21 03:00 UTC: 2 messages were decided on"
    assert rows(note) == [
        "03:00 UTC · Ana · acme (level 1 of rule “day and night”, turn 1): delivered · taken at 03:00 UTC: ok",
        f"{SMS_LATER}: taken back · Bo acknowledged it",
        "03:03 UTC · Bo acknowledged it",
    ]


def test_in_chinese_and_in_the_readers_time_zone() -> None:
    note = account(Night(), sent(1, State.DELIVERED), eye=replace(EYE, locale="zh", timezone="Asia/Shanghai"))
    assert "决定发送 1 条消息" in spoken(note.text)
    assert rows(note) == [
        "11:00 CST · Ana · acme（策略“day and night”的第 1 级，第 1 轮）：已送达 · 11:00 CST 已被接受"
    ]


def test_the_date_is_said_where_it_is_another_than_that_of_the_alert() -> None:
    assert rows(account(Night(), sent(1, at=24 * 60)))[0].startswith("2026-11-22 03:00 UTC · Ana")


def test_where_nobody_was_to_be_told_it_says_so() -> None:
    note = account(Night(()))
    assert spoken(note.text).endswith(": nobody was to be told")
    assert rows(note) == ["03:00 UTC · Nobody told: no escalation rule"]


def test_whom_no_way_leads_to_is_named() -> None:
    said = ledger.no_way(Unreached(NIGHT, BO, 1), Night().incident, EYE)
    assert spoken(said) == "03:00 UTC · Bo (level 1): not delivered · no way to them is known"


def test_what_goes_to_a_chat_names_it() -> None:
    note = account(Night(), sent(1, State.DELIVERED, place=Place(ACME, chat="C1"), page=None))
    assert rows(note)[0].startswith("03:00 UTC · C1 · chat in acme (level 1")


@pytest.mark.parametrize("because", Because)
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_reason_of_an_outcome_has_words(because: Because, locale: str) -> None:
    end = Ending(Outcome.WAITING, because, NIGHT, ANA, TO_ANA, NIGHT + MINUTE, word="seen", said="ok")
    said = spoken(ledger.ending(end, Night().incident, replace(EYE, locale=locale)))
    assert said
    bare = Ending(Outcome.DELIVERED, because)
    assert "{" not in spoken(ledger.ending(bare, Night().incident, replace(EYE, locale=locale)))


@pytest.mark.parametrize("ground", Ground)
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_ground_has_words(ground: Ground, locale: str) -> None:
    reason = Reason(ground, NIGHT, ANA, NIGHT + MINUTE, 2, "Bo", Method.SMS, Obstacle.NOT_VERIFIED)
    one = Untold(Night().incident, (), (reason,))
    assert spoken(ledger.ground(reason, one, replace(EYE, locale=locale)))


def test_what_was_reported_of_a_message_is_said() -> None:
    note = account(Night(), a_page(1, state=State.DELIVERED, hops=(Hop(NIGHT + MINUTE, "answered", "main", "in 4 s"),)))
    assert rows(note)[0].endswith("delivered · answered at 03:01 UTC: in 4 s")


def test_why_not_tells_incident_by_incident() -> None:
    night = Night()
    night.after(1).when(Snooze(BY_ANA, NIGHT + 31 * MINUTE))
    found = night.untold(BO, 0, 30)
    note = ledger.absence(Absence(BO, SPAN, [found], 1), EYE)
    assert spoken(note.text) == "Bo, 2026-11-21 03:00 to 2026-11-21 04:00: paged for 0 of 1 open incident"
    assert rows(note) == [
        "#42 Critical · Disk full · payments: not paged",
        "#42 · Ana snoozed it at 03:01 UTC until 03:31 UTC",
        "#42 · level 2, which names them, would have come at 03:05 UTC",
    ]


def test_why_not_where_nothing_was_open_and_where_something_cannot_be_read() -> None:
    nothing = ledger.absence(Absence(BO, SPAN, [], 0), EYE)
    assert spoken(nothing.text).endswith("nothing was open then, so nobody was to be paged")
    assert nothing.rows == ()
    unreadable = ledger.absence(Absence(BO, SPAN, [], 1, (7,)), EYE)
    assert rows(unreadable) == ["Left out, because what is stored of them cannot be read: #7"]


def test_the_command_that_says_the_rest_has_the_times_of_the_person() -> None:
    accounts = dict(EYE.organisation.people.accounts)
    accounts[BO] = replace(accounts[BO], timezone="Asia/Shanghai")
    known = replace(EYE.organisation, people=replace(EYE.organisation.people, accounts=accounts))
    note = ledger.absence(Absence(BO, SPAN, [], 3), replace(EYE, organisation=known))
    assert rows(note) == ["… 3 more: oncard why not bo@example.com 2026-11-21 11:00-12:00"]


RENDERERS: list[Callable[[Note], object]] = [slack.render, telegram.render, feishu.render, dingtalk.render]


@pytest.mark.parametrize("render", RENDERERS, ids=["slack", "telegram", "feishu", "dingtalk"])
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_a_long_account_is_cut_and_says_in_every_app_where_the_rest_is(
    render: Callable[[Note], object], locale: str
) -> None:
    some = [a_page(number, state=State.FAILED, reason="refused", said="x" * 900) for number in range(1, 60)]
    some.append(sent(99, place=Place(VOICE, account=ANA), kind=Kind.PAGE, page=None))
    note = account(Night(), *some, eye=replace(EYE, locale=locale))
    assert len(note.rows) == MOST_SHOWN + 1
    assert "49" in rows(note)[-1]
    assert rows(note)[-1].endswith("oncard why 42")
    assert "oncard why 42" in json.dumps(render(note), default=str, ensure_ascii=False).replace("\\", "")


def test_a_span_within_which_somebody_was_paged_counts_them() -> None:
    found = Night().untold(ANA, 0, 30, sent(1, State.DELIVERED))
    note = ledger.absence(Absence(ANA, SPAN, [found], 1), EYE)
    assert "paged for 1 of 1" in spoken(note.text)
    assert rows(note)[0].endswith(": paged")
    assert len(rows(note)) == 2


def test_a_workspace_that_is_configured_no_more_is_said_to_be_gone() -> None:
    gone: Organisation = replace(EYE.organisation, workspaces={})
    assert ledger.way(TO_ANA, replace(EYE, organisation=gone)) == "a workspace that is gone"


def test_a_level_that_does_not_name_somebody_is_not_said_to() -> None:
    incident = Night().incident
    other = Reason(Ground.NOT_NAMED, level=1)
    coming = Reason(Ground.WOULD_BE, incident.escalate_at, level=2)
    past = Reason(Ground.WOULD_BE, NIGHT, level=2)

    assert "names them" not in spoken(ledger.ground(coming, Untold(incident, (), (other, coming)), EYE))
    assert "would have come" in spoken(ledger.ground(past, Untold(incident, (), (other, past)), EYE))
