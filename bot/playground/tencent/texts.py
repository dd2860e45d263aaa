"""SMS: what SendSms and DescribeSmsTemplateList do, the receipts, and the replies that people write.

Sources: sms 3.1.153 of the SDK, https://cloud.tencent.com/document/product/382/52077. Guesses: what the receipt of an
SMS says that reaches no phone, the number that a reply is written to, and that only numbers of `+86` and the North
American ones are split into country and number as one would think.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Final

from bot.clock import Clock
from bot.playground.frequency import Frequency, Limit
from bot.playground.phones import Habit, Phone, Phones
from bot.playground.tencent.account import Account, Status
from bot.playground.tencent.refusal import Refusal
from bot.playground.wire import JsonObject, as_list, as_text

BEIJING: Final = timezone(timedelta(hours=8))
NUMBER: Final = "10690001"
"""What an SMS comes from."""
MOST_NUMBERS: Final = 200

Notify = Callable[[str, JsonObject], None]


@dataclass(slots=True)
class Texts:
    """The SMS of one account."""

    account: Account
    phones: Phones
    clock: Clock
    notify: Notify
    sent: int = 0
    frequency: Frequency = field(
        default_factory=lambda: Frequency(
            Limit(30.0, 1, "LimitExceeded.PhoneNumberThirtySecondLimit"),
            Limit(86_400.0, 10, "LimitExceeded.PhoneNumberSameContentDailyLimit"),
        )
    )

    def send(self, given: JsonObject) -> JsonObject:
        """Carry out SendSms. Raises Refusal: the whole request is wrong."""
        numbers = as_list(given.get("PhoneNumberSet"))
        if not numbers:
            raise Refusal("MissingParameter.EmptyPhoneNumberSet", "the phone number set is empty.")
        if len(numbers) > MOST_NUMBERS:
            raise Refusal("LimitExceeded.PhoneNumberCountLimit", "more than 200 numbers.")
        if given.get("SmsSdkAppId") != self.account.sms_app:
            raise Refusal("UnauthorizedOperation.SmsSdkAppIdVerifyFail", "SmsSdkAppId verification failed.")
        return {"SendStatusSet": [self._one(as_text(number), given) for number in numbers]}

    def templates(self, given: JsonObject) -> JsonObject:
        """Carry out DescribeSmsTemplateList."""
        abroad = given.get("International") == 1
        found = [
            {
                "TemplateId": int(id_),
                "International": int(one.abroad),
                "StatusCode": int(one.status),
                "ReviewReply": "" if one.status is Status.APPROVED else "内容不规范",
                "TemplateName": one.name,
                "TemplateContent": one.text,
            }
            for id_, one in self.account.templates.items()
            if one.abroad is abroad and int(id_) in as_list(given.get("TemplateIdSet"))
        ]
        return {"DescribeTemplateStatusSet": found}

    def replied(self, phone: Phone, words: str) -> None:
        """Somebody has written to the number that our SMS come from."""
        country, mobile = split(phone.number)
        reply: JsonObject = {
            "extend": "0",
            "mobile": mobile,
            "nationcode": country,
            "sign": next(iter(self.account.signs)),
            "text": words,
            "time": int(self.clock.now().timestamp()),
        }
        self.notify("sms_reply", reply)

    def _one(self, number: str, given: JsonObject) -> JsonObject:
        status: JsonObject = {"PhoneNumber": number, "SerialNo": "", "Fee": 0, "SessionContext": "", "IsoCode": "CN"}
        try:
            serial = self._send(number, given)
        except Refusal as refusal:
            return status | {"Code": refusal.code, "Message": refusal.message}
        return status | {"SerialNo": serial, "Fee": 1, "Code": "Ok", "Message": "send success"}

    def _send(self, number: str, given: JsonObject) -> str:
        """Send one SMS and return the number of its sending. Raises Refusal: this number only."""
        if not is_number(number):
            raise Refusal("InvalidParameterValue.IncorrectPhoneNumber", "incorrect phone number.")
        template = self.account.templates.get(as_text(given.get("TemplateId")))
        if template is None or template.status is not Status.APPROVED:
            raise Refusal(
                "FailedOperation.TemplateIncorrectOrUnapproved", "template is not approved or does not exist."
            )
        is_mainland, sign = number.startswith("+86"), as_text(given.get("SignName"))
        if template.abroad is is_mainland:
            kind = "GlobalTemplateToChineseMainlandPhone" if is_mainland else "ChineseMainlandTemplateToGlobalPhone"
            raise Refusal(f"UnsupportedOperation.{kind}", "the template is not for this country.")
        if is_mainland and sign not in self.account.signs:
            raise Refusal("FailedOperation.SignatureIncorrectOrUnapproved", "signature is not approved.")
        words = f"【{sign}】{template.filled(as_list(given.get('TemplateParamSet')), self.account.banned)}"
        limit = self.frequency.take(f"{number} {words}", self.clock.now())
        if limit is not None:
            raise Refusal(limit.words, "the frequency limit of this number is reached.")
        self.account.pay("Sms")
        self.sent += 1
        serial = f"2028:{self.sent:018d}"
        self._arrive(number, words, serial)
        return serial

    def _arrive(self, number: str, words: str, serial: str) -> None:
        phone = self.phones.find(number)
        is_there = phone is not None and phone.habit is not Habit.OFF
        if phone is not None and is_there:
            phone.take_text(NUMBER, words)
        country, mobile = split(number)
        receipt: JsonObject = {
            "user_receive_time": f"{_local(self.clock.now()):%Y-%m-%d %H:%M:%S}",
            "nationcode": country,
            "mobile": mobile,
            "report_status": "SUCCESS" if is_there else "FAIL",
            "errmsg": "DELIVRD" if is_there else "UNDELIV",
            "description": "用户短信送达成功" if is_there else "终端不可达",
            "sid": serial,
        }
        self.notify("sms_status", receipt)


def is_number(number: str) -> bool:
    """Whether a number is in E.164 form."""
    return number.startswith("+") and number[1:].isascii() and number[1:].isdigit() and 8 <= len(number) <= 16


def split(number: str) -> tuple[str, str]:
    """Return the country's code and the rest of a number in E.164 form."""
    digits = number.removeprefix("+")
    length = 1 if digits[:1] in ("1", "7") else 2
    return digits[:length], digits[length:]


def _local(at: datetime) -> datetime:
    return at.astimezone(BEIJING)
