"""What is said while somebody tests by which of their methods they are reached, and what each message says."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from bot.domain.event import Severity, cut
from bot.domain.people import Method, WorkspaceId
from bot.domain.trial import Outcome, Proof, Result, Ring, Trial
from bot.domain.verification import Obstacle
from cards import contacts
from cards.answers import Readers
from cards.card import Button, Card, Listing, Moment, Note, Style, Text, Tone
from cards.plain import line
from cards.words import name_of, say

SAID_LIMIT: Final = 200

TITLE: Final = "Test of your methods"
HEAD: Final = "Each of your methods is rung once now; this shows what comes of it."
STARTED: Final = "[Your methods are being rung], each once. What comes of it:"
TOO_SOON: Final = "Your methods were rung at {at}, and can be again from {again}. What came of it:"
RESULTS: Final = "Your methods"
RIGHT: Final = "{method}: the code is right, so this message has come."
WRONG: Final = "This code is of no test in the last minutes; nothing changed."
ARRIVED: Final = "It has come"
WORDS: Final[Mapping[Method, str]] = MappingProxyType(
    {
        Method.IM: "This is a test: in this chat you are reached.",
        Method.SMS: "Oncard test: you are reached by SMS. To show it, write “pager {code}” to Oncard.",
        Method.VOICE: "This is a test of your calls.",
        Method.EMAIL: "Oncard test: you are reached by e-mail. To show it, write “pager {code}” to Oncard.",
        Method.PUSH: "Oncard test: you are reached by push. To show it, write “pager {code}” to Oncard.",
    }
)
NO_KEY: Final = "Nothing was pressed."
THANKS: Final = "Thank you. Calls reach you."

ROW: Final = "{way}: {result}"
WAITING: Final = "on its way"
TRIED: Final = "not yet, it is tried again: {said}"
RESULTS_BY: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        Outcome.ACCEPTED: "accepted {at} by {by}: {said}",
        Outcome.REPORTED: "{at} {by}: {said}",
        Outcome.FAILED: "⚠️ failed {at}: {said}",
    }
)
ACCEPTED_IN_CHAT: Final = "delivered {at}"
PROOFS: Final[Mapping[Proof, str]] = MappingProxyType(
    {
        Proof.CLICK: "✅ clicked {at}",
        Proof.CODE: "✅ its code was typed {at}",
        Proof.KEY: "✅ answered and key pressed {at}",
    }
)
CANNOT: Final = "⚠️ {method}: {why}"
MENDS: Final[Mapping[Obstacle, str]] = MappingProxyType(
    {
        Obstacle.NO_WORKSPACE: "no chat app is connected: an admin adds one under `workspaces`",
        Obstacle.NOT_LINKED: "no chat account is linked to you: type “link”",
        Obstacle.NO_PROVIDER: "no provider for it is configured: an admin adds one under `providers`",
        Obstacle.NO_PHONE: "you have no phone number: an admin adds it under `accounts`",
        Obstacle.NOT_SERVED: "no provider serves your number: an admin adds one for your country",
        Obstacle.NOT_VERIFIED: "it is not verified that this is yours: type “me verify phone” or “me verify email”",
        Obstacle.NO_DEVICE: "no provider knows a device of yours: an admin adds it to the provider's `links`",
    }
)


def rows(trial: Trial, workspaces: Mapping[WorkspaceId, str], locale: str, timezone: str) -> tuple[Text, ...]:
    """Return what came of each way, and which cannot be rung and how to mend that."""
    rung = [
        say(locale, ROW, way=_way(ring, workspaces, locale), result=_result(ring, locale, timezone))
        for ring in trial.rings
    ]
    cannot = [
        say(locale, CANNOT, method=name_of(locale, contacts.METHODS[method]), why=name_of(locale, MENDS[why]))
        for method, why in trial.obstacles
    ]
    return (*rung, *cannot)


def started(results: Sequence[Text], locale: str) -> Note:
    """Return that the test has begun."""
    return Note(say(locale, STARTED), rows=tuple(results), done=True)


def too_soon(trial: Trial, results: Sequence[Text], readers: Readers) -> Note:
    """Return when the next test may begin, and what came of the last."""
    at, again = Moment(trial.started_at, readers.timezone), Moment(trial.again_at, readers.timezone)
    return Note(say(readers.locale, TOO_SOON, at=at, again=again), rows=tuple(results))


def right(method: Method, locale: str) -> Note:
    """Return that a code shows that its message has come."""
    return Note(say(locale, RIGHT, method=name_of(locale, contacts.METHODS[method])), done=True)


def wrong(locale: str) -> Note:
    """Return that a code shows nothing."""
    return Note(say(locale, WRONG))


def message(ring: Ring, locale: str) -> Note:
    """Return what is said by a way that is rung."""
    text = say(locale, WORDS[ring.method], code=ring.code)
    return Note(text, buttons=_buttons(ring, locale), code=ring.code)


def card(ring: Ring, results: Sequence[Text], locale: str) -> Card:
    """Return the message in a chat, which shows what comes of all of them."""
    title = name_of(locale, TITLE)
    return Card(
        number=None,
        severity=Severity.INFO,
        severity_word=title,
        tone=Tone.DONE if ring.result.outcome is Outcome.PROVEN else Tone.INFO,
        title=title,
        summary=title,
        status=say(locale, WORDS[Method.IM]),
        description=name_of(locale, HEAD),
        listings=(Listing(name_of(locale, RESULTS), tuple(results)),),
        buttons=_buttons(ring, locale) if ring.result.outcome is not Outcome.PROVEN else (),
    )


def _buttons(ring: Ring, locale: str) -> tuple[Button, ...]:
    return (Button(name_of(locale, ARRIVED), f"pager code {ring.code}", Style.PRIMARY),)


def _way(ring: Ring, workspaces: Mapping[WorkspaceId, str], locale: str) -> str:
    name = name_of(locale, contacts.METHODS[ring.method])
    return f"{name} ({line(workspaces.get(ring.place.workspace, ''))})" if ring.method is Method.IM else name


def _result(ring: Ring, locale: str, timezone: str) -> Text:
    result = ring.result
    if result.at is None or result.outcome is Outcome.WAITING:
        return say(locale, TRIED, said=_said(result)) if result.said else say(locale, WAITING)
    at = Moment(result.at, timezone)
    if result.proof is not None:
        return say(locale, PROOFS[result.proof], at=at)
    if ring.method is Method.IM and result.outcome is Outcome.ACCEPTED:
        return say(locale, ACCEPTED_IN_CHAT, at=at)
    by, said = line(result.by), _said(result)
    if result.outcome is Outcome.FAILED:
        said = f"{by}: {said}" if by else said
    return say(locale, RESULTS_BY[result.outcome], at=at, by=by, said=said)


def _said(result: Result) -> str:
    return cut(line(result.said), SAID_LIMIT)
