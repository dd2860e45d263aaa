"""The keys of a workspace that depend on its platform, and the general ones: what is given, missing, wrong, secret.

A proxy's address counts as a secret, since it may hold a password.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic_core import PydanticCustomError

from bot.config import values
from bot.config.context import Context, PlatformKeys
from bot.config.document import Document, Path, Value
from bot.config.fault import Fault, did_you_mean, one_of, quoted
from bot.config.names import parts
from bot.config.schema import WorkspacePart, take_over
from bot.domain.definition import Kind, Secret

Reader = Callable[[str], str]

GENERAL_SECRETS: Final = frozenset({"proxy"})
_GENERAL: Final[dict[str, Reader]] = {
    "api_base_url": values.address,
    "proxy": values.secret,
    "ca_file": values.text,
    "timeout": values.seconds,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What a workspace is configured with. A secret may be a reference to a stored one."""

    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)


def read(document: Document, context: Context) -> tuple[tuple[Settings, ...], tuple[Fault, ...]]:
    """Return the settings of each workspace, in the order of the file, and what is wrong with them."""
    readers = [_Reader(document, context, path, part) for path, part in parts(document.value, "workspaces")]
    found = tuple(reader.read() for reader in readers)
    return found, tuple(fault for reader in readers for fault in reader.faults)


class _Reader:
    """Reads one workspace, and gathers its faults."""

    def __init__(self, document: Document, context: Context, path: Path, part: dict[str, Value]) -> None:
        self.faults: list[Fault] = []
        self._document, self._context, self._path, self._part = document, context, path, part

    def read(self) -> Settings:
        """Return what could be read."""
        self._check_links()
        keys = self._context.platforms.get(str(self._part.get("platform")))
        if keys is None:
            # The platform is the fault, and the models tell of it; which keys it would take cannot be said.
            return Settings()
        readers = self._readers(keys)
        self._check_names(keys, readers)
        whole = dict(self._values(readers))
        if not self.faults and all((*self._path, name) not in self._document.unfilled for name in readers):
            self._ask_platform(keys, whole)
        secrets = keys.secrets | GENERAL_SECRETS
        return Settings(
            {name: value for name, value in whole.items() if name not in secrets},
            {name: Secret(value) for name, value in whole.items() if name in secrets},
        )

    def _readers(self, keys: PlatformKeys) -> dict[str, Reader]:
        readers: dict[str, Reader] = {}
        for name in (*keys.required, *keys.optional):
            readers[name] = values.secret if name in keys.secrets else values.text
        return readers | _GENERAL

    def _check_names(self, keys: PlatformKeys, readers: Mapping[str, object]) -> None:
        fields = WorkspacePart.model_fields
        for name in self._part:
            if name not in readers and name not in fields:
                mend = did_you_mean(name, (*readers, *fields), f"use {one_of((*fields, *readers))}")
                self._fault((name,), f"a workspace of this platform has no key {quoted(name)}", mend)
        for name in keys.required:
            if name not in self._part:
                self._fault((), f"the workspace has no {quoted(name)}", "add it")

    def _values(self, readers: Mapping[str, Reader]) -> Iterator[tuple[str, str]]:
        owner = (Kind.WORKSPACE, str(self._part.get("name")))
        for name in self._part:
            reader = readers.get(name)
            if reader is None or (*self._path, name) in self._document.unfilled:
                continue
            try:
                value = values.of(reader)(self._part[name])
                yield name, take_over(value, self._context, owner, name) if reader is values.secret else value
            except PydanticCustomError as error:
                self._fault((name,), *words(error))

    def _ask_platform(self, keys: PlatformKeys, whole: Mapping[str, str]) -> None:
        hidden = [whole[name] for name in keys.secrets | GENERAL_SECRETS if name in whole]
        if any(values.stored_fingerprint(secret) for secret in hidden):
            # A reference says nothing of what it stands for.
            return
        for fault in keys.check(whole):
            what, mend = (_without(text, hidden) for text in (fault.what, fault.mend))
            named = quoted(fault.key) + ": " if fault.key else ""
            self._fault((fault.key,), named + what, mend)

    def _check_links(self) -> None:
        """See that nobody is linked twice, and no chat user is two people."""
        links = self._part.get("links")
        taken: dict[str, str] = {}
        emails: set[str] = set()
        for email, user in links.items() if isinstance(links, dict) else ():
            if email.lower() in emails:
                self._fault(("links", email), f"{quoted(email)} is linked twice", "keep one of them")
            emails.add(email.lower())
            if isinstance(user, str) and taken.setdefault(user, email) != email:
                what = f"{quoted(email)} and {quoted(taken[user])} are linked to the same chat user"
                self._fault(("links", email), what, "link each to their own")

    def _fault(self, path: Path, what: str, mend: str) -> None:
        self.faults.append(self._document.fault((*self._path, *path), what, mend))


def words(error: PydanticCustomError) -> tuple[str, str]:
    """Return what a refusal says: what is wrong, and how to mend it."""
    said = error.context or {}
    return str(said.get("what", error.message())), str(said.get("mend", ""))


def _without(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return text
