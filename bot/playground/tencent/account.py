"""What an account was approved: signatures, templates and what their variables may hold, texts of calls.

Codes and their meaning are those of the SDK's errorcodes.py; which of two codes an unfit variable brings is a guess
where both could be meant.
"""

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from bot.playground.tencent.refusal import Refusal

VARIABLE: Final = re.compile(r"\{(\d+)\}", re.ASCII)
_ADDRESS: Final = re.compile(r"://|(?:[\w-]+\.)+[a-z]{2,}\b|\b\d{1,3}(?:\.\d{1,3}){3}\b", re.IGNORECASE | re.ASCII)
LONGEST_SPOKEN: Final = 350


class Status(IntEnum):
    """How the review of a template stands."""

    REJECTED = -1
    APPROVED = 0
    REVIEWING = 1


@dataclass(frozen=True, slots=True)
class Template:
    """An approved text with variables `{1}`, `{2}`, … of at most `longest` characters each.

    `abroad`: it is for numbers outside of the mainland, and for those only.
    """

    text: str
    longest: int = 6
    abroad: bool = False
    status: Status = Status.APPROVED
    name: str = "oncall"

    def filled(self, values: Sequence[object], banned: set[str]) -> str:
        """Return the text with its variables filled in. Raises Refusal."""
        if len(values) != len(set(VARIABLE.findall(self.text))):
            words = "request content does not match the template content."
            raise Refusal("FailedOperation.TemplateParamSetNotMatchApprovedTemplate", words)
        for value in values:
            self._check(value, banned)
        return VARIABLE.sub(lambda found: str(values[int(found[1]) - 1]), self.text)

    def _check(self, value: object, banned: set[str]) -> None:
        if not isinstance(value, str) or not value:
            raise Refusal("InvalidParameterValue.TemplateParameterFormatError", "the template parameter format error.")
        if len(value) > self.longest:
            words = f"the template parameter is longer than {self.longest} characters."
            raise Refusal("InvalidParameterValue.TemplateParameterLengthLimit", words)
        if _ADDRESS.search(value):
            words = "prohibited the use of URLs in template parameters."
            raise Refusal("InvalidParameterValue.ProhibitedUseUrlInTemplateParameter", words)
        if any(word in value for word in banned):
            raise Refusal("FailedOperation.ContainSensitiveWord", "content contains sensitive words.")
        if set(value) & set("【】{}") or any(unicodedata.category(one) in ("So", "Cc", "Cs") for one in value):
            raise Refusal("InvalidParameterValue.TemplateParameterFormatError", "the template parameter format error.")


@dataclass(slots=True)
class Account:
    """One customer: a key, an application for SMS and one for voice, and what was approved."""

    secret_id: str = field(default_factory=lambda: f"AKID{secrets.token_hex(8)}")
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    sms_app: str = "1400006666"
    voice_app: str = "1400007777"
    signs: set[str] = field(default_factory=lambda: {"值班"})
    templates: dict[str, Template] = field(default_factory=dict)
    voices: dict[str, Template] = field(default_factory=dict)
    banned: set[str] = field(default_factory=lambda: {"发票"})
    balance: int = 1_000_000

    def pay(self, words: str) -> None:
        """Take one message off the balance; `words` names it. Raises Refusal."""
        if self.balance <= 0:
            raise Refusal(f"FailedOperation.InsufficientBalanceIn{words}Package", "insufficient balance.")
        self.balance -= 1
