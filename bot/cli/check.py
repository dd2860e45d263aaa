"""`oncard check`: what is wrong with a configuration file, line by line, without a database."""

import os
import sys
from collections import Counter

import click

from bot import sources
from bot.cli.configuration import faults_as_json
from bot.cli.lookup import text_of
from bot.cli.screen import print_json, print_line
from bot.config.context import Context
from bot.config.define import define
from bot.config.load import Config, load
from bot.domain.definition import Kind
from bot.main import Platforms, ProviderKinds, mapping_faults


@click.command
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: str, as_json: bool) -> None:
    """Check a configuration file.

    Each fault is a line: FILE:LINE: what is wrong; how to mend it. Without faults, one line says what the file holds.
    FILE may be - for standard input.
    """
    there_is = Context(os.environ, Platforms(), sources.names(), None, mapping_faults, ProviderKinds())
    found = load(text_of(file), there_is)
    faults = () if isinstance(found, Config) else found
    if as_json:
        print_json(faults_as_json(file, faults))
    elif isinstance(found, Config):
        print_line(f"{file}: no faults ({_contents(found)})")
    else:
        for fault in faults:
            click.echo(fault.said(file))
    sys.exit(1 if faults else 0)


def _contents(config: Config) -> str:
    counts = Counter(definition.kind for definition in define(config))
    said = [f"{counts[kind]} {kind}{'' if counts[kind] == 1 else 's'}" for kind in Kind if counts[kind]]
    return ", ".join(said) or "nothing is configured"
