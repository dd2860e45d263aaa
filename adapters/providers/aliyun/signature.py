"""How a request to Alibaba Cloud is signed: ACS3-HMAC-SHA256, for calls with all parameters in the query and no body.

Source: https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature; equal to what version 0.4.6
of Alibaba Cloud's own SDK (alibabacloud-tea-openapi) makes of the same request.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import quote

ALGORITHM: Final = "ACS3-HMAC-SHA256"
VERSION: Final = "2017-05-25"
NO_BODY: Final = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Key:
    """An access key: its id is public, its secret signs."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Request:
    """A POST to `/`. `host` is what the Host header says, `parameters` go into the query."""

    host: str
    action: str
    parameters: Mapping[str, str]


def signed(key: Key, request: Request, *, at: datetime, nonce: str) -> dict[str, str]:
    """Return the request's headers; `nonce` must be another one every time."""
    headers = {
        "host": request.host,
        "x-acs-action": request.action,
        "x-acs-content-sha256": NO_BODY,
        "x-acs-date": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": VERSION,
    }
    names = ";".join(headers)
    query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in sorted(request.parameters.items()))
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"POST\n/\n{query}\n{lines}\n{names}\n{NO_BODY}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(key.secret.encode(), f"{ALGORITHM}\n{digest}".encode(), hashlib.sha256).hexdigest()
    return headers | {"authorization": f"{ALGORITHM} Credential={key.id},SignedHeaders={names},Signature={signature}"}


def _quoted(text: str) -> str:
    return quote(text, safe="~")
