"""What a card's values may be: strings only, keys of at most 100 bytes, values of at most 1 KB.

The codes of these refusals are guesses; DingTalk's documentation gives the limits and not what breaking them answers.
"""

from typing import Final

from bot.playground.dingtalk.refusal import Refusal
from bot.playground.wire import JsonObject, as_object

KEY_BYTES: Final = 100
VALUE_BYTES: Final = 1024
OUT_TRACK_ID_LENGTH: Final = 100
OPEN_SPACE_ID_LENGTH: Final = 1000


def check_values(values: JsonObject) -> dict[str, str]:
    """Return a `cardParamMap` if it keeps the limits; raises `Refusal` with the key that does not."""
    checked: dict[str, str] = {}
    for key, value in values.items():
        if not isinstance(value, str):
            raise Refusal("param.invalid", f"cardParamMap.{key}: values are strings, this is {type(value).__name__}")
        if len(key.encode()) > KEY_BYTES:
            raise Refusal("param.invalid", f"cardParamMap.{key}: a key has at most {KEY_BYTES} bytes")
        if len(value.encode()) > VALUE_BYTES:
            size = len(value.encode())
            raise Refusal("param.invalid", f"cardParamMap.{key}: {size} bytes, a value has at most {VALUE_BYTES}")
        checked[key] = value
    return checked


def check_private(values: object) -> dict[str, dict[str, str]]:
    """Return a `privateData` by userId if it keeps the limits; raises `Refusal`."""
    return {user: check_values(as_object(as_object(v).get("cardParamMap"))) for user, v in as_object(values).items()}
