"""What a configuration file is read against: the environment, the platforms and sources that exist, what is stored."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from bot.domain.definition import Definition, IntegrationDefinition, Kind, Secret
from bot.domain.people import Method


@dataclass(frozen=True, slots=True)
class KeyFault:
    """What a platform or a source has against a value: the key that holds it, what is wrong, how to mend it.

    It must not quote the value of a secret.
    """

    key: str
    what: str
    mend: str = ""


def nothing_against(_: object) -> Iterable[KeyFault]:
    """Find no fault."""
    return ()


@dataclass(frozen=True, slots=True)
class PlatformKeys:
    """What a workspace of one platform, or a provider of one kind, is configured with, by the platform's own names.

    `secrets` are those of them that are never shown. `check` is given all settings, the secrets and the general ones
    (`api_base_url`, `proxy`, `ca_file`, `timeout` in seconds) included, once each required one is there.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    secrets: frozenset[str] = frozenset()
    check: Callable[[Mapping[str, str]], Iterable[KeyFault]] = nothing_against


@dataclass(frozen=True, slots=True)
class StoredSecrets:
    """The secrets in the database, to be found by the fingerprint that an export shows in place of each."""

    definitions: tuple[Definition, ...]
    fingerprint: Callable[[Secret], str]

    def find(self, owner: tuple[Kind, str], key: str, fingerprint: str) -> Secret | None:
        """Return the secret stored under that key: the owner's own, else one whose owner may have a new name."""
        kind, name = owner
        found = [
            (one.name != name, one.secrets[key])
            for one in self.definitions
            if one.kind is kind and key in one.secrets and self.fingerprint(one.secrets[key]) == fingerprint
        ]
        return min(found, key=lambda each: each[0])[1] if found else None


@dataclass(frozen=True, slots=True)
class Context:
    """What there is. Without `stored`, a reference to a stored secret is taken as it is, which is enough for a check.

    `providers`: the kinds of providers of each method.
    `check_mapping` is asked about each integration that maps fields or values; its keys are paths (`fields.titel`).
    """

    environment: Mapping[str, str] = field(repr=False)
    platforms: Mapping[str, PlatformKeys]
    sources: Collection[str]
    stored: StoredSecrets | None = None
    check_mapping: Callable[[IntegrationDefinition], Iterable[KeyFault]] = nothing_against
    providers: Mapping[Method, Mapping[str, PlatformKeys]] = field(default_factory=dict)
