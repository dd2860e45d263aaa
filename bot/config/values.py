"""The single values of a configuration file: names, addresses, numbers, durations, secrets.

Each reader takes what the file says and returns what it means, or refuses it, with the way to mend it. What reads
secrets never quotes them. The libraries that know numbers and addresses are loaded when a file names the first one: a
service that reads no file needs neither.
"""

import importlib
import re
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import PlainValidator

from bot.config import duration
from bot.config.fault import SAID, did_you_mean, one_of, refusal

LONGEST_NAME: Final = 64
LONGEST_TEXT: Final = 2048
LONGEST_SECRET: Final = 4096
LONGEST_ID: Final = 255
SHORTEST_KEY: Final = 16
LONGEST_KEY: Final = 255
LOCALES: Final = ("en", "zh")

_STORED: Final = re.compile(r"stored:([0-9a-f]{8})")
# Control characters, halves of surrogate pairs, separators of lines, and those that turn the direction of other text.
_UNSEEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Meaning = TypeVar("Meaning")


def plain_text(value: object) -> str:
    """Return the text, if it is one."""
    if isinstance(value, str):
        return value
    if value is None:
        raise refusal("nothing stands here", "write a value, or remove the line")
    kind = "a list" if isinstance(value, list) else "a mapping"
    raise refusal(f"text belongs here, and this is {kind}", "write one value; quote it, if it begins with `[` or `{`")


def of(reader: Callable[[str], Meaning]) -> Callable[[object], Meaning]:
    """Return the reader for whatever the file holds in that place."""
    return lambda value: reader(plain_text(value))


def text(value: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text that is not empty, nor longer than `longest`."""
    if not value.strip():
        raise refusal("this is empty", "write a value, or remove the line")
    if len(value) > longest:
        raise refusal(f"this has {len(value)} characters", f"write at most {longest}")
    return value


def name(value: str) -> str:
    """Return a name: something that people can read, type and tell from others."""
    if value != value.strip() or any(unicodedata.category(sign) in _UNSEEN or sign in _TURNING for sign in value):
        raise refusal(
            f"the name {SAID} holds characters that nobody sees", "write it on one line, without spaces around it"
        )
    return text(value, LONGEST_NAME)


def workspace_name(value: str) -> str:
    """Return the name of a workspace or a provider, which stands in addresses too."""
    if name(value) and not re.fullmatch(r"\w[^\s/?#%]*", value):
        raise refusal(
            f"the name {SAID} cannot stand in an address", "begin with a letter; use no space and none of `/ ? # %`"
        )
    return value


def email(value: str) -> str:
    """Return the address as it is compared: in lower case. Nobody is asked whether it exists."""
    library = importlib.import_module("email_validator")
    try:
        found = library.validate_email(value, check_deliverability=False, globally_deliverable=False)
    except library.EmailNotValidError:
        found = None
    if found is None or "." not in found.domain:
        raise refusal(f"{SAID} is no e-mail address", "write one such as `ana@example.com`")
    return unicodedata.normalize("NFC", str(found.normalized).lower())


def phone(value: str) -> str:
    """Return the number in E.164. Whether it has been given to anybody is not asked: lists of that grow old."""
    mend = "write it with the country, such as `+33 6 12 34 56 78`"
    library = importlib.import_module("phonenumbers")
    try:
        number = library.parse(value)
    except library.NumberParseException as error:
        raise refusal(f"{SAID} is no international phone number", mend) from error
    if not library.is_possible_number(number):
        raise refusal(f"the phone number {SAID} has too many or too few digits", mend)
    return str(library.format_number(number, library.PhoneNumberFormat.E164))


def country(value: str) -> str:
    """Return the beginning of the numbers of a country, or of a part of one."""
    if not re.fullmatch(r"\+[1-9]\d{0,6}", value, re.ASCII):
        raise refusal(f"{SAID} is no beginning of phone numbers", "write `+` and the first digits, such as `+49`")
    return value


def timezone(value: str) -> str:
    """Return the name of a time zone."""
    if value not in timezones():
        mend = did_you_mean(value, timezones(), "write a name such as `Europe/Paris`, `Asia/Shanghai` or `UTC`")
        raise refusal(f"{SAID} is no time zone", mend)
    return value


@cache
def timezones() -> frozenset[str]:
    """Return the names of the time zones."""
    return frozenset(available_timezones() - {"Factory", "localtime"})


def choice(value: str, known: Collection[str], what: str) -> str:
    """Return one of the `known` words; `what` says what it is."""
    if value not in known:
        raise refusal(f"{SAID} is no {what}", did_you_mean(value, known, f"write {one_of(known)}"))
    return value


def locale(value: str) -> str:
    """Return a language that Oncard speaks."""
    return choice(value, LOCALES, "language of Oncard")


@dataclass(frozen=True, slots=True)
class Between:
    """Durations between two others, both included."""

    shortest: timedelta
    longest: timedelta

    def read(self, value: str) -> timedelta:
        """Return the duration."""
        found = duration.read(value)
        if found is None:
            raise refusal(f"{SAID} is no duration", "write a number and `s`, `m`, `h` or `d`, such as `90s` or `5m`")
        if not self.shortest <= found <= self.longest:
            limits = f"from {duration.write(self.shortest)} to {duration.write(self.longest)}"
            raise refusal(f"the duration {SAID} is out of range", f"write one {limits}")
        return found


def seconds(value: str) -> str:
    """Return a time limit for a network call, as a number of seconds."""
    limit = Between(timedelta(seconds=1), timedelta(seconds=60)).read(value)
    return str(int(limit.total_seconds()))


def platform_id(value: str) -> str:
    """Return a platform's own id of a person or a chat."""
    if any(sign.isspace() or unicodedata.category(sign) in _UNSEEN for sign in value):
        raise refusal(f"{SAID} holds spaces or characters that nobody sees", "copy the id from the chat app")
    return text(value, LONGEST_ID)


def address(value: str) -> str:
    """Return the base address of a service."""
    try:
        parts = urlsplit(text(value))
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole, parts = False, urlsplit("")
    if "@" in parts.netloc:
        raise refusal("this address holds a password", "write it without")
    if not is_whole or any(not "!" <= sign <= "~" for sign in value):
        raise refusal("this is no address", "write one such as `https://chat.example.com/api/`")
    return value


def secret(value: str) -> str:
    """Return a secret, or the reference to a stored one."""
    if value.startswith("stored:"):
        if not _STORED.fullmatch(value):
            raise refusal(
                "this refers to no stored secret", "write `stored:` and the eight digits that an export shows"
            )
        return value
    if not value or any(not "!" <= sign <= "~" for sign in value):
        what = "this secret is empty, or holds spaces or characters other than ASCII"
        raise refusal(what, "copy it once more, in one line")
    if len(value) > LONGEST_SECRET:
        raise refusal(f"this secret has {len(value)} characters", f"give one of at most {LONGEST_SECRET}")
    return value


def key(value: str) -> str:
    """Return the key of an integration, or the reference to a stored one."""
    if stored_fingerprint(secret(value)) is None and not SHORTEST_KEY <= len(value) <= LONGEST_KEY:
        mend = f"give one of {SHORTEST_KEY} to {LONGEST_KEY}: `openssl rand -hex 16` makes it"
        raise refusal(f"this key has {len(value)} characters", mend)
    return value


def stored_fingerprint(value: str) -> str | None:
    """Return the fingerprint, if this is a reference to a stored secret."""
    found = _STORED.fullmatch(value)
    return found[1] if found else None


Name = Annotated[str, PlainValidator(of(name))]
WorkspaceName = Annotated[str, PlainValidator(of(workspace_name))]
Email = Annotated[str, PlainValidator(of(email))]
Phone = Annotated[str, PlainValidator(of(phone))]
Locale = Annotated[str, PlainValidator(of(locale))]
Timezone = Annotated[str, PlainValidator(of(timezone))]
Text = Annotated[str, PlainValidator(of(text))]
