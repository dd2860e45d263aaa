"""The demo as a newcomer meets it: open the page, fire an alert, acknowledge it as one person, try again as another."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.support.browser import NewPage
from tests.support.pictures import small
from tests.support.process import Program, printed_address, running


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What `make demo` starts, in a folder of its own, and its address."""
    for name in ("ONCARD_DATABASE_URL", "ONCARD_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    log = tmp_path / "log"

    def ready() -> bool:
        address = printed_address(log.read_text())
        if address is None:
            return False
        try:
            answer = httpx.get(f"{address}/readyz")
        except httpx.TransportError:
            return False
        return answer.is_success and set(answer.json()["workspaces"].values()) == {"connected"}

    command = [os.fspath(Path(sys.executable).with_name("oncard")), "demo", "--port", "0"]
    with running(Program(command, log, directory=tmp_path), ready):
        yield str(printed_address(log.read_text()))


@pytest.fixture
def pictures(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where pictures go."""
    if not request.config.getoption("--update-golden"):
        return tmp_path
    return Path(__file__).parents[2] / "docs"


async def become(page: Page, name: str) -> None:
    """Choose whom to be."""
    person = page.get_by_role("radio", name=name)
    await person.click()
    await expect(person).to_be_checked()


async def test_one_acknowledges_the_next_reads_who_did_it_and_a_phone_shows_it(
    demo: str, page: Page, new_page: NewPage
) -> None:
    await page.goto(f"{demo}/playground#view=slack")
    await become(page, "Ana")

    await page.get_by_role("button", name="Fire: Disk almost full on db-1").click()
    messages = page.get_by_role("article")
    card = messages.filter(has_text="#1 Disk almost full on db-1").first
    await expect(card).to_contain_text("Triggered")
    await page.get_by_role("button", name="+1 min").click()
    reminder = messages.filter(has_text="Still not acknowledged").last
    await expect(reminder).to_contain_text("@Ana")
    await card.get_by_role("button", name="Acknowledge", exact=True).first.click()
    await expect(card).to_contain_text("Acknowledged by Ana")

    await become(page, "Bo")
    await reminder.get_by_role("button", name="Acknowledge", exact=True).click()
    await expect(messages.filter(has_text="Only visible to you")).to_contain_text("Already acknowledged by Ana")
    await expect(card).to_contain_text("Acknowledged by Ana")

    phone = await new_page(width=390, height=844, color_scheme="dark")
    await phone.goto(f"{demo}/playground#view=slack")
    await expect(phone.get_by_role("article").filter(has_text="Acknowledged by Ana").first).to_be_visible()
    assert await phone.evaluate("document.documentElement.scrollWidth") <= 390


async def test_the_pictures_of_the_readme_can_be_made(demo: str, page: Page, pictures: Path) -> None:
    """With `--update-golden` they are written to `docs/`; without, it is seen that they could be."""
    await page.set_viewport_size({"width": 1600, "height": 1000})
    await page.goto(f"{demo}/playground")
    await become(page, "Ana")
    messages = page.get_by_role("article").filter(has_text="Disk almost full on db-1")
    await page.get_by_role("button", name="Fire: Disk almost full on db-1").click()
    # The same card in each of the four chat apps.
    columns = page.locator(".columns")
    await expect(columns.get_by_role("article").filter(has_text="Disk almost full on db-1")).to_have_count(4)
    # It has come to her phone and into her mailbox, too.
    await expect(page.get_by_role("article", name="Push:")).to_be_visible()
    await expect(page.get_by_role("region", name="Mail", exact=True).get_by_role("button", name="[#1]")).to_be_visible()
    await expect(page.locator(".toast")).to_have_count(0)

    await page.screenshot(path=pictures / "playground.png")
    await messages.first.screenshot(path=pictures / "card.png")
    if pictures.name == "docs":
        (pictures / "playground.png").write_bytes(small((pictures / "playground.png").read_bytes()))

    assert (pictures / "card.png").stat().st_size > 5_000
