"""The organisation of a run: its people, its chats, and channels whose levels follow each other within seconds."""

import secrets
from collections.abc import Mapping, Sequence
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

# Where people have phones, too, a level leaves each of a person's ways its time. A level without people tells a chat,
# behind which the channel's team stands.
PATIENT: Final = (Level(("ana",), True, "14s"), Level(("bo", "chen"), True, "14s"), Level(("dee",), False, "12s"))
HIGH: Final = (Level(("bo", "dee"), False, "14s"), Level(("ana", "chen"), True, "14s"))
ALONE: Final = (Level((), True, "14s"), Level(("ana", "dee"), False, "12s"))
BY_LINES: Final[Mapping[str, tuple[Level, ...]]] = {"payments": PATIENT, "search": HIGH, "storage": ALONE}
FALLBACK_AFTER: Final = "5s"
NUMBERS: Final = {name: f"+1201555010{number}" for number, name in enumerate(PEOPLE)}
# Ways at times of their own, ways that only stand behind others, and one who has said nothing of the kind.
PREFERENCES: Final[Mapping[str, str]] = {
    "ana": "[im, {method: sms, after: 4s}, {method: voice, after: 8s}]",
    "bo": "[sms, voice, im]",
    "chen": "[im]",
    "dee": "[email, {method: voice, after: 3s}, sms]",
}
_SEVERITIES: Final = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True)
class Setting:
    """A configuration file as it is served, and what the model and the senders must know of it."""

    text: str
    keys: Mapping[str, str]
    batch_keys: Mapping[str, str]
    levels: Mapping[str, tuple[frozenset[str], ...]]


def setting(slack: SlackServer, *, loops: bool, providers: Sequence[str] = ()) -> Setting:
    """Return the configuration for a run against this chat; with `loops` the last levels remind once more.

    `providers`: the lines of the file that name them; with them, everybody has a phone and preferences.
    """
    channels = BY_LINES if providers else CHANNELS
    chats = {name: slack.workspace.channel(name).id for name in CHANNELS}
    keys = {name: secrets.token_hex(16) for name in CHANNELS}
    batch_keys = {name: secrets.token_hex(16) for name in CHANNELS}
    lines = ["accounts:"]
    for name in PEOPLE:
        role = ", role: owner" if name == "dee" else ""
        lines.append(
            f"  - {{name: {name.title()}, email: {name}@example.com{role}{_phone(name) if providers else ''}}}"
        )
    lines += ["teams:", "  - {name: sre, members: [bo@example.com, chen@example.com]}", "workspaces:"]
    lines += [f"  - name: {WORKSPACE}", "    platform: slack", "    timeout: 4s"]
    lines += [f"    bot_token: {slack.bot_token}", f"    app_token: {slack.app_token}"]
    lines += [f"    api_base_url: {slack.api_base_url}", "    links:"]
    lines += [f"      {name}@example.com: {slack.workspace.user(name).id}" for name in PEOPLE]
    lines += [*providers, "channels:"]
    for name, levels in channels.items():
        lines += [f"  - name: {name}", "    team: sre", "    integrations:"]
        lines.append(f"      - {{name: {name}-single, source: standard, key: {keys[name]}}}")
        lines += [f"      - name: {name}-batch", "        source: standard", f"        key: {batch_keys[name]}"]
        lines += ["        fields:", '          title_rule: "{{title}}"', '          event_status: "{{status}}"']
        lines += ['          alert_key: "{{key}}"', '          description: "{{text}}"', "    escalation:"]
        lines += ["      - name: always", "        levels:"]
        for level in levels:
            lines += _level(level, chats[name], loop=loops and level is levels[-1])
    places = {name: tuple(_places(level, chats[name]) for level in levels) for name, levels in channels.items()}
    return Setting("\n".join(lines) + "\n", keys, batch_keys, places)


def environment(database_url: str, public_url: str = "") -> Mapping[str, str]:
    """Return the variables that the service is started with; with a `public_url` also how soon a way is lost."""
    ours = {"ONCARD_DATABASE_URL": database_url, "ONCARD_SECRET_KEY": SECRET_KEY, "ONCARD_LOG": "json"}
    return {**ours, "ONCARD_PUBLIC_URL": public_url, "ONCARD_FALLBACK_AFTER": FALLBACK_AFTER} if public_url else ours


def write(configuration: Setting, folder: Path) -> Path:
    """Write the configuration file, and return where."""
    file = folder / "oncard.yaml"
    file.write_text(configuration.text)
    return file


def _level(level: Level, chat: str, *, loop: bool) -> list[str]:
    targets = ", ".join(f'"account:{name}@example.com"' for name in level.people)
    said = [f"          - escalate_after: {level.then}"]
    said += [f"            targets: [{targets}]"] if targets else []
    said += [f'            chats: ["{WORKSPACE}/{chat}"]'] if level.in_chat else []
    return said + (["            repeat: {every: 30s, times: 1}"] if loop else [])


def _phone(name: str) -> str:
    wants = ", ".join(f"{severity}: {PREFERENCES[name]}" for severity in _SEVERITIES)
    return f', phone: "{NUMBERS[name]}", preferences: {{{wants}}}'


def _places(level: Level, chat: str) -> frozenset[str]:
    return frozenset({f"@{name}" for name in level.people} | ({f"#{chat}"} if level.in_chat else set()))
