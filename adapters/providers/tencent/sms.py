"""SMS through Tencent Cloud: an approved template goes out, receipts and replies come in.

A receipt is known by the number of its sending (SerialNo); our word for the message is not sent, because it comes back
only for accounts that were granted it. Receipts and replies are not signed: a secret in the address protects them. A
reply is not answered: there is no answer in the HTTP response, and no free text to send. It has no id either, so who
wrote what, and when, is what it is known by. When the contents of a variable is refused, the template without variables
is sent in its stead, once, and the receipt says so.
Sources: https://cloud.tencent.com/document/product/382/52077, sms 3.1.153 of the SDK.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from adapters.providers.tencent.api import FORGED, TAKEN, UNREADABLE, Api
from adapters.providers.tencent.config import CODE, TencentSmsConfig
from adapters.providers.tencent.errors import CONTENT_KINDS, failure_of
from bot.adapter import Answer, Callback, DeliveryFailed, FailureKind, MessageRef, Receipt
from bot.clock import Clock
from bot.outbound.callback_body import items_of, text_of
from bot.outbound.callback_secret import told
from bot.outbound.settings import read
from bot.outbound.templates import code_of, fields_of, fill
from bot.provider import Envelope, Progress, ProviderInbox, Report, Spoken

APPROVED: Final = 0
STATES: Final[Mapping[int, str]] = {1: "is being reviewed", 2: "is approved but not yet in force", -1: "was rejected"}


class TencentSms:
    """One account, one application, one signature, one template."""

    def __init__(self, name: str, config: TencentSmsConfig, clock: Clock) -> None:
        self._name = name
        self._config = config
        self._api = Api(config, clock, service="sms", version="2021-01-11")

    @property
    def timeout(self) -> float:
        return self._config.timeout

    async def check(self) -> str:
        """Return the templates, which must be approved. Raises DeliveryFailed."""
        config = self._config
        ids = [one for one in (config.template_id, config.fallback_template_id, config.code_template_id) if one]
        asked = {"International": int(config.international), "TemplateIdSet": [int(one) for one in ids]}
        response = await self._api.call("DescribeSmsTemplateList", asked)
        listed = response.get("DescribeTemplateStatusSet")
        found = {text_of(one, "TemplateId"): one for one in listed} if isinstance(listed, list) else {}
        return f"{config.sign_name}: {', '.join(_named(one, found.get(one)) for one in ids)}"

    async def send(self, envelope: Envelope) -> Receipt:
        """Send the template. Raises DeliveryFailed."""
        id_, variables = self._config.template_id, self._config.template_param_set
        is_code = bool(code_of(envelope.message))
        if is_code:
            id_, variables = self._config.code_template_id or "", CODE
        if not id_:
            raise DeliveryFailed(FailureKind.REFUSED, "codes need a template of their own: set code_template_id")
        values = fill(variables, fields_of(envelope.message, self._config.locale))
        try:
            return await self._send(envelope, id_, values)
        except DeliveryFailed as failure:
            fallback = self._config.fallback_template_id
            if failure.kind not in CONTENT_KINDS or fallback is None or is_code:
                raise
            refused = failure.detail
        receipt = await self._send(envelope, fallback, ())
        return Receipt(receipt.message, f"{receipt.said}, without variables, because of {refused}")

    async def callback(self, request: Callback, inbox: ProviderInbox) -> Answer:
        """Tell the inbox of receipts and replies."""
        what = told(request.path, self._config.callback_secret)
        if what not in ("status", "reply"):
            return FORGED
        items = items_of(request.body)
        if items is None:
            return UNREADABLE
        for item in items:
            if what == "status":
                await inbox.reported(_report(item))
            elif (spoken := _spoken(item)) is not None:
                await inbox.replied(spoken)
        return TAKEN

    async def close(self) -> None:
        """Give back the connections."""
        await self._api.close()

    async def _send(self, envelope: Envelope, template: str, values: tuple[str, ...]) -> Receipt:
        content = {
            "PhoneNumberSet": [envelope.to],
            "SmsSdkAppId": self._config.sms_sdk_app_id,
            "SignName": self._config.sign_name,
            "TemplateId": template,
            "TemplateParamSet": list(values),
        }
        response = await self._api.call("SendSms", content)
        statuses = response.get("SendStatusSet")
        status = statuses[0] if isinstance(statuses, list) and statuses else None
        if not isinstance(status, dict):
            raise DeliveryFailed(FailureKind.UNCERTAIN, "SendSms: an answer without a SendStatusSet")
        code, serial = text_of(status, "Code"), text_of(status, "SerialNo")
        if code != "Ok":
            raise failure_of("SendSms", code, text_of(status, "Message"))
        return Receipt(MessageRef(self._name, serial), f"SendSms: Ok, SerialNo {serial}")


def connect(name: str, values: Mapping[str, str], clock: Clock) -> TencentSms:
    """Return the provider. Raises ValueError: what is wrong with which setting."""
    return TencentSms(name, read(TencentSmsConfig, values, "template_id"), clock)


def _named(id_: str, status: Mapping[str, object] | None) -> str:
    """Return a template by its id and name. Raises DeliveryFailed where it may not be used."""
    if status is None:
        raise DeliveryFailed(FailureKind.UNAUTHORIZED, f"the template {id_} does not exist")
    state = status.get("StatusCode")
    if state != APPROVED:
        what = STATES.get(state, f"has the status {state}") if isinstance(state, int) else "has no status"
        raise DeliveryFailed(
            FailureKind.UNAUTHORIZED, f"the template {id_} {what}: {text_of(status, 'ReviewReply')}".rstrip(": ")
        )
    return f"{id_} {text_of(status, 'TemplateName')}".strip()


def _report(item: Mapping[str, object]) -> Report:
    is_there = item.get("report_status") == "SUCCESS"
    said = " ".join(word for word in (text_of(item, "errmsg"), text_of(item, "description")) if word)
    progress = Progress.DELIVERED if is_there else Progress.FAILED
    return Report(progress, said or text_of(item, "report_status"), id=text_of(item, "sid"))


def _spoken(item: Mapping[str, object]) -> Spoken | None:
    country, mobile, text = text_of(item, "nationcode").lstrip("+"), text_of(item, "mobile"), text_of(item, "text")
    if not (country.isascii() and country.isdigit() and mobile.isascii() and mobile.isdigit()):
        return None
    number = f"+{country}{mobile}"
    known_by = "\n".join((number, text_of(item, "time"), text_of(item, "extend"), text))
    return Spoken(number, text, hashlib.sha256(known_by.encode("utf-8", "replace")).hexdigest()[:32])
