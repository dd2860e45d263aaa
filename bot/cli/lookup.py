"""Finds what a command names: a file's text, a channel, an incident's number, the person who acts.

What is not found is refused, in one line that says how to mend it.
"""

import re
import sys
from pathlib import Path
from typing import Final

import click

from bot.cli.refused import Refused
from bot.config.fault import did_you_mean, one_of, quoted
from bot.domain.incident import IncidentId
from bot.domain.organisation import Channel, Organisation
from bot.domain.people import Account, Role
from bot.domain.schedule import Schedule
from bot.engine import rota

_NUMBER: Final = re.compile(r"#?([0-9]{1,18})")


class Number(click.ParamType[IncidentId]):
    """The number of an incident, as it stands on its card: `42` or `#42`."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> IncidentId:
        found = _NUMBER.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is no number of an incident, such as 42", param, ctx)
        return IncidentId(int(found[1]))


def text_of(file: str) -> str:
    """Return what the file says; `-` is standard input. Raises Refused."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise Refused(f"cannot read {file}: {error.strerror or error}; see that the path is right") from error
    except UnicodeDecodeError as error:
        raise Refused(f"cannot read {file}: it is not text in UTF-8; save it as such") from error


def channel(organisation: Organisation, name: str) -> Channel:
    """Return the channel of that name. Raises Refused, with the nearest name."""
    known = {one.name: one for one in organisation.channels.values() if one.active}
    if name in known:
        return known[name]
    otherwise = (
        f"there is {one_of(known)}" if known else "none is configured yet: add one under `channels` and apply it"
    )
    raise Refused(f"there is no channel {quoted(name)}; {did_you_mean(name, known, otherwise)}")


def schedule(organisation: Organisation, name: str) -> Schedule:
    """Return the schedule of that name. Raises Refused, with the nearest name."""
    known = {one.name: one for one in rota.active(organisation)}
    if name in known:
        return known[name]
    otherwise = (
        f"there is {one_of(known)}" if known else "none is configured yet: add one under `schedules` and apply it"
    )
    raise Refused(f"there is no schedule {quoted(name)}; {did_you_mean(name, known, otherwise)}")


AS: Final = click.option(
    "--as",
    "email",
    metavar="EMAIL",
    envvar="ONCARD_AS",
    show_envvar=True,
    help="Who acts. Default: the owner, if there is one only.",
)
"""Lets a command be told who acts: what it is told is for `acting`."""


def acting(organisation: Organisation, email: str | None) -> Account:
    """Return the account that acts: the one of that address, else the only owner. Raises Refused."""
    accounts = [account for account in organisation.people.accounts.values() if account.active]
    if email:
        known = {account.email.casefold(): account for account in accounts}
        if email.casefold() in known:
            return known[email.casefold()]
        mend = did_you_mean(email, known, "name the e-mail address of an account")
        raise Refused(f"there is no account {quoted(email)}; {mend}")
    owners = [account for account in accounts if account.role is Role.OWNER]
    if len(owners) == 1:
        return owners[0]
    why = f"the owners are {one_of(owner.email for owner in owners)}" if owners else "there is no owner"
    raise Refused(f"it is not clear who acts: {why}; say it with --as EMAIL, or set ONCARD_AS")
