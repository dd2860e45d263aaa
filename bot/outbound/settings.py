"""How a service on the network is reached: what every workspace may be configured with besides its own credentials."""

import ssl
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bot.config.context import KeyFault

Settings = TypeVar("Settings", bound=BaseModel)


class Trust(BaseModel):
    """Whom we trust on the way to a service, and how long we wait.

    `ca_file`: certificates in PEM form, to be trusted beside the machine's. `timeout`: seconds for one call. Raises
    ValidationError, which names the field and shows no value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    ca_file: Path | None = None
    timeout: Annotated[float, Field(gt=0, le=30)] = 8.0

    @field_validator("ca_file")
    @classmethod
    def _is_certificates(cls, path: Path | None) -> Path | None:
        if path is not None:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
            except OSError as error:
                raise ValueError(f"no certificates in PEM form can be read from it: {error.strerror}") from None
        return path

    def certificates(self) -> ssl.SSLContext:
        """Return what a server's certificate is checked against: the machine's authorities, and those of `ca_file`."""
        context = ssl.create_default_context()
        if self.ca_file is not None:
            context.load_verify_locations(self.ca_file)
        return context


class Way(Trust):
    """The way to a service over HTTP; a platform's own configuration adds its credentials.

    `api_base_url` ends with a slash; its default, which each platform gives, is where the real service is. Without
    `proxy` the environment's proxies apply, and never to this machine itself.
    """

    api_base_url: str
    proxy: Annotated[str | None, Field(repr=False)] = None

    @field_validator("api_base_url")
    @classmethod
    def _is_base(cls, url: str) -> str:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ValueError(f"it must be an address such as {cls.model_fields['api_base_url'].default}")
        return url if url.endswith("/") else f"{url}/"

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, url: str | None) -> str | None:
        if url and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
            raise ValueError("it must be an address such as http://proxy.example.com:3128")
        return url

    def way_out(self, url: str = "") -> str | None:
        """Return the proxy to use: the configured one, else the environment's, if any, for this address."""
        if self.proxy:
            return self.proxy
        to = urlsplit(url or self.api_base_url)
        host = to.hostname or ""
        if _is_this_machine(host) or proxy_bypass(host):
            return None
        found = getproxies().get({"ws": "http", "wss": "https"}.get(to.scheme, to.scheme))
        # Many write it without a scheme.
        return f"http://{found}" if found and "://" not in found else found

    @property
    def host(self) -> str:
        """What the Host header of calls says: the port only where it is not the usual one."""
        parts = urlsplit(self.api_base_url)
        name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        usual = {"http": 80, "https": 443}[parts.scheme]
        return name if parts.port in (None, usual) else f"{name}:{parts.port}"


def faults_of(model: type[BaseModel], values: Mapping[str, str], where: str) -> Iterator[KeyFault]:
    """Yield what is wrong with the settings of a workspace or a provider, without any value.

    What concerns several keys is said of the one that it begins with (`key: what is wrong`), else of `where`.
    """
    try:
        model.model_validate(dict(values))
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False, include_context=False):
            what = fault["msg"].removeprefix("Value error, ")
            key, separator, rest = what.partition(": ")
            if fault["loc"]:
                yield KeyFault(str(fault["loc"][0]), what)
            elif separator and key in model.model_fields:
                yield KeyFault(key, rest)
            else:
                yield KeyFault(where, what)


def read(model: type[Settings], values: Mapping[str, str], where: str) -> Settings:
    """Return the settings. Raises ValueError, which names what is wrong with which key and shows no value."""
    faults = "; ".join(f"{one.key}: {one.what}" for one in faults_of(model, values, where))
    if faults:
        raise ValueError(faults)
    return model.model_validate(dict(values))


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
