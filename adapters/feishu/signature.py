"""Whether a request was made by Feishu: its signature, checked on the raw bytes, before anything is parsed.

The rule: SHA-256 over timestamp, nonce, Encrypt Key and body, at most five minutes old; the body is encrypted with
AES-256-CBC under the SHA-256 of the key. Only the challenge that tries an address is not signed: to encrypt it, too,
one must know the key. Source: https://open.feishu.cn/document/server-docs/event-subscription-guide/
event-subscription-configure-/encrypt-key-encryption-configuration-case. The SDK's own check looks at no timestamp,
takes its time in comparing, and fails on headers in lower case, so it is not used. Guess: how old a request may be.
"""

import base64
import hashlib
import hmac
import json
import re
from collections import OrderedDict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from bot.adapter import Callback

JsonObject = dict[str, object]

WINDOW: Final = timedelta(minutes=5)
# What is not signed is no more than a challenge.
LARGEST_CHALLENGE: Final = 4096
_BLOCK: Final = 16
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


class Verdict(StrEnum):
    """What is to be thought of a request."""

    GENUINE = "genuine"
    CHALLENGE = "challenge"
    FORGED = "forged"
    OLD = "old"
    REPEATED = "repeated"


class Verifier:
    """Judges requests with one Encrypt Key, and remembers the genuine ones for as long as they could be repeated."""

    def __init__(self, encrypt_key: str, verification_token: str | None = None) -> None:
        self._key = encrypt_key.encode()
        self._token = verification_token
        self._seen: OrderedDict[bytes, datetime] = OrderedDict()

    def judge(self, request: Callback, now: datetime) -> Verdict:
        """Return the verdict, and remember the request if it is genuine."""
        if "x-lark-signature" not in request.headers:
            is_challenge = len(request.body) <= LARGEST_CHALLENGE and self.challenge(self.read(request.body))
            return Verdict.CHALLENGE if is_challenge else Verdict.FORGED
        timestamp = request.headers.get("x-lark-request-timestamp", "")
        nonce = request.headers.get("x-lark-request-nonce", "")
        if not _TIMESTAMP.fullmatch(timestamp):
            return Verdict.FORGED
        given = _signature(request)
        head = f"{timestamp}{nonce}".encode(errors="replace")
        digest = hashlib.sha256(head + self._key + request.body).hexdigest()
        if not hmac.compare_digest(digest.encode(), given):
            return Verdict.FORGED
        if abs(now.timestamp() - int(timestamp)) > WINDOW.total_seconds():
            return Verdict.OLD
        return self._first_time(given, now)

    def forget(self, request: Callback) -> None:
        """Take a genuine request for one that was never made: it was not carried out."""
        self._seen.pop(_signature(request), None)

    def read(self, body: bytes) -> JsonObject | None:
        """Return what a body says; None: it is not encrypted with our key, holds no object, or not our token."""
        try:
            sealed = json.loads(body)
            said = json.loads(_decrypted(base64.b64decode(sealed["encrypt"], validate=True), self._key))
        except (ValueError, TypeError, KeyError, RecursionError):
            return None
        return said if isinstance(said, dict) and self._has_token(said) else None

    @staticmethod
    def challenge(said: JsonObject | None) -> str | None:
        """Return what is to be said back to a challenge; None: it is none."""
        asked = said.get("challenge") if said and said.get("type") == "url_verification" else None
        return asked if isinstance(asked, str) else None

    def _has_token(self, said: JsonObject) -> bool:
        if self._token is None:
            return True
        header = said.get("header")
        token = header.get("token") if isinstance(header, dict) else said.get("token")
        return isinstance(token, str) and hmac.compare_digest(token.encode(errors="replace"), self._token.encode())

    def _first_time(self, signature: bytes, now: datetime) -> Verdict:
        # A timestamp may lie up to one window ahead, and is then good for two.
        while self._seen and now - next(iter(self._seen.values())) > 2 * WINDOW:
            self._seen.popitem(last=False)
        if signature in self._seen:
            return Verdict.REPEATED
        self._seen[signature] = now
        return Verdict.GENUINE


def _signature(request: Callback) -> bytes:
    return request.headers.get("x-lark-signature", "").encode(errors="replace")


def _decrypted(sealed: bytes, key: bytes) -> bytes:
    """Return what was encrypted. Raises ValueError."""
    decryptor = Cipher(algorithms.AES256(hashlib.sha256(key).digest()), modes.CBC(sealed[:_BLOCK])).decryptor()
    padded = decryptor.update(sealed[_BLOCK:]) + decryptor.finalize()
    unpadder = PKCS7(_BLOCK * 8).unpadder()
    return unpadder.update(padded) + unpadder.finalize()
