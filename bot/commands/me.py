"""What stands behind `me`: how somebody wants to be told, and how they prove what is theirs.

me critical im, push 0m, sms 2m, voice 5m · me critical default · me verify phone by voice · me code 123456
me pin 4711
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from bot.commands import times
from bot.commands.entry import NotUnderstood
from bot.domain.event import Severity
from bot.domain.people import LONGEST_DELAY, ContactKind, Method, Preference
from bot.domain.verification import DIGITS, METHODS
from cards import contacts as words

WAYS: Final = "me critical im, push 0m, sms 2m, voice 5m"
VERIFY: Final = "me verify phone, me verify phone by voice, me verify email"
CODE: Final = "me code 123456"
PIN: Final = "me pin 4711, me pin off"

_SEVERITIES: Final = {
    **dict.fromkeys(("critical", "严重", "紧急"), Severity.CRITICAL),
    **dict.fromkeys(("warning", "warn", "警告"), Severity.WARNING),
    **dict.fromkeys(("info", "提醒", "通知"), Severity.INFO),
}
_METHODS: Final = {
    **dict.fromkeys(("im", "chat", "dm", "聊天", "私聊"), Method.IM),
    **dict.fromkeys(("sms", "text", "短信"), Method.SMS),
    **dict.fromkeys(("voice", "call", "phone", "电话", "语音"), Method.VOICE),
    **dict.fromkeys(("email", "mail", "e-mail", "邮件", "邮箱"), Method.EMAIL),
    **dict.fromkeys(("push", "推送"), Method.PUSH),
}
_KINDS: Final = {
    **dict.fromkeys(("phone", "mobile", "number", "手机", "电话", "号码"), ContactKind.PHONE),
    **dict.fromkeys(("email", "mail", "e-mail", "邮件", "邮箱"), ContactKind.EMAIL),
}
_DEFAULT: Final = frozenset({"default", "defaults", "reset", "默认", "恢复默认"})
_VERIFY: Final = frozenset({"verify", "prove", "验证"})
_CODE: Final = frozenset({"code", "验证码"})
_PIN: Final = frozenset({"pin", "密码"})
_OFF: Final = frozenset({"off", "none", "no", "关闭", "取消"})
_PIN_DIGITS: Final = re.compile(r"\d{4,6}", re.ASCII)
_BY: Final = frozenset({"by", "via", "with", "用", "通过"})
_AT_ONCE: Final = frozenset({"0", "now", "at once", "马上", "立即"})
_BETWEEN: Final = re.compile(r"[,、;]")
_WAY: Final = re.compile(
    rf"(?P<method>{'|'.join(sorted(_METHODS, key=len, reverse=True))})(?![a-z])"
    r"\s*(?:(?:after|in)\b)?\s*(?P<after>.*?)(?:之?后)?"
)
_DIGITS: Final = re.compile(rf"\d{{{DIGITS}}}", re.ASCII)
_GAPS: Final = re.compile(r"[\s\-]+")


@dataclass(frozen=True, slots=True)
class Show:
    """Say who they are."""


@dataclass(frozen=True, slots=True)
class Prefer:
    """Tell me of what is so bad in these ways; None: as it is configured, or by default. Without severity: of all."""

    severity: Severity | None
    ways: tuple[Preference, ...] | None


@dataclass(frozen=True, slots=True)
class Verify:
    """Send me a code, by this method if one is named."""

    kind: ContactKind
    method: Method | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """This is the code."""

    code: str


@dataclass(frozen=True, slots=True)
class Pin:
    """Calls shall ask me for these digits before I take anything; None: they shall not."""

    digits: str | None


Meant = Show | Prefer | Verify | Code | Pin


def read(rest: str) -> Meant | NotUnderstood:
    """Return what is meant by what stands behind `me`."""
    said = unicodedata.normalize("NFKC", rest).strip().lower()
    head, _, tail = said.partition(" ")
    tail = tail.strip()
    if not said:
        return Show()
    if said in _DEFAULT:
        return Prefer(None, None)
    if head in _SEVERITIES:
        return _prefer(_SEVERITIES[head], tail)
    if head in _CODE or _DIGITS.fullmatch(_GAPS.sub("", said)):
        code = _GAPS.sub("", tail if head in _CODE else said)
        return Code(code) if _DIGITS.fullmatch(code) else NotUnderstood(words.SAY_CODE, {"example": CODE})
    if head in _VERIFY:
        return _verify(tail.split())
    if head in _PIN:
        return _pin(_GAPS.sub("", tail))
    return NotUnderstood(words.SAY_WHAT_OF_ME, {"example": f"{WAYS} · {VERIFY} · {CODE} · {PIN}"})


def ways(text: str) -> tuple[Preference, ...] | NotUnderstood:
    """Return the ways that a text such as `im, sms 2m` names."""
    found: list[Preference] = []
    for piece in _BETWEEN.split(unicodedata.normalize("NFKC", text).strip().lower()):
        way = _way(piece.strip())
        if isinstance(way, NotUnderstood):
            return way
        if any(way.method is one.method for one in found):
            return NotUnderstood(words.METHOD_TWICE, {"method": str(way.method), "example": WAYS})
        found.append(way)
    return tuple(found)


def _prefer(severity: Severity, text: str) -> Prefer | NotUnderstood:
    if text in _DEFAULT:
        return Prefer(severity, None)
    found = ways(text)
    return found if isinstance(found, NotUnderstood) else Prefer(severity, found)


def _way(text: str) -> Preference | NotUnderstood:
    said = _WAY.fullmatch(text)
    if said is None:
        return NotUnderstood(words.SAY_WAYS, {"example": WAYS})
    method = _METHODS[said["method"]]
    if not said["after"]:
        return Preference(method)
    after = times.duration("0s" if said["after"] in _AT_ONCE else said["after"])
    if after is None or after > LONGEST_DELAY:
        return NotUnderstood(words.SAY_AFTER, {"example": WAYS})
    return Preference(method, after)


def _pin(text: str) -> Pin | NotUnderstood:
    if text in _OFF:
        return Pin(None)
    return Pin(text) if _PIN_DIGITS.fullmatch(text) else NotUnderstood(words.SAY_PIN, {"example": PIN})


def _verify(said: list[str]) -> Verify | NotUnderstood:
    named = [word for word in said if word not in _BY]
    kind = _KINDS.get(named[0]) if named else None
    if kind is None or len(named) > 2:
        return NotUnderstood(words.SAY_WHAT_TO_VERIFY, {"example": VERIFY})
    method = _METHODS.get(named[1]) if len(named) == 2 else None
    if len(named) == 2 and method not in METHODS[kind]:
        return NotUnderstood(words.SAY_WHAT_TO_VERIFY, {"example": VERIFY})
    return Verify(kind, method)
