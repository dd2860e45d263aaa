"""A body with a file in it, as platforms take pictures: `multipart/form-data`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True, slots=True)
class Multipart:
    """The body of a request, and the content type that says how to read it."""

    data: bytes = field(repr=False)
    content_type: str


def with_png(name: str, png: bytes, fields: Mapping[str, str], *, field_name: str) -> Multipart:
    """Return the body that holds these fields and, in the field of that name, a PNG file."""
    made = httpx.Request("POST", "http://body/", data=dict(fields), files={field_name: (name, png, "image/png")})
    return Multipart(made.read(), made.headers["content-type"])
