"""What every test has at hand; the fixtures live in `tests/support`."""

import contextlib
import gc
import importlib
import logging
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, settings

import bot.domain
import bot.sources
import cards
from bot import logs
from cards.catalogue import LANGUAGES, translated
from cards.lettering import built_in

pytest_plugins = [
    "tests.support.browser",
    "tests.support.databases",
    "tests.support.golden",
    "tests.support.monitoring",
    "tests.support.network",
    "tests.support.patience",
    "tests.support.serving",
]

# Here stand whole programs, servers, databases and browsers, and every change of every clock. What decides is shown by
# the other tests, close to it; so these are not counted when coverage is measured, which would make each of them take
# half as long again.
UNCOUNTED = {
    *("adapters", "cli", "crash", "e2e", "house", "outbound", "playground", "storage"),
    *("test_schedule_clocks.py", "test_time_filter.py"),
}

# What runs on each kind of database is counted on one of them: what decides knows nothing of databases. What draws its
# examples is not counted at all: what is covered is not to be a matter of luck.
UNCOUNTED_KIND = "postgresql"
DRAWN = "hypothesis"

# What is measured, as pyproject.toml has it.
MEASURED = (bot.domain, bot.sources, cards)

# How long an example takes says more of the machine than of the code; a test that hangs is ended by its timeout.
_HOUSE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("house", _HOUSE, max_examples=50)
# `--hypothesis-profile=thorough` looks at more of what a test draws where the test itself names no number.
settings.register_profile("thorough", _HOUSE, max_examples=1_000)
settings.load_profile("house")


def pytest_xdist_auto_num_workers() -> int:
    """Return how many run tests side by side: a third of the time a test waits, for a disk, a server or a browser."""
    return (os.cpu_count() or 1) * 3 // 2


@pytest.fixture(autouse=True, scope="session")
def plain_logs() -> None:
    """Log as the service does: the library's own way to draw a traceback takes seconds."""
    logs.configure(logs.Style.TEXT, logging.WARNING)


@pytest.fixture(autouse=True, scope="session")
def few_authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the machine trust one authority, of nobody: each client reads all that it trusts, and 140 take 30 ms."""
    authority = tmp_path_factory.mktemp("trusted") / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(authority))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(authority))
        yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Measure no coverage while tests are collected: it takes half as long again, and shows nothing of the product.

    What runs when a module of the product is imported was counted before; and so is what is made once and then kept,
    as the first test that asks for it may be one that is not counted.
    """
    for package in MEASURED:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    for language in LANGUAGES:
        translated(language, "Acknowledge")
    built_in(12)
    with _unmeasured(session.config):
        return (yield)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what asks for more time than others, so that at the end nobody waits for it alone."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


def pytest_collection_finish() -> None:
    """Let no search for garbage go through all the tests again and again: they stay until the end."""
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure no coverage while a test runs that is not counted, its fixtures included."""
    if _is_counted(item):
        return (yield)
    with _unmeasured(item.config):
        return (yield)


def _is_counted(item: pytest.Item) -> bool:
    is_drawn = item.get_closest_marker(DRAWN) is not None
    parts = item.path.relative_to(Path(__file__).parent).parts
    return UNCOUNTED.isdisjoint(parts) and UNCOUNTED_KIND not in item.name and not is_drawn


@contextlib.contextmanager
def _unmeasured(config: pytest.Config) -> Iterator[None]:
    measured = getattr(config.pluginmanager.get_plugin("_cov"), "cov_controller", None)
    if measured is None:
        yield
        return
    measured.pause()
    try:
        yield
    finally:
        measured.resume()
