"""Whether a request to us comes from Twilio: it signs the address and the form with the account's token.

https://www.twilio.com/docs/usage/security#validating-requests and `request_validator.py` of twilio-python 9.13.0, also
for the header that names the algorithm. The address is signed as Twilio knows it, with or without a port.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

from bot.adapter import Callback

HEADER: Final = "x-twilio-signature"
SETTINGS: Final = "x-twilio-webhooks-signature-settings"
BODY_HASH: Final = "bodySHA256"
FORM: Final = "application/x-www-form-urlencoded"
MOST_FIELDS: Final = 300
_HASHES: Final = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}

Fields = Mapping[str, str]


class Gate:
    """Lets in what Twilio has signed.

    `place`: the end of this provider's address, as `/sms/main/`. The address itself is `fixed`, else our public one, or
    what the request says that it was sent to: whoever cannot sign gains nothing by that.
    """

    def __init__(self, place: str, tokens: Iterable[str], fixed: str = "") -> None:
        self._place = place
        self._tokens = tuple(tokens)
        self._fixed = fixed

    def admit(self, request: Callback) -> Fields | None:
        """Return the fields of a request's form; None: Twilio has not signed it."""
        tail = request.path + (f"?{request.query}" if request.query else "")
        fields = _fields(request)
        if fields is None or not _has_its_body(request):
            return None
        signature = request.headers.get(HEADER, "")
        hash_ = _algorithm(request.headers.get(SETTINGS, ""))
        if hash_ is None or not signature:
            return None
        text = "".join(name + value for name, value in sorted(set(fields)))
        for base in self._bases(request):
            for url in _spellings(f"{base}{tail}"):
                if any(
                    hmac.compare_digest(sign(url + text, token, hash_), signature.encode()) for token in self._tokens
                ):
                    return dict(fields)
        return None

    def _bases(self, request: Callback) -> Iterator[str]:
        if self._fixed:
            yield self._fixed
            return
        if request.base:
            yield request.base
        for header in ("x-forwarded-host", "host"):
            host = request.headers.get(header, "").partition(",")[0].strip()
            if host:
                yield f"https://{host}{self._place}"
                yield f"http://{host}{self._place}"


def sign(text: str, token: str, algorithm: str = "sha1") -> bytes:
    """Return the signature of an address with the names and values of its form."""
    mac = hmac.new(token.encode(), text.encode("utf-8", "surrogatepass"), algorithm)
    return base64.b64encode(mac.digest())


def _fields(request: Callback) -> list[tuple[str, str]] | None:
    """Return the fields of the form, none where there is no form; None: it is one that Twilio would not send."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "GET" or kind != FORM:
        return []
    try:
        text = request.body.decode()
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None


def _has_its_body(request: Callback) -> bool:
    """Whether a body that is no form is the one whose hash stands in the address, and is signed with it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "GET" or kind == FORM or not request.body:
        return True
    given = parse_qs(request.query).get(BODY_HASH, [""])[0]
    return hmac.compare_digest(hashlib.sha256(request.body).hexdigest().encode(), given.encode("utf-8", "replace"))


def _algorithm(header: str) -> str | None:
    """Return the hash that the header names, SHA-1 without one; None: one that is not known here."""
    for part in header.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return _HASHES.get(value.strip().upper())
    return _HASHES["HMAC_SHA1"]


def _spellings(url: str) -> tuple[str, ...]:
    """Return the address as it is, without its port, and with the port that its scheme has."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return ()
    if port is None:
        return url, parts._replace(netloc=f"{parts.netloc}:{443 if parts.scheme == 'https' else 80}").geturl()
    return url, parts._replace(netloc=parts.netloc.removesuffix(f":{port}") or host).geturl()
