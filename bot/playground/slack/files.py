"""Files that an app uploads: an address for the bytes, the bytes, and the sharing.

An address takes exactly as many bytes as were announced. How long it lives, with which status it refuses, and how long
a description may be is not published: they are guesses. A file is shared only where the bot is a member, whatever its
scopes. Sources: https://docs.slack.dev/reference/methods/files.getUploadURLExternal, .../files.completeUploadExternal;
that a person's id is no channel: https://github.com/slackapi/bolt-js/issues/2115.
"""

import json
import re
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Final

from bot.playground.slack.call import Call
from bot.playground.slack.chat import parent_of
from bot.playground.slack.refusal import Refusal, refused_content
from bot.playground.slack.workspace import Draft, File, Workspace
from bot.playground.wire import JsonObject, as_objects, as_text

ADDRESS_LIFE: Final = timedelta(minutes=10)
LARGEST: Final = 1_000_000_000
LONGEST_ALT: Final = 1000
_CHANNEL: Final = "^[CGDZ][A-Z0-9]{8,}$"


def get_upload_url(call: Call) -> JsonObject:
    """Announce a file, and return its id and where its bytes go."""
    name, length = call.text("filename"), call.text("length")
    if not length.isdigit() or not 0 < int(length) <= LARGEST:
        raise refused_content("invalid_arguments", ["must be greater than or equal to 1 [json-pointer:/length]"])
    alt = call.optional("alt_txt")
    if len(alt) > LONGEST_ALT:
        raise Refusal("alt_txt_too_large")
    workspace = call.workspace
    file = File(f"F{len(workspace.files) + 1:08d}", name, int(length), alt, workspace.clock.now())
    workspace.files[file.id] = file
    key = f"{file.id}-{secrets.token_hex(8)}"
    workspace.addresses[key] = file.id
    return {"ok": True, "upload_url": f"http://{call.address}/upload/v1/{key}", "file_id": file.id}


def take_upload(workspace: Workspace, key: str, data: bytes) -> None:
    """Take the bytes of a file; raises `Refusal`."""
    file = workspace.files.get(workspace.addresses.get(key, ""))
    if file is None or workspace.clock.now() - file.at > ADDRESS_LIFE:
        raise Refusal("upload_url_expired")
    if len(data) != file.length:
        raise Refusal("length_mismatch")
    workspace.files[file.id] = replace(file, data=data)


def complete_upload(call: Call) -> JsonObject:
    """Share files that were uploaded into one conversation, with words or without; once."""
    workspace = call.workspace
    given = as_objects(_files(call))
    files = [workspace.files.get(as_text(one.get("id"))) for one in given]
    if not given:
        raise refused_content("invalid_arguments", ["missing required field: files"])
    found = [file for file in files if file is not None and file.data and not file.shared]
    if len(found) != len(files):
        raise Refusal("file_not_found")
    wanted = call.optional("channel_id")
    if wanted:
        _share(call, wanted, tuple(file.id for file in found))
    for file, asked in zip(found, given, strict=True):
        workspace.files[file.id] = replace(file, shared=True, title=as_text(asked.get("title")) or file.name)
    return {"ok": True, "files": [{"id": file.id, "title": workspace.files[file.id].title} for file in found]}


def _share(call: Call, wanted: str, files: tuple[str, ...]) -> None:
    workspace = call.workspace
    if not re.fullmatch(_CHANNEL, wanted):
        fault = f"input must match regex pattern: {_CHANNEL} [json-pointer:/channel_id]"
        raise refused_content("invalid_arguments", [fault])
    channel = workspace.writable(workspace.known(wanted), to_post=True)
    if not channel.bot_member:
        raise Refusal("not_in_channel")
    message = workspace.new_message(channel.id, workspace.bot.id, Draft(call.optional("initial_comment"), files=files))
    thread_ts = call.optional("thread_ts")
    if thread_ts:
        message = replace(message, thread_ts=parent_of(call, channel, thread_ts))
    workspace.post(message)


def _files(call: Call) -> object:
    given = call.arguments.get("files")
    try:
        return json.loads(given) if isinstance(given, str) else given
    except ValueError:
        raise refused_content("invalid_arguments", ["must provide an array [json-pointer:/files]"]) from None
