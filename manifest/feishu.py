"""What to do in the developer console of Feishu or Lark, step by step: it takes no manifest to paste.

It asks for exactly the scopes that the adapter's calls need, and for the events that it reads. The names of the
console's pages are those of its English form. Source: https://open.feishu.cn/document/develop-process/self-built-application-
development-process.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlsplit

# Each scope with its reason, which an admin reads beside it.
SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "im:message:send_as_bot": "post cards, answer clicks",
        "im:message:update": "change cards that were posted",
        "im:message.p2p_msg:readonly": "read what is written to the bot directly",
        "im:message.group_at_msg:readonly": "read what mentions the bot in a group",
        "im:resource:upload": "show schedules as pictures",
        "im:chat:read": "tell whether the bot is in a group (oncard doctor)",
        "contact:user.id:readonly": "link people to accounts by their e-mail address",
    }
)
EVENTS: Final[Mapping[str, str]] = MappingProxyType({"im.message.receive_v1": "commands: @bot in a group, or directly"})
CALLBACKS: Final[Mapping[str, str]] = MappingProxyType({"card.action.trigger": "buttons and forms on cards"})


def manifest(url: str | None = None, workspace: str = "feishu") -> str:
    """Return the checklist, for the long connection, or with `url` for requests from Feishu to that public address.

    `workspace`: the workspace's name in the configuration, part of the address. Raises ValueError: `url` is not https.
    """
    way = _LONG_CONNECTION
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(
                f"{url!r} is no address that Feishu can call: it must look like https://oncard.example.com"
            )
        way = _HTTP.replace("{address}", f"{url.rstrip('/')}/im/feishu/{quote(workspace, safe='')}/events")
    way = way.replace("{events}", _listed(EVENTS)).replace("{callbacks}", _listed(CALLBACKS))
    return _TEMPLATE.replace("{scopes}", _listed(SCOPES)).replace("{way}", way)


def _listed(names: Mapping[str, str]) -> str:
    width = max(len(name) for name in names)
    return "\n".join(f"     - {name}{' ' * (width - len(name))}  # {reason}" for name, reason in names.items())


_TEMPLATE: Final = """\
Feishu: https://open.feishu.cn/app     Lark: https://open.larksuite.com/app
(for Lark, give the workspace  api_base_url: https://open.larksuite.com/)

1. Create Custom App, named Oncard. Credentials & Basic Info: copy App ID and App Secret
   into the workspace's  app_id  and  app_secret.
2. Add Features: Bot.
3. Permissions & Scopes, "Tenant token scopes", add:
{scopes}
   Contact data range: all staff, or everybody who may be paged.
{way}
6. Security, IP allowlist: leave it empty, or add the addresses from which Oncard calls out.
7. Version Management & Release: create a version. Availability: everybody who may be paged;
   whoever is outside of it gets no message. Publish, and have an admin approve it:
   nothing works before, and each later change needs a new version.
8. In each group: Settings, Bots, Add Bot, Oncard. The group's id stands in its settings (oc_...).
Then: oncard doctor
"""

_LONG_CONNECTION: Final = """\
4. Start Oncard with this workspace: the console saves the next step only while it is connected.
5. Events & Callbacks, Event Configuration: receive events through persistent connection. Add:
{events}
   Callback Configuration (a tab of its own): receive callbacks through persistent connection. Add:
{callbacks}"""

_HTTP: Final = """\
4. Events & Callbacks, Encryption Strategy: set an Encrypt Key, and copy it and the Verification Token
   into the workspace's  encrypt_key  and  verification_token. Start Oncard: the console tries the address.
5. Event Configuration: send events to developer's server, Request URL
     {address}
   Add:
{events}
   Callback Configuration (a tab of its own): send callbacks to developer's server, the same Request URL. Add:
{callbacks}"""
