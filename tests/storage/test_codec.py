"""What is written of a value is read as the same value, whatever it holds."""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.domain.alert import Alert
from bot.domain.definition import (
    AccountDefinition,
    ChannelDefinition,
    IntegrationDefinition,
    Kind,
    ProviderDefinition,
    TeamDefinition,
    WorkspaceDefinition,
)
from bot.domain.event import Event, Severity
from bot.domain.handover import Handover
from bot.domain.incident import Incident, Record
from bot.domain.schedule_definition import CalendarDefinition, ScheduleDefinition
from bot.domain.trade import Trade
from bot.domain.trial import Trial
from storage import codec
from storage.codec import Codec

KINDS: dict[type, Codec[Any]] = {
    Alert: codec.ALERT,
    Event: codec.EVENT,
    Handover: codec.HANDOVER,
    Incident: codec.INCIDENT,
    Record: codec.RECORD,
    Trade: codec.TRADE,
    Trial: codec.TRIAL,
    AccountDefinition: codec.BODIES[Kind.ACCOUNT],
    CalendarDefinition: codec.BODIES[Kind.CALENDAR],
    ChannelDefinition: codec.BODIES[Kind.CHANNEL],
    IntegrationDefinition: codec.BODIES[Kind.INTEGRATION],
    ProviderDefinition: codec.BODIES[Kind.PROVIDER],
    ScheduleDefinition: codec.BODIES[Kind.SCHEDULE],
    TeamDefinition: codec.BODIES[Kind.TEAM],
    WorkspaceDefinition: codec.BODIES[Kind.WORKSPACE],
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_was_written_is_read(kind: type) -> None:
    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(st.from_type(kind))
    def is_read(value: object) -> None:
        try:
            written = KINDS[kind].write(value)
        except OverflowError:
            reject()  # A number beyond what a database takes.
        read = KINDS[kind].read(written)
        assert read == value
        # Whichever reads it, and down to what a comparison would not see: a list in the place of a tuple, a plain word.
        assert shape(read) == shape(TypeAdapter(kind).validate_json(written))

    is_read()


def shape(value: object) -> object:
    """Return a value with the type of each of its parts."""
    if is_dataclass(value):
        return type(value), [shape(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Mapping):
        return type(value), {key: (shape(key), shape(one)) for key, one in value.items()}
    if isinstance(value, (set, frozenset)):
        return type(value), {one: shape(one) for one in value}
    if isinstance(value, (tuple, list)):
        return type(value), [shape(one) for one in value]
    return type(value), value


def test_what_a_hand_has_written_is_read() -> None:
    by_hand = '{"status": "Warning", "title": "disk full", "starts_at": 1795230000}'

    assert codec.EVENT.read(by_hand) == Event(
        Severity.WARNING, "disk full", starts_at=datetime.fromtimestamp(1795230000, UTC)
    )


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{"status": "Warning"}', "title"),
        ('{"status": "Awful", "title": "disk full"}', "status"),
        ('{"status": "Warning", "title": 7}', "title"),
        ('{"status": "Warning", "title": "disk', "EOF"),
        ("", "EOF"),
    ],
)
def test_what_cannot_be_read_is_refused_and_said(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        codec.EVENT.read(text)


def test_a_mapping_of_another_kind_is_written_as_a_dictionary_is() -> None:
    labels = {"host": "db-1"}

    written = codec.EVENT.write(Event(Severity.INFO, "disk full", labels=ChainMap(labels)))

    assert codec.EVENT.read(written).labels == labels


def test_what_is_no_plain_value_is_refused() -> None:
    with pytest.raises(TypeError, match="object cannot be stored"):
        codec.SECRETS.write({"token": object()})  # type: ignore[dict-item]
