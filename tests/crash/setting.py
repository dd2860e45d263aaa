"""The organisation of a run: its people, its chats, and two channels whose levels follow each other within seconds."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.playground.slack import SlackServer

PEOPLE: Final = ("ana", "bo", "chen", "dee")
SECRET_KEY: Final = "a key for the crash tests, long enough"
WORKSPACE: Final = "acme"


@dataclass(frozen=True, slots=True)
class Level:
    """One level: who is told, in which chat besides, and when the next follows."""

    people: tuple[str, ...]
    in_chat: bool
    then: str


# The last level of the long form loops; half a minute is the shortest loop that a configuration may have.
QUICK: Final = (Level(("ana",), True, "2s"), Level(("bo", "chen"), True, "3s"), Level(("dee",), False, "2s"))
STEEP: Final = (Level(("bo",), True, "3s"), Level(("ana", "dee"), False, "3s"))
CHANNELS: Final[Mapping[str, tuple[Level, ...]]] = {"payments": QUICK, "search": STEEP, "storage": QUICK}


@dataclass(frozen=True, slots=True)
class Setting:
    """A configuration file as it is served, and what the model and the senders must know of it."""

    text: str
    keys: Mapping[str, str]
    batch_keys: Mapping[str, str]
    levels: Mapping[str, tuple[frozenset[str], ...]]


def setting(slack: SlackServer, *, loops: bool) -> Setting:
    """Return the configuration for a run against this chat; with `loops` the last levels remind once more."""
    chats = {name: slack.workspace.channel(name).id for name in CHANNELS}
    keys = {name: secrets.token_hex(16) for name in CHANNELS}
    batch_keys = {name: secrets.token_hex(16) for name in CHANNELS}
    lines = ["accounts:"]
    for name in PEOPLE:
        role = ", role: owner" if name == "dee" else ""
        lines.append(f"  - {{name: {name.title()}, email: {name}@example.com{role}}}")
    lines += ["teams:", "  - {name: sre, members: [bo@example.com, chen@example.com]}", "workspaces:"]
    lines += [f"  - name: {WORKSPACE}", "    platform: slack", "    timeout: 4s"]
    lines += [f"    bot_token: {slack.bot_token}", f"    app_token: {slack.app_token}"]
    lines += [f"    api_base_url: {slack.api_base_url}", "    links:"]
    lines += [f"      {name}@example.com: {slack.workspace.user(name).id}" for name in PEOPLE]
    lines.append("channels:")
    for name, levels in CHANNELS.items():
        lines += [f"  - name: {name}", "    team: sre", "    integrations:"]
        lines.append(f"      - {{name: {name}-single, source: standard, key: {keys[name]}}}")
        lines += [f"      - name: {name}-batch", "        source: standard", f"        key: {batch_keys[name]}"]
        lines += ["        fields:", '          title_rule: "{{title}}"', '          event_status: "{{status}}"']
        lines += ['          alert_key: "{{key}}"', '          description: "{{text}}"', "    escalation:"]
        lines += ["      - name: always", "        levels:"]
        for level in levels:
            lines += _level(level, chats[name], loop=loops and level is levels[-1])
    places = {name: tuple(_places(level, chats[name]) for level in levels) for name, levels in CHANNELS.items()}
    return Setting("\n".join(lines) + "\n", keys, batch_keys, places)


def environment(database_url: str) -> Mapping[str, str]:
    """Return the variables that the service is started with."""
    return {"ONCARD_DATABASE_URL": database_url, "ONCARD_SECRET_KEY": SECRET_KEY, "ONCARD_LOG": "json"}


def write(configuration: Setting, folder: Path) -> Path:
    """Write the configuration file, and return where."""
    file = folder / "oncard.yaml"
    file.write_text(configuration.text)
    return file


def _level(level: Level, chat: str, *, loop: bool) -> list[str]:
    targets = ", ".join(f'"account:{name}@example.com"' for name in level.people)
    said = [f"          - targets: [{targets}]", f"            escalate_after: {level.then}"]
    said += [f'            chats: ["{WORKSPACE}/{chat}"]'] if level.in_chat else []
    return said + (["            repeat: {every: 30s, times: 1}"] if loop else [])


def _places(level: Level, chat: str) -> frozenset[str]:
    return frozenset({f"@{name}" for name in level.people} | ({f"#{chat}"} if level.in_chat else set()))
