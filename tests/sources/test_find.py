import pytest

from bot import sources
from bot.sources import Request
from tests.sources.corpus import NOW


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    """Look for each source anew, whoever has found it before."""
    sources._modules.cache_clear()  # noqa: SLF001 - What is remembered of the folder has no other name.
    sources._load.cache_clear()  # noqa: SLF001


def test_sources_are_the_files_of_the_folder_that_have_one() -> None:
    assert {"standard", "prometheus", "alertmanager-api"} <= set(sources.names())


@pytest.mark.parametrize("name", ["", "engine", "payload", "alertmanager_api", "../standard", "standard.py", "nobody"])
def test_nothing_else_is_a_source(name: str) -> None:
    assert sources.find(name) is None


def test_a_request_does_not_print_what_may_be_secret() -> None:
    said = repr(Request(b"secret", NOW, query={"integration_key": "secret"}, headers={"authorization": "secret"}))
    assert "secret" not in said
