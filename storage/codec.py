"""Domain values as JSON text, and back.

What is written must be readable by the next version and, during an upgrade, by the one before: fields are only added,
and have defaults.

Msgspec writes and reads, in a third of the time that pydantic takes: an alert is four of these texts on its way in, and
a tick reads a hundred incidents. What msgspec does not take, pydantic is asked about: it knows more ways in which a
value may be written, and says what is wrong with what it finds.
"""

from collections.abc import Callable, Mapping
from typing import Final, Generic, TypeVar

import msgspec
from pydantic import TypeAdapter

from bot.domain.alert import Alert
from bot.domain.definition import (
    AccountDefinition,
    Body,
    ChannelDefinition,
    IntegrationDefinition,
    Kind,
    ProviderDefinition,
    TeamDefinition,
    WorkspaceDefinition,
)
from bot.domain.event import Event
from bot.domain.handover import Handover
from bot.domain.incident import Incident, Record
from bot.domain.people import Preference
from bot.domain.schedule_definition import CalendarDefinition, ScheduleDefinition
from bot.domain.trade import Trade
from bot.domain.trial import Trial

Value = TypeVar("Value")


def _as_plain(value: object) -> object:
    """Return what the writer knows for what it does not: of mappings it knows dictionaries only."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} cannot be stored")


_WRITER: Final = msgspec.json.Encoder(enc_hook=_as_plain)


class Codec(Generic[Value]):
    """Writes and reads one type."""

    def __init__(self, kind: type[Value]) -> None:
        self._adapter: TypeAdapter[Value] = TypeAdapter(kind)
        self._quickly = _quick_reader(kind) or self._adapter.validate_json

    def write(self, value: Value) -> str:
        """Return the value as JSON text."""
        return _WRITER.encode(value).decode()

    def read(self, text: str) -> Value:
        """Return the value that was written. Raises ValueError, which says what is wrong with the text."""
        try:
            return self._quickly(text)
        except msgspec.DecodeError:
            return self._adapter.validate_json(text)


def _quick_reader(kind: type[Value]) -> Callable[[str], Value] | None:
    """Return what reads the type quickly; None: it has a part that may be one of two classes."""
    try:
        return msgspec.json.Decoder(kind).decode
    except TypeError:
        return None


INCIDENT: Final = Codec(Incident)
ALERT: Final = Codec(Alert)
EVENT: Final = Codec(Event)
RECORD: Final = Codec(Record)
TRADE: Final = Codec(Trade)
HANDOVER: Final = Codec(Handover)
TRIAL: Final = Codec(Trial)
WAYS: Final[Codec[tuple[Preference, ...]]] = Codec(tuple[Preference, ...])
SECRETS: Final[Codec[dict[str, str]]] = Codec(dict[str, str])
BODIES: Final[Mapping[Kind, Codec[Body]]] = {
    Kind.ACCOUNT: Codec[Body](AccountDefinition),
    Kind.TEAM: Codec[Body](TeamDefinition),
    Kind.CALENDAR: Codec[Body](CalendarDefinition),
    Kind.SCHEDULE: Codec[Body](ScheduleDefinition),
    Kind.WORKSPACE: Codec[Body](WorkspaceDefinition),
    Kind.PROVIDER: Codec[Body](ProviderDefinition),
    Kind.CHANNEL: Codec[Body](ChannelDefinition),
    Kind.INTEGRATION: Codec[Body](IntegrationDefinition),
}
