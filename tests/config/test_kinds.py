"""The kinds of providers that there are: each is found under the methods that it carries."""

import pkgutil

from adapters import providers
from bot.config.context import PlatformKeys
from bot.domain.people import LINES, Method
from bot.main import Platforms, ProviderKinds


def test_each_kind_is_found_under_a_method() -> None:
    kinds = ProviderKinds()
    found = {name for method in kinds for name in kinds[method]}
    assert found == {one.name for one in pkgutil.iter_modules(providers.__path__)}
    assert all(isinstance(keys, PlatformKeys) for method in kinds for keys in kinds[method].values())
    assert set(kinds) == set(LINES)
    assert Method.IM not in kinds


def test_a_kind_of_provider_is_no_chat_app() -> None:
    assert "providers" not in set(Platforms())
