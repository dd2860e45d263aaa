"""`oncard check`: what is wrong with a configuration file, line by line, without a database; and what may go wrong."""

import os
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import click

from bot import sources
from bot.cli.configuration import faults_as_json
from bot.cli.lint import as_values
from bot.cli.lookup import text_of
from bot.cli.screen import one_line, print_json, print_line
from bot.clock import SystemClock
from bot.config import document, holidays, whereabouts
from bot.config.context import Context
from bot.config.define import define
from bot.config.document import Document
from bot.config.load import Config, load
from bot.domain import lint
from bot.domain.definition import Definition, Kept, Kind
from bot.domain.lint import Beside, Finding
from bot.domain.simulate import assumed
from bot.main import Platforms, ProviderKinds, mapping_faults
from cards import lint as said

_Found = tuple[int, Finding]


@click.command
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--strict", is_flag=True, help="Exit 1 if there is any finding, too.")
def command(file: str, *, as_json: bool, strict: bool) -> None:
    """Check a configuration file.

    Each fault is a line: FILE:LINE: what is wrong; how to mend it. Without faults, one line says
    what the file holds, and each finding is a line: what is allowed and will go wrong all the same.
    FILE may be - for standard input.
    """
    there_is = Context(os.environ, Platforms(), sources.names(), None, mapping_faults, ProviderKinds())
    text = text_of(file)
    loaded = load(text, there_is)
    if not isinstance(loaded, Config):
        if as_json:
            print_json(faults_as_json(file, loaded))
        else:
            for fault in loaded:
                click.echo(fault.said(file))
        sys.exit(1)
    definitions = define(loaded)
    found = _findings(text, there_is.environment, definitions)
    if as_json:
        values = as_values([finding for _, finding in found])
        listed = [{"line": line, **value} for (line, _), value in zip(found, values, strict=True)]
        print_json({**faults_as_json(file, ()), "findings": listed})
    else:
        print_line(f"{file}: no faults ({_contents(definitions)})")
        for line, one in found:
            what = f"{one.grade}: {said.why(one, 'en')}; {said.mend(one, 'en')} [{one.code}]"
            click.echo(f"{file}:{line}: {one_line(what)}")
    sys.exit(1 if strict and found else 0)


def _findings(text: str, environment: Mapping[str, str], definitions: Sequence[Definition]) -> list[_Found]:
    """Return what is found without a database, in the order of the lines."""
    read = document.read(text, environment)
    if not isinstance(read, Document):
        raise TypeError("the file was loaded, so it can be read")
    bodies = [one.body for one in definitions]
    organisation = replace(assumed(bodies), national=holidays.national)
    kept = [Kept(number, body) for number, body in enumerate(bodies, start=1)]
    beside = Beside(kept, holidays.last_known_swap, finds=True)
    found = lint.findings(organisation, (), SystemClock().now(), beside)
    return sorted(((whereabouts.line(read, one.where), one) for one in found), key=lambda each: each[0])


def _contents(definitions: Sequence[Definition]) -> str:
    counts = Counter(definition.kind for definition in definitions)
    said_of = [f"{counts[kind]} {kind}{'' if counts[kind] == 1 else 's'}" for kind in Kind if counts[kind]]
    return ", ".join(said_of) or "nothing is configured"
