"""Bodies of `multipart/form-data`, as platforms take files: read exactly, byte by byte."""

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Final

KIND: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Part:
    """One field; `filename` is empty for what is no file."""

    name: str
    data: bytes
    filename: str = ""
    content_type: str = "text/plain"


def parts_of(content_type: str, body: bytes) -> dict[str, Part]:
    """Return the fields of a body by their names, the last where one comes twice; none where it is no such body."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != KIND or not isinstance(boundary, str):
        return {}
    return {part.name: part for part in _parts(b"--" + boundary.encode(), body)}


def _parts(mark: bytes, body: bytes) -> Iterator[Part]:
    # What stands before the first mark is not ours, and after the last comes `--`.
    for piece in (b"\r\n" + body).split(b"\r\n" + mark)[1:]:
        head, gap, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if not gap:
            continue
        headers = BytesHeaderParser().parsebytes(head + gap)
        name = headers.get_param("name", header="content-disposition")
        if isinstance(name, str):
            yield Part(name, data, headers.get_filename() or "", headers.get_content_type())
