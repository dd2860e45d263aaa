"""What is said about a person's number, address and preferences. A code goes out by SMS, call or e-mail only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from bot.domain.event import Severity
from bot.domain.people import ContactKind, Method, Preference
from bot.domain.verification import Obstacle
from cards.card import Button, Moment, Note, Style, Text
from cards.words import SECONDS, SEVERITIES, amount, duration, name_of, say

METHODS: Final[Mapping[Method, str]] = MappingProxyType(
    {
        Method.IM: "chat",
        Method.SMS: "SMS",
        Method.VOICE: "call",
        Method.EMAIL: "e-mail",
        Method.PUSH: "push",
    }
)
OBSTACLES: Final[Mapping[Obstacle, str]] = MappingProxyType(
    {
        Obstacle.NO_WORKSPACE: "no chat app is connected",
        Obstacle.NOT_LINKED: "no chat account is linked to you: type “link”",
        Obstacle.NO_PROVIDER: "no provider for it is configured",
        Obstacle.NO_PHONE: "you have no phone number: an admin can add it",
        Obstacle.NOT_SERVED: "no provider serves your number",
        Obstacle.NOT_VERIFIED: "it is not verified that this is yours",
        Obstacle.NO_DEVICE: "no provider knows a device of yours: an admin can add it",
    }
)
VERIFIED: Final[Mapping[ContactKind, str]] = MappingProxyType(
    {ContactKind.PHONE: "✅ Phone {value}: verified", ContactKind.EMAIL: "✅ E-mail {value}: verified"}
)
UNVERIFIED: Final[Mapping[ContactKind, str]] = MappingProxyType(
    {
        ContactKind.PHONE: "⚠️ Phone {value}: not verified, so not used. Type “me verify phone”.",
        ContactKind.EMAIL: "⚠️ E-mail {value}: not verified, so not used. Type “me verify email”.",
    }
)
NO_PHONE: Final = "No phone number: an admin can add it"
VERIFY: Final[Mapping[ContactKind, str]] = MappingProxyType(
    {ContactKind.PHONE: "Verify phone", ContactKind.EMAIL: "Verify e-mail"}
)
PREFERS: Final = "[{severity}]: {ways}"
PREFERS_OWN: Final = "[{severity}], as you said: {ways}"
IF_FAILS: Final = "{method} if that fails"
AT_ONCE: Final = "{method} at once"
AFTER: Final = "{method} after {time}"
CANNOT: Final = "⚠️ {method} does not reach you: {why}"
PREFERENCES_SET: Final = "That is how you are told now."
PREFERENCES_DEFAULT: Final = "You are told as it is configured for you, or by default."

CODE: Final = (
    "Oncard: your code is {code}. It proves that this is yours, for {lasts}. If you did not ask for it, do nothing."
)
PIN_SET: Final = (
    "Calls ask for your PIN from now on before you take anything. If others could read it here, set another where only "
    "you and I write."
)
PIN_OFF: Final = "Calls ask for no PIN any more."
SAY_PIN: Final = "Write 4 to 6 digits, or “off”, such as: {example}"
SPOKEN_CODE: Final = "Your code is: {code}."
SPOKEN_AGAIN: Final = "Once more: {code}."
CODE_SENT: Final[Mapping[Method, str]] = MappingProxyType(
    {
        Method.SMS: "A code is on its way to {value} by SMS. Type “me code” and the code here, within {lasts}.",
        Method.VOICE: "You get a call at {value} that says a code. Type “me code” and the code here, within {lasts}.",
        Method.EMAIL: "A code is on its way to {value}. Type “me code” and the code here, within {lasts}.",
    }
)
BY_CALL: Final = "Call me instead"
NOT_SENT: Final = "The code could not be sent to {value}: {why}. Nothing changed."
TOO_OFTEN: Final = "That is too many codes in a short time. The next can be sent at {at}."
ALREADY_VERIFIED: Final = "{value} is verified already; nothing changed."
CANNOT_VERIFY: Final = "No code can be sent to you by {method}: {why}. An admin can vouch for you: {command}"
WRONG_CODE: Final = "This code is wrong. Tries left: {tries}."
NO_CODE: Final = (
    "This code is wrong, used or expired; nothing changed. Type “me verify phone” or “me verify email” for a new one."
)
PROVEN: Final = "{value} is verified now."
CHANGED: Final = (
    "Oncard: the account of {name} has another number or address now, {value}, and it was verified at {at}. If that is "
    "not right, tell an admin."
)

SAY_WAYS: Final = "Say in which ways you want to be told: {example}"
SAY_AFTER: Final = "Say after how long, at most 120m: {example}"
METHOD_TWICE: Final = "“{method}” stands there twice: {example}"
SAY_CODE: Final = "A code has six digits: {example}"
SAY_WHAT_TO_VERIFY: Final = "Say what to verify: {example}"
SAY_WHAT_OF_ME: Final = "For example: {example}"
DOES_ME: Final = "who you are, how you are told, and how to change it"


@dataclass(frozen=True, slots=True)
class Told:
    """How somebody is told of what is so bad; `own`: they said so themselves."""

    severity: Severity
    ways: Sequence[Preference]
    own: bool


@dataclass(frozen=True, slots=True)
class Contacts:
    """What is known of how a person is reached. `obstacles`: the methods that they want and that cannot work."""

    values: Mapping[ContactKind, str]
    verified: frozenset[ContactKind]
    told: Sequence[Told]
    obstacles: Mapping[Method, Obstacle]


def rows(of: Contacts, locale: str) -> tuple[Text, ...]:
    """Return the lines of it, what can be mended by its reader first."""
    return (*preferences(of, locale), *(_contact(of, kind, locale) for kind in ContactKind))


def buttons(of: Contacts, locale: str) -> tuple[Button, ...]:
    """Return a button for each contact that is not verified yet."""
    return tuple(
        Button(name_of(locale, VERIFY[kind]), f"me verify {kind}", Style.PLAIN)
        for kind in ContactKind
        if of.values.get(kind) and kind not in of.verified
    )


def preferences(of: Contacts, locale: str) -> tuple[Text, ...]:
    """Return how the person is told, severity by severity, and which ways cannot work."""
    said = [_told(one, locale) for one in of.told]
    cannot = [
        say(locale, CANNOT, method=name_of(locale, METHODS[method]), why=name_of(locale, OBSTACLES[found]))
        for method, found in of.obstacles.items()
    ]
    return (*said, *cannot)


def ways(wanted: Iterable[Preference], locale: str) -> str:
    """Return the ways in words: `chat, push at once, SMS after 2 min`."""
    return ", ".join(_way(one, locale, is_first=place == 0) for place, one in enumerate(wanted))


def preferred(of: Contacts, *, is_default: bool, locale: str = "en") -> Note:
    """Return that preferences were changed, and what they are now."""
    return Note(say(locale, PREFERENCES_DEFAULT if is_default else PREFERENCES_SET), rows=preferences(of, locale))


# ---- codes -----------------------------------------------------------------------------------------------------------


def code(digits: str, method: Method, lasts: timedelta, locale: str = "en") -> Note:
    """Return the message that brings somebody their code; a voice says it digit by digit, twice."""
    if method is Method.VOICE:
        spelt = ", ".join(digits)
        return Note((*say(locale, SPOKEN_CODE, code=spelt), " ", *say(locale, SPOKEN_AGAIN, code=spelt)), code=digits)
    return Note(say(locale, CODE, code=digits, lasts=duration(locale, lasts)), code=digits)


def code_sent(value: str, method: Method, lasts: timedelta, *, may_call: bool, locale: str = "en") -> Note:
    """Return that a code is on its way, and what to do with it."""
    instead = (Button(name_of(locale, BY_CALL), "me verify phone by voice"),) if may_call else ()
    return Note(say(locale, CODE_SENT[method], value=value, lasts=duration(locale, lasts)), buttons=instead)


def not_sent(value: str, why: str, locale: str = "en") -> Note:
    """Return that no code could be sent, in the provider's words."""
    return Note(say(locale, NOT_SENT, value=value, why=why))


def too_often(at: datetime, timezone: str, locale: str = "en") -> Note:
    """Return when the next code can be sent."""
    return Note(say(locale, TOO_OFTEN, at=Moment(at, timezone)))


def already_verified(value: str, locale: str = "en") -> Note:
    """Return that there is nothing to prove."""
    return Note(say(locale, ALREADY_VERIFIED, value=value))


def cannot_verify(method: Method, why: Obstacle, command: str, locale: str = "en") -> Note:
    """Return why no code can be sent, and what an admin can do."""
    named, reason = name_of(locale, METHODS[method]), name_of(locale, OBSTACLES[why])
    return Note(say(locale, CANNOT_VERIFY, method=named, why=reason, command=command))


def wrong_code(tries: int, locale: str = "en") -> Note:
    """Return that a code is wrong; no tries are left: that a new one is needed."""
    return Note(say(locale, WRONG_CODE, tries=amount(locale, tries)) if tries else say(locale, NO_CODE))


def proven(value: str, locale: str = "en") -> Note:
    """Return that a number or an address is verified."""
    return Note(say(locale, PROVEN, value=value))


def changed(name: str, value: str, at: Moment, locale: str = "en") -> Note:
    """Return the word for whoever has the number or the address that was verified before."""
    return Note(say(locale, CHANGED, name=name, value=value, at=at))


def _contact(of: Contacts, kind: ContactKind, locale: str) -> Text:
    value = of.values.get(kind, "")
    if not value:
        return say(locale, NO_PHONE)
    return say(locale, (VERIFIED if kind in of.verified else UNVERIFIED)[kind], value=value)


def _told(told: Told, locale: str) -> Text:
    severity = name_of(locale, SEVERITIES[told.severity])
    return say(locale, PREFERS_OWN if told.own else PREFERS, severity=severity, ways=ways(told.ways, locale))


def _way(one: Preference, locale: str, *, is_first: bool) -> str:
    method = name_of(locale, METHODS[one.method])
    if one.after is None:
        return method if is_first else name_of(locale, IF_FAILS, method=method)
    if not one.after:
        return name_of(locale, AT_ONCE, method=method)
    seconds = int(one.after.total_seconds())
    # To the second, as it was said.
    exact = name_of(locale, SECONDS, count=seconds) if seconds % 60 else duration(locale, one.after)
    return name_of(locale, AFTER, method=method, time=exact)


def pin(*, is_on: bool, locale: str = "en") -> Note:
    """Return that calls ask for a PIN from now on, or do so no more."""
    return Note(say(locale, PIN_SET if is_on else PIN_OFF), done=True)
