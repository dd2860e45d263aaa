"""The rules of the house that no linter knows, as functions from a module's source to its faults.

They read the syntax tree: names and texts in code count, comments and docstrings do not.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePath

PLATFORMS = {
    "dingtalk": "dingtalk",
    "feishu": "feishu",
    "lark": "feishu",
    "msteams": "teams",
    "slack": "slack",
    "telegram": "telegram",
    "wecom": "wecom",
    "zoom": "zoom",
}
"""A name that gives a platform away, and how the platform's own files begin. "Teams" is a word of the product too."""

OF_PLATFORMS = ("adapters", "cards", "manifest", "bot/playground")
"""The folders in which a platform has files of its own."""

READS_THE_TIME = "bot/clock.py"

TIME = frozenset(
    {
        "asyncio.sleep",
        "datetime.date.today",
        "datetime.datetime.now",
        "datetime.datetime.today",
        "datetime.datetime.utcnow",
        *(f"time.{name}" for name in ("time", "monotonic", "perf_counter", "process_time", "sleep", "gmtime")),
        *(f"time.{name}" for name in ("time_ns", "monotonic_ns", "perf_counter_ns", "localtime", "ctime")),
    }
)
"""What reads the time or sleeps."""

_OF_TIME = frozenset(name.split(".")[0] for name in TIME)

MOST_LINES = 450
LONGEST_WAIT = 0.05
EMPTY_WORDS = frozenset({"base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"})


@dataclass(frozen=True, slots=True)
class Module:
    """A source file: its path from the top of the project, with slashes, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parsed(self)

    @property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All of the tree, the module itself first."""
        return _walked(self)


@lru_cache(maxsize=1)
def _parsed(module: Module) -> ast.Module:
    """Return the syntax tree: one rule after the other asks for it, and it is large."""
    return ast.parse(module.text, module.path)


@lru_cache(maxsize=1)
def _walked(module: Module) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(module.tree))


def platform_names(module: Module) -> Iterator[str]:
    """Yield each use of a platform's name outside its own files."""
    for line, words in _words(module.nodes):
        for name in re.findall(r"[a-z]+", words.lower()):
            if name in PLATFORMS and not _belongs_to(module.path, PLATFORMS[name]):
                yield f"{module.path}:{line}: names {name}: ask the adapter's capabilities, or move this to its files"


def reads_the_time(module: Module) -> Iterator[str]:
    """Yield each reading of the time and each sleep outside the clock."""
    if module.path == READS_THE_TIME:
        return
    for node, name in _names_of_time(module.nodes):
        if name in TIME:
            yield f"{module.path}:{node.lineno}: uses {name}: take `now` or a clock as an argument"


def waits_in_tests(module: Module) -> Iterator[str]:
    """Yield each sleep of a test that is not surely as short as `LONGEST_WAIT` seconds."""
    if "sleep" not in module.text:
        return
    names = {id(node): name for node, name in _names_of_time(module.nodes)}
    for node in module.nodes:
        if not isinstance(node, ast.Call):
            continue
        name = names.get(id(node.func))
        if name == "time.sleep" or (name == "asyncio.sleep" and not _is_short(node)):
            yield f"{module.path}:{node.lineno}: {name} in a test: wait for what should happen, with a deadline"


def is_too_long(module: Module) -> Iterator[str]:
    """Yield a fault for a module that nobody reads in one sitting."""
    lines = len(module.text.splitlines())
    if lines > MOST_LINES:
        yield f"{module.path}: {lines} lines, more than {MOST_LINES}: split it by meaning"


def says_nothing(module: Module) -> Iterator[str]:
    """Yield a fault for a name that could stand over anything, and for a module that does not say what it is for."""
    path = PurePath(module.path)
    for part in (*path.parent.parts, path.stem):
        if EMPTY_WORDS & set(part.split("_")):
            yield f"{module.path}: {part} says nothing: name it by what it is for"
    if module.text.strip() and ast.get_docstring(module.tree) is None:
        yield f"{module.path}: has no docstring: say what it is for, and its rules"


def _belongs_to(path: str, platform: str) -> bool:
    of_platforms = any(path.startswith(f"{folder}/") for folder in OF_PLATFORMS)
    return of_platforms and any(part.startswith(platform) for part in PurePath(path).parts)


def _words(nodes: Sequence[ast.AST]) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each name and each string that is not a docstring, split into words."""
    docstrings = {id(statement.value) for statement in nodes if isinstance(statement, ast.Expr)}
    for node in nodes:
        match node:
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                yield node.lineno, text
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield node.lineno, _snake(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, _snake(name)
            case ast.keyword(arg=str(name)):
                yield node.lineno, _snake(name)
            case ast.ImportFrom(module=str(name)):
                yield node.lineno, name
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)


def _snake(name: str) -> str:
    """Return `name` with its words apart: SlackCard and slackCard become Slack Card and slack Card."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name)


def _names_of_time(nodes: Sequence[ast.AST]) -> Iterator[tuple[ast.expr, str]]:
    """Yield each name and attribute of the modules of `TIME` with what it means by the imports: `dt.now` in full."""
    imported = {name: full for name, full in _imports(nodes) if full.split(".")[0] in _OF_TIME}
    if not imported:
        return
    for node in nodes:
        if isinstance(node, ast.Name | ast.Attribute):
            first, dot, rest = _written(node).partition(".")
            if first in imported:
                yield node, imported[first] + dot + rest


def _written(node: ast.expr) -> str:
    """Return a name, or an attribute of a name, as it stands in the code; nothing for an attribute of anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            of = _written(value)
            return f"{of}.{name}" if of else ""
    return ""


def _imports(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield each imported name with what it stands for."""
    for node in nodes:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    top = alias.name.split(".")[0]
                    yield (alias.asname, alias.name) if alias.asname else (top, top)
            case ast.ImportFrom(module=str(module), names=names):
                for alias in names:
                    yield alias.asname or alias.name, f"{module}.{alias.name}"


def _is_short(call: ast.Call) -> bool:
    match call.args:
        case [ast.Constant(value=int() | float() as seconds)]:
            return seconds <= LONGEST_WAIT
    return False
