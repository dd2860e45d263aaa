"""What a look at a bot finds: what it hears, who listens, and each chat. It never polls, which would end a poll."""

from collections.abc import Sequence
from typing import Final

from adapters.telegram.api import Api
from adapters.telegram.config import Mode
from adapters.telegram.errors import TelegramFailed
from adapters.telegram.texts import Me
from bot.adapter import Finding

# More wait when nobody fetches them.
MOST_WAITING: Final = 20


async def diagnose(api: Api, mode: Mode, webhook: str, chats: Sequence[str]) -> list[Finding]:
    """Look at the bot, and at each chat; `webhook` is our own address. Raises TelegramFailed."""
    told = await api.get("getMe")
    me = Me(str(told.get("id")), str(told.get("username")))
    findings = [Finding(f"the token is that of @{me.username}"), _privacy(told)]
    if told.get("can_join_groups") is False:
        findings.append(Finding("the bot cannot be added to groups", "send /setjoingroups to @BotFather, then Enable"))
    findings += _listener(await api.get("getWebhookInfo"), mode, webhook)
    return findings + [await _chat(api, me, chat) for chat in chats]


def _privacy(told: dict[str, object]) -> Finding:
    if told.get("can_read_all_group_messages") is not True:
        return Finding("privacy mode is on: in groups the bot hears what is meant for it, and no more")
    return Finding(
        "privacy mode is off: the bot is sent everything that is written in its groups",
        "send /setprivacy to @BotFather, then Enable; then remove the bot from its groups and add it again",
    )


def _listener(info: dict[str, object], mode: Mode, webhook: str) -> list[Finding]:
    """Say who gets the updates: Telegram does not tell who polls, but what waits tells whether anybody does."""
    url, waiting = info.get("url"), info.get("pending_update_count")
    findings = []
    if mode is Mode.POLLING and url:
        mend = "stop the program that has set it, or give Oncard a bot of its own"
        findings.append(Finding("a webhook is set, so that nobody can poll", mend))
    elif mode is Mode.WEBHOOK and url != webhook:
        mend = "start `oncard serve`, which sets it; if it changes again, another program uses this bot"
        findings.append(Finding("Telegram does not call the address of this workspace", mend))
    elif url and info.get("last_error_message") and waiting:
        mend = "see that webhook_url can be reached from outside, with a certificate that is valid"
        findings.append(Finding(f"Telegram could not reach us: {info.get('last_error_message')}", mend))
    else:
        findings.append(Finding("Telegram calls this workspace" if url else "the bot is free to be polled"))
    if isinstance(waiting, int) and waiting > MOST_WAITING:
        findings.append(Finding(f"{waiting} updates wait: nobody takes them", "see that `oncard serve` runs"))
    return findings


async def _chat(api: Api, me: Me, chat: str) -> Finding:
    mend = "add the bot to the group, and give the group's id as Telegram writes it, such as -1001234567890"
    try:
        about = await api.get("getChat", {"chat_id": chat})
        member = await api.get("getChatMember", {"chat_id": chat, "user_id": me.id})
    except TelegramFailed as failure:
        return Finding(f"chat {chat} cannot be read: {failure.detail}", mend)
    status = member.get("status")
    if status in ("left", "kicked"):
        return Finding(f"the bot is not in chat {chat} ({status})", mend)
    permissions = about.get("permissions")
    by_all = permissions.get("can_send_messages") if isinstance(permissions, dict) else True
    may = member.get("can_send_messages") if status == "restricted" else by_all or status == "administrator"
    if may is False:
        mend = "let the bot send messages there, or make it an administrator"
        return Finding(f"the bot may not write into chat {chat}", mend)
    return Finding(f"the bot is in chat {chat}")
