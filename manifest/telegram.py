"""What to say to @BotFather, step by step: Telegram takes no manifest to paste.

The commands are listed as the adapter publishes them by itself when it connects, so nobody has to type them.
Source: https://core.telegram.org/bots/features#botfather.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlsplit

# By where Telegram offers them: its own names for the two scopes.
COMMANDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "all_private_chats": MappingProxyType(
            {
                "oncard": "incidents and on-call, for example: ack 42",
                "list": "open incidents, the most urgent first",
                "who": "who would be paged now, level by level",
                "me": "who you are, how you are told, and how to change it",
                "status": "how Oncard itself is",
                "help": "all commands, or one",
            }
        ),
        "all_group_chats": MappingProxyType({"oncard": "incidents and on-call, for example: ack 42"}),
    }
)
UPDATES: Final = ("message", "callback_query", "my_chat_member")
PORTS: Final = (None, 443, 80, 88, 8443)


def manifest(url: str | None = None, workspace: str = "telegram") -> str:
    """Return the checklist, for polling, or with `url` for requests from Telegram to that public address.

    `workspace`: the workspace's name in the configuration, part of the address. Raises ValueError: Telegram cannot
    call `url`.
    """
    way = _POLLING
    if url is not None:
        if not _can_be_called(url):
            raise ValueError(
                f"{url!r} is no address that Telegram can call: it must look like https://oncard.example.com, at port "
                "443, 80, 88 or 8443"
            )
        address = f"{url.rstrip('/')}/im/telegram/{quote(workspace, safe='')}"
        way = _WEBHOOK.replace("{address}", address).replace("{updates}", ", ".join(UPDATES))
    private, groups = (_listed(COMMANDS[scope]) for scope in ("all_private_chats", "all_group_chats"))
    return _TEMPLATE.replace("{way}", way).replace("{private}", private).replace("{groups}", groups)


def _can_be_called(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and port in PORTS and not parts.query + parts.fragment


def _listed(commands: Mapping[str, str]) -> str:
    width = max(len(name) for name in commands)
    return "\n".join(f"     /{name}{' ' * (width - len(name))}  {does}" for name, does in commands.items())


_TEMPLATE: Final = """\
Telegram: write to https://t.me/BotFather

1. /newbot: a name (Oncard), and a username that ends with "bot". Copy the token that it answers
   into the workspace's  bot_token . Whoever has it is the bot; /revoke makes another one.
2. /setprivacy, the bot, Enable: in groups the bot then hears what is meant for it, and no more.
3. /setjoingroups, the bot, Enable. /setinline: leave it off.
4. Commands need nothing: Oncard publishes them when it connects, in English and Chinese.
   In the chat with the bot:
{private}
   In groups:
{groups}
{way}
6. Add the bot to each group, as a member. As an administrator (without any right) it can also show
   somebody at any time what only they see (ephemeral messages, Bot API 10.2).
   The group's id is a negative number; it changes when a group becomes a supergroup. It stands in what
   https://api.telegram.org/bot<token>/getUpdates  shows before Oncard is started.
7. Everybody who may be paged opens the chat with the bot and presses Start: Telegram lets no bot begin.
   Then they type  link  there, which says how to become known; or a person's id goes into the workspace's  links .
Then: oncard doctor
"""

_POLLING: Final = """\
5. Start Oncard: it asks Telegram for updates, and needs no public address."""

_WEBHOOK: Final = """\
5. In the workspace's configuration:
     webhook_url: {address}
     webhook_secret: (long and random: A-Z, a-z, 0-9, _ and -)
   Start Oncard: it registers the address by itself, for the updates {updates}."""
