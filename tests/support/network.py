"""No test reaches past this machine: a look-up or a connection that is not loopback fails the test, caught or not.

It is an audit hook, which sees every use of Python's sockets. uvloop's own connections pass it by: tests run on
asyncio's loop. The browser has its own rule (see `browser`).
"""

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator

import pytest

_LOCAL_NAMES = frozenset({"", "localhost", "localhost.localdomain", socket.gethostname()})
_CONNECTS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKS_UP = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})

_refused: list[str] = []


class OutsideNetworkError(RuntimeError):
    """A test tried to reach another machine."""


def pytest_configure() -> None:
    """Watch the sockets from here on, and let no proxy of this machine stand between a test and its servers."""
    for name in [name for name in os.environ if name.lower() in {"http_proxy", "https_proxy", "all_proxy"}]:
        del os.environ[name]
    sys.addaudithook(_refuse_outside)


@pytest.fixture(autouse=True)
def refused_connections() -> Iterator[list[str]]:
    """Give what was refused during the test; what is left in the list at its end fails it."""
    _refused.clear()
    yield _refused
    if _refused:
        pytest.fail(f"the test tried to reach past this machine: {', '.join(_refused)}", pytrace=False)


def _refuse_outside(event: str, arguments: tuple[object, ...]) -> None:
    if event in _CONNECTS:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event in _LOOKS_UP:
        host = arguments[0]
    else:
        return
    if not _is_local(host):
        _refused.append(f"{event} {host}")
        raise OutsideNetworkError(f"{event} {host}: tests reach only this machine")


def _is_local(host: object) -> bool:
    name = host.decode(errors="replace") if isinstance(host, bytes) else host
    if not isinstance(name, str) or name in _LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
