"""Who the bot can reach: the checks that stand before sending and editing, in the server's order and words."""

from dataclasses import dataclass
from typing import Literal

from bot.playground.telegram.refusal import Refusal, bad_request, forbidden
from bot.playground.telegram.workspace import Chat, User, Workspace

Access = Literal["read", "edit", "write"]


@dataclass(frozen=True, slots=True)
class Door:
    """Checks a chat id for one kind of access."""

    workspace: Workspace
    access: Access

    def open(self, chat_id: str) -> Chat:
        """Return the chat; raises `Refusal`."""
        if not chat_id:
            raise bad_request("chat_id is empty")
        chat = self.workspace.chats.get(chat_id)
        if chat is None:
            raise self._unknown(chat_id)
        if chat.kind == "private":
            self._person(self.workspace.users[chat.id])
        elif chat.kind == "group":
            self._group(chat)
        else:
            self._supergroup(chat)
        if self.access == "write" and chat.standing == "restricted":
            raise bad_request("not enough rights to send text messages to the chat")
        return chat

    def _unknown(self, chat_id: str) -> Refusal:
        user = self.workspace.users.get(chat_id)
        if user is not None and user.is_bot:
            return forbidden("bots can't send messages to bots")
        return bad_request("chat not found")

    def _person(self, user: User) -> None:
        if self.access == "read":
            return
        if user.deleted:
            raise forbidden("user is deactivated")
        if user.blocked:
            raise forbidden("bot was blocked by the user")
        if not user.started:
            met = any(chat.here and self.workspace.sees(user.id, chat) for chat in _groups(self.workspace))
            raise forbidden("bot can't initiate conversation with a user") if met else bad_request("chat not found")

    def _group(self, chat: Chat) -> None:
        if self.access == "write" and chat.migrated_to:
            moved = {"migrate_to_chat_id": int(chat.migrated_to)}
            raise Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", {**moved})
        if self.access == "write" and chat.deleted:
            raise forbidden("the group chat was deleted")
        if self.access != "read":
            self._standing(chat)

    def _supergroup(self, chat: Chat) -> None:
        if chat.deleted:
            raise forbidden("the group chat was deleted")
        self._standing(chat)

    def _standing(self, chat: Chat) -> None:
        if chat.standing == "kicked":
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        if chat.standing == "left":
            raise forbidden(f"bot is not a member of the {chat.kind} chat")


def _groups(workspace: Workspace) -> list[Chat]:
    return [chat for chat in workspace.chats.values() if chat.kind != "private"]
