"""Fixtures: a real headless Chromium, driven by Playwright.

`page` is a tab; `new_page(...)` opens more, each like another person's browser: own cookies, size and colour scheme.
An error in a page or on its console fails the test, unless the test takes it out of `page_errors`. The browser
reaches only this machine.
"""

import os
import shutil
from collections.abc import AsyncIterator
from typing import Literal, Protocol

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, ViewportSize, async_playwright, expect

WAIT_AT_MOST = 15_000
"""Milliseconds that Playwright waits for an element or a page, where the test does not say otherwise."""

_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


class NewPage(Protocol):
    """Opens a tab in a browser profile of its own."""

    async def __call__(
        self, *, width: int = 1280, height: int = 800, color_scheme: Literal["light", "dark"] = "light"
    ) -> Page:
        """Open an empty tab of `width` x `height` pixels."""
        ...


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Give a running Chromium: Debian's where it is installed, else the one that Playwright downloaded."""
    expect.set_options(timeout=WAIT_AT_MOST)
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=[*_ARGUMENTS, *root], headless=True
        )
        yield browser
        await browser.close()


@pytest.fixture
def page_errors() -> list[str]:
    """Give the errors that the pages of this test reported: those that are still in the list at its end fail it."""
    return []


@pytest.fixture
async def new_page(browser: Browser, page_errors: list[str]) -> AsyncIterator[NewPage]:
    """Open tabs as the test wants them, each of its own width, height and colour scheme."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            page_errors.append(f"console: {message.text} ({message.location['url']})")

    async def open_page(
        *, width: int = 1280, height: int = 800, color_scheme: Literal["light", "dark"] = "light"
    ) -> Page:
        context = await browser.new_context(
            viewport=ViewportSize(width=width, height=height),
            color_scheme=color_scheme,
            locale="en-GB",
            timezone_id="UTC",
            reduced_motion="reduce",
        )
        context.set_default_timeout(WAIT_AT_MOST)
        page = await context.new_page()
        page.on("pageerror", lambda error: page_errors.append(f"page: {error}"))
        page.on("console", on_console)
        return page

    yield open_page
    if page_errors:
        pytest.fail("\n".join(["the page reported errors:", *page_errors]), pytrace=False)


@pytest.fixture
async def page(new_page: NewPage) -> Page:
    """Give an empty tab."""
    return await new_page()
