"""What an account was approved: signatures, templates with rules for their variables, texts of calls, numbers.

The rules of variables are those of the documentation as far as it says; which of two codes an unfit variable brings
is a guess where both could be meant.
"""

import json
import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from bot.playground.aliyun.refusal import Refusal
from bot.playground.wire import JsonObject

VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
# What looks like an address: a scheme, or a host of which the last part has letters only, or four numbers.
_ADDRESS: Final = re.compile(r"://|(?:[\w-]+\.)+[a-z]{2,}\b|\b\d{1,3}(?:\.\d{1,3}){3}\b", re.IGNORECASE | re.ASCII)
LONGEST_SPOKEN: Final = 250


class Status(IntEnum):
    """How the review of a template stands."""

    REVIEWING = 0
    APPROVED = 1
    REJECTED = 2
    CANCELLED = 10


@dataclass(frozen=True, slots=True)
class Template:
    """An approved text with variables such as `${number}`.

    `longest`: how many characters a variable may have, where it is not `usual`; `digits`: those that hold digits only.
    `code`: it is for verification codes, which are limited otherwise. `abroad`: it is for numbers outside of the
    mainland, and for those only.
    """

    text: str
    longest: dict[str, int] = field(default_factory=dict)
    digits: frozenset[str] = frozenset()
    usual: int = 35
    code: bool = False
    abroad: bool = False
    status: Status = Status.APPROVED
    name: str = "oncall"

    @property
    def variables(self) -> list[str]:
        """The names of its variables, in order."""
        return VARIABLE.findall(self.text)

    def filled(self, values: JsonObject) -> str:
        """Return the text with its variables filled in."""
        return VARIABLE.sub(lambda found: str(values[found[1]]), self.text)


@dataclass(slots=True)
class Account:
    """One customer: an access key, and what was approved. `banned`: words that no variable may hold."""

    access_key_id: str = "LTAI5tPlayground"
    access_key_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    signs: set[str] = field(default_factory=lambda: {"值班"})
    templates: dict[str, Template] = field(default_factory=dict)
    voices: dict[str, Template] = field(default_factory=dict)
    numbers: set[str] = field(default_factory=set)
    banned: set[str] = field(default_factory=lambda: {"发票"})
    balance: int = 1_000_000

    def template(self, code: str) -> Template:
        """Return an SMS template. Raises Refusal."""
        found = self.templates.get(code)
        if found is None or found.status is not Status.APPROVED:
            raise Refusal("isv.SMS_TEMPLATE_ILLEGAL", "模板不合法(不存在或被拉黑)")
        return found

    def voice(self, code: str) -> Template:
        """Return the text of a call. Raises Refusal."""
        found = self.voices.get(code)
        if found is None or found.status is not Status.APPROVED:
            raise Refusal("isv.TTS_TEMPLATE_ILLEGAL", f"未找到审核通过的文本转语音模板,ttsCode={code}")
        return found

    def written(self, template: Template, param: str) -> str:
        """Return the SMS that these parameters make of a template. Raises Refusal."""
        values = _values(param)
        self.check(template, values)
        return template.filled(values)

    def spoken(self, code: str, param: str) -> str:
        """Return what is said. Raises Refusal."""
        template = self.voice(code)
        if len(param) >= LONGEST_SPOKEN:
            raise Refusal("isv.PARAM_LENGTH_LIMIT", "参数超出长度限制")
        values = _values(param)
        self.check(template, values)
        return template.filled(values)

    def check(self, template: Template, values: JsonObject) -> None:
        """Judge what the variables are filled with. Raises Refusal."""
        for name in template.variables:
            self._check(template, name, values)

    def pay(self) -> None:
        """Take one message off the balance. Raises Refusal."""
        if self.balance <= 0:
            raise Refusal("isv.AMOUNT_NOT_ENOUGH", "账户余额不足")
        self.balance -= 1

    def _check(self, template: Template, name: str, values: JsonObject) -> None:
        value = values.get(name)
        if value is None or value == "":
            raise Refusal("isv.TEMPLATE_MISSING_PARAMETERS", f"模板变量缺少对应参数值: {name}")
        if not isinstance(value, str):
            raise Refusal("isv.INVALID_JSON_PARAM", "参数格式错误,请修改为字符串值")
        if len(value) > template.longest.get(name, template.usual):
            raise Refusal("isv.PARAM_LENGTH_LIMIT", f"参数超过长度限制: {name}")
        if _ADDRESS.search(value):
            raise Refusal("isv.PARAM_NOT_SUPPORT_URL", f"不支持URL: {name}")
        if any(word in value for word in self.banned):
            raise Refusal("isv.BLACK_KEY_CONTROL_LIMIT", f"变量内容含有限制发送的内容: {name}")
        if set(value) & set("【】{}") or any(unicodedata.category(one) in ("So", "Cc", "Cs") for one in value):
            raise Refusal("isv.SMS_CONTENT_ILLEGAL", f"短信内容包含禁止发送内容: {name}")
        if name in template.digits and not (value.isascii() and value.isdigit()):
            raise Refusal("isv.INVALID_PARAMETERS", f"参数格式不正确: {name}")


def _values(param: str) -> JsonObject:
    try:
        read: object = json.loads(param) if param else {}
    except ValueError:
        raise Refusal("isv.INVALID_JSON_PARAM", "参数格式错误,请修改为字符串值") from None
    if not isinstance(read, dict):
        raise Refusal("isv.INVALID_JSON_PARAM", "参数格式错误,请修改为字符串值")
    return read
