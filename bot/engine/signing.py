"""Signed links: what a message lets its reader do by opening an address, once, within a day, and as nobody else.

A token holds whose it is, by which line it was sent, until when it counts, and the sentence of the button that it
stands for. It is safe in an address, and nobody can make one up or change one. Whoever has it can only ask: the page
behind it acts when its button is pressed.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from bot import commands
from bot.clock import Clock
from bot.commands import VERBS, Command
from bot.domain.people import LINES, AccountId, Method, WorkspaceId
from storage.vault import Vault

LASTS: Final = timedelta(hours=24)
PURPOSE: Final = "link"
# What makes sense without another word. What asks for more has a form, which a link cannot show.
PROMISED: Final = frozenset({"ack", "unack", "escalate", "close", "reopen"})


@dataclass(frozen=True, slots=True)
class Promise:
    """What a link does when its page is confirmed: `sentence`, said by `account`, to whom it was sent by `line`."""

    account: AccountId
    line: WorkspaceId
    sentence: str
    expires: datetime

    @property
    def command(self) -> Command | None:
        """What is to be done, to one incident; None: a version of Oncard that is gone knew it."""
        command = commands.parse(self.sentence, is_token=True)
        return command if isinstance(command, Command) and len(command.numbers) == 1 else None


@dataclass(frozen=True, slots=True)
class Signing:
    """Makes the links of messages, and reads them. `public_url`: our address, without a slash at its end, or empty."""

    vault: Vault
    public_url: str
    clock: Clock

    def __call__(self, tokens: Iterable[str], account: int, method: Method) -> Mapping[str, str]:
        """Return an address for each token that a page can ask about; none where nobody outside reaches us."""
        return self.links_for(tokens, AccountId(account), LINES[method]) if self.public_url else {}

    def links_for(self, tokens: Iterable[str], account: AccountId, line: WorkspaceId) -> dict[str, str]:
        """Return the addresses of the tokens that a page can ask about, from now on for as long as links last."""
        expires = self.clock.now() + LASTS
        promised = ((token, sentence) for token in tokens if (sentence := _promised(token)))
        return {
            token: f"{self.public_url}/links/{self.token(Promise(account, line, sentence, expires))}"
            for token, sentence in promised
        }

    def token(self, promise: Promise) -> str:
        """Return the promise as it stands in an address."""
        said = base64.urlsafe_b64encode(promise.sentence.encode()).decode().rstrip("=")
        until = int(promise.expires.timestamp())
        return self.vault.sign(PURPOSE, f"{promise.account}.{promise.line}.{until}.{said}")

    def read(self, token: str) -> Promise | None:
        """Return what was promised, whether it counts still or not; None: it is none of ours, or was changed."""
        text = self.vault.signed(PURPOSE, token)
        parts = text.split(".") if text is not None else []
        try:
            account, line, until, said = parts
            sentence = base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)).decode()
            expires = datetime.fromtimestamp(int(until), UTC)
            return Promise(AccountId(int(account)), WorkspaceId(int(line)), sentence, expires)
        except (ValueError, OverflowError, binascii.Error):
            return None


def trigger_of(token: str) -> str:
    """Return what makes a link's action one and the same, however often the link is used."""
    return hashlib.sha256(token.encode()).hexdigest()


def _promised(token: str) -> str:
    """Return what a button's link does at once where the button itself would ask in a form; empty: it needs more."""
    command = commands.parse(token, is_token=True)
    if not isinstance(command, Command) or command.verb not in PROMISED or len(command.numbers) != 1:
        return ""
    # The version that counts is that of the page, which shows the incident as it is when the link is opened.
    return commands.sentence(replace(command, asks=False, rest="", seen=None)) if VERBS[command.verb].numbered else ""
