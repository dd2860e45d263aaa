"""The sample organisation of the demo is a configuration without faults."""

import re
from datetime import timedelta
from pathlib import Path

from bot import playground
from bot.config.context import Context, PlatformKeys
from bot.config.load import check
from bot.domain.definition import ChannelDefinition, Kind, WorkspaceDefinition
from bot.domain.escalation import Unless
from tests.config.example import definitions

SAMPLE = Path(playground.__path__[0], "sample.yaml").read_text()
KEYS = PlatformKeys(("bot_token", "app_token"), secrets=frozenset({"bot_token", "app_token"}))


def context() -> Context:
    names = set(re.findall(r"\$\{(\w+)\}", SAMPLE))
    environment = {name: f"value-of-{name}" for name in names} | {"DEMO_API_BASE_URL": "http://127.0.0.1:8080/api/"}
    platforms = dict.fromkeys(re.findall(r"platform: (\w+)", SAMPLE), KEYS)
    return Context(environment, platforms, ("standard", "prometheus"))


def test_the_sample_has_no_fault() -> None:
    assert check(SAMPLE, context()) == ()


def test_the_sample_shows_what_there_is_to_show() -> None:
    bodies = [one.body for one in definitions(SAMPLE, context())]
    kinds = [one.kind for one in definitions(SAMPLE, context())]
    assert [kinds.count(kind) for kind in Kind] == [4, 2, 1, 2, 2]
    (workspace,) = (body for body in bodies if isinstance(body, WorkspaceDefinition))
    assert len(workspace.links) == 4
    payments = next(body for body in bodies if isinstance(body, ChannelDefinition))
    levels = payments.escalation[0].levels
    assert [[target.name for target in level.targets] for level in levels] == [
        ["ana@example.com"],
        ["payments"],
        ["dee@example.com"],
    ]
    assert all(level.repeat_every and level.repeat_times for level in levels)
    assert levels[-1].unless is Unless.CLOSED
    assert sum((level.escalate_after for level in levels), timedelta()) == timedelta(minutes=30)


def test_the_sample_holds_no_secret() -> None:
    for line in SAMPLE.splitlines():
        if re.match(r" +(- )?(key|\w+_token): ", line):
            assert re.search(r": \$\{\w+\}$", line), line
