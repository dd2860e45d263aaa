"""Keeps calls out of our own network: an address that an admin wrote down must not open a door behind the firewall.

The name is resolved here, every address it has is judged, and the connection goes to one that was judged:
a name that means something else a moment later gains nothing. A gateway inside is reached by `allow_private: true`.
Through a proxy it is the proxy that connects, and its rules count.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

import httpx

from bot.adapter import DeliveryFailed, FailureKind

Address = IPv4Address | IPv6Address
Judge = Callable[[Address], bool]

_PORTS: Final = {"http": 80, "https": 443}


def is_inside(address: Address) -> bool:
    """Whether an address is private, this machine, link-local, multicast or reserved: anything but the internet."""
    if isinstance(address, IPv6Address):
        # An IPv4 address in the clothes of IPv6: as such, by 6to4, by NAT64.
        plain = address.ipv4_mapped or address.sixtofour or _translated(address)
        if plain is not None:
            return is_inside(plain)
    return not address.is_global or address.is_multicast


class OutsideOnly(httpx.AsyncBaseTransport):
    """Connects to addresses of the internet only; `judge` says of an address whether it is none."""

    def __init__(self, certificates: ssl.SSLContext, judge: Judge = is_inside) -> None:
        self._judge = judge
        self._inner = httpx.AsyncHTTPTransport(verify=certificates, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make the call. Raises DeliveryFailed, `unauthorized`: the address is inside."""
        host = request.url.host
        addresses = await self._resolved(host, request.url.port or _PORTS[request.url.scheme])
        # The certificate is still checked for the name, and the Host header still says it.
        request.extensions = {**request.extensions, "sni_hostname": host}
        for address in addresses[:-1]:
            try:
                return await self._connected(request, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Nothing was sent: the next one may be there.
                continue
        return await self._connected(request, addresses[-1])

    async def _connected(self, request: httpx.Request, address: Address) -> httpx.Response:
        request.url = request.url.copy_with(host=str(address))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _resolved(self, host: str, port: int) -> list[Address]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or "no host has such a name"
            raise httpx.ConnectError(f"{host} is not known: {why}") from None
        addresses = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        inside = next((address for address in addresses if self._judge(address)), None)
        if inside is not None:
            why = f"{host} is at {inside}, inside a private network: set allow_private: true if that is meant"
            raise DeliveryFailed(FailureKind.UNAUTHORIZED, why)
        return addresses


def _translated(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that NAT64 (64:ff9b::/96) would connect to."""
    number = int(address)
    return IPv4Address(number & 0xFFFFFFFF) if number >> 32 == 0x0064FF9B << 64 else None
