"""The account: who may call the API, which numbers it has, and in which words it refuses.

Codes and statuses are those of https://www.twilio.com/docs/api/errors. Guesses: the words of most, and that 20001 is
said of a wrong parameter that has no code of its own.
"""

import base64
import binascii
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlsplit

from bot.playground.wire import JsonObject

VERSION: Final = "2010-04-01"
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)

ERRORS: Final[Mapping[int, tuple[int, str]]] = {
    20001: (400, "Invalid parameter: {0}"),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource {0} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service Unavailable"),
    13224: (400, "Dial: Invalid phone number format: {0}"),
    13227: (400, "Geo Permission configuration is not permitting call to {0}"),
    21201: (400, "No 'To' number specified"),
    21205: (400, "Url is not a valid URL: {0}"),
    21210: (400, "The source phone number provided, {0}, is not yet verified for your account."),
    21211: (400, "Invalid 'To' Phone Number: {0}"),
    21212: (400, "Invalid From Number (caller ID): {0}"),
    21214: (400, "'To' phone number {0} cannot be reached"),
    21215: (400, "Account not authorized to call {0}. Perhaps you need to enable some international permissions"),
    21216: (400, "Account not allowed to call {0}"),
    21217: (400, "Phone number {0} does not appear to be valid"),
    21220: (400, "Call is not in-progress. Cannot redirect."),
    21408: (403, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {0}"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' or 'MessagingServiceSid' parameter is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number {0} is not a valid, SMS-capable inbound phone number for your account."),
    21608: (400, "The number {0} is unverified. Trial accounts cannot send messages to unverified numbers."),
    21609: (400, "The 'StatusCallback' URL {0} is not a valid URL"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "Message cannot be sent with the current combination of 'To' ({0}) and/or 'From' parameters"),
    21614: (400, "'To' number {0} is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21730: (400, "The message cannot be sent during the maintenance"),
}


class Refused(Exception):
    """What the API answers instead of what was asked for; `about` is put into its words."""

    def __init__(self, code: int, about: str = "") -> None:
        self.status, words = ERRORS[code]
        self.body: JsonObject = {
            "code": code,
            "message": words.format(about),
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": self.status,
        }
        super().__init__(str(self.body["message"]))


def new_sid(prefix: str) -> str:
    """Return a new id: two letters that say of what, and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


@dataclass(slots=True)
class Account:
    """One account with an API key. `services`: its messaging services, each with the number that it sends from.

    `stopped`: who has written STOP to which of its numbers. `algorithm` signs what it tells us.
    """

    sid: str = field(default_factory=lambda: new_sid("AC"))
    auth_token: str = field(default_factory=lambda: secrets.token_hex(16))
    api_key: str = field(default_factory=lambda: new_sid("SK"))
    api_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    numbers: set[str] = field(default_factory=set)
    services: dict[str, str] = field(default_factory=dict)
    stopped: set[tuple[str, str]] = field(default_factory=set)
    algorithm: str = "HMAC_SHA1"

    def check(self, header: str, sid: str) -> None:
        """Let a call pass that shows the token or the key, at this account's address. Raises Refused."""
        if _credentials(header) not in {(self.sid, self.auth_token), (self.api_key, self.api_secret)}:
            raise Refused(20003)
        if sid != self.sid:
            raise Refused(20404, f"/{VERSION}/Accounts/{sid}")


def need_address(url: str, code: int) -> None:
    """Raise Refused unless the text is an address that can be called; an empty one is none that is given."""
    if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise Refused(code, url)


def is_number(text: str) -> bool:
    """Whether it is a phone number in E.164 form."""
    return _E164.fullmatch(text) is not None


def need_whole(fields: Mapping[str, str], name: str, default: int, allowed: range) -> int:
    """Return a whole number among the fields. Raises Refused."""
    given = fields.get(name, str(default))
    if not given.isdigit() or int(given) not in allowed:
        raise Refused(20001, name)
    return int(given)


def written(at: datetime) -> str:
    """Return an instant as the API writes it."""
    return format_datetime(at)


def _credentials(header: str) -> tuple[str, str]:
    kind, _, coded = header.partition(" ")
    try:
        name, _, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return (name, secret) if kind.lower() == "basic" else ("", "")
