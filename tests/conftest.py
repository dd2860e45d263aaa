"""What every test has at hand; the fixtures live in `tests/support`."""

import logging

import pytest
from hypothesis import HealthCheck, settings

from bot import logs

pytest_plugins = [
    "tests.support.browser",
    "tests.support.databases",
    "tests.support.golden",
    "tests.support.monitoring",
    "tests.support.network",
    "tests.support.serving",
]

# How long an example takes says more of the machine than of the code; a test that hangs is ended by its timeout.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")


@pytest.fixture(autouse=True, scope="session")
def plain_logs() -> None:
    """Log as the service does: the library's own way to draw a traceback takes seconds."""
    logs.configure(logs.Style.TEXT, logging.WARNING)
