"""The local servers of push services refuse what the services would refuse, and fail when they are told to."""

from collections.abc import AsyncIterator

import httpx
import pytest

from bot.playground.bark import BarkServer
from bot.playground.endpoint import Reports
from bot.playground.ntfy import NtfyServer
from bot.playground.phones import Phone, Phones
from bot.playground.pushover import PushoverServer
from tests.playground.manual_clock import ManualClock

USER = "u" * 30
MESSAGE = {"user": USER, "message": "disk full"}
ALARM = {**MESSAGE, "priority": "2", "retry": "30", "expire": "60"}


@pytest.fixture
def phones(clock: ManualClock) -> Phones:
    phones = Phones(clock)
    phones.add("ana", "+15550100001")
    return phones


@pytest.fixture
def ana(phones: Phones) -> Phone:
    return phones.phone("ana")


@pytest.fixture
async def ntfy(clock: ManualClock, phones: Phones) -> AsyncIterator[NtfyServer]:
    async with NtfyServer(clock, phones) as server:
        server.subscribe("ops", "ana")
        yield server


@pytest.fixture
async def pushover(clock: ManualClock, phones: Phones) -> AsyncIterator[PushoverServer]:
    async with PushoverServer(clock, phones) as server:
        server.add_user(USER, "ana")
        yield server


@pytest.fixture
async def bark(clock: ManualClock, phones: Phones) -> AsyncIterator[BarkServer]:
    async with BarkServer(clock, phones) as server:
        server.register("key", "ana")
        yield server


async def post(url: str, **content: object) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:  # noqa: S501 - It is on this machine.
        return await client.post(url, **content)  # type: ignore[arg-type]


# ---- ntfy ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code", "error"),
    [
        ([], 40017, "invalid request: request body must be message JSON"),
        ({"message": "x"}, 40009, "invalid request: topic invalid"),
        ({"topic": "ops", "priority": 6}, 40007, "invalid priority parameter"),
        ({"topic": "ops", "message": "x" * 4097}, 40014, "invalid request: attachments not allowed"),
        ({"topic": "ops", "actions": [{}]}, 40018, "invalid request: actions invalid, parameter 'action' cannot be ''"),
        (
            {"topic": "ops", "actions": [{"action": "http", "url": "x"}]},
            40018,
            "invalid request: actions invalid, parameter 'label' is required",
        ),
        (
            {"topic": "ops", "actions": [{"action": "view", "label": "x"}]},
            40018,
            "invalid request: actions invalid, parameter 'url' is required for action 'view'",
        ),
        ({"topic": "ops", "actions": [{}] * 4}, 40018, "invalid request: actions invalid, only 3 actions allowed"),
    ],
)
async def test_ntfy_refuses_in_its_own_words(
    ntfy: NtfyServer, ana: Phone, content: object, code: int, error: str
) -> None:
    answer = await post(ntfy.api_base_url, json=content)
    assert answer.status_code == code // 100
    assert (answer.json()["code"], answer.json()["error"]) == (code, error)
    assert ana.pushes == []


async def test_an_ntfy_that_is_closed_takes_only_its_token(ntfy: NtfyServer) -> None:
    ntfy.token = "tk_1"
    for given, code in (({}, 40301), ({"Authorization": "Bearer tk_2"}, 40101)):
        assert (await post(ntfy.api_base_url, json={"topic": "ops"}, headers=given)).json()["code"] == code
    given = {"Authorization": "Bearer tk_1"}
    assert (await post(ntfy.api_base_url, json={"topic": "ops"}, headers=given)).status_code == 200


async def test_everybody_who_listens_to_a_topic_sees_it_and_nobody_else(
    ntfy: NtfyServer, phones: Phones, ana: Phone
) -> None:
    bo = phones.add("bo", "+15550100002")
    ntfy.subscribe("ops", "bo")
    await post(ntfy.api_base_url, json={"topic": "ops", "message": "x"})
    await post(ntfy.api_base_url, json={"topic": "else", "message": "y"})
    assert [[one.words for one in phone.pushes] for phone in (ana, bo)] == [["x"], ["x"]]
    with pytest.raises(LookupError):
        await ntfy.tap(bo.pushes[0].id, "Acknowledge")


# ---- Pushover --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"user": "x"}, "user identifier is invalid"),
        ({"user": "x" * 30}, "user identifier is not a valid user, group, or subscribed user key"),
        ({"message": ""}, "message cannot be blank"),
        ({"message": "x" * 1025}, "message is too long, must be 1024 characters or less"),
        ({"title": "x" * 251}, "title is too long, must be 250 characters or less"),
        ({"url": "x" * 513}, "url is too long, must be 512 characters or less"),
        ({"url_title": "x" * 101}, "url title is too long, must be 100 characters or less"),
        ({"priority": "3"}, "priority is invalid"),
        ({"retry": ""}, "retry must be supplied with priority=2"),
        ({"expire": ""}, "expire must be supplied with priority=2"),
        ({"retry": "29"}, "retry must be at least 30 seconds"),
        ({"expire": "10801"}, "expire must be at most 10800 seconds"),
        ({"token": "x"}, "application token is invalid, see https://pushover.net/api"),
    ],
)
async def test_pushover_refuses_in_its_own_words(
    pushover: PushoverServer, ana: Phone, fields: dict[str, str], error: str
) -> None:
    url = f"{pushover.api_base_url}1/messages.json"
    answer = await post(url, data={"token": pushover.token, **ALARM, **fields})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [error]
    assert ana.pushes == []
    assert (await post(url, data={"token": pushover.token, **ALARM})).json()["status"] == 1
    assert (await post(url, data={"token": pushover.token, **MESSAGE})).headers["x-limit-app-remaining"] == "9998"


async def test_an_alarm_is_over_when_it_expires(pushover: PushoverServer, ana: Phone, clock: ManualClock) -> None:
    url = f"{pushover.api_base_url}1/messages.json"
    receipt = (await post(url, data={"token": pushover.token, **ALARM})).json()["receipt"]
    clock.advance(60)
    assert not pushover.is_alarming(receipt)
    with pytest.raises(LookupError):
        await pushover.tap(receipt, "Acknowledge")


async def test_whoever_acknowledges_is_told_of_it_only_by_an_address(pushover: PushoverServer, ana: Phone) -> None:
    url = f"{pushover.api_base_url}1/messages.json"
    receipt = (await post(url, data={"token": pushover.token, **ALARM})).json()["receipt"]
    with pytest.raises(LookupError):
        await pushover.tap(receipt, "Close")
    assert not (await pushover.tap(receipt, "Acknowledge")).is_ok
    assert ana.pushes == []


# ---- Bark ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "status", "message"),
    [
        (b"{", 400, "request bind failed: "),
        (b"[]", 400, "device key is empty"),
        (b'{"device_key": "x"}', 400, "failed to get device token: "),
        (b'{"device_key": "key", "body": "%s"}' % (b"x" * 4000), 500, "push failed: APNS push failed: PayloadTooLarge"),
    ],
)
async def test_bark_refuses_in_its_own_words(
    bark: BarkServer, ana: Phone, content: bytes, status: int, message: str
) -> None:
    answer = await post(f"{bark.api_base_url}push", content=content)
    assert (answer.status_code, answer.json()["code"]) == (status, status)
    assert answer.json()["message"].startswith(message)
    assert ana.pushes == []


async def test_a_push_without_an_address_opens_nothing(bark: BarkServer, ana: Phone) -> None:
    await post(f"{bark.api_base_url}push", json={"device_key": "key", "title": "disk full"})
    (shown,) = ana.pushes
    assert (shown.words, shown.alarming) == ("NoContent", False)
    with pytest.raises(LookupError):
        await bark.tap(shown.id, "")


# ---- trouble ---------------------------------------------------------------------------------------------------------


async def test_trouble_befalls_as_many_calls_as_it_was_asked_to(ntfy: NtfyServer, ana: Phone) -> None:
    ntfy.faults.refuse("publish", 429, {"code": 42901}, times=2, headers={"Retry-After": "3"})
    ntfy.faults.status("*", 502)
    ntfy.faults.cut("publish", applied=True)
    statuses = [(await post(ntfy.api_base_url, json={"topic": "ops"})).status_code for _ in range(3)]
    assert statuses == [429, 429, 502]
    with pytest.raises(httpx.RemoteProtocolError):
        await post(ntfy.api_base_url, json={"topic": "ops"})
    assert len(ana.pushes) == 1
    assert (await post(ntfy.api_base_url, json={"topic": "ops"})).status_code == 200
    assert [entry.status for entry in ntfy.log.calls("publish")] == [429, 429, 502, None, 200]


async def test_a_plug_that_is_put_back_finds_everything_as_it_was(ntfy: NtfyServer, ana: Phone) -> None:
    port = ntfy.port
    await ntfy.pull_plug()
    assert not ntfy.plugged
    with pytest.raises(httpx.ConnectError):
        await post(ntfy.api_base_url, json={"topic": "ops"})
    await ntfy.put_back()
    assert (ntfy.plugged, ntfy.port) == (True, port)
    assert (await post(ntfy.api_base_url, json={"topic": "ops"})).status_code == 200


async def test_what_is_lost_is_never_told(ntfy: NtfyServer, ana: Phone) -> None:
    action = {"action": "http", "label": "Acknowledge", "url": "http://127.0.0.1:1/", "clear": True}
    await post(ntfy.api_base_url, json={"topic": "ops", "actions": [action]})
    ntfy.reports = Reports.LOST
    assert not (await ntfy.tap(ana.pushes[0].id, "Acknowledge")).is_ok
    assert ntfy.log.calls("tap") == []
    ntfy.reports = Reports.ON_TIME
    assert (await ntfy.tap(ana.pushes[0].id, "Acknowledge")).words == "ConnectError"
    assert len(ntfy.log.calls("tap")) == 1
    assert len(ana.pushes) == 1
