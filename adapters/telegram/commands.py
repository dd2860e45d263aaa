"""The commands that Telegram offers when somebody types a slash, published where they differ from what it has.

In groups it is `/oncard` alone, since other bots hear what is typed there, too; where messages for one person are known
it is typed so that only they and our bot see it. https://core.telegram.org/bots/api#setmycommands
"""

from collections.abc import Iterator
from typing import Final

from adapters.telegram.api import Api
from adapters.telegram.texts import COMMAND
from cards import contacts, words
from cards.words import name_of

LANGUAGES: Final = ("", "zh")
"""The language codes for which there is a list; the empty one is for all others."""

IN_PRIVATE: Final = {
    COMMAND: words.DOES_ANYTHING,
    "list": words.DOES_LIST,
    "who": words.DOES_WHO,
    "me": contacts.DOES_ME,
    "status": words.DOES_STATUS,
    "help": words.DOES_HELP,
}
IN_GROUPS: Final = {COMMAND: words.DOES_ANYTHING}

Listed = list[dict[str, object]]


def lists(*, is_private: bool) -> Iterator[tuple[dict[str, object], str, Listed]]:
    """Yield each list with its scope and its language code; `is_private`: nobody else sees commands in groups."""
    for kind, named in (("all_private_chats", IN_PRIVATE), ("all_group_chats", IN_GROUPS)):
        extra = {"is_ephemeral": True} if is_private and named is IN_GROUPS else {}
        for language in LANGUAGES:
            shown = [{"command": name, "description": name_of(language, does), **extra} for name, does in named.items()]
            yield {"type": kind}, language, shown


async def publish(api: Api, *, is_private: bool) -> None:
    """Publish the lists that Telegram does not have yet. Raises TelegramFailed."""
    for scope, language, wanted in lists(is_private=is_private):
        where = {"scope": scope, "language_code": language}
        if await api.call("getMyCommands", where) != wanted:
            await api.call("setMyCommands", {**where, "commands": wanted})
