"""Shells on an empty database, and on one that has the sample configuration."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.cli.shell import SAMPLE, Shell, with_sample
from tests.support.databases import NewDatabase


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Let what a command sets up for its own process not outlast the test."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level, was_configured = list(root.handlers), root.level, structlog.is_configured()
    yield
    for handler in [one for one in root.handlers if one not in handlers]:
        root.removeHandler(handler)
    root.setLevel(level)
    structlog.reset_defaults()
    if was_configured:
        structlog.configure(**before)


@pytest.fixture
def empty(database_url: str) -> Shell:
    """Give a shell whose database holds nothing, once for each kind of database."""
    return Shell(database_url)


@pytest.fixture
def shell(new_database: NewDatabase) -> Shell:
    """Give a shell whose database has the sample configuration, once for each kind of database."""
    return Shell(new_database(with_sample))


@pytest.fixture
def sqlite_shell(new_sqlite_database: NewDatabase) -> Shell:
    """Give a shell with the sample configuration on SQLite, for what has nothing to do with the kind of database."""
    return Shell(new_sqlite_database(with_sample))


@pytest.fixture
def without_database() -> Shell:
    """Give a shell that knows neither a database nor a key."""
    return Shell("", {"ONCARD_DATABASE_URL": None, "ONCARD_SECRET_KEY": None})


@pytest.fixture
def sample() -> str:
    """Give the text of the sample configuration."""
    return SAMPLE
