"""What the forms ask, and that each button opens one where forms can be shown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.escalation import Chat, Level
from bot.domain.incident import Close
from bot.domain.organisation import Channel, Organisation
from bot.domain.people import Account, AccountId, People, TeamId, WorkspaceId
from bot.domain.people import Team as TeamOf
from bot.domain.rule import Rule
from cards import build, forms
from cards.form import Form, sentence
from cards.forms import Offer
from cards.plain import spoken
from tests.cards.stories import BY_ANA, CHEN, DEE, LEVELS, NIGHT, PEOPLE, Story, acknowledged

SRE = TeamId(7)
TEAMS = {SRE: TeamOf(SRE, "sre", (CHEN, DEE)), TeamId(8): TeamOf(TeamId(8), "all", tuple(PEOPLE.accounts))}


def organisation(*levels: Level, people: People = PEOPLE, team: TeamId | None = SRE) -> Organisation:
    story = Story()
    rules = (Rule("day and night", levels),) if levels else ()
    channel = Channel(story.incident.channel, "Payments", team, rules)
    return Organisation(1, replace(people, teams=TEAMS), channels={channel.id: channel})


def offered(configured: Organisation | None = None) -> Offer:
    return forms.offer(Story().incident, configured or organisation(*LEVELS), NIGHT)


def labels(form: Form, field: str) -> dict[str, str]:
    """Return what a field offers, by what it means in the sentence."""
    (found,) = [one for one in form.fields if one.name == field]
    return {choice.value: choice.label for choice in found.choices}


def test_where_forms_can_be_shown_the_three_main_buttons_come_first_and_ask() -> None:
    waiting = [(one.label, one.token) for one in build.buttons(Story().scene(forms=True))]
    assert waiting[:3] == [
        ("Acknowledge", "ack 42 v2"),
        ("Escalate…", "escalate? 42 v2"),
        ("Close…", "close? 42 v2"),
    ]
    assert waiting[3:] == [
        ("Snooze…", "snooze? 42 v2"),
        ("Reassign…", "reassign? 42 v2"),
        ("Add responder…", "add? 42 v2"),
        ("Comment…", "comment? 42 v2"),
    ]
    taken = build.buttons(acknowledged().scene(forms=True))
    assert [one.label for one in taken][:3] == ["Unacknowledge", "Escalate…", "Close…"]
    assert not any(one.confirm for one in taken), "a form is question enough"
    closed = build.buttons(Story().then(Close(BY_ANA)).scene(forms=True))
    assert [one.label for one in closed] == ["Reopen"]


def test_where_they_cannot_the_buttons_act_and_ask_before() -> None:
    plain = build.buttons(Story().scene())
    assert [one.token for one in plain] == ["ack 42 v2", "escalate 42 v2", "close 42 v2"]
    assert [one.confirm is not None for one in plain] == [False, True, True]


@pytest.mark.parametrize(
    ("form", "token", "title", "fields"),
    [
        (forms.close, "close 42 v2", "Close #42", ["text"]),
        (forms.escalate, "escalate 42 v2", "Escalate #42", ["level", "who"]),
        (forms.snooze, "snooze 42 v2", "Snooze #42", ["time", "own"]),
        (forms.reassign, "reassign 42 v2", "Reassign #42", ["who", "team"]),
        (forms.add, "add 42 v2", "Add to #42", ["who", "team"]),
        (forms.comment, "comment 42 v2", "Comment on #42", ["text"]),
    ],
)
def test_a_form_completes_a_sentence_about_the_state_that_it_shows(
    form: object, token: str, title: str, fields: list[str]
) -> None:
    assert callable(form)
    made: Form = form(Story().scene(), offered())
    assert (made.token, made.title, [field.name for field in made.fields]) == (token, title, fields)
    assert spoken(made.text).startswith("Critical: Host high CPU load (#42) · Triggered")
    assert sentence(made.token, {"a": " two\nlines ", "b": ""}) == f"{token} two\nlines"


def test_levels_are_offered_with_who_is_on_them_those_to_come_first() -> None:
    chat = Chat(WorkspaceId(1), "C1")
    configured = organisation(*LEVELS, Level(chats=(chat, chat)), Level((), (chat,)), Level())
    assert labels(forms.escalate(Story().scene(), offered(configured)), "level") == {
        "level 2": "Level 2: Chen",
        "level 3": "Level 3: Ana, Dee",
        "level 4": "Level 4: 2 chats",
        "level 5": "Level 5: 1 chat",
        "level 6": "Level 6",
        "level 1": "Level 1: Ana, Bo",
    }
    assert list(labels(forms.escalate(Story().scene(), offered(configured)), "level"))[-1] == "level 1"


def test_where_no_level_follows_people_are_named() -> None:
    alone = forms.escalate(Story(levels=()).scene(), offered(organisation()))
    assert [field.name for field in alone.fields] == ["who"]
    assert "No level follows" in spoken(alone.text)
    assert "the next level is paged" in spoken(forms.escalate(Story().scene(), offered()).text)


def test_the_channels_own_team_comes_first_and_those_who_left_not_at_all() -> None:
    left = Account(AccountId(9), "Eve", "eve@example.com", active=False)
    people = People({**PEOPLE.accounts, left.id: left})
    form = forms.reassign(Story().scene(), offered(organisation(*LEVELS, people=people)))
    assert list(labels(form, "who").values()) == ["Chen", "Dee", "Ana", "Bo"]
    assert labels(form, "team") == {"@t7": "sre", "@t8": "all"}
    assert form.fields[0].people
    nobody_near = forms.reassign(Story().scene(), offered(organisation(*LEVELS, team=None)))
    assert list(labels(nobody_near, "who").values()) == ["Ana", "Bo", "Chen", "Dee"]
    gone = forms.reassign(Story().scene(), offered(organisation(*LEVELS, team=TeamId(99))))
    assert list(labels(gone, "who").values()) == ["Ana", "Bo", "Chen", "Dee"]


def test_people_of_one_name_are_told_apart_and_there_are_a_hundred_at_most() -> None:
    many = {
        AccountId(number): Account(AccountId(number), "Ana", f"ana{number}@example.com") for number in range(1, 121)
    }
    offer = Offer(tuple(many.values()), (), (), NIGHT)
    form = forms.reassign(Story().scene(), offer)
    assert [field.name for field in form.fields] == ["who"]
    assert len(form.fields[0].choices) == 100
    assert form.fields[0].choices[0].label == "Ana · ana1@example.com"


@pytest.mark.parametrize(
    ("hours", "label"), [(0, "Until tomorrow, 09:00"), (14, "Until today, 09:00"), (20.9, "Until today, 09:00")]
)
def test_a_snooze_is_offered_until_the_next_morning_of_whoever_asks(hours: float, label: str) -> None:
    # 03:07 in London is 11:07 in Shanghai.
    asked = replace(offered(), now=NIGHT + timedelta(hours=hours))
    choices = labels(forms.snooze(Story().scene(timezone="Asia/Shanghai"), asked), "time")
    assert list(choices.items()) == [
        ("15m", "15 min"),
        ("60m", "1 h"),
        ("240m", "4 h"),
        ("480m", "8 h"),
        ("until 9:00", label),
    ]
