"""The sample organisation of the demo is a configuration without faults."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import playground
from bot.config.context import Context
from bot.config.load import check
from bot.domain.definition import ChannelDefinition, Kept, Kind, ProviderDefinition, WorkspaceDefinition
from bot.domain.escalation import Unless
from bot.domain.incident import Actor, Deed
from bot.domain.organise import organise
from bot.domain.override import TradeId
from bot.domain.people import LINES
from bot.domain.rotation import PRIMARY
from bot.domain.trade import Rota, Step, Trade, Which, ask, next_part
from bot.main import Platforms, ProviderKinds
from tests.config.example import definitions

SAMPLE = Path(playground.__path__[0], "sample.yaml").read_text()
# The shapes that the platforms ask for; everything else may be anything.
SHAPED = {
    "DEMO_BOT_TOKEN": "xoxb-1-2-3",
    "DEMO_APP_TOKEN": "xapp-1-2-3",
    "DEMO_DINGTALK_CARD_TEMPLATE_ID": "0123-4567.schema",
    "DEMO_FEISHU_APP_ID": "cli_0123456789abcdef",
    "DEMO_TELEGRAM_BOT_TOKEN": "123456789:AAF0123456789abcdefghijklmnopqrstuv",
    "DEMO_TWILIO_ACCOUNT_SID": "AC0123456789abcdef0123456789abcdef",
    "DEMO_TWILIO_NUMBER": "+12015550100",
    "DEMO_SMTP_HOST": "mail.example.com",
    "DEMO_SMTP_PORT": "25",
}


def context() -> Context:
    names = set(re.findall(r"\$\{(\w+)\}", SAMPLE))
    bases = {name: "http://127.0.0.1:8080/" for name in names if name.endswith("BASE_URL")}
    phones = {name: "+12015550101" for name in names if name.startswith("DEMO_PHONE_")}
    environment = {name: f"value-of-{name}" for name in names} | bases | phones | SHAPED
    return Context(environment, Platforms(), ("standard", "prometheus"), providers=ProviderKinds())


def test_the_sample_has_no_fault() -> None:
    assert check(SAMPLE, context()) == ()


def test_the_sample_shows_what_there_is_to_show() -> None:
    bodies = [one.body for one in definitions(SAMPLE, context())]
    kinds = [one.kind for one in definitions(SAMPLE, context())]
    assert [kinds.count(kind) for kind in Kind] == [4, 2, 1, 1, 4, 4, 2, 2]
    workspaces = [body for body in bodies if isinstance(body, WorkspaceDefinition)]
    assert {body.platform for body in workspaces} == set(Platforms())
    assert all(len(body.links) == 4 for body in workspaces)
    assert {body.method for body in bodies if isinstance(body, ProviderDefinition)} == set(LINES)
    payments = next(body for body in bodies if isinstance(body, ChannelDefinition))
    levels = payments.escalation[0].levels
    assert [[target.name for target in level.targets] for level in levels] == [
        ["ana@example.com"],
        ["payments", "payments"],
        ["dee@example.com"],
    ]
    assert all(level.repeat_every and level.repeat_times for level in levels)
    assert levels[-1].unless is Unless.CLOSED
    assert sum((level.escalate_after for level in levels), timedelta()) == timedelta(minutes=30)


def test_the_sample_holds_no_secret() -> None:
    for line in SAMPLE.splitlines():
        if re.match(r" +(- )?(key|\w+_token|\w+_secret): ", line):
            assert re.search(r": \$\{\w+\}$", line), line


def test_the_sample_has_shifts_that_can_be_swapped_and_covered() -> None:
    kept = [Kept(number, one.body) for number, one in enumerate(definitions(SAMPLE, context()), start=1)]
    organisation = organise(1, kept)
    bo, chen, dee = (
        next(one.id for one in organisation.people.accounts.values() if one.name == name)
        for name in ("Bo", "Chen", "Dee")
    )
    (schedule,) = organisation.schedules.values()
    rota, now = Rota(schedule, organisation.schedules.get, organisation.people), datetime(2026, 11, 21, 3, tzinfo=UTC)
    mine, theirs = (next_part(one, rota, now, Which(PRIMARY, later=True)) for one in (bo, chen))
    assert mine is not None
    cover = Trade(TradeId(1), schedule.id, Deed(Actor(bo), now), mine, (chen, dee))
    assert isinstance(ask(cover, rota, now), Step)
    assert isinstance(ask(replace(cover, wanted=theirs), rota, now), Step)
