"""What a call says: lines that are read aloud, and the keys that it waits for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Script:
    """One turn of a call: its lines are spoken in `locale`, then it waits for keys.

    `digits`: how many keys it waits for; 0: it says its lines and hangs up. `again`: so often it is said once more when
    no key is pressed, after which `pressed` is told that none was.
    """

    lines: tuple[str, ...]
    locale: str = "en"
    digits: int = 1
    again: int = 1
