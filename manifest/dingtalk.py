"""What to do in the developer console of DingTalk, step by step: it takes no manifest to paste.

It asks for exactly the scopes that the adapter's calls need. The card template stands beside this file
(`dingtalk_card.json`): its variables, and its blocks from top to bottom. Source:
https://open.dingtalk.com/document/orgapp/create-an-enterprise-internal-application.
Guesses: the names of the console's pages in English, and that the card builder takes no file of another form than its
own, so that the template is drawn by hand after the list that is printed here.
"""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlsplit

# Each scope with its reason, which an admin reads beside it.
SCOPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Card.Instance.Write": "send cards, change them, hear of clicks on them",
        "qyapi_robot_sendmsg": "answer people directly, and send where there is no card template",
        "qyapi_get_member_by_mobile": "link people to accounts by their mobile number",
    }
)
TEMPLATE: Final = "dingtalk_card.json"
_BLOCKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "header": "Title bar: {title}, its colour by {colour} (red orange yellow green blue grey)",
        "tag": "Tag: {text}, its colour by {colour}",
        "markdown": "Markdown: {text}",
        "fields": "Texts in two columns, for each of {items}: k, and v below it",
        "buttons": "Buttons, for each of {items}: text, color, confirm; a click sends action and params",
        "form": "Form {title} with {fields}, its button {submit}; it sends {params} and what was filled in",
        "divider": "Divider",
    }
)


def manifest(url: str | None = None, workspace: str = "dingtalk") -> str:
    """Return the checklist, for Stream, or with `url` for requests from DingTalk to that public address.

    `workspace`: the workspace's name in the configuration, part of the address. Raises ValueError: `url` is not https.
    """
    way = _STREAM
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(
                f"{url!r} is no address that DingTalk can call: it must look like https://oncard.example.com"
            )
        way = _HTTP.replace("{root}", f"{url.rstrip('/')}/im/dingtalk/{quote(workspace, safe='')}")
    width = max(len(scope) for scope in SCOPES)
    scopes = "\n".join(f"     - {scope}{' ' * (width - len(scope))}  # {reason}" for scope, reason in SCOPES.items())
    drawn = template()
    public, private = (_names(drawn, private=private) for private in (False, True))
    said = _TEMPLATE.replace("{scopes}", scopes).replace("{public}", public).replace("{private}", private)
    said = said.replace("{callback}", "STREAM" if url is None else "HTTP").replace("{way}", way)
    return said.replace("{blocks}", "\n".join(_blocks(drawn)))


def template() -> Mapping[str, list[Mapping[str, object]]]:
    """Return the card template: its variables and its layout."""
    drawn: Mapping[str, list[Mapping[str, object]]] = json.loads(
        files("manifest").joinpath(TEMPLATE).read_text(encoding="utf-8")
    )
    return drawn


def _names(drawn: Mapping[str, list[Mapping[str, object]]], *, private: bool) -> str:
    names = [f"{one['name']} ({one['type']})" for one in drawn["variables"] if one["private"] is private]
    return "\n".join(f"       {', '.join(names[at : at + 4])}" for at in range(0, len(names), 4))


def _blocks(drawn: Mapping[str, list[Mapping[str, object]]]) -> Iterator[str]:
    for number, block in enumerate(drawn["layout"], start=1):
        needed = next((block[part] for part in ("when", "items", "text", "title") if part in block), "")
        said = _BLOCKS[str(block["kind"])].format_map({name: str(value) for name, value in block.items()})
        yield f"       {number:2}. {said} [{needed}]"


_TEMPLATE: Final = """\
DingTalk: https://open-dev.dingtalk.com

1. Application development, internal application: create one, named Oncard. Credentials: copy Client ID
   and Client Secret into the workspace's  client_id  and  client_secret.
2. Add capabilities: Robot, named Oncard. If its robotCode is not the Client ID, give it as  robot_code.
{way}
4. Permissions: apply for
{scopes}
   Security, IP allowlist: leave it empty, or add the addresses from which Oncard calls out.
5. Card template, at https://open-dev.dingtalk.com/fe/card: new template, type message card, linked to this app.
   Variables, the same for everybody:
{public}
   Variables, private to each person (tick "private"):
{private}
   (The same as JSON: manifest/dingtalk_card.json in Oncard's sources.)
   Blocks, from top to bottom; each is shown only if what stands in [ ] is not empty:
{blocks}
   Every button and the form: "request callback", by {callback}. Publish, and give the template's id (....schema)
   as  card_template_id. Without a template messages are plain: they never change, and buttons send sentences.
6. Version management: publish a version; visible to everybody who may be paged.
7. In each group (internal groups only): Settings, Robots, add Oncard. Then write  @Oncard help : Oncard's log tells
   the group's id (chat_heard_of, cid...), which DingTalk shows nowhere.
8. A standard organisation has 5,000 calls a month for all its apps together. A card with three changes takes four,
   a picture two.
Then: oncard doctor
"""

_STREAM: Final = """\
   Message mode of the robot: Stream.
3. Start Oncard with this workspace. Events & callbacks: Stream push, verify the connection: it must be up."""

_HTTP: Final = """\
   Message mode of the robot: HTTP, address
     {root}/robot
3. Give the workspace  mode: http  and  api_secret: any long random text  and
     callback_url: {root}/cards
   Oncard registers that address itself when it starts."""
