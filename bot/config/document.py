"""A YAML file as texts, lists and mappings, with the line of each.

Every scalar is text as it is written: `on`, `010`, `+33612345678` and `2026-01-01` mean what they look like, and what
is not given (`~`, `null`, nothing at all) counts as left out. Anchors, aliases and `<<` work; tags do not. Size, depth
and the number of values are bounded, the last after aliases are followed, so that no file can grow when it is read.
"""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

from bot.config import variables
from bot.config.fault import SAID, Fault, quoted

LARGEST_FILE: Final = 1024 * 1024
MOST_VALUES: Final = 50_000
DEEPEST: Final = 24

Path = tuple[str | int, ...]
Value = str | None | list["Value"] | dict[str, "Value"]

_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})
_PLAIN_TAGS: Final = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))
_QUOTED_BY_PARSER: Final = re.compile(r"'(?!<)[^']{3,}'|\"[^\"]{3,}\"")
_WHOLE: Final = "split it, or write its values once each"


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says. `written` holds each text as it stands there, before variables are replaced.

    `unfilled`: the texts with a variable that could not be replaced; a fault tells of each.
    """

    value: dict[str, Value] = field(repr=False)
    lines: Mapping[Path, int]
    written: Mapping[Path, str] = field(repr=False)
    unfilled: frozenset[Path]
    faults: tuple[Fault, ...]

    def line(self, path: Path) -> int:
        """Return the line of a value, or of the nearest thing around it that is there."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def fault(self, path: Path, what: str, mend: str) -> Fault:
        """Return a fault of the value at `path`; `SAID` in its texts becomes the value as it is written there."""
        written = quoted(self.written.get(path, str(path[-1]) if path else ""))
        return Fault(self.line(path), what.replace(SAID, written), mend.replace(SAID, written))


@dataclass(frozen=True, slots=True)
class _Text:
    line: int
    text: str
    plain: bool

    @property
    def is_nothing(self) -> bool:
        """Whether this says that no value is given."""
        return self.plain and self.text in _NOTHING


@dataclass(frozen=True, slots=True)
class _List:
    line: int
    items: list["_Node"]


@dataclass(frozen=True, slots=True)
class _Mapping:
    line: int
    entries: dict[str, tuple[int, "_Node"]]


_Node = _Text | _List | _Mapping


class _Unreadable(Exception):
    """The rest of the file makes no sense after this fault."""

    def __init__(self, line: int, what: str, mend: str) -> None:
        super().__init__(what)
        self.fault = Fault(line, what, mend)


def read(text: str, environment: Mapping[str, str]) -> Document | tuple[Fault, ...]:
    """Return the document; with faults only, if there is none to be had."""
    if len(text.encode(errors="replace")) > LARGEST_FILE:
        return (Fault(1, f"the file is larger than {LARGEST_FILE // 1024} KiB", _WHOLE),)
    composer = _Composer(text)
    try:
        top = composer.compose()
        expansion = _Expansion(environment)
        value = expansion.expand(top, ())
    except _Unreadable as unreadable:
        return (*composer.faults, unreadable.fault)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return (Fault(line, "a character that no YAML file may hold", "remove it; it may not be visible"),)
    except MarkedYAMLError as error:
        return (*composer.faults, _syntax_fault(error))
    except (YAMLError, ValueError, OverflowError):
        # The parser stumbles, with errors of Python's own, over escapes that name no character.
        return (
            *composer.faults,
            Fault(composer.line, "this is not YAML", "look for a stray `\\` or `%` near this line"),
        )
    if not isinstance(value, dict):
        return (
            Fault(top.line, "the file holds no keys such as `accounts:`", "begin with `accounts:` and `channels:`"),
        )
    return Document(
        value,
        expansion.lines,
        expansion.written,
        frozenset(expansion.unfilled),
        (*composer.faults, *expansion.faults),
    )


class _Composer:
    """Makes nodes of the parser's events, one after another, so that it stops as soon as there are too many."""

    def __init__(self, text: str) -> None:
        self.faults: list[Fault] = []
        self.line = 1
        self._anchors: dict[str, _Node | None] = {}
        self._count = 0
        parser = YAML(typ="safe", pure=True)
        self._events: Iterator[Event] = parser.parse(io.StringIO(text))

    def compose(self) -> _Node:
        """Return the one document of the file."""
        node: _Node = _Text(1, "", plain=True)
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                node = self._node(self._next(), 0)
                break
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                raise _Unreadable(_line(event), "a second document begins here", "remove the `---`")
            if isinstance(event, StreamEndEvent):
                break
        return node

    def _next(self) -> Event:
        event = next(self._events)
        self.line = _line(event)
        return event

    def _node(self, event: Event, depth: int) -> _Node:
        self._add(1, _line(event))
        if depth > DEEPEST:
            raise _Unreadable(_line(event), "this is nested too deep", "look for a bracket that is not closed")
        if isinstance(event, AliasEvent):
            return self._aliased(event)
        if not isinstance(event, NodeEvent):
            raise _Unreadable(_line(event), "a value is missing here", "write one")
        self._refuse_tag(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._made(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
            if isinstance(node, _Text) and node.is_nothing:
                fault = Fault(
                    node.line, "an anchor stands here, and no value", "quote the text, if the `&` belongs to it"
                )
                self.faults.append(fault)
        return node

    def _made(self, event: NodeEvent, depth: int) -> _Node:
        if isinstance(event, ScalarEvent):
            return _Text(_line(event), event.value, plain=not event.style and not event.tag)
        if isinstance(event, SequenceStartEvent):
            items = _List(_line(event), [])
            while not isinstance(following := self._next(), SequenceEndEvent):
                items.items.append(self._node(following, depth + 1))
            return items
        return self._mapping(event, depth)

    def _mapping(self, event: NodeEvent, depth: int) -> _Mapping:
        own: dict[str, tuple[int, _Node]] = {}
        merged: list[_Mapping] = []
        while not isinstance(key := self._next(), MappingEndEvent):
            if not isinstance(key, ScalarEvent):
                raise _Unreadable(_line(key), "a key must be text", "quote it, if it begins with a sign")
            self._refuse_tag(key)
            line = _line(key)
            value = self._node(self._next(), depth + 1)
            if key.value == "<<" and not key.style:
                merged += self._to_merge(value, line)
            elif key.value in own:
                what = f"{quoted(key.value)} is given twice, first on line {own[key.value][0]}"
                self.faults.append(Fault(line, what, "keep one of them"))
            else:
                own[key.value] = (line, value)
        entries = dict(own)
        for one in merged:
            self._add(len(one.entries), one.line)
            entries |= {name: entry for name, entry in one.entries.items() if name not in entries}
        return _Mapping(_line(event), entries)

    def _to_merge(self, value: _Node, line: int) -> list[_Mapping]:
        wanted = value.items if isinstance(value, _List) else [value]
        mappings = [node for node in wanted if isinstance(node, _Mapping)]
        if len(mappings) != len(wanted):
            raise _Unreadable(line, "`<<` takes in a mapping, and this is none", "name the anchor of a mapping")
        return mappings

    def _aliased(self, event: AliasEvent) -> _Node:
        # What follows the sign may be a password that should have been quoted: it is not shown.
        node = self._anchors.get(event.anchor)
        if node is None:
            inside = event.anchor in self._anchors
            what = "an alias stands inside of what it means" if inside else "no anchor of this name stands above"
            raise _Unreadable(_line(event), what, "quote the text, if the `*` belongs to it")
        return node

    def _refuse_tag(self, event: NodeEvent) -> None:
        if isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent) and event.tag is not None:
            tag = str(event.ctag)
            if tag not in _PLAIN_TAGS:
                raise _Unreadable(_line(event), "tags are not taken here", "quote the text, if the `!` belongs to it")

    def _add(self, number: int, line: int) -> None:
        self._count += number
        if self._count > MOST_VALUES:
            raise _Unreadable(line, f"the file holds more than {MOST_VALUES} values", _WHOLE)


class _Expansion:
    """Follows the aliases and puts in the variables."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.lines: dict[Path, int] = {}
        self.written: dict[Path, str] = {}
        self.unfilled: set[Path] = set()
        # The same text may be reached by several aliases: each fault counts once.
        self.faults: dict[Fault, None] = {}
        self._environment = environment

    def expand(self, node: _Node, path: Path) -> Value:
        """Return the value of a node, and remember where it and all in it stands."""
        self.lines.setdefault(path, node.line)
        if len(self.lines) > MOST_VALUES or len(path) > DEEPEST:
            what = f"with its aliases followed, the file holds more than {MOST_VALUES} values, or is nested too deep"
            raise _Unreadable(node.line, what, _WHOLE)
        if isinstance(node, _Text):
            return self._text(node, path)
        if isinstance(node, _List):
            return [self.expand(item, (*path, index)) for index, item in enumerate(node.items)]
        entries: dict[str, Value] = {}
        for name, (line, value) in node.entries.items():
            self.lines[*path, name] = line
            expanded = self.expand(value, (*path, name))
            if expanded is not None:
                entries[name] = expanded
        return entries

    def _text(self, node: _Text, path: Path) -> Value:
        if node.is_nothing:
            return None
        self.written[path] = node.text
        if not variables.has_any(node.text):
            return node.text

        def complain(what: str, mend: str) -> None:
            self.unfilled.add(path)
            self.faults[Fault(node.line, what, mend)] = None

        return variables.fill(node.text, self._environment, complain)


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1 if event.start_mark else 1


def _syntax_fault(error: MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    # The parser quotes what it stumbled over, and that may be a password: only one or two signs are kept.
    problem = _QUOTED_BY_PARSER.sub("…", str(error.problem or error.context or "it cannot be read"))
    line = int(mark.line) + 1 if mark else 1
    return Fault(line, f"this is not YAML: {problem.strip().splitlines()[0]}", _how_to_mend(problem))


def _how_to_mend(problem: str) -> str:
    if "\\t" in problem:
        return "indent with spaces"
    if "mapping values" in problem or "could not find expected ':'" in problem:
        return "look at the indentation, and quote a text that holds a colon"
    if "<stream end>" in problem or "',' or" in problem:
        return "look for a bracket or a quote that is not closed, and quote a text that holds `${` inside of brackets"
    if "cannot start any token" in problem:
        return "quote the text that begins with this sign"
    return "look at the indentation of this line and the one before"
