"""What the local Alibaba Cloud tells its customer, and how often."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.playground.aliyun import AliyunServer, Template
from bot.playground.aliyun.texts import NUMBER
from bot.playground.endpoint import Reports
from bot.playground.listener import LOOPBACK, Listener
from bot.playground.phones import Phones
from tests.playground.manual_clock import ManualClock


@dataclass
class Customer:
    """Who is told: it keeps what it is told, and answers with these statuses, then with 200."""

    statuses: list[int] = field(default_factory=list)
    told: list[list[dict[str, object]]] = field(default_factory=list)
    answer: object = field(default_factory=lambda: {"code": 0, "msg": "OK"})

    async def take(self, request: Request) -> Response:
        self.told.append(await request.json())
        return JSONResponse(self.answer, self.statuses.pop(0) if self.statuses else 200)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def customer() -> Customer:
    return Customer()


@pytest.fixture
async def server(clock: ManualClock, customer: Customer) -> AsyncIterator[AliyunServer]:
    phones = Phones(clock)
    phones.add("ana", "+8613900000001")
    listener = Listener(Starlette(routes=[Route("/{path:path}", customer.take, methods=["POST"])]))
    await listener.start()
    async with AliyunServer(clock, phones) as server:
        server.account.templates = {"SMS_1": Template("待处理。")}
        server.where = {kind: f"http://{LOOPBACK}:{listener.port}/{kind}" for kind in ("sms_report", "sms_up")}
        yield server
    await listener.close()


def send(server: AliyunServer) -> str:
    given = {"PhoneNumbers": "13900000001", "SignName": "值班", "TemplateCode": "SMS_1", "OutId": "ours"}
    return str(server.texts.send(given)["BizId"])


async def posts(server: AliyunServer, kind: str, count: int) -> None:
    """Wait until a callback was posted so often."""
    changed = asyncio.Event()
    with server.log.watching(changed.set):
        while len(server.log.calls(kind)) < count:
            await changed.wait()
            changed.clear()


async def test_a_receipt_has_the_documented_fields(server: AliyunServer, customer: Customer) -> None:
    id_ = send(server)
    await server.idle()
    [[receipt]] = customer.told
    assert receipt == {
        "phone_number": "13900000001",
        "send_time": "2026-03-01 20:00:00",
        "report_time": "2026-03-01 20:00:00",
        "success": True,
        "err_code": "DELIVERED",
        "err_msg": "用户接收成功",
        "sms_size": "1",
        "biz_id": id_,
        "out_id": "ours",
        "sign_name": "值班",
    }


async def test_a_receipt_is_repeated_after_1_5_and_10_minutes_and_then_lost(
    server: AliyunServer, customer: Customer, clock: ManualClock
) -> None:
    customer.statuses = [500] * 9
    began = clock.now()
    send(server)
    for count, pause in enumerate((60, 300, 600), start=1):
        await posts(server, "sms_report", count)
        clock.advance(pause)
    await server.idle()
    assert [(entry.at - began).total_seconds() for entry in server.log.calls("sms_report")] == [0, 60, 360, 960]
    assert len(customer.told) == 4


async def test_an_answer_without_a_number_is_not_enough(
    server: AliyunServer, customer: Customer, clock: ManualClock
) -> None:
    customer.answer = {"code": "OK"}
    send(server)
    await posts(server, "sms_report", 1)
    customer.answer = {"code": 7}
    clock.advance(60)
    await server.idle()
    assert len(customer.told) == 2


async def test_receipts_can_be_lost_or_doubled_or_late(server: AliyunServer, customer: Customer) -> None:
    server.reports = Reports.LOST
    send(server)
    await server.idle()
    assert customer.told == []
    server.reports = Reports.DOUBLED
    twice = send(server)
    await server.idle()
    assert [[one["biz_id"] for one in told] for told in customer.told] == [[twice], [twice]]
    server.reports = Reports.LATE
    first, second = send(server), send(server)
    await server.tell_late()
    assert [one["biz_id"] for one in customer.told[-1]] == [second, first]


async def test_without_an_address_nothing_is_told(server: AliyunServer, customer: Customer) -> None:
    server.where = {}
    send(server)
    await server.idle()
    assert customer.told == []


async def test_while_it_is_unplugged_nothing_is_told(server: AliyunServer, customer: Customer) -> None:
    await server.pull_plug()
    send(server)
    assert not server.plugged
    assert customer.told == []
    await server.put_back()
    await server.idle()
    assert len(customer.told) == 1


async def test_a_reply_is_told_with_its_sequence(server: AliyunServer, customer: Customer, clock: ManualClock) -> None:
    server.phones.write("ana", NUMBER, "1 42")
    clock.advance(1)
    server.phones.write("ana", NUMBER, "1 42")
    await server.idle()
    replies = [reply for [reply] in customer.told]
    assert {(one["phone_number"], one["content"], one["sign_name"]) for one in replies} == {
        ("13900000001", "1 42", "值班")
    }
    assert len({one["sequence_id"] for one in replies}) == 2
