"""The gateway: who calls, and whether the signature is theirs.

TC3-HMAC-SHA256, as its documentation describes it, with a JSON body; `content-type` and `host` are signed. A timestamp
may be off by 5 minutes. The words are guesses.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.playground.actions import Asked
from bot.playground.tencent.refusal import Refusal

ALGORITHM: Final = "TC3-HMAC-SHA256"
SKEW: Final = timedelta(minutes=5)
VERSIONS: Final[Mapping[str, str]] = {"sms": "2021-01-11", "vms": "2020-09-02"}
_AUTHORIZATION: Final = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^/,]+)/(?P<date>\d{{4}}-\d\d-\d\d)/(?P<service>[a-z]+)/tc3_request, "
    r"?SignedHeaders=(?P<names>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Gate:
    """Knows the keys."""

    keys: Mapping[str, str]

    def enter(self, asked: Asked, now: datetime) -> str:
        """Return the service that a genuine call is for. Raises Refusal."""
        given = _AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
        if given is None:
            raise Refusal("AuthFailure.InvalidAuthorization", "请求头部的 Authorization 不符合腾讯云标准。")
        secret = self.keys.get(given["key"])
        if secret is None:
            raise Refusal(
                "AuthFailure.SecretIdNotFound", "The SecretId is not found, please ensure that it is correct."
            )
        at = _time(asked.headers.get("x-tc-timestamp", ""))
        if abs(now - at) > SKEW or f"{at:%Y-%m-%d}" != given["date"]:
            raise Refusal("AuthFailure.SignatureExpire", "The provided credentials have expired.")
        names = given["names"].split(";")
        if not {"content-type", "host"} <= set(names) <= set(asked.headers):
            raise Refusal("AuthFailure.SignatureFailure", "content-type and host must be signed.")
        scope = f"{given['date']}/{given['service']}/tc3_request"
        if not hmac.compare_digest(_signature(secret, asked, names, scope), given["signature"]):
            words = "The provided credentials could not be validated. Please check your signature is correct."
            raise Refusal("AuthFailure.SignatureFailure", words)
        if VERSIONS.get(given["service"]) != asked.headers.get("x-tc-version"):
            raise Refusal("NoSuchVersion", "The version is not that of the service.")
        return given["service"]


def _time(text: str) -> datetime:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise Refusal("InvalidParameter", "X-TC-Timestamp is not a UNIX timestamp.")
    return datetime.fromtimestamp(int(text), UTC)


def _signature(secret: str, asked: Asked, names: list[str], scope: str) -> str:
    lines = "".join(f"{name}:{asked.headers[name].strip()}\n" for name in names)
    hashed = hashlib.sha256(asked.body).hexdigest()
    request = "\n".join((asked.method, asked.path, asked.query, lines, ";".join(names), hashed))
    key = f"TC3{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"{ALGORITHM}\n{asked.headers['x-tc-timestamp']}\n{scope}\n{digest}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
