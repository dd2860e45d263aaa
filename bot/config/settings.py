"""The keys of a workspace or a provider that depend on what it is: what is given, missing, wrong, secret.

Beside its own keys each takes the general ones. A proxy's address counts as a secret, since it may hold a password.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic_core import PydanticCustomError

from bot.config import values
from bot.config.context import Context, PlatformKeys
from bot.config.document import Document, Path, Value
from bot.config.fault import Fault, did_you_mean, one_of, quoted
from bot.config.names import parts
from bot.config.schema import PROVIDER_PARTS, WorkspacePart, take_over
from bot.domain.definition import Kind, Secret
from bot.domain.people import Method

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
    """What a workspace or a provider is configured with. A secret may be a reference to a stored one."""

    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Place:
    """A mapping of the file whose keys depend on what it is for: whose it is, which keys it takes whatever it is for.

    `keys`: those that it takes besides; None: they are not known. `noun` and `among`: what it is called in a fault;
    `linked`: what a person has there.
    """

    path: Path
    part: Mapping[str, Value]
    owner: tuple[Kind, str]
    fields: Collection[str]
    keys: PlatformKeys | None
    noun: str
    among: str
    linked: str


def workspaces(document: Document, context: Context) -> tuple[tuple[Settings, ...], tuple[Fault, ...]]:
    """Return the settings of each workspace, in the order of the file, and what is wrong with them."""
    return _read(
        document,
        context,
        [
            _Place(
                path=path,
                part=part,
                owner=(Kind.WORKSPACE, str(part.get("name"))),
                fields=WorkspacePart.model_fields,
                keys=context.platforms.get(str(part.get("platform"))),
                noun="workspace",
                among="workspace of this platform",
                linked="chat user",
            )
            for path, part in parts(document.value, "workspaces")
        ],
    )


def providers(document: Document, context: Context) -> tuple[Mapping[Method, tuple[Settings, ...]], tuple[Fault, ...]]:
    """Return the settings of the providers of each method, in the order of the file, and what is wrong with them."""
    found: dict[Method, tuple[Settings, ...]] = {}
    faults: list[Fault] = []
    for method, model in PROVIDER_PARTS.items():
        places = [
            _Place(
                path=path,
                part=part,
                owner=(Kind.PROVIDER, f"{method}/{part.get('name') or part.get('kind')}"),
                fields=model.model_fields,
                keys=context.providers.get(method, {}).get(str(part.get("kind"))),
                noun="provider",
                among="provider of this kind",
                linked="device",
            )
            for path, part in parts(document.value.get("providers"), str(method), path=("providers",))
        ]
        found[method], wrong = _read(document, context, places)
        faults += wrong
    return found, tuple(faults)


def _read(
    document: Document, context: Context, places: Collection[_Place]
) -> tuple[tuple[Settings, ...], tuple[Fault, ...]]:
    readers = [_Reader(document, context, place) for place in places]
    found = tuple(reader.read() for reader in readers)
    return found, tuple(fault for reader in readers for fault in reader.faults)


class _Reader:
    """Reads the settings in one place, and gathers their faults."""

    def __init__(self, document: Document, context: Context, place: _Place) -> None:
        self.faults: list[Fault] = []
        self._document, self._context, self._place, self._part = document, context, place, place.part

    def read(self) -> Settings:
        """Return what could be read."""
        self._check_links()
        keys = self._place.keys
        if keys is None:
            # What it is for is the fault, and the models tell of it; which keys it would take cannot be said.
            return Settings()
        readers = self._readers(keys)
        self._check_names(keys, readers)
        whole = dict(self._values(readers))
        if not self.faults and all((*self._place.path, name) not in self._document.unfilled for name in readers):
            self._ask(keys, whole)
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
        fields = self._place.fields
        for name in self._part:
            if name not in readers and name not in fields:
                mend = did_you_mean(name, (*readers, *fields), f"use {one_of((*fields, *readers))}")
                self._fault((name,), f"a {self._place.among} has no key {quoted(name)}", mend)
        for name in keys.required:
            if name not in self._part:
                self._fault((), f"the {self._place.noun} has no {quoted(name)}", "add it")

    def _values(self, readers: Mapping[str, Reader]) -> Iterator[tuple[str, str]]:
        for name in self._part:
            reader = readers.get(name)
            if reader is None or (*self._place.path, name) in self._document.unfilled:
                continue
            try:
                value = values.of(reader)(self._part[name])
                is_secret = reader is values.secret
                yield name, take_over(value, self._context, self._place.owner, name) if is_secret else value
            except PydanticCustomError as error:
                self._fault((name,), *words(error))

    def _ask(self, keys: PlatformKeys, whole: Mapping[str, str]) -> None:
        """Ask the platform or the kind what it has against the settings."""
        hidden = [whole[name] for name in keys.secrets | GENERAL_SECRETS if name in whole]
        if any(values.stored_fingerprint(secret) for secret in hidden):
            # A reference says nothing of what it stands for.
            return
        for fault in keys.check(whole):
            what, mend = (_without(text, hidden) for text in (fault.what, fault.mend))
            named = quoted(fault.key) + ": " if fault.key else ""
            self._fault((fault.key,), named + what, mend)

    def _check_links(self) -> None:
        """See that nobody is linked twice, and nothing is two people's."""
        links = self._part.get("links")
        taken: dict[str, str] = {}
        emails: set[str] = set()
        for email, user in links.items() if isinstance(links, dict) else ():
            if email.lower() in emails:
                self._fault(("links", email), f"{quoted(email)} is linked twice", "keep one of them")
            emails.add(email.lower())
            if isinstance(user, str) and taken.setdefault(user, email) != email:
                what = f"{quoted(email)} and {quoted(taken[user])} are linked to the same {self._place.linked}"
                self._fault(("links", email), what, "link each to their own")

    def _fault(self, path: Path, what: str, mend: str) -> None:
        self.faults.append(self._document.fault((*self._place.path, *path), what, mend))


def words(error: PydanticCustomError) -> tuple[str, str]:
    """Return what a refusal says: what is wrong, and how to mend it."""
    said = error.context or {}
    return str(said.get("what", error.message())), str(said.get("mend", ""))


def _without(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "…")
    return text
