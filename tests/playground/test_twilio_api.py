"""The local Twilio takes and refuses calls of its API as the real one does, and signs what it tells."""

import base64
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from bot.playground.phones import Phones
from bot.playground.twilio import TwilioServer
from bot.playground.twilio.signature import signed
from bot.playground.twilio.texts import segments
from tests.playground.manual_clock import ManualClock

ANA = "+14155550101"
Fields = dict[str, str | list[str]]
Post = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def phones() -> Phones:
    known = Phones(ManualClock())
    known.add("ana", ANA)
    return known


@pytest.fixture
async def twilio(phones: Phones) -> AsyncIterator[TwilioServer]:
    async with TwilioServer(ManualClock(), phones) as server:
        yield server


@pytest.fixture
async def client(twilio: TwilioServer) -> AsyncIterator[httpx.AsyncClient]:
    address = f"{twilio.api_base_url}2010-04-01/Accounts/{twilio.account.sid}/"
    who = (twilio.account.sid, twilio.account.auth_token)
    async with httpx.AsyncClient(base_url=address, auth=who, trust_env=False) as made:
        yield made


async def test_a_message_is_taken_listed_and_fetched(client: httpx.AsyncClient, twilio: TwilioServer) -> None:
    taken = await client.post("Messages.json", data={"To": ANA, "From": twilio.number, "Body": "告" * 71})
    assert taken.status_code == 201
    body = taken.json()
    assert (body["status"], body["num_segments"], body["error_code"]) == ("queued", "2", None)
    await twilio.network.settle()
    fetched = (await client.get(f"Messages/{body['sid']}.json")).json()
    assert fetched["status"] == "delivered"
    params = {"To": ANA, "DateSent>": "2026-03-01"}
    assert [one["sid"] for one in (await client.get("Messages.json", params=params)).json()["messages"]] == [
        body["sid"]
    ]
    later = {"DateSent>": "2026-03-02"}
    assert (await client.get("Messages.json", params=later)).json()["messages"] == []


async def test_a_message_that_waits_can_be_cancelled(
    client: httpx.AsyncClient, twilio: TwilioServer, phones: Phones
) -> None:
    twilio.texts.pause = 5
    sid = (await client.post("Messages.json", data={"To": ANA, "From": twilio.number, "Body": "a"})).json()["sid"]
    cancelled = await client.post(f"Messages/{sid}.json", data={"Status": "canceled"})
    assert cancelled.json()["status"] == "canceled"
    assert (await client.post(f"Messages/{sid}.json", data={"Status": "canceled"})).status_code == 400
    assert isinstance(twilio.clock, ManualClock)
    twilio.clock.advance(5)
    await twilio.network.settle()
    assert phones.phone("ana").texts == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"To": ""}, 400, 21604),
        ({"To": "14155550101"}, 400, 21211),
        ({"From": ""}, 400, 21603),
        ({"From": "+15005550009"}, 400, 21606),
        ({"Body": ""}, 400, 21602),
        ({"Body": "a" * 1601}, 400, 21617),
        ({"StatusCallback": "oncall"}, 400, 21609),
        ({"ValidityPeriod": "36001"}, 400, 20001),
    ],
)
async def test_a_message_is_refused(
    client: httpx.AsyncClient, twilio: TwilioServer, change: dict[str, str], status: int, code: int
) -> None:
    fields = {"To": ANA, "From": twilio.number, "Body": "a"} | change
    refused = await client.post("Messages.json", data=fields)
    assert (refused.status_code, refused.json()["code"], refused.json()["status"]) == (status, code, status)
    assert refused.json()["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert refused.json()["message"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21201),
        ({"To": "ana"}, 21217),
        ({"From": "+15005550009"}, 21210),
        ({"Url": ""}, 21205),
        ({"Url": "oncall"}, 21205),
        ({"StatusCallback": "oncall"}, 21609),
        ({"Timeout": "601"}, 20001),
        ({"MachineDetection": "Perhaps"}, 20001),
        ({"StatusCallbackEvent": ["ringing", "dialled"]}, 20001),
        ({"Url": "", "Twiml": "<" * 4001}, 20001),
    ],
)
async def test_a_call_is_refused(client: httpx.AsyncClient, twilio: TwilioServer, change: Fields, code: int) -> None:
    usual: Fields = {"To": ANA, "From": twilio.number, "Url": "http://127.0.0.1:1/"}
    refused = await client.post("Calls.json", data=usual | change)
    assert (refused.status_code, refused.json()["code"]) == (400, code)


async def test_only_the_account_and_its_key_may_call(client: httpx.AsyncClient, twilio: TwilioServer) -> None:
    account = twilio.account
    assert (await client.get("Calls.json", auth=(account.api_key, account.api_secret))).status_code == 200
    wrong = await client.get("Calls.json", auth=(account.sid, "wrong"))
    assert (wrong.status_code, wrong.json()["code"]) == (401, 20003)
    for header in ("Bearer x", "Basic !", "Basic " + base64.b64encode(b"\xff").decode()):
        assert (await client.get("Calls.json", headers={"Authorization": header}, auth=None)).status_code in (200, 401)
    other = str(client.base_url).replace(account.sid, "AC" + "0" * 32)
    assert (await client.get(f"{other}Calls.json")).json()["code"] == 20404
    for path in ("Calls/CA0.json", "Messages/SM0.json"):
        assert (await client.get(path)).json()["code"] == 20404


async def test_the_secrets_are_not_in_the_log(client: httpx.AsyncClient, twilio: TwilioServer) -> None:
    token = twilio.account.auth_token
    await client.post("Messages.json", data={"To": ANA, "From": twilio.number, "Body": f"the token is {token}"})
    await twilio.network.settle()
    said = "\n".join(str(entry) for entry in twilio.log)
    assert "messages.create" in said
    assert token not in said


async def test_trouble_on_demand(client: httpx.AsyncClient, twilio: TwilioServer) -> None:
    twilio.refuse("messages.create", 20429, times=1)
    fields = {"To": ANA, "From": twilio.number, "Body": "a"}
    assert (await client.post("Messages.json", data=fields)).status_code == 429
    assert (await client.post("Messages.json", data=fields)).status_code == 201


def test_the_signature_of_the_documentation() -> None:
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+12349013030", "Digits": "1234"}
    fields |= {"From": "+12349013030", "To": "+18005551212"}
    headers = signed("https://mycompany.com/myapp.php?foo=1&bar=2", fields, "12345")
    assert headers == {"X-Twilio-Signature": "0/KCTR6DLpKmkAf8muzZqo1nDgQ="}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("€" * 81, 2),
        ("告" * 71, 2),
        ("😀" * 36, 2),
        ("😀" * 67, 3),
        ("a" * 152 + "€" * 81, 3),
    ],
)
def test_segments_are_counted_as_they_are_billed(body: str, expected: int) -> None:
    assert segments(body) == expected
