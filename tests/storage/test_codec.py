"""What is written of a value is read as the same value, whatever it holds."""

from collections import ChainMap
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

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
        assert KINDS[kind].read(written) == value

    is_read()


def test_a_mapping_of_another_kind_is_written_as_a_dictionary_is() -> None:
    labels = {"host": "db-1"}

    written = codec.EVENT.write(Event(Severity.INFO, "disk full", labels=ChainMap(labels)))

    assert codec.EVENT.read(written).labels == labels


def test_what_is_no_plain_value_is_refused() -> None:
    with pytest.raises(TypeError, match="object cannot be stored"):
        codec.SECRETS.write({"token": object()})  # type: ignore[dict-item]
