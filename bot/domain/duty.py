"""Whom and which chats the levels tell, and who of them could not be told: people whom no chat app knows."""

from bot.domain.escalation import Chat
from bot.domain.organisation import Organisation
from bot.domain.people import Account


def on_duty(organisation: Organisation) -> tuple[Account, ...]:
    """Return everybody whom any level of any channel would tell now, by name."""
    people = organisation.people
    named = {
        account: None
        for channel in organisation.channels.values()
        if channel.active
        for rule in channel.rules
        for level in rule.levels
        for account in people.resolve(level.targets)
    }
    return tuple(sorted((people.accounts[number] for number in named), key=lambda one: (one.name, one.id)))


def chats_told(organisation: Organisation) -> tuple[Chat, ...]:
    """Return the chats of the workspaces in use that any level of any channel tells, each once."""
    active = {one.id for one in organisation.workspaces.values() if one.active}
    return tuple(
        dict.fromkeys(
            chat
            for channel in organisation.channels.values()
            if channel.active
            for rule in channel.rules
            for level in rule.levels
            for chat in level.chats
            if chat.workspace in active
        )
    )


def unreachable(organisation: Organisation) -> tuple[Account, ...]:
    """Return those on duty who are linked in no workspace."""
    active = {one.id for one in organisation.workspaces.values() if one.active}
    linked = {link.account for link in organisation.links if link.workspace in active}
    return tuple(account for account in on_duty(organisation) if account.id not in linked)
