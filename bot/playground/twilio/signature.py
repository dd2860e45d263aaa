"""What Twilio signs requests to us with: https://www.twilio.com/docs/usage/security#validating-requests."""

import base64
import hmac
from collections.abc import Mapping
from typing import Final

HEADER: Final = "X-Twilio-Signature"
SETTINGS: Final = "X-Twilio-Webhooks-Signature-Settings"
SHA1: Final = "HMAC_SHA1"
_HASHES: Final = {SHA1: "sha1", "HMAC_SHA256": "sha256"}


def signed(url: str, fields: Mapping[str, str], token: str, algorithm: str = SHA1) -> dict[str, str]:
    """Return the headers of a request to this address with these fields of a form."""
    text = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    mac = hmac.new(token.encode(), text.encode(), _HASHES[algorithm]).digest()
    headers = {HEADER: base64.b64encode(mac).decode()}
    return headers if algorithm == SHA1 else {**headers, SETTINGS: f"key=webhooks_sharedkey_1,algorithm={algorithm}"}
