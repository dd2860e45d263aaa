"""The frames of the long connection: protobuf (proto2) on the wire, written out by hand.

    message Header { required string key = 1; required string value = 2; }
    message Frame {
      required uint64 SeqID = 1; required uint64 LogID = 2; required int32 service = 3; required int32 method = 4;
      repeated Header headers = 5; string payload_encoding = 6; string payload_type = 7; bytes payload = 8;
      string LogIDNew = 9;
    }

Encoding: https://protobuf.dev/programming-guides/encoding. Unknown fields are skipped, as protobuf asks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

CONTROL: Final = 0
DATA: Final = 1
"""Values of `method`."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_UINT64: Final = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of the long connection; `method` is CONTROL or DATA, `service` an int32."""

    method: int
    headers: dict[str, str] = field(default_factory=dict)
    payload: bytes = b""
    service: int = 0
    seq_id: int = 0
    log_id: int = 0


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    parts = [
        _number(1, frame.seq_id),
        _number(2, frame.log_id),
        _number(3, frame.service),
        _number(4, frame.method),
    ]
    parts += [_bytes(5, _bytes(1, k.encode()) + _bytes(2, v.encode())) for k, v in frame.headers.items()]
    if frame.payload:
        parts.append(_bytes(8, frame.payload))
    return b"".join(parts)


def decode(data: bytes) -> Frame:
    """Return the frame that `data` holds; raises ValueError if it holds none."""
    numbers = {1: 0, 2: 0, 3: 0}
    method: int | None = None
    headers: dict[str, str] = {}
    payload = b""
    for number, value in _fields(data):
        match number, value:
            case 1 | 2 | 3, int():
                numbers[number] = value
            case 4, int():
                method = value
            case 5, bytes():
                key, text = _header(value)
                headers[key] = text
            case 8, bytes():
                payload = value
    if method is None:
        raise ValueError("the frame has no method")
    return Frame(method, headers, payload, _int32(numbers[3]), numbers[1], numbers[2])


def _header(data: bytes) -> tuple[str, str]:
    found = {number: value.decode() for number, value in _fields(data) if isinstance(value, bytes)}
    if 1 not in found or 2 not in found:
        raise ValueError("a header needs a key and a value")
    return found[1], found[2]


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and the value of each field."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == _BYTES:
            length, at = _varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"a field has the unknown wire type {kind}")
        if number == 0 or at + length > len(data):
            raise ValueError("a field reaches beyond the end of the frame")
        yield number, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(10):
        if at + place >= len(data):
            break
        byte = data[at + place]
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value & _UINT64, at + place + 1
    raise ValueError("a number has no end")


def _int32(value: int) -> int:
    """Return a number that protobuf wrote as its 64-bit two's complement."""
    return value - (1 << 64) if value >> 63 else value


def _number(number: int, value: int) -> bytes:
    return _written(number << 3 | _VARINT) + _written(value & _UINT64)


def _bytes(number: int, value: bytes) -> bytes:
    return _written(number << 3 | _BYTES) + _written(len(value)) + value


def _written(value: int) -> bytes:
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)
