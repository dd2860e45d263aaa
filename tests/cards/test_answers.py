"""What questions are answered with."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from html import unescape
from types import ModuleType

import pytest

from bot.commands import TOPICS, VERBS
from bot.domain.incident import Acknowledge, Actor, Incident, IncidentId, Snooze
from bot.domain.people import Account, AccountId
from cards import answers, dingtalk, feishu, slack, telegram, words
from cards.answers import Health, Line, Listed, Readers, Staffed
from cards.card import Note
from cards.forms import Rung
from cards.plain import spoken
from cards.words import name_of
from tests.cards.stories import BY_ANA, NAMES, NIGHT, Story, acknowledged

READERS = Readers("en", "Asia/Shanghai", NIGHT + timedelta(minutes=12), NAMES)
CHANNELS = {7: "Payments"}


def rows(note: Note) -> list[str]:
    return [spoken(row) for row in note.rows]


def listed(*incidents: Incident, count: int | None = None, whose: str = "", unreadable: Sequence[int] = ()) -> Note:
    shown = Listed(
        incidents,
        len(incidents) if count is None else count,
        CHANNELS,
        whose,
        [IncidentId(number) for number in unreadable],
    )
    return answers.listing(shown, READERS)


def test_the_list_says_of_each_who_has_it_and_the_first_can_be_shown() -> None:
    taken = acknowledged().incident
    nobody = replace(taken, acknowledged=None)
    snoozed = Story().then(Snooze(BY_ANA, NIGHT + timedelta(hours=2))).incident
    stranger = Story().then(Acknowledge(Actor(AccountId(99), "acme"))).incident
    monitoring = Story().then(Acknowledge(Actor())).incident
    note = listed(nobody, taken, snoozed, stranger, monitoring, Story().incident)
    assert spoken(note.text) == "6 open incidents, the most urgent first"
    assert rows(note)[:5] == [
        "#42 Critical · Host high CPU load · Payments · nobody has it, for 12 min",
        "#42 Critical · Host high CPU load · Payments · Ana has it",
        "#42 Critical · Host high CPU load · Payments · snoozed until 2026-11-21 13:07 CST",
        "#42 Critical · Host high CPU load · Payments · somebody has it",
        "#42 Critical · Host high CPU load · Payments · somebody has it",
    ]
    assert [(one.label, one.token) for one in note.buttons] == [("Show #42", "show 42")] * 5


@pytest.mark.parametrize(
    ("count", "whose", "expected"),
    [
        (1, "", "1 open incident"),
        (134, "", "1 of 134 open incidents, the most urgent first"),
        (1, words.YOURS, "1 open incident of yours"),
        (7, "Payments", "1 of 7 open incidents of Payments, the most urgent first"),
    ],
)
def test_the_list_says_how_many_there_are(count: int, whose: str, expected: str) -> None:
    assert spoken(listed(Story().incident, count=count, whose=whose).text) == expected


def test_an_empty_list_says_so() -> None:
    assert spoken(listed().text) == "Nothing is open."
    assert spoken(listed(whose=words.YOURS).text) == "Nothing of yours is open."
    assert rows(listed(unreadable=[7, 8])) == ["Left out, because what is stored of them cannot be read: #7, #8"]


def test_who_would_be_paged_level_by_level() -> None:
    five = timedelta(minutes=5)
    payments = Staffed("Payments", [(Rung(("Ana", "Bo"), 1), five), (Rung((), 2), five), (Rung(()), five)])
    note = answers.staffing([payments, Staffed("Empty", [])], "en")
    assert rows(note) == [
        "Payments · level 1 of 3: Ana, Bo, 1 chat · the next after 5 min",
        "Payments · level 2 of 3: 2 chats · the next after 5 min",
        "Payments · level 3 of 3: nobody ⚠️",
        "⚠️ Empty · no escalation rule: nobody",
    ]
    many = answers.staffing([Staffed(f"Channel {number}", []) for number in range(1, 31)], "en")
    assert len(many.rows) == 16
    assert rows(many)[-1] == "and 15 more levels: name a channel, for example: who Channel 30"
    assert "nobody is paged" in spoken(answers.staffing([], "en").text)


def test_who_somebody_is_and_what_they_have() -> None:
    ana = Account(AccountId(1), "Ana", "ana@example.com", timezone="Asia/Shanghai")
    links, levels = [("acme", "U0ANA"), ("other", "")], [("Payments", 1)]
    note = answers.about(ana, links, levels, Listed([Story().incident], 1, CHANNELS), READERS)
    assert spoken(note.text) == "You are Ana (ana@example.com)."
    assert rows(note) == [
        "Language en, time zone Asia/Shanghai, role member",
        "You have: #42 Host high CPU load",
        "acme: U0ANA",
        "other: not linked",
        "You are on level 1 of Payments",
    ]
    assert "You have no open incident." in rows(answers.about(ana, [], [], Listed([], 0, {}), READERS))


def test_how_oncard_is() -> None:
    lines = [
        Line("acme", connected=True, since=NIGHT, why=""),
        Line("dark", connected=False, since=NIGHT, why="invalid_auth"),
        Line("new", connected=False, since=None, why="not connected yet"),
    ]
    trouble = Story().incident
    found = Health(lines, "sqlite", (1200, NIGHT), 9, 3, [trouble])
    note = answers.health(found, READERS)
    assert spoken(note.text) == "Oncard at 2026-11-21 11:19 CST"
    assert rows(note) == [
        "⚠️ dark: not connected since 2026-11-21 11:07 CST, invalid_auth",
        "⚠️ new: not connected, not connected yet",
        "✅ acme: connected since 2026-11-21 11:07 CST",
        "Database: sqlite, answers",
        "Messages that wait: 1,200, the oldest for 12 min",
        "Open incidents: 9, of which nobody has 3",
        "⚠️ #42 Host high CPU load",
    ]
    quiet = rows(answers.health(Health([], "sqlite", (0, None), 0, 0, []), READERS))
    assert quiet[0] == "⚠️ No workspace is connected by this process."
    assert quiet[2] == "No message waits."
    assert quiet[-1] == "No trouble of its own."


def test_the_help_of_all_and_of_one() -> None:
    note = answers.help_all([("ack 42", "take it"), ("me", "who you are")], {"shifts": ["cover", "swap"]}, "en")
    assert rows(note) == ["ack 42 · take it", "me · who you are", "help shifts · cover, swap"]
    one = answers.help_one("ack 42", "take it", ["take", "认领"], "en")
    assert (spoken(one.text), rows(one)) == ("ack 42 · take it", ["Also: take, 认领"])
    assert rows(answers.help_one("me", "who you are", [], "en")) == []


@pytest.mark.parametrize("app", [slack, telegram, feishu, dingtalk], ids=lambda app: app.__name__)
@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_command_is_shown_by_the_help_in_every_app(app: ModuleType, locale: str) -> None:
    topics = [name for names in TOPICS.values() for name in names]
    commands = [(verb.usage, verb.does) for verb in VERBS.values() if verb.name not in topics]
    shown = json.dumps(app.render(answers.help_all(commands, TOPICS, locale)), default=str, ensure_ascii=False)
    plain = unescape(shown.replace("\\", ""))
    assert [usage for usage, _ in commands if usage.split(" [")[0] not in plain] == []
    assert [name for name in topics if name not in plain or name not in VERBS] == []
    assert name_of(locale, commands[-1][1]) in plain


def test_a_channel_that_is_none() -> None:
    said = spoken(answers.no_channel("paymints", ["Payments", "Infra"], "en").text)
    assert said == "No channel is called “paymints”. There are: Payments, Infra."
