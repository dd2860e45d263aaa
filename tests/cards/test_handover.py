"""What is said of a hand-over and of tests of methods, to each who reads it, in both languages."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery import Place
from bot.domain.event import Severity
from bot.domain.handover import Handover, Kept, Occasion, Paged, Stage, Why
from bot.domain.people import LINES, Method, WorkspaceId
from bot.domain.schedule import ScheduleId
from bot.domain.takeover import Crew, Part, Takeover
from bot.domain.trial import Outcome, Proof, Result, Ring, Trial
from bot.domain.verification import Obstacle
from cards import handover, trial
from cards.answers import Readers
from cards.card import Tone
from cards.handover import Scene, Shift
from cards.plain import spoken
from tests.domain.cast import ANA, BO, CHEN, DEE, NAMES, NIGHT

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
TAKEOVER = Takeover(
    BO, NIGHT, 10 * MINUTE, (Part(ScheduleId(1), "primary", NIGHT + DAY),), Crew((ANA,), (CHEN,), (DEE,))
)
TOLD = Handover(TAKEOVER, 3, NIGHT - 10 * MINUTE, NIGHT - 5 * MINUTE, NIGHT)
KEPT = replace(TOLD, kept=Kept(ANA, NIGHT + MINUTE, NIGHT + 61 * MINUTE))
SHIFTS = (Shift("payments", "primary", NIGHT + DAY), Shift("search", "night watch", None))
READERS = Readers("en", "UTC", NIGHT, NAMES)


def scene(of: Handover = TOLD, reader: int = BO, occasion: Occasion = Occasion.NOTICE, locale: str = "en") -> Scene:
    return Scene(7, of, occasion, type(BO)(reader), SHIFTS, NAMES, locale=locale)


def words(one: Scene) -> str:
    return spoken(handover.status(one))


@pytest.mark.parametrize(
    ("of", "stage", "incoming", "other", "tone"),
    [
        (
            replace(TOLD, withdrawn_at=NIGHT),
            Stage.WITHDRAWN,
            "This shift is no longer yours: there is nothing to confirm.",
            "Bo does not have this shift any more: there is nothing to do.",
            Tone.QUIET,
        ),
        (
            KEPT,
            Stage.KEPT,
            "Ana has the pager until 04:01 UTC, since Bo has not confirmed.",
            "Ana has the pager until 04:01 UTC, since Bo has not confirmed.",
            Tone.DONE,
        ),
        (
            replace(TOLD, confirmed_at=NIGHT + MINUTE),
            Stage.CONFIRMED,
            "You have the pager since 03:01 UTC.",
            "Bo has the pager since 03:01 UTC.",
            Tone.DONE,
        ),
        (
            TOLD,
            Stage.TOLD,
            (
                "⚠️ You are on call since 03:00 UTC and have not confirmed that you have the pager. "
                "Others were told at 03:00 UTC."
            ),
            "⚠️ Bo is on call since 03:00 UTC and has not confirmed. Told as well: Ana.",
            Tone.WARNING,
        ),
    ],
)
def test_each_reads_how_it_stands(of: Handover, stage: Stage, incoming: str, other: str, tone: Tone) -> None:
    assert of.stage is stage
    assert words(scene(of)) == incoming
    assert words(scene(of, CHEN, Occasion.BACKUP)) == other
    assert handover.card(scene(of)).tone is tone


def test_who_keeps_it_reads_so_and_has_no_buttons() -> None:
    assert words(scene(KEPT, ANA)) == "You have the pager until 04:01 UTC, since Bo has not confirmed."
    assert [handover.card(scene(KEPT, reader)).buttons for reader in (ANA, BO, CHEN)] == [(), (), ()]


def test_before_anybody_else_is_told_it_is_a_quiet_card() -> None:
    noticed = replace(TOLD, reminded_at=None, told_at=None)
    card = handover.card(scene(noticed))
    assert (card.tone, card.severity) == (Tone.INFO, Severity.INFO)
    assert card.title == "Your next shift: payments · primary and 1 more"
    assert [fact.name for fact in card.facts[:2]] == ["payments · primary", "search · night watch"]
    assert spoken(card.facts[1].value) == "from 2026-11-21 03:00 UTC"
    assert "To confirm, write “pager” to Oncard." in spoken(handover.note(scene(noticed)).text)
    assert "To confirm" not in spoken(handover.note(scene(KEPT)).text)
    reminded = replace(TOLD, told_at=None)
    assert (
        words(scene(reminded)) == "You are on call from 03:00 UTC and have not confirmed yet that you have the pager."
    )


def test_who_can_call_the_backup_is_offered_that_until_it_was() -> None:
    assert [one.label for one in handover.card(scene(TOLD, ANA)).buttons] == ["I keep it for 1 h", "Page the backup"]
    assert [one.label for one in handover.card(scene(TOLD, CHEN)).buttons] == ["I take it for 1 h"]
    paged = replace(TOLD, paged=Paged(ANA, NIGHT + MINUTE))
    assert [one.label for one in handover.card(scene(paged, ANA)).buttons] == ["I keep it for 1 h"]
    assert words(scene(paged, ANA)).endswith("Ana called the backup at 03:01 UTC.")
    assert words(scene(paged, CHEN, Occasion.PAGE)) == (
        "⚠️ Ana asks you to take the pager: Bo is on call since 03:00 UTC and has not confirmed."
    )
    alone = replace(TOLD, takeover=replace(TAKEOVER, crew=Crew(others=(DEE,))))
    assert words(scene(alone, DEE)) == "⚠️ Bo is on call since 03:00 UTC and has not confirmed. Nobody else is on duty."
    without = replace(TOLD, takeover=replace(TAKEOVER, crew=Crew((ANA,))))
    assert "Nobody else is on duty" in words(scene(without, ANA))
    assert handover.card(scene(replace(TOLD, withdrawn_at=NIGHT), ANA)).listings == ()


@pytest.mark.parametrize("why", Why)
def test_every_refusal_says_why_and_that_nothing_changed(why: Why) -> None:
    said = spoken(handover.refused(why, KEPT, READERS).text)
    assert said.endswith("nothing changed.")
    assert "没有任何更改" in spoken(handover.refused(why, KEPT, replace(READERS, locale="zh")).text)


def test_what_is_answered() -> None:
    assert spoken(handover.refused(Why.OVER, TOLD, READERS).text) == "This shift is over; nothing changed."
    assert spoken(handover.confirmed((), "en").text) == "You have the pager: nobody."
    assert "by every way at once: Chen" in spoken(handover.backup_paged(["Chen"], "en").text)
    assert spoken(handover.nothing_open(None, (), READERS).text) == "You have no hand-over to confirm."
    at = spoken(handover.nothing_open(NIGHT, SHIFTS, READERS).text)
    assert at.endswith("Your next shift begins at 2026-11-21 03:00 UTC: payments · primary and 1 more.")
    assert "confirmed already" in spoken(handover.already(SHIFTS, "en").text)
    assert "until 04:00 UTC" in spoken(handover.kept(SHIFTS, NIGHT + 60 * MINUTE, "Bo", READERS).text)
    assert "By SMS" in spoken(handover.not_by_sms("en").text)
    assert "no hand-over of that number" in spoken(handover.unknown("en").text)
    assert spoken(handover.status(scene(locale="zh"))).startswith("⚠️ 您自 03:00 UTC 起值班")


# ---- tests of methods ------------------------------------------------------------------------------------------------


def ring(method: Method, result: Result) -> Ring:
    return Ring(Place(LINES.get(method, WorkspaceId(1)), account=BO), "004711", result)


@pytest.mark.parametrize(
    ("method", "result", "expected"),
    [
        (Method.IM, Result(), "chat (acme): on its way"),
        (Method.IM, Result(Outcome.ACCEPTED, NIGHT), "chat (acme): delivered 03:00 UTC"),
        (Method.IM, Result(Outcome.PROVEN, NIGHT, proof=Proof.CLICK), "chat (acme): ✅ clicked 03:00 UTC"),
        (Method.SMS, Result(Outcome.ACCEPTED, NIGHT, "twilio", "queued"), "SMS: accepted 03:00 UTC by twilio: queued"),
        (Method.SMS, Result(Outcome.REPORTED, NIGHT, "twilio", "delivered"), "SMS: 03:00 UTC twilio: delivered"),
        (Method.EMAIL, Result(Outcome.FAILED, NIGHT, "", "550 no"), "e-mail: ⚠️ failed 03:00 UTC: 550 no"),
        (Method.VOICE, Result(Outcome.FAILED, NIGHT, "twilio", "busy"), "call: ⚠️ failed 03:00 UTC: twilio: busy"),
        (Method.PUSH, Result(Outcome.WAITING, NIGHT, "", "refused"), "push: not yet, it is tried again: refused"),
    ],
)
def test_what_came_of_each_is_one_line(method: Method, result: Result, expected: str) -> None:
    made = Trial(BO, NIGHT, (ring(method, result),), ((Method.PUSH, Obstacle.NO_DEVICE),))
    shown = [spoken(row) for row in trial.rows(made, {WorkspaceId(1): "acme"}, "en", "UTC")]
    assert shown == [
        expected,
        "⚠️ push: no provider knows a device of yours: an admin adds it to the provider's `links`",
    ]


def test_each_message_of_a_test_brings_its_code_and_a_chat_a_button() -> None:
    assert "write “pager 004711”" in spoken(trial.message(ring(Method.SMS, Result()), "en").text)
    chat = ring(Method.IM, Result())
    (button,) = trial.card(chat, (), "en").buttons
    assert (button.label, button.token) == ("It has come", "pager code 004711")
    assert trial.card(replace(chat, result=Result(Outcome.PROVEN, NIGHT)), (), "en").buttons == ()
    assert trial.started((), "en").done
    assert spoken(trial.wrong("en").text).startswith("This code is of no test")
    assert spoken(trial.right(Method.SMS, "zh").text).startswith("短信")
    assert "可再次测试" in spoken(trial.too_soon(Trial(BO, NIGHT, ()), (), replace(READERS, locale="zh")).text)
