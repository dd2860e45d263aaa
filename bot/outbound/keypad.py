"""What the keys of a call do: settings of every provider of calls that takes keys, which the core reads.

Where a call can say what was not approved beforehand and takes several keys, there is `spoken_code` too: for a
severity, and those that are worse, a code is spoken that must be pressed in the place of `acknowledge_key`; no machine
that takes a call knows it.
"""

from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from bot.domain.event import Severity

Key = Annotated[str, Field(pattern=r"^[0-9]$")]


class Keys(BaseModel):
    """One digit for each of what a person can do."""

    acknowledge_key: Key = "1"
    escalate_key: Key = "2"
    again_key: Key = "0"

    @model_validator(mode="after")
    def _has_different_keys(self) -> Self:
        if len({self.acknowledge_key, self.escalate_key, self.again_key}) < 3:
            raise ValueError("acknowledge_key: it, escalate_key and again_key must be three different keys")
        return self


class Keypad(Keys):
    """The same for a call that can speak a code."""

    spoken_code: str = ""

    @field_validator("spoken_code")
    @classmethod
    def _is_severity(cls, severity: str) -> str:
        if severity and severity.lower() not in {one.lower() for one in Severity}:
            raise ValueError(f"it must be a severity: {', '.join(Severity)}")
        return severity


KEYS: Final = tuple(Keys.model_fields)
SETTINGS: Final = tuple(Keypad.model_fields)
"""Their names: of the keys alone, and with the code."""
