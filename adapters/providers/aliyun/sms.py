"""SMS through Alibaba Cloud: an approved template goes out, receipts and replies come in.

Our word for the message travels as OutId, and comes back with the receipt. Receipts (SmsReport) and replies (SmsUp) are
arrays that nobody signs, and may come again: a secret in the address protects them. A reply is not answered: there is
no answer in the HTTP response, and no free text to send. When the contents of a variable is refused, the template
without variables is sent in its stead, once, and the receipt says so.
Sources: https://help.aliyun.com/document_detail/101867.htm (SmsReport). Guesses: how long an OutId may be, and that a
QuerySmsTemplate is allowed to whoever may send.
"""

from collections.abc import Mapping
from typing import Final

from adapters.providers.aliyun.api import FORGED, TAKEN, UNREADABLE, Api, parameters_of
from adapters.providers.aliyun.config import AliyunSmsConfig
from adapters.providers.aliyun.errors import CONTENT_KINDS
from adapters.providers.aliyun.numbers import ours, theirs
from bot.adapter import Answer, Callback, DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.clock import Clock
from bot.outbound.callback_body import items_of, text_of
from bot.outbound.callback_secret import told
from bot.outbound.settings import read
from bot.outbound.templates import code_of, fields_of
from bot.provider import Envelope, Progress, ProviderInbox, Report, Spoken

APPROVED: Final = 1
STATES: Final[Mapping[int, str]] = {0: "is being reviewed", 2: "was rejected", 10: "was cancelled"}


class AliyunSms:
    """One account, one signature, one template."""

    def __init__(self, name: str, config: AliyunSmsConfig, clock: Clock) -> None:
        self._name = name
        self._config = config
        self._api = Api(config, clock)

    @property
    def timeout(self) -> float:
        return self._config.timeout

    async def check(self) -> str:
        """Return the templates, which must be approved. Raises DeliveryFailed."""
        config = self._config
        codes = (config.template_code, config.fallback_template_code, config.code_template_code)
        named = [await self._template(code) for code in codes if code]
        return f"{config.sign_name}: {', '.join(named)}"

    async def send(self, envelope: Envelope) -> Receipt:
        """Send the template. Raises DeliveryFailed."""
        code, variables = self._config.template_code, self._config.template_param
        is_code = bool(code_of(envelope.message))
        if is_code:
            code, variables = self._config.code_template_code or "", self._config.code_template_param
        if not code:
            raise DeliveryFailed(FailureKind.REFUSED, "codes need a template of their own: set code_template_code")
        param = parameters_of(variables, fields_of(envelope.message, self._config.locale))
        try:
            return await self._send(envelope, code, param)
        except DeliveryFailed as failure:
            fallback = self._config.fallback_template_code
            if failure.kind not in CONTENT_KINDS or fallback is None or is_code:
                raise
            refused = failure.detail
        receipt = await self._send(envelope, fallback, "")
        return Receipt(receipt.message, f"{receipt.said}, without variables, because of {refused}")

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        """Tell the inbox of receipts and replies."""
        what = told(request.path, self._config.callback_secret)
        if what not in ("sms_report", "sms_up"):
            return FORGED
        items = items_of(request.body)
        if items is None:
            return UNREADABLE
        for item in items:
            if what == "sms_report":
                await inbox.reported(_report(item))
            elif (spoken := _spoken(item)) is not None:
                await inbox.replied(spoken)
        return TAKEN

    async def close(self) -> None:
        """Give back the connections."""
        await self._api.close()

    async def _send(self, envelope: Envelope, template: str, param: str) -> Receipt:
        parameters = {
            "PhoneNumbers": theirs(envelope.to),
            "SignName": self._config.sign_name,
            "TemplateCode": template,
            "OutId": envelope.reference,
        }
        if param:
            parameters["TemplateParam"] = param
        id_ = await self._api.send("SendSms", parameters, "BizId")
        return Receipt(MessageRef(self._name, id_), f"SendSms: OK, BizId {id_}")

    async def _template(self, code: str) -> str:
        answer = await self._api.call("QuerySmsTemplate", {"TemplateCode": code})
        status = answer.get("TemplateStatus")
        if status != APPROVED:
            state = STATES.get(status, f"has the status {status}") if isinstance(status, int) else "has no status"
            raise DeliveryFailed(FailureKind.UNAUTHORIZED, f"the template {code} {state}: {answer.get('Reason')}")
        return f"{code} {text_of(answer, 'TemplateName')}".strip()


def connect(name: str, values: Mapping[str, str], clock: Clock) -> AliyunSms:
    """Return the provider. Raises ValueError: what is wrong with which setting."""
    return AliyunSms(name, read(AliyunSmsConfig, values, "sign_name"), clock)


def _report(item: Mapping[str, object]) -> Report:
    is_there = item.get("success") is True
    said = " ".join(word for word in (text_of(item, "err_code"), text_of(item, "err_msg")) if word)
    return Report(
        Progress.DELIVERED if is_there else Progress.FAILED,
        said,
        reference=text_of(item, "out_id"),
        id=text_of(item, "biz_id"),
    )


def _spoken(item: Mapping[str, object]) -> Spoken | None:
    number = ours(text_of(item, "phone_number"))
    trigger = text_of(item, "sequence_id") or f"{number} {text_of(item, 'send_time')}"
    return Spoken(number, text_of(item, "content"), trigger) if number else None
