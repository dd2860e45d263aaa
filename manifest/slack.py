"""The app manifest to paste at https://api.slack.com/apps ("Create New App", "From a manifest").

It asks for exactly the scopes that the adapter's calls need. Schema: https://docs.slack.dev/reference/app-manifest.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlsplit

# Each scope with its reason, which an admin reads beside it.
SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "chat:write": "post cards, edit them, answer clicks",
        "chat:write.public": "post into public channels without being invited",
        "commands": "/oncard",
        "files:write": "show a schedule as a picture",
        "im:write": "open direct messages to those who must act",
        "users:read": "look people up",
        "users:read.email": "link people to accounts by their e-mail address",
    }
)


def manifest(url: str | None = None, workspace: str = "slack") -> str:
    """Return the manifest in YAML, for Socket Mode, or with `url` for requests from Slack to that public address.

    `workspace`: the workspace's name in the configuration, part of the address. Raises ValueError: `url` is not https.
    """
    if url is None:
        return _TEMPLATE.format(scopes=_scopes(), command_url="", request_url="", socket_mode="true")
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{url!r} is no address that Slack can call: it must look like https://oncard.example.com")
    root = f"{url.rstrip('/')}/im/slack/{quote(workspace, safe='')}"
    return _TEMPLATE.format(
        scopes=_scopes(),
        command_url=f"\n      url: {json.dumps(f'{root}/commands')}",
        request_url=f"\n    request_url: {json.dumps(f'{root}/interactive')}",
        socket_mode="false",
    )


def _scopes() -> str:
    width = max(len(scope) for scope in SCOPES)
    return "\n".join(f'      - "{scope}"{" " * (width - len(scope))}  # {reason}' for scope, reason in SCOPES.items())


_TEMPLATE: Final = """\
display_information:
  name: Oncard
  description: On-call in your chat - alerts in, one live card out.
  background_color: "#1f2937"
features:
  app_home:
    home_tab_enabled: false
    messages_tab_enabled: true
    messages_tab_read_only_enabled: false
  bot_user:
    display_name: oncard
    always_online: true
  slash_commands:
    - command: /oncard{command_url}
      description: Incidents and on-call
      usage_hint: "help"
      should_escape: true
oauth_config:
  scopes:
    bot:
{scopes}
settings:
  interactivity:
    is_enabled: true{request_url}
  org_deploy_enabled: false
  socket_mode_enabled: {socket_mode}
  token_rotation_enabled: false
"""
