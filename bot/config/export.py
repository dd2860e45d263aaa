"""Definitions as a configuration file, which `load` reads back to the same definitions.

In place of a secret stands `stored:` and its fingerprint: `apply` takes it to mean the secret that is stored already.
"""

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from bot.config import variables, written
from bot.config.plain import Plain
from bot.domain.definition import (
    ChannelDefinition,
    Definition,
    IntegrationDefinition,
    Kind,
    ProviderDefinition,
    Secret,
    link_key,
)
from bot.domain.people import LINES, Method

_SECTIONS: Final = {
    "accounts": Kind.ACCOUNT,
    "teams": Kind.TEAM,
    "workspaces": Kind.WORKSPACE,
    "calendars": Kind.CALENDAR,
    "schedules": Kind.SCHEDULE,
    "channels": Kind.CHANNEL,
}
_ORDER: Final = ("accounts", "teams", "workspaces", "providers", "calendars", "schedules", "channels")
# A list within a list.
_WITHIN: Final = "[]"
_SHORT: Final = frozenset(
    {
        "chats",
        "countries",
        "critical",
        "fallback",
        "hours",
        "info",
        "methods",
        "repeat",
        "rotation",
        "targets",
        "warning",
        "weekdays",
        "workdays",
        _WITHIN,
    }
)
_WIDEST: Final = 1_000_000
_HEAD: Final = """\
# The configuration of Oncard, as it is stored. `oncard apply` finds this file unchanged.
# Secrets are not shown: `stored:` and a fingerprint mean the secret that is stored already. In their place a value may
# stand, or ${NAME} for a variable of the environment. Where a text holds such braces itself, they are written $${.
"""


def export(definitions: Iterable[Definition], fingerprint: Callable[[Secret], str]) -> str:
    """Return the file. `fingerprint` gives the eight hexadecimal digits that tell one secret from another.

    Raises ValueError if an integration's channel is not among the definitions.
    """
    everything = tuple(definitions)
    integrations = _integrations(everything, fingerprint)
    sections: dict[str, list[Plain]] = {name: [] for name in _SECTIONS}
    for name, kind in _SECTIONS.items():
        for one in everything:
            if one.kind is kind:
                said = _part(one, fingerprint)
                if kind is Kind.CHANNEL and one.name in integrations:
                    said = _with_integrations(said, integrations[one.name])
                sections[name].append(said)
    whole: dict[str, Plain] = {name: [*parts] for name, parts in sections.items()}
    whole["providers"] = _providers(everything, fingerprint)
    filled = {name: whole[name] for name in _ORDER if whole[name]} or {"accounts": []}
    return "\n".join((_HEAD, *(_dumped({name: parts}) for name, parts in filled.items())))


def section(name: str, parts: Sequence[Mapping[str, Plain]]) -> str:
    """Return one section of a file: the mappings in its list, as `written` gives them."""
    return _dumped({name: [_escaped(dict(part)) for part in parts]})


def _part(one: Definition, fingerprint: Callable[[Secret], str]) -> dict[str, Plain]:
    said = {name: _escaped(value) for name, value in written.write(one.body).items()}
    hidden: dict[str, Plain] = {name: f"stored:{fingerprint(secret)}" for name, secret in one.secrets.items()}
    links = {name: said.pop(name) for name in ("links", "fields", "values") if name in said}
    return said | hidden | links


def _providers(definitions: Iterable[Definition], fingerprint: Callable[[Secret], str]) -> dict[str, Plain]:
    """Return the providers of each method, in their order."""
    found: dict[str, list[tuple[int, dict[str, Plain]]]] = {str(method): [] for method in LINES}
    for one in definitions:
        if isinstance(one.body, ProviderDefinition):
            said = _part(one, fingerprint)
            del said["order"]
            links: dict[str, Plain] = {email: said.pop(link_key(email)) for email in one.body.links}
            if one.body.method is Method.PUSH:
                # Without this key it is faulty, also if it serves nobody yet.
                said["links"] = links
            found[one.body.method].append((one.body.order, said))
    return {
        method: [said for _, said in sorted(some, key=lambda each: each[0])] for method, some in found.items() if some
    }


def _integrations(
    definitions: Iterable[Definition], fingerprint: Callable[[Secret], str]
) -> Mapping[str, list[dict[str, Plain]]]:
    """Return the integrations of each channel."""
    found: dict[str, list[dict[str, Plain]]] = {}
    channels: set[str] = set()
    for one in definitions:
        if isinstance(one.body, ChannelDefinition):
            channels.add(one.name)
        elif isinstance(one.body, IntegrationDefinition):
            said = _part(one, fingerprint)
            del said["channel"]
            found.setdefault(one.body.channel, []).append(said)
    if orphans := sorted(found.keys() - channels):
        raise ValueError(f"integrations of channels that are not there: {', '.join(orphans)}")
    return found


def _with_integrations(channel: dict[str, Plain], integrations: list[dict[str, Plain]]) -> dict[str, Plain]:
    rules = {name: channel[name] for name in ("escalation",) if name in channel}
    head = {name: value for name, value in channel.items() if name not in rules}
    return head | {"integrations": [*integrations]} | rules


def _escaped(value: Plain) -> Plain:
    if isinstance(value, str):
        return variables.escape(value)
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {name: _escaped(inner) for name, inner in value.items()}
    return value


def _dumped(section: dict[str, Plain]) -> str:
    yaml = YAML(typ="rt", pure=True)
    yaml.width = _WIDEST
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(_styled(section), out)
    return out.getvalue()


def _styled(value: Plain, name: str = "") -> object:
    """Return the value as the YAML library takes it, short lists and mappings on one line."""
    if isinstance(value, dict):
        mapping = CommentedMap((_quoted(key), _styled(inner, key)) for key, inner in value.items())
        if name in _SHORT:
            mapping.fa.set_flow_style()
        return mapping
    if isinstance(value, list):
        listed = CommentedSeq(_styled(item, _WITHIN if _is_row(item) else "") for item in value)
        if name in _SHORT or not value:
            listed.fa.set_flow_style()
        return listed
    return _quoted(value) if isinstance(value, str) else value


def _is_row(value: Plain) -> bool:
    """Whether this is a list of texts alone."""
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _quoted(text: str) -> str:
    """Return a text with signs that nobody sees as one that is written with escapes; the others are left as they are.

    The YAML library takes some of them for the end of a line when it writes, and not when it reads (U+0085).
    """
    return text if text.isprintable() else DoubleQuotedScalarString(text)
