"""Numbers as Alibaba Cloud is given them: those of the mainland with or without its code, others without a plus."""

import re
from typing import Final

from bot.playground.aliyun.refusal import Refusal

_MAINLAND: Final = re.compile(r"(?:\+86|0086|86)?(1[3-9][0-9]{9})", re.ASCII)
_ABROAD: Final = re.compile(r"[1-9][0-9]{7,14}", re.ASCII)


def e164(written: str) -> str:
    """Return the number in E.164 form. Raises Refusal."""
    mainland = _MAINLAND.fullmatch(written)
    if mainland:
        return f"+86{mainland[1]}"
    if _ABROAD.fullmatch(written) is None:
        raise Refusal("isv.MOBILE_NUMBER_ILLEGAL", f"{written}非法手机号")
    return f"+{written}"


def plain(number: str) -> str:
    """Return a number in E.164 form as it stands in receipts."""
    return number.removeprefix("+86").removeprefix("+")
