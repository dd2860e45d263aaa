"""What a running service writes to standard error: one line per event, as text for people or as JSON for machines.

Rules: every line has its time (UTC) and its level. No line holds a secret: what looks like one is taken out of every
text, and a traceback says where it went wrong, never which values were in memory. Libraries that log by themselves
come out in the same form, from their warnings on.
"""

import logging
import os
import re
import sys
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN: Final = "…"
# The web server says on its own logger where it listens, and why it cannot.
_TALKATIVE: Final = "uvicorn.error"
_IN_TEXT: Final = re.compile(
    r"""(?ix)
    (?P<name> [\w-]*(?:key|password|secret|signature|ticket|token)["']?\s*[=:]\s*["']? | \b(?:bearer|geniekey)\s+ )
    [^\s"'&,;<>()\[\]{}]+
    | (?P<scheme> ://) [^\s/@]+ @
    """
)
# What none of this is in has no secret either, and is looked through at once.
_MAY_HOLD_ONE: Final = re.compile(r"(?i)[=:]|bearer|geniekey")
_OF_A_SECRET: Final = re.compile(r"(?i)(?:^|_)(?:authorization|key|password|secret|ticket|token)$")


class Style(StrEnum):
    """How a line is written."""

    TEXT = "text"
    JSON = "json"


def style(environment: Mapping[str, str]) -> Style:
    """Return what `ONCARD_LOG` asks for, text if it is not set. Raises ValueError when it names no style."""
    wanted = environment.get("ONCARD_LOG", "") or Style.TEXT
    if wanted not in tuple(Style):
        raise ValueError(f"ONCARD_LOG is {wanted!r}: set it to {' or '.join(Style)}")
    return Style(wanted)


def configure(wanted: Style, level: int = logging.INFO) -> None:
    """Let everything that is logged from here on, at `level` or above, come out in this style."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_secrets,
    ]
    renderer = _renderer(wanted)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    of_libraries = _Handler()
    of_libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    for former in [handler for handler in root.handlers if isinstance(handler, _Handler)]:
        root.removeHandler(former)
    root.addHandler(of_libraries)
    root.setLevel(logging.WARNING)
    logging.getLogger(_TALKATIVE).setLevel(level)


def without_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Take out of an event what looks like a secret."""
    del logger, method  # Whoever says it, however loud.
    return {name: _shown(name, value) for name, value in event.items()}


def _shown(name: str, value: object) -> object:
    if _is_of_a_secret(name):
        return HIDDEN
    return _IN_TEXT.sub(_hidden, value) if isinstance(value, str) and _MAY_HOLD_ONE.search(value) else value


@lru_cache(maxsize=1024)
def _is_of_a_secret(name: str) -> bool:
    return _OF_A_SECRET.search(name) is not None


def _hidden(found: re.Match[str]) -> str:
    scheme = found["scheme"]
    return f"{scheme}{HIDDEN}@" if scheme else f"{found['name']}{HIDDEN}"


def _renderer(wanted: Style) -> Processor:
    if wanted is Style.JSON:
        return structlog.processors.JSONRenderer()
    # The library's own way to show a traceback prints the variables too.
    # Whoever sets NO_COLOR wants no colours: https://no-color.org.
    in_colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return structlog.dev.ConsoleRenderer(colors=in_colour, exception_formatter=structlog.dev.plain_traceback)


class _Handler(logging.StreamHandler[TextIO]):
    """Writes to what standard error is at the moment, as Oncard's own lines do."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)
