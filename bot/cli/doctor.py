"""`oncard doctor`: tries every configured workspace, and says what is wrong and how to mend it."""

import importlib
import sys
from collections.abc import Mapping, Sequence

import click

from bot.adapter import Finding
from bot.cli import session
from bot.cli.refused import Refused
from bot.cli.screen import print_json, print_line
from bot.config.fault import quoted
from bot.engine.checkup import Checked, Checkup
from bot.main import Service


@click.command
@click.option(
    "--try",
    "chat",
    metavar="WORKSPACE/CHAT",
    help="Post a button to this chat, and wait for a minute until somebody presses it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(chat: str | None, as_json: bool) -> None:
    """Try every workspace and every provider, and say what is wrong.

    Connects to each as the service does, asks what is granted and whether our bot is in the chats that are configured,
    and looks for people on duty whom no workspace knows. Exits with 1 if anything is to be mended.
    """
    found = session.run(lambda service: _look(service, chat))
    is_right = all(one.is_right for one in found)
    if as_json:
        print_json({"ok": is_right, "findings": [_as_json(one) for one in found]})
    else:
        _print(found)
    if not is_right:
        sys.exit(1)


async def _look(service: Service, chat: str | None) -> list[Checked]:
    checkup = Checkup(service.database, service.picture, (service.connections, service.lines), service.clock, _scopes)
    try:
        found = await checkup.run()
        return [*found, *([await _press(checkup, chat)] if chat is not None else _advice(found))]
    finally:
        await service.connections.close()
        await service.lines.close()


async def _press(checkup: Checkup, chat: str) -> Checked:
    workspace, slash, name = chat.partition("/")
    if not slash:
        raise Refused(f"{quoted(chat)} names no chat; write its workspace too, such as `acme/C0123456789`")
    click.echo(f"Press the button in {chat} within a minute.", err=True)
    try:
        return await checkup.press(workspace, name)
    except LookupError as error:
        raise Refused(f"there is no workspace {quoted(workspace)}") from error


def _advice(found: Sequence[Checked]) -> list[Checked]:
    """Say how a click is tried, which takes a person."""
    is_any = any(one.workspace and one.is_right for one in found)
    return [Checked(Finding("whether clicks come back: oncard doctor --try WORKSPACE/CHAT"))] if is_any else []


def _scopes(platform: str) -> Mapping[str, str]:
    """Return the scopes that a platform's manifest asks for."""
    try:
        module = importlib.import_module(f"manifest.{platform}")
    except ModuleNotFoundError:
        return {}
    found: Mapping[str, str] = getattr(module, "SCOPES", {})
    return found


def _print(found: Sequence[Checked]) -> None:
    workspace: str | None = None
    for one in found:
        if one.workspace != workspace:
            workspace = one.workspace
            print_line(workspace or "everywhere", "bold")
        mark, colour = ("ok", "green") if one.is_right else ("!!", "red")
        print_line(f"  {mark}  {one.finding.what}", colour)
        if one.finding.mend:
            print_line(f"      {one.finding.mend}")


def _as_json(one: Checked) -> dict[str, object]:
    return {
        "workspace": one.workspace or None,
        "ok": one.is_right,
        "what": one.finding.what,
        "mend": one.finding.mend or None,
    }
