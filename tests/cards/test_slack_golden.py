"""The standard cards and notes as Slack gets them, reviewed as a person reads them at three in the morning."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.board import Pages
from bot.domain.event import Image, Link, Severity
from bot.domain.facts import Tally
from bot.domain.incident import (
    Acknowledge,
    Change,
    Close,
    Comment,
    Entry,
    Escalate,
    Reason,
    Recover,
    Refused,
    Snooze,
    Unreachable,
)
from cards import board, build, linking, notes
from cards.board import BoardScene
from cards.build import Scene
from cards.card import Message
from cards.slack import plain, render
from tests.cards.slack_limits import check_message
from tests.cards.stories import ANA, BO, BY_ANA, BY_BO, CHEN, DEE, FACTS, NIGHT, Story, acknowledged, not_delivered
from tests.cards.storms import CHANNEL, CLOSED, CRITICAL, ELSEWHERE, EXHAUSTED, NO_RULE, TAKEN, WARNING, incident, storm
from tests.support.golden import Golden

RICH = replace(
    FACTS,
    links=(Link("Graph", "https://prometheus.example.com/graph?g0.expr=a|b&g0.tab=1"), Link("Runbook", "file:///etc")),
    images=(Image("https://grafana.example.com/render/cpu.png", "CPU of web-3"),),
)
HOSTILE = replace(
    FACTS,
    title="<b>&*_~|@channel <!channel> <@U1> `x`",
    description="> *fire*\n<https://a.example|click> @here\n```\n<!everyone> & done\n```",
    labels={"<!here>": "`<@U1>` & *b*", "disk_usage_percent": "97", "_a_": "x\ny"},
    links=(Link("<!channel>|x", "https://a.example/<b>|c d"), Link("*go*", "javascript:alert(1)")),
    images=(Image("not an address", "<@U1>"),),
)


def _labels() -> Scene:
    labels = {f"label_{number}": "x" * 2048 for number in range(49)}
    return Story(replace(FACTS, labels={**labels, "service": "y" * 2048})).scene()


def _titled(title: str, description: str = "") -> Scene:
    return Story(replace(FACTS, title=title, description=description, labels={"service": title})).scene()


def _second_level() -> Story:
    return Story().then(Escalate(BY_ANA)).say(not_delivered("Chen"))


def _storm() -> Scene:
    story = Story(replace(FACTS, severity=Severity.WARNING, tally=Tally(warning=1, total=1)))
    return story.then(Change(replace(FACTS, tally=Tally(critical=1, warning=1, total=3)))).scene(mention=(ANA, BO))


def _snoozed() -> Scene:
    return Story().then(Snooze(BY_BO, NIGHT + timedelta(hours=2))).scene()


def _closed() -> Scene:
    said = acknowledged().then(Comment(BY_BO, "The deploy of 02:50 is to blame"))
    return said.then(Close(BY_ANA, "Rolled back the deploy"), after=69).scene(mention=(ANA,))


CARDS: dict[str, Callable[[], Scene]] = {
    "triggered-in-chat": lambda: Story(RICH).scene(mention=(ANA, BO), upcoming=(CHEN,)),
    "with-forms": lambda: Story().scene(mention=(ANA, BO), forms=True),
    "triggered-direct": lambda: Story().scene(mention=(ANA,), direct=True, timezone="Asia/Shanghai"),
    "warning": lambda: Story(replace(FACTS, severity=Severity.WARNING)).scene(),
    "grown": _storm,
    "acknowledged": lambda: acknowledged().scene(),
    "acknowledged-goes-on": lambda: _second_level().then(Acknowledge(BY_BO)).scene(),
    "snoozed": _snoozed,
    "second-level": lambda: _second_level().scene(mention=(CHEN,)),
    "exhausted": lambda: Story().exhaust().scene(),
    "no-rule": lambda: Story(levels=()).scene(),
    "recovered": lambda: Story().then(Recover(replace(FACTS, tally=Tally(total=1))), after=12).scene(mention=(ANA,)),
    "closed": _closed,
    "fifty-labels": _labels,
    "hostile": lambda: Story(HOSTILE).scene(names={ANA: "<!here> *A*", BO: "> Bo"}, channel="<#C1>"),
    "right-to-left": lambda: _titled("עומס גבוה על \u202eweb-3\u202c", "שרת web-3 עמוס"),
    "ten-thousand": lambda: _titled("disk & " * 1500, "x" * 10_000),
    "zero-width": lambda: _titled("\u200b\u2060\ufeff", "\u200b\n\u200d"),
}


def _failed() -> Scene:
    return Story().say(not_delivered("Bo")).then(Unreachable(0, 0)).scene()


BOARDS: dict[str, Callable[[], BoardScene]] = {
    "storm-in-chat": lambda: storm(
        (CRITICAL, 4210), (WARNING, 783), mention=(ANA, BO), pages=Pages(4993, levels=((incident(5012), 0),))
    ),
    "storm-direct": lambda: storm((CRITICAL, 60), direct=True, timezone="Asia/Shanghai"),
    "storm-half-taken": lambda: storm((CRITICAL, 37), (TAKEN, 20), (CLOSED, 3), takers=(BO, ANA)),
    "storm-in-many-channels": lambda: storm((CRITICAL, 40), (ELSEWHERE, 20), may_repeat=True),
    "storm-all-taken": lambda: storm((TAKEN, 5000), takers=(ANA, BO, CHEN, DEE)),
    "storm-over": lambda: storm((CLOSED, 5000), takers=(ANA,)),
    "storm-nobody-left": lambda: storm((EXHAUSTED, 41), (NO_RULE, 1), pages=Pages(41, notes={Entry.LEVEL_FAILED: 7})),
    "storm-hostile": lambda: storm(
        (CRITICAL, 12), facts=HOSTILE, channels={CHANNEL: "<!here> *b*"}, names={ANA: "@here"}, mention=(ANA,)
    ),
}


NOTES: dict[str, Callable[[], Message]] = {
    "reminder": lambda: notes.reminder(Story().tick().scene(mention=(ANA, BO)), 1),
    "announcement-exhausted": lambda: notes.announcement(Story().exhaust().scene(direct=True), Entry.EXHAUSTED),
    "announcement-no-rule": lambda: notes.announcement(Story(levels=()).scene(direct=True), Entry.NO_RULE),
    "announcement-level-failed": lambda: notes.announcement(_failed(), Entry.LEVEL_FAILED),
    "storm-call": lambda: board.call(storm((CRITICAL, 60), mention=(BO,), pages=Pages(40, incident(60)))),
    "storm-call-of-one": lambda: board.call(storm((CRITICAL, 61), pages=Pages(1, incident(61)), direct=True)),
    "unlinked": lambda: linking.unlinked("eve <b>"),
}


@pytest.mark.parametrize("name", CARDS)
def test_card(name: str, golden: Golden) -> None:
    _compare(f"golden/card-{name}.json", build.card(CARDS[name]()), golden)


@pytest.mark.parametrize("name", BOARDS)
def test_board(name: str, golden: Golden) -> None:
    _compare(f"golden/board-{name}.json", board.card(BOARDS[name]()), golden)


@pytest.mark.parametrize("name", NOTES)
def test_note(name: str, golden: Golden) -> None:
    _compare(f"golden/note-{name}.json", NOTES[name](), golden)


def test_refusals(golden: Golden) -> None:
    scene = acknowledged().scene()
    now = NIGHT + timedelta(minutes=5, seconds=4)
    told = {}
    for reason in Reason:
        for deed in (None, scene.incident.acknowledged):
            note = notes.refusal(scene, Refused(reason, deed), now)
            check_message(render(note))
            told[f"{reason} {'by somebody' if deed else ''}".strip()] = render(note)["text"]
    golden("golden/refusals.json", json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def test_last_resorts(golden: Golden) -> None:
    told = {name: plain(build.card(scene()))["text"] for name, scene in CARDS.items()}
    told |= {name: plain(board.card(scene()))["text"] for name, scene in BOARDS.items()}
    told |= {f"note {name}": plain(note())["text"] for name, note in NOTES.items()}
    golden("golden/last-resorts.json", json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def _compare(path: str, message: Message, golden: Golden) -> None:
    said = render(message)
    check_message(said)
    golden(path, json.dumps(said, indent=2, ensure_ascii=False) + "\n")
