"""The story that the demo tells: watched in a browser to its end, and how it is begun and stopped."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Locator, Page, expect
from starlette.applications import Starlette

from bot import demo
from bot.playground.listener import Listener
from bot.playground.page import SAMPLES, Step, Story, routes
from bot.playground.slack import SlackPane, SlackServer
from bot.playground.story import STORY, steps
from tests.playground.manual_clock import ManualClock
from tests.support.browser import NewPage
from tests.support.pictures import small

APPS = ("Slack", "Feishu", "DingTalk", "Telegram")
DISK = "Disk almost full on db-1"
PAYMENTS = "Card payments fail"
SCENES = steps(STORY.read_text())


class Reader:
    """A clock by which somebody reads on only when they are told to."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(0)
        self.waiting = 0

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC)

    async def sleep(self, seconds: float) -> None:
        self.waiting += 1
        await self._turns.acquire()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        raise AssertionError("a caption is read, and waits for nothing")

    def read_on(self) -> None:
        self._turns.release()


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
async def url(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Give the address of a demo that runs in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("ONCARD_DATABASE_URL", "ONCARD_SECRET_KEY", "ONCARD_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    said: asyncio.Queue[str] = asyncio.Queue()
    running = asyncio.create_task(demo.run(0, said.put_nowait, reader))
    try:
        address = (await said.get()).rpartition(" ")[2]
        async with httpx.AsyncClient(base_url=address) as client:
            while not await _is_connected(client):  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # Nobody is told when all are connected.
        yield address
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def _is_connected(client: httpx.AsyncClient) -> bool:
    try:
        answer = await client.get("/readyz")
    except httpx.TransportError:
        return False
    return answer.is_success and set(answer.json()["workspaces"].values()) == {"connected"}


def column(page: Page, app: str) -> Locator:
    return page.get_by_role("region", name=app, exact=True)


def card(page: Page, app: str, title: str) -> Locator:
    return column(page, app).get_by_role("article").filter(has_text=re.compile(rf"#\d+ {title}")).first


class Watched:
    """The story as it stands on a page: each scene in its turn. `folder`: where pictures go, None: none are taken."""

    def __init__(self, page: Page, reader: Reader, folder: Path | None = None) -> None:
        self.page = page
        self.phone = column(page, "Phone")
        self.caption = page.get_by_role("region", name="The story")
        self._reader = reader
        self._folder = folder

    @contextlib.asynccontextmanager
    async def scene(self, number: int) -> AsyncIterator[None]:
        """Read the caption of the scene that comes and let it happen; once it was looked at, go on."""
        await expect(self.caption.get_by_role("heading")).to_have_text(SCENES[number - 1].heading)
        self._reader.read_on()
        yield
        self._reader.read_on()

    async def shows(self, title: str, status: str, *apps: str) -> None:
        """See that the apps have a card that says so."""
        for app in apps:
            await expect(card(self.page, app, title)).to_contain_text(status)

    async def picture(self, number: int) -> None:
        """Keep a picture of what is seen, where pictures are asked for."""
        if self._folder is not None:
            await expect(self.page.locator(".toast")).to_have_count(0)
            (self._folder / f"tour-{number}.png").write_bytes(small(await self.page.screenshot()))


@pytest.mark.timeout(180)
async def test_the_whole_story_is_told(url: str, reader: Reader, page: Page, pictures: Path | None) -> None:
    await page.goto(f"{url}/playground")
    await page.get_by_role("button", name="Hide the controls").click()
    await page.get_by_role("button", name="Watch the story").click()
    told = Watched(page, reader, pictures)
    await an_alert_is_acknowledged_by_push(told)
    await a_page_finds_another_way(told, url)
    await a_call_is_answered(told)
    async with told.scene(9):
        await expect(column(page, "Slack").get_by_role("alert")).to_be_hidden()
        await told.shows(PAYMENTS, "Acknowledged by Ana by phone", "Slack")
    async with told.scene(10):
        pass
    await expect(told.caption.get_by_role("button", name="Again")).to_be_visible()
    await expect(told.phone.get_by_role("article", name="Call, you pressed 1")).to_be_visible()
    await told.caption.get_by_role("button", name="Close").click()
    await expect(told.caption).to_be_hidden()


async def an_alert_is_acknowledged_by_push(told: Watched) -> None:
    push = told.phone.get_by_role("article", name="Push:")
    async with told.scene(1):
        await told.shows(DISK, "db-1", *APPS)
        await expect(push).to_contain_text(DISK)
        await told.picture(1)
    async with told.scene(2):
        await told.shows(DISK, "Acknowledged by Ana by push", "Slack", "Feishu", "Telegram")
        await told.shows(DISK, "已认领", "DingTalk")
        await expect(push).to_have_count(0)


async def a_page_finds_another_way(told: Watched, url: str) -> None:
    page = told.page
    async with told.scene(3):
        await expect(column(page, "Slack").get_by_role("alert")).to_contain_text("Slack is unplugged")
    async with told.scene(4):
        direct = page.get_by_role("group", name="Chats in Feishu").get_by_role("button", name="Oncard")
        await expect(direct).to_have_attribute("aria-current", "true")
        await told.shows(PAYMENTS, "Triggered", "Feishu", "Telegram")
        await expect(told.phone.get_by_role("article", name="Push:")).to_contain_text(PAYMENTS)
        link = page.frame_locator(f"iframe[title*='{PAYMENTS}']").get_by_role("link", name="Acknowledge")
        await expect(link).to_have_attribute("href", re.compile(f"^{url}/links/"))
        await expect(card(page, "Slack", PAYMENTS)).to_have_count(0)
        await told.picture(2)
    async with told.scene(5):
        await expect(told.phone.get_by_role("article", name="SMS from Oncard")).to_contain_text(PAYMENTS)


async def a_call_is_answered(told: Watched) -> None:
    phone = told.phone
    async with told.scene(6):
        await expect(phone.get_by_role("button", name="Accept")).to_be_visible()
    async with told.scene(7):
        spoken = phone.get_by_role("log", name="What is said")
        await expect(spoken).to_contain_text("To acknowledge, press 1.")
        await expect(spoken).to_contain_text("To hear this again, press 0.")
        await told.picture(3)
    async with told.scene(8):
        await told.shows(PAYMENTS, "Acknowledged by Ana by phone", "Feishu", "Telegram")
        await told.shows(PAYMENTS, "已认领", "DingTalk")
        await expect(card(told.page, "Slack", PAYMENTS)).to_have_count(0)
        await told.picture(4)


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    """Where the pictures of the README go, with `--update-golden`."""
    return Path(__file__).parents[2] / "docs" if request.config.getoption("--update-golden") else None


async def test_an_address_begins_it_and_who_takes_part_may_stop_it(url: str, reader: Reader, new_page: NewPage) -> None:
    page = await new_page(width=390, height=844)
    await page.goto(f"{url}/playground?tour")
    told = Watched(page, reader)
    async with told.scene(1):
        await told.caption.get_by_role("button", name="Stop").click()
        await expect(told.caption).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


# ---- how it is begun and stopped -------------------------------------------------------------------------------------

PULL = Step("Dark", "It is dark.", does=({"do": "pull", "pane": "slack"},))


class Monitoring:
    """Fires nothing."""

    def curl(self, base_url: str) -> str:
        return f"curl {base_url}"

    async def fire(self, sample: str) -> str:
        return f"Fired: {sample}"

    async def recover(self, sample: str) -> str:
        return f"Recovered: {sample}"


class Stage:
    """A page with one Slack and a story of one's own."""

    def __init__(self, slack: SlackServer, clock: ManualClock, reader: Reader, *scenes: Step) -> None:
        made = routes([SlackPane(slack)], clock, Monitoring(), story=Story(scenes, reader))
        self._listener = Listener(Starlette(routes=made))

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[httpx.AsyncClient]:
        await self._listener.start()
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._listener.port}/playground") as http:
            yield http
        await self._listener.close()


async def do(http: httpx.AsyncClient, what: str) -> int:
    return (await http.post("/control", json={"do": what})).status_code


async def shown(http: httpx.AsyncClient) -> dict[str, object]:
    tour: dict[str, object] = (await http.get("/state")).json()["tour"]
    return tour


async def reading(reader: Reader, times: int) -> None:
    """Wait until so many pauses have begun."""
    async with asyncio.timeout(15):
        while reader.waiting < times:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # A pause tells nobody that it has begun.


async def test_who_begins_it_twice_sees_one_and_a_stop_brings_back_what_it_took(
    slack: SlackServer, clock: ManualClock, reader: Reader
) -> None:
    async with Stage(slack, clock, reader, PULL, PULL).open() as http:
        assert [await do(http, "tour"), await do(http, "tour")] == [200, 200]
        await reading(reader, 1)
        reader.read_on()
        await reading(reader, 2)
        assert (reader.waiting, slack.plugged) == (2, False)
        assert (await shown(http))["number"] == 1
        assert await do(http, "stop the tour") == 200
        assert slack.plugged
        assert (await shown(http))["number"] == 0
        assert await do(http, "tour") == 200
        await reading(reader, 3)
        assert (await shown(http))["running"] is True
        await do(http, "stop the tour")


async def test_what_goes_another_way_ends_it_in_words(slack: SlackServer, clock: ManualClock, reader: Reader) -> None:
    nobody = Step("Nobody", "Nobody is there.", does=({"do": "write", "pane": "slack", "as": "U0", "text": "t"},))
    async with Stage(slack, clock, reader, PULL, nobody).open() as http:
        await do(http, "tour")
        for _ in range(3):
            reader.read_on()
        async with asyncio.timeout(15):
            while (await shown(http))["running"]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # The page is asked as a browser asks it.
        assert "another way" in str((await shown(http))["caption"])
        assert slack.plugged


async def test_a_page_without_a_story_has_none_to_begin(slack: SlackServer, clock: ManualClock, reader: Reader) -> None:
    async with Stage(slack, clock, reader).open() as http:
        assert (await shown(http))["available"] is False
        assert await do(http, "tour") == 404


def test_the_story_can_be_read_in_its_time_and_names_what_there_is() -> None:
    assert sum(scene.seconds + scene.lead for scene in SCENES) < 60
    for scene in SCENES:
        assert len(scene.caption) <= 120
        samples = {deed["sample"] for deed in scene.does if "sample" in deed}
        assert samples <= {sample.name for sample in SAMPLES}


def test_a_story_waits_for_nothing_that_it_does_not_know() -> None:
    (scene,) = steps("scenes: [{heading: a, caption: b, until: {rain: 1}}]")
    assert scene.until is not None
    with pytest.raises(LookupError, match="rain"):
        scene.until(None)  # type: ignore[arg-type]
