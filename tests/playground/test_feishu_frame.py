"""The frames of the long connection are what protobuf makes of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.playground.feishu.frame import CONTROL, DATA, Frame, decode, encode

FRAMES = st.builds(
    Frame,
    st.sampled_from([CONTROL, DATA]),
    st.dictionaries(st.text(), st.text(), max_size=5),
    st.binary(max_size=300),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
)

PING = bytes.fromhex("08001000 18f68a8010 2000 2a0c 0a0474797065 120470696e67".replace(" ", ""))
"""A ping of the service 33554806, as the official SDK writes it."""


@settings(max_examples=50, deadline=None)
@given(FRAMES)
def test_a_frame_comes_back_as_it_was(frame: Frame) -> None:
    assert decode(encode(frame)) == frame


def test_a_frame_has_the_bytes_of_protobuf() -> None:
    ping = Frame(CONTROL, {"type": "ping"}, service=33555830)
    assert encode(ping) == PING
    assert decode(PING) == ping


def test_fields_from_later_versions_are_skipped() -> None:
    later = bytes.fromhex("4a03616263" + "50ff01" + "59" + "00" * 8 + "65" + "00" * 4)
    assert decode(PING + later) == decode(PING)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60))
def test_whatever_is_no_frame_is_a_value_error(data: bytes) -> None:
    try:
        decode(data)
    except ValueError:
        return


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x08\x01",
        PING[:-1],
        b"\x20",
        b"\x20" + b"\xff" * 10,
        b"\x23\x00",
        b"\x20\x01\x2a\x02\x0a\x00",
        b"\x20\x01\x02\x01\x00",
        b"\x20\x01\x2a\x04\x0a\x02\xff\xfe",
    ],
)
def test_a_broken_frame_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode(data)
