"""The gateway: who calls, whether the signature is theirs, and whether the call is new.

ACS3-HMAC-SHA256, as its documentation describes it: all parameters in the query, an empty body, and every `x-acs-…`
header, `host` and `content-type` signed. A date may be off by 15 minutes, a nonce counts once. The words are guesses.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, quote

from bot.playground.actions import Asked
from bot.playground.aliyun.refusal import Refusal

ALGORITHM: Final = "ACS3-HMAC-SHA256"
VERSION: Final = "2017-05-25"
SKEW: Final = timedelta(minutes=15)
_AUTHORIZATION: Final = re.compile(
    rf"{ALGORITHM} Credential=(?P<key>[^,]+), ?SignedHeaders=(?P<names>[^,]+), ?Signature=(?P<signature>[0-9a-f]{{64}})"
)


class Gate:
    """Knows the access keys, and the nonces that were used."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        self._keys = keys
        self._nonces: dict[str, datetime] = {}

    def enter(self, asked: Asked, now: datetime) -> dict[str, str]:
        """Return the parameters of a genuine call. Raises Refusal."""
        given = _AUTHORIZATION.fullmatch(asked.headers.get("authorization", ""))
        if given is None:
            raise Refusal("IncompleteSignature", "The request signature does not conform to Aliyun standards.", 400)
        secret = self._keys.get(given["key"])
        if secret is None:
            raise Refusal("InvalidAccessKeyId.NotFound", "Specified access key is not found.", 404)
        self._check_date(asked, now)
        parameters = dict(parse_qsl(asked.query, keep_blank_values=True))
        names = given["names"].split(";")
        _check_headers(asked, names)
        expected = _signature(secret, asked, names, parameters)
        if not hmac.compare_digest(expected, given["signature"]):
            words = "Specified signature is not matched with our calculation."
            raise Refusal("SignatureDoesNotMatch", words, 400)
        self._use(asked.headers["x-acs-signature-nonce"], now)
        if asked.headers["x-acs-version"] != VERSION:
            raise Refusal("InvalidVersion", "Specified parameter Version is not valid.", 400)
        return parameters

    def _check_date(self, asked: Asked, now: datetime) -> None:
        try:
            at = datetime.strptime(asked.headers.get("x-acs-date", ""), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise Refusal("InvalidTimeStamp.Format", "Specified time stamp is not well formatted.", 400) from None
        if abs(now - at) > SKEW:
            raise Refusal("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.", 400)

    def _use(self, nonce: str, now: datetime) -> None:
        self._nonces = {one: at for one, at in self._nonces.items() if now - at <= 2 * SKEW}
        if nonce in self._nonces:
            raise Refusal("SignatureNonceUsed", "Specified signature nonce was used already.", 400)
        self._nonces[nonce] = now


def _check_headers(asked: Asked, names: list[str]) -> None:
    must = {name for name in asked.headers if name.startswith("x-acs-") or name in ("host", "content-type")}
    needed = {"x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"}
    if names != sorted(names) or not (must | needed) <= set(names) or not set(names) <= set(asked.headers):
        raise Refusal("IncompleteSignature", "The signed headers are not complete.", 400)
    if asked.headers["x-acs-content-sha256"] != hashlib.sha256(asked.body).hexdigest():
        raise Refusal("SignatureDoesNotMatch", "The hash of the body is not matched with our calculation.", 400)


def _signature(secret: str, asked: Asked, names: list[str], parameters: Mapping[str, str]) -> str:
    query = "&".join(f"{quote(key, safe='~')}={quote(parameters[key], safe='~')}" for key in sorted(parameters))
    lines = "\n".join(f"{name}:{asked.headers[name].strip()}" for name in names)
    request = [asked.method, asked.path, query, f"{lines}\n", ";".join(names), asked.headers["x-acs-content-sha256"]]
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    return hmac.new(secret.encode(), f"{ALGORITHM}\n{digest}".encode(), hashlib.sha256).hexdigest()
