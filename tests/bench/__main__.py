"""`python -m tests.bench [NAME ...]`: runs these benchmarks, or all but the soak."""

import importlib
from pathlib import Path

import click

from tests.bench import machine
from tests.bench.figures import say
from tests.bench.plan import Plan, Void

NAMES = ("ingest", "latency", "scale", "start", "storm")
SOAK = "soak"


@click.command
@click.argument("names", nargs=-1, type=click.Choice((*NAMES, SOAK)))
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="How often each is measured.")
@click.option("--seconds", type=click.FloatRange(1), default=10.0, show_default=True, help="One measurement's length.")
@click.option("--minutes", type=click.FloatRange(0.5), default=30.0, show_default=True, help="The soak's length.")
@click.option("--rate", type=click.FloatRange(1), default=100.0, show_default=True, help="The soak's alerts a second.")
@click.option("--folder", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Where the data goes.")
def main(
    names: tuple[str, ...], *, rounds: int, seconds: float, minutes: float, rate: float, folder: Path | None
) -> None:
    """Run benchmarks, one after the other; without NAMES all but the soak, which takes half an hour."""
    voids = []
    for name in names or NAMES:
        try:
            plan = Plan(folder or machine.folder_on_disk(), rounds, seconds, minutes, rate)
            say(machine.described(plan.folder))
            taken = machine.Taken()
            importlib.import_module(f"tests.bench.{name}").run(plan)
            say(f"meanwhile the host took {taken.share():.0%} of the processors for others (steal)")
        except Void as void:
            voids.append(f"{name} is void: {void}")
    if voids:
        raise click.ClickException("\n".join(voids))


if __name__ == "__main__":
    main()
