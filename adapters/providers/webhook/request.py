"""One request to a gateway, made from templates, and the check that no text can change its form.

A text that is sent may hold anything: quotes, line breaks, ampersands. So when the settings are read, each template is
filled with a plain text and with a nasty one, and both requests must have the same form.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from adapters.providers.webhook.templates import Pairs, WrongTemplate, fill

LARGEST: Final = 64 * 1024
"""Bytes that a body may have, ours and theirs."""

_NASTY: Final = '"a\\b"\n\t&c=d#e;f?g <h>%20+ü火'
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
_FIXED: Final = re.compile(r"https?://[^\s/?#{}]+(?:[/?#].*)?", re.DOTALL | re.IGNORECASE)


class Form(StrEnum):
    """How a body is written."""

    JSON = "json"
    FORM = "form"
    TEXT = "text"
    XML = "xml"


TYPES: Final = {
    Form.JSON: "application/json",
    Form.FORM: "application/x-www-form-urlencoded",
    Form.TEXT: "text/plain; charset=utf-8",
    Form.XML: "application/xml; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Templates:
    """What a request is made from; the body of a form is lines `name: template`, as the headers are."""

    method: str
    url: str
    headers: Pairs
    form: Form
    body: str | Pairs


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it goes out."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


def make(templates: Templates, variables: Mapping[str, object]) -> Request:
    """Return the request. Raises WrongTemplate, which names the setting that it comes from."""
    try:
        url = fill(templates.url, variables)
        _check_url(url)
    except ValueError as error:
        raise WrongTemplate(f"url: {error}") from None
    headers = {name: _header(name, value, variables) for name, value in templates.headers}
    body = _body(templates, variables)
    if len(body) > LARGEST:
        raise WrongTemplate("body: it is longer than 64 KiB")
    if body:
        headers.setdefault("Content-Type", TYPES[templates.form])
    return Request(templates.method, url, headers, body)


def check(templates: Templates, variables: Mapping[str, object]) -> None:
    """Raise WrongTemplate if a request cannot be made, or if what is in a text would change its form."""
    if _FIXED.fullmatch(templates.url) is None:
        raise WrongTemplate("url: it must begin with http:// or https:// and a host without variables")
    plain, nasty = make(templates, variables), make(templates, _made_nasty(variables))
    if _shape(plain.url) != _shape(nasty.url):
        raise WrongTemplate("url: a text with & or # in it would change the address: write {{ text | urlencode }}")


def _made_nasty(variables: Mapping[str, object]) -> dict[str, object]:
    # What we make up ourselves holds nothing of others; the secret is as it is configured.
    ours = ("secret", "reference", "callback", "locale")
    return {name: value if name in ours else _nasty(value) for name, value in variables.items()}


def _nasty(value: object) -> object:
    if isinstance(value, str):
        return value + _NASTY
    return [_nasty(one) for one in value] if isinstance(value, list) else value


def _check_url(url: str) -> None:
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("it holds characters that no address has: write {{ text | urlencode }}")
    if not urlsplit(url).hostname:
        raise ValueError("it must be an address such as https://gateway.example.com/send")


def _shape(url: str) -> object:
    parts = urlsplit(url)
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    return parts.scheme, parts.netloc, parts.path.count("/"), names, bool(parts.fragment)


def _header(name: str, template: str, variables: Mapping[str, object]) -> str:
    if _HEADER_NAME.fullmatch(name) is None:
        raise WrongTemplate("headers: a name holds characters that no header has")
    try:
        value = fill(template, variables)
    except WrongTemplate as error:
        raise WrongTemplate(f"headers: {name}: {error}") from None
    if not value.isascii() or not value.isprintable():
        raise WrongTemplate(f"headers: {name} would hold what no header takes: write {{{{ text | urlencode }}}}")
    return value


def _body(templates: Templates, variables: Mapping[str, object]) -> bytes:
    body = templates.body
    try:
        if not isinstance(body, str):
            return urlencode([(name, fill(value, variables)) for name, value in body]).encode()
        text = fill(body, variables)
    except WrongTemplate as error:
        raise WrongTemplate(f"body: {error}") from None
    if templates.form is Form.JSON and text:
        try:
            json.loads(text)
        except ValueError:
            raise WrongTemplate("body: it would be no JSON: write {{ text | tojson }}, without quotes") from None
    return text.encode("utf-8", "replace")
