"""A call on the local Twilio does what its TwiML says, and what is wrong in it is heard and noted."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.playground.listener import LOOPBACK, Listener
from bot.playground.phones import Call, Habit, Phones
from bot.playground.twilio import TwilioServer
from bot.playground.twilio.account import Refused
from bot.playground.twilio.calls import EVENTS, SORRY
from bot.playground.twilio.twiml import parse
from tests.playground.manual_clock import ManualClock

ANA = "+14155550101"


@dataclass
class Site:
    """Pages of TwiML by path, and what was posted to them."""

    pages: dict[str, str] = field(default_factory=dict)
    posted: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: Request) -> Response:
        fields = {name: values[0] for name, values in parse_qs((await request.body()).decode(), True).items()}
        path = request.path_params["path"]
        self.posted.append((path, fields))
        page = self.pages.get(path)
        return Response(status_code=404) if page is None else Response(page, media_type="application/xml")

    def told(self, path: str) -> list[dict[str, str]]:
        return [fields for at, fields in self.posted if at == path]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site({"status": ""})
    listener = Listener(Starlette(routes=[Route("/{path:path}", made.answer, methods=["POST"])]))
    await listener.start()
    made.url = f"http://{LOOPBACK}:{listener.port}/"
    yield made
    await listener.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def twilio(clock: ManualClock) -> AsyncIterator[TwilioServer]:
    phones = Phones(clock)
    phones.add("ana", ANA)
    async with TwilioServer(clock, phones) as server:
        yield server


def dial(twilio: TwilioServer, **changes: str) -> str:
    fields = {"To": ANA, "From": twilio.number} | changes
    return str(twilio.calls.create([*fields.items()])["sid"])


async def picked_up(twilio: TwilioServer) -> Call:
    phone = twilio.network.phones.phone("ana")
    async with asyncio.timeout(15):
        while not phone.calls or not phone.calls[-1].is_ringing:  # noqa: ASYNC110 - The phone rings when it does.
            await asyncio.sleep(0.002)
    phone.calls[-1].pick_up()
    return phone.calls[-1]


async def test_a_call_speaks_what_was_sent_along(twilio: TwilioServer) -> None:
    dial(twilio, Twiml="<Response><Say>Hello</Say><Pause/><Say>again</Say><Hangup/><Say>never</Say></Response>")
    call = await picked_up(twilio)
    await twilio.network.settle()
    assert call.heard == ["Hello", "again"]
    assert twilio.calls.made[0].status == "completed"


async def test_keys_go_to_the_action_and_redirects_are_followed(twilio: TwilioServer, site: Site) -> None:
    site.pages["menu"] = (
        '<Response><Gather numDigits="2" action="keys?n=1"><Say>Press.</Say><Pause/></Gather></Response>'
    )
    site.pages["keys"] = "<Response><Redirect>more</Redirect></Response>"
    site.pages["more"] = "<Response><Say>Thanks.</Say></Response>"
    dial(twilio, Url=f"{site.url}menu#rc=3")
    call = await picked_up(twilio)
    call.press("12")
    await twilio.network.settle()
    assert call.heard == ["Press.", "Thanks."]
    assert [path for path, _ in site.posted] == ["menu", "keys", "more"]
    assert site.told("keys")[0]["Digits"] == "12"
    assert "AnsweredBy" not in site.told("menu")[0]


@pytest.mark.parametrize(("finish", "digits"), [("", "1#"), ("#", "1")])
async def test_the_key_that_finishes_is_not_told(
    twilio: TwilioServer, site: Site, clock: ManualClock, finish: str, digits: str
) -> None:
    menu = f'<Gather action="keys" finishOnKey="{finish}" timeout="3" input="dtmf" method="POST"/>'
    site.pages |= {"menu": f"<Response>{menu}</Response>", "keys": ""}
    dial(twilio, Url=f"{site.url}menu")
    (await picked_up(twilio)).press("1#")
    async with asyncio.timeout(15):
        while not site.told("keys"):
            clock.advance(1)
            await asyncio.sleep(0.002)
    await twilio.network.settle()
    assert site.told("keys")[0]["Digits"] == digits


async def test_silence_falls_through_unless_it_is_asked_for(
    twilio: TwilioServer, site: Site, clock: ManualClock
) -> None:
    site.pages["menu"] = (
        '<Response><Gather action="keys"><Say>one</Say></Gather><Say>two</Say>'
        '<Gather action="keys" actionOnEmptyResult="true"/><Say>never</Say></Response>'
    )
    site.pages["keys"] = "<Response><Say>three</Say></Response>"
    dial(twilio, Url=f"{site.url}menu")
    call = await picked_up(twilio)
    async with asyncio.timeout(15):
        while call.is_talking:
            clock.advance(1)
            await asyncio.sleep(0.002)
    await twilio.network.settle()
    assert call.heard == ["one", "two", "three"]
    assert [fields["Digits"] for fields in site.told("keys")] == [""]


async def test_states_are_told_in_order(twilio: TwilioServer, site: Site, clock: ManualClock) -> None:
    wanted = [("StatusCallbackEvent", event) for event in EVENTS]
    fields = {"To": ANA, "From": twilio.number, "Twiml": "<Response><Gather/></Response>"}
    fields["StatusCallback"] = f"{site.url}status"
    twilio.calls.create([*fields.items(), *wanted])
    call = await picked_up(twilio)
    async with asyncio.timeout(15):
        while len(site.posted) < 3:  # noqa: ASYNC110 - Told when it is.
            await asyncio.sleep(0.002)
    clock.advance(3)
    call.hang_up()
    await twilio.network.settle()
    told = site.told("status")
    assert [one["CallStatus"] for one in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [one["SequenceNumber"] for one in told] == ["0", "1", "2", "3"]
    assert (told[-1]["CallDuration"], told[-1]["SipResponseCode"]) == ("3", "200")


async def test_only_the_end_is_told_unless_more_is_asked_for(twilio: TwilioServer, site: Site) -> None:
    twilio.network.phones.phone("ana").habit = Habit.BUSY
    dial(twilio, Twiml="<Response/>", StatusCallback=f"{site.url}status")
    await twilio.network.settle()
    assert [(one["CallStatus"], one["SequenceNumber"]) for one in site.told("status")] == [("busy", "2")]


@pytest.mark.parametrize(("mode", "who"), [("Enable", "machine_start"), ("DetectMessageEnd", "machine_end_beep")])
async def test_who_picked_up_is_told_if_asked_for(twilio: TwilioServer, site: Site, mode: str, who: str) -> None:
    site.pages["menu"] = "<Response><Say>Hello</Say></Response>"
    twilio.network.phones.phone("ana").habit = Habit.VOICEMAIL
    sid = dial(twilio, Url=f"{site.url}menu", MachineDetection=mode)
    await twilio.network.settle()
    assert site.told("menu")[0]["AnsweredBy"] == who
    assert twilio.calls.fetch(sid)["answered_by"] == who
    twilio.network.phones.phone("ana").habit = Habit.BY_HAND
    dial(twilio, Url=f"{site.url}menu", MachineDetection=mode)
    await picked_up(twilio)
    await twilio.network.settle()
    assert site.told("menu")[1]["AnsweredBy"] == "human"


async def test_a_call_is_ended_through_the_api(twilio: TwilioServer) -> None:
    first = dial(twilio, Twiml="<Response><Gather/></Response>")
    await picked_up(twilio)
    with pytest.raises(Refused):
        twilio.calls.update(first, {"Status": "canceled"})
    with pytest.raises(Refused):
        twilio.calls.update(first, {"Status": "paused"})
    assert twilio.calls.update(first, {"Status": "completed"})["status"] == "completed"
    await twilio.network.settle()
    second = dial(twilio, Twiml="<Response/>")
    assert twilio.calls.update(second, {"Status": "canceled"})["status"] == "canceled"
    await twilio.network.settle()
    assert len(twilio.network.phones.phone("ana").calls) == 1
    listed = twilio.calls.listed({"To": ANA})["calls"]
    assert isinstance(listed, list)
    assert [one["status"] for one in listed] == ["canceled", "completed"]


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (None, 11200),
        ("<Response>", 12100),
        ("<Answer/>", 12100),
        ("<Response><Sing/></Response>", 12100),
        ('<Response><Say loop="2">a</Say></Response>', 12100),
        ("<Response><Gather><Hangup/></Gather></Response>", 12100),
        ("<Response><Redirect method='GET'>x</Redirect></Response>", 12100),
    ],
)
async def test_a_page_that_is_wrong_is_heard_and_noted(
    twilio: TwilioServer, site: Site, page: str | None, code: int
) -> None:
    if page is not None:
        site.pages["menu"] = page
    dial(twilio, Url=f"{site.url}menu")
    call = await picked_up(twilio)
    await twilio.network.settle()
    assert call.heard == [SORRY]
    assert [alert for alert, _ in twilio.network.alerts] == [code]


async def test_a_voice_of_another_language_says_nothing(twilio: TwilioServer) -> None:
    said = '<Say language="en-US" voice="Polly.Zhiyu">Hello</Say><Message>a</Message>'
    dial(twilio, Twiml=f"<Response>{said}</Response>")
    call = await picked_up(twilio)
    await twilio.network.settle()
    assert call.heard == []
    assert [alert for alert, _ in twilio.network.alerts] == [13520, 12200]


async def test_unplugged_it_tells_nothing(twilio: TwilioServer, site: Site) -> None:
    await twilio.pull_plug()
    twilio.network.phones.phone("ana").habit = Habit.BUSY
    dial(twilio, Twiml="<Response/>", StatusCallback=f"{site.url}status")
    await twilio.network.settle()
    assert site.posted == []
    await twilio.put_back()
    assert twilio.plugged


@pytest.mark.parametrize(
    ("page", "alerts", "answered"),
    [
        ("<Response><Message>Done &amp; dusted</Message><Pause/></Response>", [], ["Done & dusted"]),
        ("", [], []),
        ("<Response>", [12100], []),
        (None, [11200], []),
    ],
)
async def test_an_sms_is_answered(
    twilio: TwilioServer, site: Site, page: str | None, alerts: list[int], answered: list[str]
) -> None:
    phones = twilio.network.phones
    phones.write("ana", twilio.number, "nobody listens yet")
    await twilio.network.settle()
    twilio.texts.inbound_url = f"{site.url}inbound"
    if page is not None:
        site.pages["inbound"] = page
    phones.write("ana", twilio.number, "1 42")
    await twilio.network.settle()
    assert [fields["Body"] for fields in site.told("inbound")] == ["1 42"]
    assert [alert for alert, _ in twilio.network.alerts] == alerts
    assert [text.words for text in phones.phone("ana").texts if text.incoming] == answered


async def test_a_fate_befalls_the_messages_to_a_number(twilio: TwilioServer, site: Site) -> None:
    twilio.texts.fates[ANA] = 30007
    callback = f"{site.url}status"
    twilio.texts.create({"To": ANA, "From": twilio.number, "Body": "a", "StatusCallback": callback})
    await twilio.network.settle()
    assert site.told("status")[-1]["ErrorCode"] == "30007"
    assert twilio.network.phones.phone("ana").texts == []


async def test_who_hangs_up_hears_no_more(twilio: TwilioServer, clock: ManualClock) -> None:
    twilio.calls.speech = 1.0
    dial(twilio, Twiml="<Response><Gather><Say>one</Say><Say>two</Say></Gather><Say>three</Say></Response>")
    call = await picked_up(twilio)
    async with asyncio.timeout(15):
        while not call.heard:  # noqa: ASYNC110 - It speaks when it does.
            await asyncio.sleep(0.002)
    call.hang_up()
    async with asyncio.timeout(15):
        while twilio.calls.made[0].status != "completed":
            clock.advance(1)
            await asyncio.sleep(0.002)
    await twilio.network.settle()
    assert call.heard == ["one"]


async def test_silence_of_hours_does_not_keep_it_running(twilio: TwilioServer) -> None:
    dial(twilio, Twiml="<Response><Gather timeout='9999'/></Response>")
    await picked_up(twilio)
    async with asyncio.timeout(15):
        await twilio.stop()


def test_an_empty_answer_says_nothing() -> None:
    assert parse(" ") == parse("<Response/>") == ()
