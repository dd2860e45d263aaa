"""What reminders, announcements and answers say."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.domain.incident import (
    ADDED,
    Acknowledge,
    Action,
    AddResponder,
    Close,
    Comment,
    Entry,
    Escalate,
    Happening,
    Reason,
    Reassign,
    Record,
    Recover,
    Refused,
    Reopen,
    Snooze,
    Unacknowledge,
    Undo,
    Unreachable,
)
from cards import build, notes
from cards.card import Note
from cards.plain import spoken
from tests.cards.stories import (
    ANA,
    BO,
    BY_ANA,
    BY_BO,
    DEE,
    FACTS,
    LEVELS,
    NIGHT,
    Story,
    account,
    acknowledged,
    not_delivered,
)


def test_a_reminder_begins_with_severity_and_title_and_can_be_ended_at_once() -> None:
    note = notes.reminder(Story().tick().scene(mention=(ANA, BO)), 1)
    assert _said(note) == "Critical: Host high CPU load (#42) · Still not acknowledged · reminder 1"
    assert [person.name for person in note.mentions] == ["Ana", "Bo"]
    assert [button.token for button in note.buttons] == ["ack 42 v3"]
    assert note.aloud


def test_a_note_about_what_is_over_has_no_button() -> None:
    assert notes.reminder(acknowledged().scene(), 1).buttons == ()
    assert notes.announcement(Story().then(Close(BY_ANA)).scene(), Entry.EXHAUSTED).buttons == ()


def test_where_a_card_stands_already_a_new_level_says_who_is_paged() -> None:
    note = notes.reminder(Story().scene(mention=(ANA, BO)), 0)

    assert _said(note).startswith("Critical: Host high CPU load (#42) · Triggered · paging Ana")


def test_a_reminder_that_may_have_been_sent_before_says_so() -> None:
    assert _said(notes.reminder(Story().scene(may_repeat=True), 1)).endswith(
        "may be a repeat: an earlier try got no answer"
    )


def test_a_direct_message_is_not_aloud() -> None:
    assert not notes.reminder(Story().scene(direct=True), 1).aloud


def test_an_announcement_says_what_happened_and_what_to_do() -> None:
    assert _said(notes.announcement(Story().exhaust().scene(), Entry.EXHAUSTED)) == (
        "Critical: Host high CPU load (#42) · Nobody acknowledged. Level 3 of 3 was the last, nobody else is told: "
        "acknowledge it, or call somebody now."
    )
    assert _said(notes.announcement(Story(levels=()).scene(), Entry.NO_RULE)) == (
        "Critical: Host high CPU load (#42) · Nobody was told: channel Payments has no escalation rule. Acknowledge "
        "it, or call somebody now; then add a rule under “escalation” of that channel, so that the next one reaches "
        "somebody."
    )


def test_an_announcement_of_a_failure_names_the_level_the_refusal_and_what_follows() -> None:
    failed = Story().say(not_delivered("Bo")).then(Unreachable(0, 0))
    assert _said(notes.announcement(failed.scene(), Entry.LEVEL_FAILED)) == (
        "Critical: Host high CPU load (#42) · Level 1 reached nobody: every message was refused. Level 2 of 3 is told "
        "now. “oncard doctor” says what is wrong. "
        "Last refusal: Bo could not be reached in Acme Slack: channel_not_found"
    )
    last = Story(levels=LEVELS[:1]).then(Unreachable(0, 0))
    assert _said(notes.announcement(last.scene(), Entry.LEVEL_FAILED)) == (
        "Critical: Host high CPU load (#42) · Level 1 reached nobody: every message was refused, and no level is left. "
        "Acknowledge it, or call somebody now. “oncard doctor” says what is wrong."
    )
    assert "Level 1 reached nobody" in _said(notes.announcement(last.scene(timeline=()), Entry.LEVEL_FAILED))


def test_who_was_paged_where_no_card_can_change_learns_that_it_is_over() -> None:
    note = notes.announcement(acknowledged().scene(), Entry.ACKNOWLEDGED)

    assert _said(note) == "Critical: Host high CPU load (#42) · Acknowledged by Ana in Acme Slack at 03:12 UTC"
    assert note.over


def test_nothing_else_is_announced() -> None:
    with pytest.raises(ValueError, match="commented"):
        notes.announcement(Story().scene(), Entry.COMMENTED)


REFUSALS: dict[str, tuple[Callable[[], Story], Happening, str]] = {
    "taken by another": (
        acknowledged,
        Acknowledge(BY_BO),
        "Already acknowledged by Ana in Acme Slack 2 min ago; nothing changed.",
    ),
    "closed by another": (
        lambda: Story().then(Close(BY_BO)),
        Acknowledge(BY_ANA),
        "Already closed by Bo from the command line 2 min ago; nothing changed.",
    ),
    "recovered before": (
        lambda: Story().then(Recover(FACTS)),
        Close(BY_ANA),
        "Already recovered 2 min before your click; nothing changed.",
    ),
    "not taken": (
        Story,
        Unacknowledge(BY_ANA),
        "Nobody has acknowledged #42, so there is nothing to give back.",
    ),
    "not closed": (
        acknowledged,
        Reopen(BY_BO),
        "#42 is not closed, so there is nothing to reopen. Now: Acknowledged by Ana in Acme Slack at 03:12 UTC",
    ),
    "an old card": (
        lambda: acknowledged().then(Unacknowledge(BY_ANA)).then(Acknowledge(BY_ANA)),
        Close(BY_BO, seen=2),
        (
            "The card had changed before your click, so nothing was done. "
            "Now: Acknowledged by Ana in Acme Slack at 03:14 UTC"
        ),
    ),
    "no such level": (
        Story,
        Escalate(BY_ANA, level=7),
        "There is no such level: the last one is 3. Nothing changed.",
    ),
    "no further level": (
        lambda: Story().exhaust(),
        Escalate(BY_ANA),
        "Level 3 of 3 is the last: nobody else can be called. Nothing changed.",
    ),
    "no level at all": (
        lambda: Story(levels=()),
        Escalate(BY_ANA),
        "Channel Payments has no escalation rule: there is nobody to call. Nothing changed.",
    ),
    "too long": (
        Story,
        Snooze(BY_ANA, NIGHT + timedelta(days=9)),
        "A snooze lasts at most 24 h; nothing changed.",
    ),
    "too late": (
        Story,
        Snooze(BY_ANA, NIGHT),
        "That time is over already; nothing changed. Say how long, for example 30m.",
    ),
    "nobody": (
        Story,
        Reassign(BY_ANA, ()),
        "None of them is an active account, so #42 stays as it was.",
    ),
    "no words": (Story, Comment(BY_ANA, " "), "A comment needs words; nothing changed."),
    "responders already": (
        Story,
        AddResponder(BY_ANA, (account(ANA),)),
        "They are responders of #42 already; nothing changed.",
    ),
    "taking back what somebody else did": (
        acknowledged,
        Undo(BY_BO),
        "Ana in Acme Slack acted last, 2 min ago: only they can take that back. Nothing changed.",
    ),
    "taking it back too late": (
        acknowledged,
        Undo(BY_ANA),
        "It is too late to take that back; nothing changed. Now: Acknowledged by Ana in Acme Slack at 03:12 UTC",
    ),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_says_what_stands_in_the_way(case: str) -> None:
    begun, happening, said = REFUSALS[case]
    story = begun()
    refused = story.refused(happening, after=2)
    assert _said(notes.refusal(story.scene(), refused, story.now)) == said


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words_without_a_deed(reason: Reason) -> None:
    assert len(_said(notes.refusal(Story().scene(), Refused(reason), NIGHT))) > 20


DONE: dict[str, tuple[Callable[[], Story], Happening, str]] = {
    "acknowledge": (
        Story,
        Acknowledge(BY_ANA),
        "#42 is yours: Host high CPU load. Nobody else is paged.",
    ),
    "acknowledge what goes on": (
        lambda: Story(levels=LEVELS[1:]),
        Acknowledge(BY_ANA),
        "#42 is yours: Host high CPU load. Level 2 is called at 03:17 UTC unless it is closed.",
    ),
    "acknowledge on the last level that goes on": (
        lambda: Story(levels=LEVELS[1:2]),
        Acknowledge(BY_ANA),
        "#42 is yours: Host high CPU load. At 03:17 UTC the team and the admins are told unless it is closed.",
    ),
    "unacknowledge": (acknowledged, Unacknowledge(BY_ANA), "You gave #42 back: its level is paged again."),
    "close": (Story, Close(BY_ANA), "You closed #42: Host high CPU load."),
    "reopen": (lambda: Story().then(Close(BY_ANA)), Reopen(BY_ANA), "You reopened #42: it climbs again from level 1."),
    "reopen without a rule": (
        lambda: Story(levels=()).then(Close(BY_ANA)),
        Reopen(BY_ANA),
        "You reopened #42. Nobody was told: channel Payments has no escalation rule.",
    ),
    "escalate": (Story, Escalate(BY_ANA), "You escalated #42: level 2 of 3 is paged."),
    "snooze": (
        Story,
        Snooze(BY_ANA, NIGHT + timedelta(hours=1)),
        "#42 is quiet until 2026-11-21 04:07 UTC. Then its level is paged again.",
    ),
    "reassign": (Story, Reassign(BY_ANA, (account(DEE),)), "You assigned #42 to Dee."),
    "comment": (Story, Comment(BY_ANA, "Looking"), "Your comment stands on #42."),
    "add": (Story, AddResponder(BY_ANA, (account(DEE),)), "You added Dee to #42: paged now."),
    "add who has it already": (
        Story,
        AddResponder(BY_ANA, (account(DEE), account(ANA))),
        "You added Dee to #42: paged now. Responders already: Ana.",
    ),
    "undo": (
        lambda: Story().then(Reassign(BY_ANA, (account(DEE),))),
        Undo(BY_ANA),
        (
            "You took it back. #42 is as it was: Triggered · paging Ana, Bo (level 1 of 3) · next: level 2 at 03:17 "
            "UTC unless acknowledged"
        ),
    ),
}


@pytest.mark.parametrize("deed", DONE)
def test_whoever_acts_is_told_what_it_did(deed: str) -> None:
    begun, happening, said = DONE[deed]
    story = begun()
    before = len(story.timeline)
    record = story.then(happening).timeline[before].record
    note = notes.done(story.scene(), record)
    assert note is not None
    assert note.done
    if isinstance(happening, Comment | Undo):
        assert (_said(note), note.buttons) == (said, ())
        return
    assert _said(note) == f"{said} You can take it back for 1 min: undo 42"
    assert [(one.label, one.token) for one in note.buttons] == [("Undo", f"undo 42 v{story.incident.version}")]


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (Acknowledge(BY_ANA), "Ana took it back: not acknowledged"),
        (Escalate(BY_ANA), "Ana took it back"),
    ],
)
def test_the_history_says_what_was_taken_back(action: Action, said: str) -> None:
    card = build.card(Story().then(action).then(Undo(BY_ANA)).scene())
    assert spoken(card.history[-1]).endswith(said)


def test_who_was_added_is_paged_by_a_note_where_the_card_stands() -> None:
    note = notes.reminder(acknowledged().then(AddResponder(BY_ANA, (account(DEE),))).scene(direct=True), ADDED)
    assert _said(note).startswith("Critical: Host high CPU load (#42) · Acknowledged by Ana")


def test_what_nobody_did_has_no_answer() -> None:
    assert notes.done(Story().scene(), Record(Entry.NOTIFIED)) is None


def test_wrong_input_gets_a_hint() -> None:
    said = _said(notes.not_understood("fix\n it " + "x" * 900, ("Try: ack 42",)))
    assert said.startswith("I do not understand “fix it xxx")
    assert said.endswith("x…”; nothing changed. Try: ack 42")
    assert _said(notes.unknown_incident(99)) == (
        "There is no incident #99; nothing changed. The number stands on its card."
    )


def test_an_incident_that_cannot_be_read_says_how_it_is_mended() -> None:
    assert _said(notes.unreadable_incident(7)).startswith("What is stored of incident #7 cannot be read")


def test_what_a_form_said_wrong_is_answered_in_its_field() -> None:
    note = notes.not_understood("snooze 42 v7 soon", ("Say for how long",), field="own")
    assert (_said(note), note.field) == ("Say for how long", "own")


def test_where_several_can_be_meant_each_is_a_button() -> None:
    who = notes.who_is_meant("ana", [("Ana Li (a@example.com)", "reassign 42 @1"), ("Ana Wu", "reassign 42 @2")])
    assert _said(who) == "Who is “ana”? Nothing changed yet."
    assert [button.token for button in who.buttons] == ["reassign 42 @1", "reassign 42 @2"]
    assert [spoken(row) for row in who.rows] == ["Ana Li (a@example.com)", "Ana Wu"]
    which = notes.which_incident([(Story().incident, "ack 42 v2")])
    assert [(button.label, button.token) for button in which.buttons] == [("#42 Host high CPU load", "ack 42 v2")]


def test_what_became_of_several_is_one_answer_and_each_line_says_of_which() -> None:
    note = notes.several(1, [(42, Note(("#42 is yours",))), (43, Note(("Already closed",)))])
    assert _said(note) == "1 of 2 done."
    assert [spoken(row) for row in note.rows] == ["#42 is yours", "#43 · Already closed"]


def test_a_window_that_came_too_late_is_to_be_asked_for_again() -> None:
    assert "click again" in _said(notes.click_again())


def _said(note: Note) -> str:
    return spoken(note.text)


def test_what_could_not_be_done_is_to_be_tried_again() -> None:
    assert "Try again" in _said(notes.try_again())
