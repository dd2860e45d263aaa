"""What a card says in each state of an incident, and whom it mentions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.event import Severity
from bot.domain.facts import Tally
from bot.domain.incident import (
    Acknowledge,
    Actor,
    Close,
    Comment,
    Entry,
    Escalate,
    Happened,
    Reassign,
    Record,
    Recover,
    Reopen,
    Snooze,
    Tick,
    Unacknowledge,
)
from cards import build
from cards.build import Scene
from cards.card import Card, Style, Tone
from cards.plain import spoken
from tests.cards.stories import (
    ANA,
    BO,
    BY_ANA,
    BY_BO,
    CHAT_ONLY,
    CHEN,
    DEE,
    FACTS,
    LEVELS,
    NIGHT,
    Story,
    account,
    acknowledged,
    not_delivered,
)

HOUR = timedelta(hours=1)
STATUSES: dict[str, tuple[Callable[[], Story], str]] = {
    "triggered": (
        Story,
        "Triggered · paging Ana, Bo (level 1 of 3) · next: level 2 at 03:17 UTC unless acknowledged",
    ),
    "only a chat was told": (
        lambda: Story(levels=CHAT_ONLY),
        (
            "Triggered · paging level 1 of 1 · last level: at 03:12 UTC the team and the admins are told unless "
            "acknowledged"
        ),
    ),
    "a reminder changes nothing": (
        lambda: Story().tick(),
        "Triggered · paging Ana, Bo (level 1 of 3) · next: level 2 at 03:17 UTC unless acknowledged",
    ),
    "no rule": (
        lambda: Story(levels=()),
        "⚠️ Nobody was told: channel Payments has no escalation rule. Take it, or call somebody.",
    ),
    "exhausted": (
        lambda: Story().exhaust(),
        "⚠️ Nobody acknowledged. Level 3 of 3 was the last: nobody else is told. Exhausted at 03:37 UTC.",
    ),
    "acknowledged": (acknowledged, "Acknowledged by Ana in Acme Slack at 03:12 UTC"),
    "acknowledged, and the level waits for the end": (
        lambda: Story().then(Escalate(BY_ANA)).then(Acknowledge(BY_BO)),
        "Acknowledged by Bo from the command line at 03:09 UTC · next: level 3 at 03:18 UTC unless closed",
    ),
    "acknowledged on the last level that waits for the end": (
        lambda: Story(levels=LEVELS[1:2]).then(Acknowledge(Actor(DEE, "api"))),
        (
            "Acknowledged by Dee through the API at 03:08 UTC · at 03:17 UTC the team and the admins are told unless "
            "closed"
        ),
    ),
    "given back": (
        lambda: acknowledged().then(Unacknowledge(BY_ANA)),
        "Triggered · paging Ana, Bo (level 1 of 3) · next: level 2 at 03:23 UTC unless acknowledged",
    ),
    "snoozed": (
        lambda: Story().then(Snooze(BY_ANA, NIGHT + HOUR)),
        "Snoozed by Ana in Acme Slack until 2026-11-21 04:07 UTC",
    ),
    "assigned": (
        lambda: Story().then(Reassign(BY_ANA, (account(DEE),))),
        "Triggered · assigned to Dee · next: level 2 at 03:18 UTC unless acknowledged",
    ),
    "assigned for good": (
        lambda: Story().then(Reassign(BY_ANA, (account(DEE),), escalation=False)),
        "Triggered · assigned to Dee · no level follows",
    ),
    "recovered": (lambda: Story().then(Recover(FACTS), after=12), "Recovered at 03:19 UTC after 12 min"),
    "closed": (lambda: Story().then(Close(BY_ANA)), "Closed by Ana in Acme Slack at 03:08 UTC after 1 min"),
    "closed with a resolution": (
        lambda: Story().then(Close(BY_BO, "Restarted"), after=75),
        "Closed by Bo from the command line at 04:22 UTC after 1 h 15 min: Restarted",
    ),
    "closed by nobody in particular": (
        lambda: Story().then(Close(Actor())),
        "Closed by Oncard at 03:08 UTC after 1 min",
    ),
}


@pytest.mark.parametrize("state", STATUSES)
def test_the_status_says_who_has_it_and_what_happens_next(state: str) -> None:
    story, said = STATUSES[state]
    assert spoken(build.card(story().scene()).status) == said


def test_times_are_in_the_zone_of_the_scene() -> None:
    said = spoken(build.status(acknowledged().scene(timezone="Asia/Shanghai")))
    assert said == "Acknowledged by Ana in Acme Slack at 11:12 CST"


def test_the_status_stands_without_the_timeline() -> None:
    snoozed = Story().then(Snooze(BY_ANA, NIGHT + HOUR)).scene(timeline=())
    assert spoken(build.status(snoozed)) == "Snoozed until 2026-11-21 04:07 UTC"
    assert spoken(build.status(Story().scene(timeline=()))).startswith("Triggered · paging level 1 of 3 · next")
    half = replace(snoozed, incident=replace(acknowledged().then(Close(BY_ANA)).incident, closed=None))
    assert build.status(half) == ()


def test_whoever_is_unknown_is_somebody() -> None:
    assert spoken(build.status(acknowledged().scene(names={}))).startswith("Acknowledged by somebody in Acme Slack")


def test_tone_and_summary_follow_the_state() -> None:
    warning = replace(FACTS, severity=Severity.WARNING)
    info = replace(FACTS, severity=Severity.INFO)
    seen = {
        (card.tone, card.summary)
        for card in (
            _card(Story()),
            _card(Story(warning)),
            _card(Story(info)),
            _card(acknowledged()),
            _card(acknowledged().then(Snooze(BY_ANA, NIGHT + HOUR))),
            _card(acknowledged().then(Close(BY_ANA))),
            _card(Story().then(Recover(FACTS))),
        )
    }
    assert seen == {
        (Tone.CRITICAL, "Critical: Host high CPU load (#42)"),
        (Tone.WARNING, "Warning: Host high CPU load (#42)"),
        (Tone.INFO, "Info: Host high CPU load (#42)"),
        (Tone.TAKEN, "Critical: Host high CPU load (#42) · acknowledged"),
        (Tone.QUIET, "Critical: Host high CPU load (#42) · snoozed"),
        (Tone.DONE, "Critical: Host high CPU load (#42) · closed"),
        (Tone.DONE, "Critical: Host high CPU load (#42) · recovered"),
    }


def test_the_summary_keeps_the_number_however_long_the_title_is() -> None:
    said = build.summary(Story(replace(FACTS, title="disk\nfull " * 60)).scene())
    assert said.startswith("Critical: disk full disk full")
    assert said.endswith("… (#42)")
    assert len(said) < 220


BUTTONS: dict[str, tuple[Callable[[], Story], list[str]]] = {
    "triggered": (Story, ["Acknowledge: ack 42 v2", "Escalate: escalate 42 v2", "Close: close 42 v2"]),
    "acknowledged": (acknowledged, ["Unacknowledge: unack 42 v3", "Escalate: escalate 42 v3", "Close: close 42 v3"]),
    "snoozed": (
        lambda: Story().then(Snooze(BY_ANA, NIGHT + HOUR)),
        ["Acknowledge: ack 42 v3", "Escalate: escalate 42 v3", "Close: close 42 v3"],
    ),
    "acknowledged and snoozed": (
        lambda: acknowledged().then(Snooze(BY_ANA, NIGHT + HOUR)),
        ["Unacknowledge: unack 42 v4", "Escalate: escalate 42 v4", "Close: close 42 v4"],
    ),
    "last level": (
        lambda: Story().then(Escalate(BY_ANA, level=2)),
        ["Acknowledge: ack 42 v4", "Close: close 42 v4"],
    ),
    "no rule": (lambda: Story(levels=()), ["Acknowledge: ack 42 v2", "Close: close 42 v2"]),
    "closed": (lambda: Story().then(Close(BY_ANA)), ["Reopen: reopen 42 v3"]),
}


@pytest.mark.parametrize("state", BUTTONS)
def test_each_state_has_its_buttons(state: str) -> None:
    story, expected = BUTTONS[state]
    assert [f"{button.label}: {button.token}" for button in _card(story()).buttons] == expected


def test_what_cannot_be_undone_asks_first() -> None:
    first, escalate, close = build.buttons(Story().scene(upcoming=(CHEN, DEE)))
    assert first.confirm is None
    assert first.style is Style.PRIMARY
    assert escalate.confirm is not None
    assert escalate.confirm.text == "Level 2 of 3 is paged at once: Chen, Dee."
    assert close.confirm is not None
    assert close.style is Style.DANGER
    assert (close.confirm.title, close.confirm.yes, close.confirm.no) == ("Close #42?", "Close", "Cancel")
    asked = [button.confirm for button in (*_card(Story()).buttons, *_card(Story().then(Close(BY_ANA))).buttons)]
    assert "Level 2 of 3 is paged at once." in [confirm.text for confirm in asked if confirm]
    (reopen,) = build.buttons(Story(levels=()).then(Close(BY_ANA)).scene())
    assert reopen.confirm is not None
    assert reopen.confirm.text == "Nobody is paged: the channel has no escalation rule."


def test_only_those_who_are_told_now_are_mentioned() -> None:
    card = build.card(Story().scene(mention=(ANA, DEE)))
    assert [(person.name, person.user, person.notify) for person in card.mentions] == [
        ("Ana", "U0ANA", True),
        ("Dee", None, False),
    ]
    assert spoken(card.status).startswith("Triggered · paging Ana, Dee (level 1 of 3)")
    assert _mentions(Story().scene()) == []


def test_in_a_direct_message_nobody_is_mentioned() -> None:
    assert _mentions(Story().scene(mention=(ANA,), direct=True)) == []


def test_a_closed_card_mentions_nobody() -> None:
    assert _mentions(Story().then(Recover(FACTS)).scene(mention=(ANA, BO))) == []


def test_whoever_has_just_acted_is_not_mentioned() -> None:
    told = (ANA, BO)
    assert _mentions(acknowledged().then(Unacknowledge(BY_ANA)).scene(mention=told)) == ["Bo"]
    assert _mentions(Story().then(Escalate(BY_ANA, level=2)).scene(mention=told)) == ["Bo"]
    assert _mentions(Story(levels=()).then(Comment(BY_ANA, "Looking")).scene(mention=told)) == ["Bo"]


def test_whoever_is_told_again_later_is_mentioned_again() -> None:
    awake = Story().then(Snooze(BY_ANA, NIGHT + HOUR)).then(Tick(), after=60)
    assert _mentions(awake.scene(mention=(ANA, BO))) == ["Ana", "Bo"]


def test_key_labels_come_first_and_the_rest_is_counted() -> None:
    labels = {
        "zone": "z",
        "Instance": "web-3",
        "a": "1",
        "b": "2",
        "service": "shop",
        "job": "node",
        "c": "3",
        "d": "4",
    }
    facts = replace(FACTS, labels={**labels, "alertname": FACTS.title, "severity": "critical"})
    card = _card(Story(facts))
    assert [key for key, _ in card.labels] == ["service", "Instance", "job", "zone", "a", "b", "c"]
    assert card.more_labels == "and 1 more label"
    assert _card(Story(replace(facts, labels={**labels, "e": "5"}))).more_labels == "and 2 more labels"
    assert _card(Story()).more_labels == ""


def test_facts_name_channel_start_responders_and_alerts() -> None:
    assert _facts(Story().scene()) == {
        "Channel": "Payments",
        "Started": "2026-11-21 03:07 UTC",
        "Responders": "Ana, Bo",
    }
    several = replace(FACTS, tally=Tally(critical=1, warning=1, total=5))
    assert _facts(Story(several, levels=()).scene()) == {
        "Channel": "Payments",
        "Started": "2026-11-21 03:07 UTC",
        "Alerts": "2 active of 5",
    }


def test_history_says_who_did_what_and_what_failed() -> None:
    story = Story().say(not_delivered("Ana")).tick().then(Comment(BY_BO, "Looking"))
    story.then(Escalate(BY_BO)).say(Record(Entry.LEVEL_EMPTY, said={"level": 9}))
    assert _history(story.scene()) == [
        "03:07 UTC Ana could not be reached in Acme Slack: channel_not_found",
        "03:10 UTC Bo: Looking",
        "03:11 UTC Bo escalated it to level 2",
        "03:11 UTC Level 2 told: Chen",
        "03:11 UTC Level 9 passed: it reaches nobody",
    ]


def test_history_of_a_long_night() -> None:
    story = acknowledged().then(Close(BY_ANA, "Fixed")).then(Reopen(BY_BO)).then(Reassign(BY_BO, (account(DEE),)))
    assert _history(story.scene()) == [
        "03:12 UTC Ana acknowledged it",
        "03:13 UTC Ana closed it: Fixed",
        "03:14 UTC Bo reopened it",
        "03:14 UTC Level 1 told: Ana, Bo",
        "03:15 UTC Bo assigned it to Dee",
    ]
    assert _history(Story(levels=CHAT_ONLY).scene()) == ["03:07 UTC Level 1 told"]
    snoozed = Story(levels=()).then(Snooze(BY_ANA, NIGHT + HOUR)).then(Close(BY_ANA))
    assert _history(snoozed.scene()) == [
        "03:07 UTC Nobody told: no escalation rule",
        "03:08 UTC Ana snoozed it until 2026-11-21 04:07 UTC",
        "03:09 UTC Ana closed it",
    ]


@pytest.mark.parametrize("entry", Entry)
def test_an_entry_that_says_nothing_still_gives_a_card(entry: Entry) -> None:
    assert build.card(Story().scene(timeline=(Happened(NIGHT, Record(entry)),))).number == 42


def test_what_may_have_been_sent_before_says_so() -> None:
    said = spoken(build.card(acknowledged().scene(may_repeat=True)).status)
    assert said.endswith("at 03:12 UTC · may be a repeat: an earlier try got no answer")


def test_a_failure_outside_of_any_workspace_names_none() -> None:
    nowhere = Record(Entry.NOT_DELIVERED, said={"to": "team and admins", "why": "the channel has no team"})
    assert _history(Story().say(nowhere).scene())[-1] == (
        "03:07 UTC team and admins could not be reached: the channel has no team"
    )


def _card(story: Story) -> Card:
    return build.card(story.scene())


def _mentions(scene: Scene) -> list[str]:
    return [person.name for person in build.card(scene).mentions]


def _facts(scene: Scene) -> dict[str, str]:
    return {fact.name: spoken(fact.value) for fact in build.card(scene).facts}


def _history(scene: Scene) -> list[str]:
    return [spoken(entry) for entry in build.card(scene).history]
