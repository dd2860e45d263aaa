"""Who is on duty, and who of them could not be told."""

from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    Kept,
    LevelDefinition,
    RuleDefinition,
    Said,
    TargetDefinition,
    TeamDefinition,
    WorkspaceDefinition,
)
from bot.domain.duty import on_duty, unreachable
from bot.domain.organisation import Organisation
from bot.domain.organise import organise
from bot.domain.people import AccountId, ChatLink, TargetKind, WorkspaceId

ACME, OLD = WorkspaceId(11), WorkspaceId(12)


def organisation(*links: ChatLink) -> Organisation:
    """Return Ana and Bo on one level, Chen on another, Dee nowhere, Eve in a channel that is gone."""
    people = [
        Kept(number, AccountDefinition(f"{name}@example.com", name.title()))
        for number, name in enumerate(("ana", "bo", "chen", "dee", "eve"), start=1)
    ]
    team = LevelDefinition((TargetDefinition(TargetKind.TEAM, "sre"),))
    chen = LevelDefinition((TargetDefinition(TargetKind.ACCOUNT, "chen@example.com"),))
    eve = LevelDefinition((TargetDefinition(TargetKind.ACCOUNT, "eve@example.com"),))
    kept = [
        *people,
        Kept(10, TeamDefinition("sre", ("ana@example.com", "bo@example.com"))),
        Kept(11, WorkspaceDefinition("acme", "chatty")),
        Kept(12, WorkspaceDefinition("old", "chatty"), active=False),
        Kept(
            13, ChannelDefinition("payments", escalation=(RuleDefinition("a", (team,)), RuleDefinition("b", (chen,))))
        ),
        Kept(14, ChannelDefinition("gone", escalation=(RuleDefinition("a", (eve,)),)), active=False),
    ]
    return organise(1, kept, Said(links))


def test_everybody_whom_a_level_would_tell_is_on_duty() -> None:
    assert [one.name for one in on_duty(organisation())] == ["Ana", "Bo", "Chen"]


def test_who_is_linked_in_no_workspace_cannot_be_reached() -> None:
    ana, bo = ChatLink(ACME, "U1", AccountId(1)), ChatLink(OLD, "U2", AccountId(2))
    assert [one.name for one in unreachable(organisation(ana, bo))] == ["Bo", "Chen"]
