"""`oncard manifest`: what to paste into a platform's console. Platforms are found by name, in the folder `manifest`."""

import importlib
import pkgutil

import click

import manifest


@click.command
@click.argument(
    "platform", metavar="PLATFORM", type=click.Choice([found.name for found in pkgutil.iter_modules(manifest.__path__)])
)
@click.option(
    "--url",
    metavar="URL",
    help="The public https address of Oncard, if the platform is to call it. Default: it is not.",
)
@click.option(
    "--workspace", metavar="NAME", help="The workspace's name in the configuration, if it is not the platform's."
)
def command(platform: str, url: str | None, workspace: str | None) -> None:
    """Print what to paste into a chat platform's console.

    Without --url, for a connection that Oncard opens itself: then it needs no public address.
    """
    module = importlib.import_module(f"manifest.{platform}")
    try:
        text: str = module.manifest(url, workspace or platform)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--url") from error
    click.echo(text, nl=False)
