"""The configuration file, read: a `Config`, or every fault in it at once, each with its line and how to mend it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config import document, names, settings, whole
from bot.config.context import Context
from bot.config.document import Document, Path
from bot.config.fault import SAID, Fault, did_you_mean, one_of, quoted
from bot.config.part import LEAVE_OUT, NOT_YET, Part, Reading
from bot.config.schema import File
from bot.config.settings import Settings
from bot.domain.definition import IntegrationDefinition
from bot.domain.people import Method

_KINDS: Final[Mapping[str, str]] = {
    "dict_type": "a mapping belongs here",
    "list_type": "a list belongs here",
    "mapping_type": "a mapping belongs here",
    "model_type": "a mapping belongs here",
    "tuple_type": "a list belongs here",
}


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration without faults.

    `settings` belong to the workspaces of the file, in the same order, and `providers` to its providers likewise.
    """

    file: File = field(repr=False)
    settings: tuple[Settings, ...]
    providers: Mapping[Method, tuple[Settings, ...]]


def load(text: str, context: Context) -> Config | tuple[Fault, ...]:
    """Return what the file says, or all its faults in the order of their lines."""
    found = document.read(text, context.environment)
    if not isinstance(found, Document):
        return tuple(sorted(found))
    known, faults = names.gather(found)
    workspaces, unsettled = settings.workspaces(found, context)
    providers, unprovided = settings.providers(found, context)
    file, misread = _file(found, Reading(known, context))
    mistaken = (*_mapping_faults(file, found, context), *whole.schedule_faults_of(file, found)) if file else ()
    filtered = whole.filter_faults(found)
    everything = {*found.faults, *faults, *unsettled, *unprovided, *misread, *filtered, *mistaken}
    if file is None or everything:
        return tuple(sorted(everything))
    return Config(file, workspaces, providers)


def check(text: str, context: Context) -> tuple[Fault, ...]:
    """Return the faults of the file, in the order of their lines."""
    found = load(text, context)
    return () if isinstance(found, Config) else found


def _file(found: Document, reading: Reading) -> tuple[File | None, tuple[Fault, ...]]:
    try:
        return File.model_validate(found.value, context=reading), ()
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        return None, tuple(_faults(errors, found))


def _faults(errors: Iterable[ErrorDetails], found: Document) -> Iterator[Fault]:
    for error in errors:
        # What a mapping's own key does wrong is reported under that key.
        path = error["loc"][:-1] if error["loc"][-1:] == ("[key]",) else error["loc"]
        if error["type"] == "fault":
            # What may stand alone in the place of a list has no place of its own in it.
            while path not in found.lines:
                path = path[:-1]
        if path not in found.unfilled:
            what, mend = _words(error, path, found)
            said = quoted(str(path[-1])) if error["loc"][-1:] == ("[key]",) else SAID
            yield found.fault(path, what.replace(SAID, said), mend)


def _words(error: ErrorDetails, path: Path, found: Document) -> tuple[str, str]:
    said = error.get("ctx", {})
    kind = error["type"]
    last = str(path[-1]) if path else ""
    if kind == "fault":
        return str(said["what"]), str(said["mend"])
    if kind == "missing":
        return f"{quoted(last)} is {'empty' if path in found.lines else 'missing'}", "give it a value"
    if kind == "extra_forbidden":
        return _unknown(last, _part_at(path[:-1]))
    if kind == "too_long":
        return f"{quoted(last)} has {said['actual_length']} entries", f"write at most {said['max_length']}"
    what = _KINDS.get(kind, "this cannot be read")
    return what, "look at the indentation, and at the `-` that begins each entry of a list"


def _unknown(key: str, part: type[Part]) -> tuple[str, str]:
    if key in part.not_yet:
        return f"{quoted(key)} {NOT_YET}", LEAVE_OUT
    fields = tuple(part.model_fields)
    return f"there is no key {quoted(key)} here", did_you_mean(key, (*fields, *part.not_yet), f"use {one_of(fields)}")


def _part_at(path: Path) -> type[Part]:
    """Return the model of the mapping at `path`."""
    part: type[Part] = File
    for step in path:
        if isinstance(step, str):
            part = next(_parts_in(part.model_fields[step].annotation))
    return part


def _parts_in(annotation: object) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and issubclass(annotation, Part):
        yield annotation
    for inner in get_args(annotation):
        yield from _parts_in(inner)


def _mapping_faults(file: File, found: Document, context: Context) -> Iterator[Fault]:
    for place, channel in enumerate(file.channels):
        for index, part in enumerate(channel.integrations):
            mapped = IntegrationDefinition(part.name, part.source, channel.name, part.fields, part.values)
            for fault in context.check_mapping(mapped) if part.fields or part.values else ():
                path: Path = ("channels", place, "integrations", index, *fault.key.split(".", 2))
                yield found.fault(path, f"{quoted(fault.key)}: {fault.what}", fault.mend)
