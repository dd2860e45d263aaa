"""Through which door somebody acted, where it is no workspace: by the names that the law records."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

BY_DOOR: Final[Mapping[str, str]] = MappingProxyType(
    {
        "": "{name}",
        "cli": "{name} from the command line",
        "api": "{name} through the API",
        "sms": "{name} by SMS",
        "voice": "{name} by phone",
        "email": "{name} by e-mail",
        "push": "{name} by push",
    }
)
BY_SMS: Final = "By SMS only ack, unack, escalate, close, undo, show and list are carried out. Nothing changed."
