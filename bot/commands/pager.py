"""What stands behind `pager`: that somebody has it, keeps it, wants the backup called, or their methods rung.

pager · pager confirm 7 · pager keep 7 · pager backup 7 · pager test · pager 123456 · pager code 123456
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from bot.commands.entry import NotUnderstood
from cards import handover as words

EXAMPLE: Final = "pager, pager test"
_HAVE: Final = frozenset({"", "confirm", "confirmed", "yes", "ok", "mine", "确认", "已接", "接班", "是"})
_TEST: Final = frozenset({"test", "test me", "try", "测试"})
_KEEP: Final = frozenset({"keep", "take", "保留", "继续"})
_BACKUP: Final = frozenset({"backup", "call", "page", "备班", "呼叫"})
_SAID: Final = re.compile(r"(?P<word>\D*?)\s*#?(?P<number>\d{1,9})?")
_CODE: Final = re.compile(r"(?:(?:code|验证码)\s*)?(\d{6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Have:
    """I have the pager: of the hand-over of that number or, without one, of all that I am asked for."""

    number: int | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """I keep the pager for a while, or take it."""

    number: int


@dataclass(frozen=True, slots=True)
class Backup:
    """Call the backup."""

    number: int


@dataclass(frozen=True, slots=True)
class Try:
    """Ring all my methods once."""


@dataclass(frozen=True, slots=True)
class Code:
    """This is the code of a message of the test."""

    code: str


Meant = Have | Keep | Backup | Try | Code


def read(rest: str) -> Meant | NotUnderstood:
    """Return what is meant by what stands behind `pager`."""
    said = unicodedata.normalize("NFKC", rest).strip().lower().rstrip(".!。！")
    code = _CODE.fullmatch(said)
    if code:
        return Code(code[1])
    found = _SAID.fullmatch(said)
    word = found["word"].strip() if found else said
    number = int(found["number"]) if found and found["number"] else None
    if word in _HAVE:
        return Have(number)
    if word in _TEST and number is None:
        return Try()
    if word in _KEEP and number is not None:
        return Keep(number)
    if word in _BACKUP and number is not None:
        return Backup(number)
    return NotUnderstood(words.SAY_PAGER, {"example": EXAMPLE})
