"""SMS: what SendSms and QuerySmsTemplate do, the receipts, and the replies that people write.

Sources: https://help.aliyun.com/document_detail/101867.htm (receipts), version 4.6.0 of the SDK (fields). Guesses: what
the receipt of an SMS says that reaches no phone, and the number that a reply is written to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final

from bot.clock import Clock
from bot.playground.aliyun.account import Account, Template
from bot.playground.aliyun.numbers import e164, plain
from bot.playground.aliyun.refusal import Refusal
from bot.playground.frequency import Frequency, Limit
from bot.playground.phones import Habit, Phone, Phones
from bot.playground.wire import JsonObject

BEIJING: Final = timezone(timedelta(hours=8))
NUMBER: Final = "10690000"
"""What an SMS comes from."""
DAY: Final = 86_400.0

Notify = Callable[[str, JsonObject], None]


@dataclass(frozen=True, slots=True)
class Sent:
    """An SMS that was accepted."""

    id: str
    number: str
    words: str
    out_id: str
    at: datetime


@dataclass(slots=True)
class Texts:
    """The SMS of one account."""

    account: Account
    phones: Phones
    clock: Clock
    notify: Notify
    sent: list[Sent] = field(default_factory=list)
    notices: Frequency = field(default_factory=lambda: Frequency(Limit(DAY, 50, "触发天级流控Permits:50")))
    codes: Frequency = field(
        default_factory=lambda: Frequency(
            Limit(60.0, 1, "触发分钟级流控Permits:1"),
            Limit(3600.0, 5, "触发小时级流控Permits:5"),
            Limit(DAY, 10, "触发天级流控Permits:10"),
        )
    )
    ceiling: Frequency = field(default_factory=lambda: Frequency(Limit(DAY, 40, "触发天级流控Permits:40")))

    def send(self, given: Mapping[str, str]) -> JsonObject:
        """Carry out SendSms to one number. Raises Refusal."""
        number, sign, code = (
            e164(given.get("PhoneNumbers", "")),
            given.get("SignName", ""),
            given.get("TemplateCode", ""),
        )
        if sign not in self.account.signs:
            raise Refusal("isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法(不存在或被拉黑)")
        template = self.account.template(code)
        if template.abroad is number.startswith("+86"):
            raise Refusal("isv.DOMESTIC_NUMBER_NOT_SUPPORTED", "国际/港澳台消息模板不支持发送境内号码")
        words = f"【{sign}】{self.account.written(template, given.get('TemplateParam', ''))}"
        self._count(template, number, f"{sign} {code}")
        self.account.pay()
        one = Sent(f"{len(self.sent) + 900_000_000}^0", number, words, given.get("OutId", ""), self.clock.now())
        self.sent.append(one)
        self._arrive(one, sign)
        return {"BizId": one.id}

    def template(self, given: Mapping[str, str]) -> JsonObject:
        """Carry out QuerySmsTemplate. Raises Refusal."""
        code = given.get("TemplateCode", "")
        found = self.account.templates.get(code)
        if found is None:
            raise Refusal("isv.SMS_TEMPLATE_ILLEGAL", "模板不合法(不存在或被拉黑)")
        return {
            "TemplateCode": code,
            "TemplateName": found.name,
            "TemplateContent": found.text,
            "TemplateStatus": int(found.status),
            "Reason": "无审批备注",
        }

    def replied(self, phone: Phone, words: str) -> None:
        """Somebody has written to the number that our SMS come from."""
        now = self.clock.now()
        up: JsonObject = {
            "phone_number": plain(phone.number),
            "send_time": _time(now),
            "content": words,
            "sign_name": next(iter(self.account.signs)),
            "dest_code": NUMBER.removeprefix("1069"),
            "sequence_id": sum(1 for text in phone.texts if not text.incoming) + int(now.timestamp()) * 1000,
        }
        self.notify("sms_up", up)

    def _count(self, template: Template, number: str, of: str) -> None:
        now = self.clock.now()
        counted = self.codes if template.code else self.notices
        limit = counted.take(f"{number} {of}", now) or self.ceiling.take(number, now)
        if limit is not None:
            raise Refusal("isv.BUSINESS_LIMIT_CONTROL", limit.words)

    def _arrive(self, one: Sent, sign: str) -> None:
        phone = self.phones.find(one.number)
        is_there = phone is not None and phone.habit is not Habit.OFF
        if phone is not None and is_there:
            phone.take_text(NUMBER, one.words)
        receipt: JsonObject = {
            "phone_number": plain(one.number),
            "send_time": _time(one.at),
            "report_time": _time(self.clock.now()),
            "success": is_there,
            "err_code": "DELIVERED" if is_there else "UNDELIV",
            "err_msg": "用户接收成功" if is_there else "手机终端不可达",
            "sms_size": str(-(-len(one.words) // 67) if len(one.words) > 70 else 1),
            "biz_id": one.id,
            "out_id": one.out_id,
            "sign_name": sign,
        }
        self.notify("sms_report", receipt)


def _local(at: datetime) -> datetime:
    return at.astimezone(BEIJING)


def _time(at: datetime) -> str:
    return f"{_local(at):%Y-%m-%d %H:%M:%S}"
