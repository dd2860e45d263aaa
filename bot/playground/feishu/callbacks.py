"""Events and clicks posted to the app's own address, where it does not use the long connection.

Source: https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/
encrypt-key-encryption-configuration-case. With an Encrypt Key the body is AES-256-CBC and signed; the challenge that
tries an address is encrypted, but not signed.
"""

import base64
import hashlib
import json
import os
import secrets
import ssl
from dataclasses import dataclass
from functools import cache

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from bot.playground.feishu.tenant import Tenant
from bot.playground.wire import JsonObject


@dataclass(slots=True)
class Callbacks:
    """Where to post; without `card_url` the clicks go to `event_url` too."""

    event_url: str = ""
    card_url: str = ""
    encrypted: bool = True

    def url(self, *, card: bool) -> str:
        """Return the address for an event or a click, empty if there is none."""
        return (self.card_url if card else "") or self.event_url


def encrypt(text: str, key: str) -> str:
    """Return a text as AES-256-CBC under the SHA-256 of the key, the random IV in front, in base64."""
    padder = PKCS7(128).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    iv = os.urandom(16)
    encryptor = Cipher(algorithms.AES256(hashlib.sha256(key.encode()).digest()), modes.CBC(iv)).encryptor()
    return base64.b64encode(iv + encryptor.update(padded) + encryptor.finalize()).decode()


def signature(timestamp: str, nonce: str, key: str, body: bytes) -> str:
    """Return the signature of a raw body."""
    return hashlib.sha256(f"{timestamp}{nonce}{key}".encode() + body).hexdigest()


def request(
    tenant: Tenant, payload: JsonObject, *, encrypted: bool, signed: bool = True
) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of a POST."""
    text = json.dumps(payload, ensure_ascii=False)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if not encrypted:
        return text.encode(), headers
    key = tenant.app.encrypt_key
    body = json.dumps({"encrypt": encrypt(text, key)}).encode()
    if signed:
        timestamp, nonce = str(int(tenant.clock.now().timestamp())), secrets.token_hex(8)
        headers |= {
            "X-Lark-Request-Timestamp": timestamp,
            "X-Lark-Request-Nonce": nonce,
            "X-Lark-Signature": signature(timestamp, nonce, key, body),
        }
    return body, headers


def challenge(tenant: Tenant) -> JsonObject:
    """Return the body that tries an address: it must answer with the same `challenge`."""
    return {"challenge": secrets.token_hex(16), "token": tenant.app.verification_token, "type": "url_verification"}


@cache
def _certificates() -> ssl.SSLContext:
    """Return the certificates that are trusted: to read them takes longer than a call."""
    return httpx.create_ssl_context()


async def post(url: str, body: bytes, headers: dict[str, str], within: float) -> httpx.Response:
    """Post within so many real seconds; raises httpx.HTTPError."""
    async with httpx.AsyncClient(
        timeout=within, follow_redirects=False, trust_env=False, verify=_certificates()
    ) as client:
        return await client.post(url, content=body, headers=headers)
