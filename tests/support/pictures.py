"""Pictures for the documentation: screenshots with a palette, which are a third of their size."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
COLOURS: Final = 256
# Colours that are nearer than this are one: the sum of the differences of red, green and blue.
NEAR: Final = 9

Colour = tuple[int, int, int]


def small(png: bytes) -> bytes:
    """Return the same picture with at most 256 colours; `png` has 8 bits per channel and no interlacing."""
    width, height, rows = _read(png)
    pixels = [list(zip(row[0::3], row[1::3], row[2::3], strict=True)) for row in rows]
    palette = _palette(Counter(colour for row in pixels for colour in row))
    places = {colour: place for place, colour in enumerate(palette)}
    body = bytearray()
    for row in pixels:
        body.append(0)
        for colour in row:
            if colour not in places:
                places[colour] = min(range(len(palette)), key=lambda place: _apart(palette[place], colour))
            body.append(places[colour])
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    plte = bytes(value for colour in palette for value in colour)
    chunks = [(b"IHDR", header), (b"PLTE", plte), (b"IDAT", zlib.compress(bytes(body), 9)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _palette(counts: Counter[Colour]) -> list[Colour]:
    """Return the colours that most pixels have, none of them near another."""
    chosen: list[Colour] = []
    for colour, _ in counts.most_common():
        if len(chosen) == COLOURS:
            break
        if all(_apart(colour, other) > NEAR for other in chosen):
            chosen.append(colour)
    return chosen


def _apart(one: Colour, other: Colour) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def _read(png: bytes) -> tuple[int, int, list[bytes]]:
    """Return width, height and the rows, three bytes for each pixel."""
    parts = dict.fromkeys((b"IHDR", b"IDAT"), b"")
    for kind, data in _chunks(png):
        if kind in parts:
            parts[kind] += data
    width, height, depth, kind_of_colour, *_, interlaced = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    channels = {2: 3, 6: 4}.get(kind_of_colour, 0)
    if depth != 8 or not channels or interlaced:
        raise ValueError("a screenshot has 8 bits per channel, in colour, and is not interlaced")
    raw = zlib.decompress(parts[b"IDAT"])
    above = bytearray(width * channels)
    rows: list[bytes] = []
    for place in range(height):
        start = place * (len(above) + 1)
        line = bytearray(raw[start + 1 : start + 1 + len(above)])
        _unfilter(raw[start], line, above, channels)
        above = line
        rows.append(bytes(value for at, value in enumerate(line) if at % channels < 3))
    return width, height, rows


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _unfilter(kind: int, line: bytearray, above: bytearray, step: int) -> None:
    """Undo a row's filter in place: https://www.w3.org/TR/png/#9Filters."""
    for at in range(len(line)):
        left = line[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        guess = (0, left, above[at], (left + above[at]) // 2, _paeth(left, above[at], corner))[kind]
        line[at] = (line[at] + guess) % 256


def _paeth(left: int, above: int, corner: int) -> int:
    estimate = left + above - corner
    return min((left, above, corner), key=lambda one: abs(estimate - one))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
