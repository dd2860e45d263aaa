"""Words of which the next version may know more: old and new code read each other's rows during an upgrade."""

from enum import StrEnum


class Growing(StrEnum):
    """A word that is not known here is kept as it was written, and is equal to none of those that are."""

    @classmethod
    def _missing_(cls, value: object) -> "Growing | None":
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_, unknown._value_ = value.upper(), value
        return unknown
