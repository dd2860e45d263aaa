"""Access tokens: one per app, the same one for as long as it is valid, renewed by asking for it."""

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

LIFE: Final = timedelta(seconds=7200)


class Tokens:
    """The app's access token; `hide` is told of each new one."""

    def __init__(self, hide: Callable[[Iterable[str]], None]) -> None:
        self._hide = hide
        self._token = ""
        self._until: datetime | None = None

    def issue(self, now: datetime) -> str:
        """Return the valid token, for another two hours, or a new one."""
        if not self.valid(self._token, now):
            self._token = secrets.token_hex(16)
            self._hide([self._token])
        self._until = now + LIFE
        return self._token

    def valid(self, token: str, now: datetime) -> bool:
        """Whether a call may use `token`."""
        return bool(token) and token == self._token and self._until is not None and now < self._until

    def revoke(self) -> None:
        """Make the present token invalid before its time."""
        self._until = None
