"""Feeds of shifts: their addresses, and what is to be had there.

An address holds what it stands for and which number it has, signed with our key. It does not expire, because calendar
programs ask for years; once a newer one is made in its place, it leads nowhere. A feed is made once for what is
configured and for the month, and kept.
"""

import asyncio
import hashlib
import importlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.domain import feed as shifts
from bot.domain.feed import Feed
from bot.domain.organisation import Organisation
from bot.domain.people import AccountId
from bot.domain.schedule import ScheduleId
from bot.engine.picture import Picture
from cards import feed as cards
from cards.card import Note
from storage import feeds
from storage.database import Connection, Database
from storage.vault import Vault

PURPOSE: Final = "feed"
MOST_KEPT: Final = 256
WORDS: Final = frozenset({"feed", "ics", "ical", "calendar", "订阅", "日历"})
"""What asks for one's own feed, after the word for schedules."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a calendar program gets, and the tag by which it can tell that nothing has changed."""

    body: bytes
    tag: str


class Feeds:
    """Makes the addresses of feeds, and answers whoever asks there."""

    def __init__(self, database: Database, picture: Picture, vault: Vault, clock: Clock, public_url: str) -> None:
        """Take the parts. `public_url`: our address, without a slash at its end; empty: nobody reaches us."""
        self._database = database
        self._picture = picture
        self._vault = vault
        self._clock = clock
        self._public_url = public_url
        self._kept: OrderedDict[Feed, tuple[int, datetime, Content]] = OrderedDict()
        self._making = asyncio.Lock()

    @property
    def is_reachable(self) -> bool:
        """Whether there is an address that leads here."""
        return bool(self._public_url)

    async def address(self, connection: Connection, feed: Feed, *, rotate: bool = False) -> str:
        """Return where a feed is to be had; with `rotate`, from now on only there. Empty: nobody reaches us."""
        number = await (feeds.rotate if rotate else feeds.issue)(connection, feed)
        token = self._vault.sign(PURPOSE, f"{feed.schedule or 0}.{feed.account or 0}.{number}")
        return f"{self._public_url}/schedules/{token}.ics" if self._public_url else ""

    async def content(self, token: str) -> Content | None:
        """Return what is to be had at an address.

        None: it is none of ours, there is a newer one in its place, or what it stands for is gone.
        """
        read = self._read(token)
        if read is None:
            return None
        feed, number = read

        async def work(connection: Connection) -> Organisation | None:
            is_newest = await feeds.issue(connection, feed) == number
            return await self._picture.current(connection) if is_newest else None

        organisation = await self._database.read(work)
        if organisation is None or not _exists(feed, organisation):
            return None
        return await self._content(feed, organisation)

    def _read(self, token: str) -> tuple[Feed, int] | None:
        text = self._vault.signed(PURPOSE, token)
        if text is None:
            return None
        schedule, account, number = (int(part) for part in text.split("."))
        return Feed(ScheduleId(schedule) if schedule else None, AccountId(account) if account else None), number

    async def _content(self, feed: Feed, organisation: Organisation) -> Content:
        now = self._clock.now()
        state = (organisation.revision, shifts.span(now)[0])
        # One at a time: what many ask for at once is made once, and clicks are answered meanwhile.
        async with self._making:
            kept = self._kept.get(feed)
            if kept is None or kept[:2] != state:
                content = await asyncio.to_thread(self._made, feed, organisation, now)
                kept = self._kept[feed] = (*state, content)
            self._kept.move_to_end(feed)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return kept[2]

    def _made(self, feed: Feed, organisation: Organisation, now: datetime) -> Content:
        accounts = organisation.people.accounts
        found = shifts.duties(feed, organisation.schedules, now)
        # The library of calendars takes a tenth of a second to load: not for every command.
        render = importlib.import_module("cards.feed_text").render
        body: bytes = render(self._head(feed, organisation, now), found, lambda account: accounts[account].name)
        return Content(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')

    def _head(self, feed: Feed, organisation: Organisation, now: datetime) -> cards.Head:
        stamp, host = shifts.span(now)[0], urlsplit(self._public_url).hostname or "oncard"
        if feed.account is not None:
            person = organisation.people.accounts[feed.account]
            return cards.Head(person.name, person.timezone, stamp, host, person.locale, is_own=True)
        schedule = organisation.schedules[ScheduleId(feed.schedule or 0)]
        return cards.Head(schedule.name, schedule.timezone, stamp, host)


async def own(
    connection: Connection, known: Feeds | None, account: AccountId | None, organisation: Organisation
) -> Note:
    """Return where somebody finds their own shifts, in all schedules."""
    if account is None:
        raise LookupError("only who has an account has shifts")
    person = organisation.people.accounts[account]
    address = await known.address(connection, Feed(account=account)) if known else ""
    return cards.own(address, person.email, person.locale)


def _exists(feed: Feed, organisation: Organisation) -> bool:
    schedule = organisation.schedules.get(feed.schedule) if feed.schedule is not None else None
    account = organisation.people.accounts.get(feed.account) if feed.account is not None else None
    if feed.schedule is not None and (schedule is None or not schedule.active):
        return False
    return account.active if account is not None else feed.account is None
