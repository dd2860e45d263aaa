"""The pages tell the truth: what they name exists, and what exists is named."""

import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from bot import sources
from bot.cli import COMMANDS, main
from bot.commands import VERBS
from bot.config.context import Context
from bot.config.load import Config, load
from bot.config.part import Part
from bot.config.schema import File
from bot.engine import metrics
from bot.main import Platforms
from tests.support.monitoring import StartServer

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text()
REFERENCE = (TOP / "docs/reference.md").read_text()
PAGES = {name: (TOP / name).read_text() for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")}
CHATS = (TOP / "docs/chats.md").read_text()
PAGES["docs/chats.md"] = CHATS
PAGES["docs/lint.md"] = (TOP / "docs/lint.md").read_text()
PAGES["docs/measured.md"] = (TOP / "docs/measured.md").read_text()
PAGES["docs/providers.md"] = (TOP / "docs/providers.md").read_text()
PAGES["docs/reference.md"] = REFERENCE
PAGES["docs/running.md"] = (TOP / "docs/running.md").read_text()
PAGES["docs/schedules.md"] = (TOP / "docs/schedules.md").read_text()
PAGES["docs/simulation.md"] = (TOP / "docs/simulation.md").read_text()
PAGES["docs/storm.md"] = (TOP / "docs/storm.md").read_text()
PAGES["docs/watching.md"] = (TOP / "docs/watching.md").read_text()

NO_FILES_OF_OURS = frozenset(
    {
        "./var",
        "Europe/Paris",
        "acme-tg/-1001234567890",
        "acme/C0123456789",
        "alertmanager.yml",
        "oncard.env",
        "oncard.yaml",
        "prometheus.yml",
        "ruamel.yaml",
        "workspace/id-of-the-chat",
    }
)
"""What looks like a path, and is a file of the reader's, or none."""

GENERAL_KEYS = frozenset({"api_base_url", "proxy", "ca_file", "timeout"})
"""Keys that a workspace of every platform has, as `PlatformKeys` tells them."""


def section(page: str, heading: str) -> str:
    """Return what stands under a heading, up to the next one of any depth."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"there is no heading {heading!r}"
    return found[1]


def first_column(text: str) -> list[str]:
    """Return the first cell of each row of the tables in `text`, without heads."""
    rows = re.findall(r"^\| (.+?) (?<!\\)\| ", text, re.MULTILINE)
    heads = re.findall(r"^\| (.+?) \| .*\n\|---", text, re.MULTILINE)
    return [row for row in rows if row not in heads]


def named_first(text: str) -> set[str]:
    """Return the first name in backticks of each row."""
    return {cell.split("`")[1] for cell in first_column(text)}


def fenced(page: str, language: str) -> list[str]:
    """Return the blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


def prose(page: str) -> str:
    """Return a page without its blocks of code."""
    return re.sub(r"^```.*?^```\n", "", page, flags=re.MULTILINE | re.DOTALL)


# ---- files and links -------------------------------------------------------------------------------------------------


def links(page: str) -> list[str]:
    """Return where a page's links and pictures lead, but for the web."""
    return [target for target in re.findall(r"\]\(([^)\s]+)\)", page) if "://" not in target]


def files(page: str) -> Iterator[str]:
    """Yield what is written as the path of a file or a folder."""
    for span in re.findall(r"`([^`\n]+)`", prose(page)):
        is_path = re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?|[\w.-]+/|[\w.-]+\.(?:py|md|toml|lock|ya?ml|png|env)", span)
        if is_path and span not in NO_FILES_OF_OURS and not span.startswith(".venv"):
            yield span


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def anywhere(name: str) -> bool:
    """Whether a file of that name is in one of our folders."""
    return any(TOP.glob(f"[!.]*/**/{name}"))


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    for target in links(PAGES[name]):
        path, _, anchor = target.replace("\\", "").partition("#")
        file = (TOP / name).parent / path if path else TOP / name
        assert file.exists(), f"{name} links to {target}"
        assert not anchor or anchor in anchors(file.read_text()), f"{name} links to {target}"


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_is_named_exists(name: str) -> None:
    # A bare name is that of a file in some folder: the sentence says in which.
    missing = [path for path in files(PAGES[name]) if not (TOP / path).exists() and ("/" in path or not anywhere(path))]
    assert missing == []


def test_a_page_that_names_what_is_not_there_is_found_out() -> None:
    assert list(files("see `bot/nowhere.py`, `docs/` and `nothing.md`; not `.venv`, `ack 42` or `cards.build`")) == [
        "bot/nowhere.py",
        "docs/",
        "nothing.md",
    ]


# ---- commands --------------------------------------------------------------------------------------------------------


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield each command that does something, with the groups before it."""
    if not isinstance(command, click.Group):
        yield path
        return
    for name in command.list_commands(click.Context(command)):
        found = command.get_command(click.Context(command), name)
        assert found is not None
        yield from leaves(found, (*path, name))


def documented_commands() -> set[tuple[str, ...]]:
    """Return the commands of the README's table; `a|b` are two."""
    said: set[tuple[str, ...]] = set()
    for cell in first_column(section(README, "Command line")):
        for command in re.findall(r"`oncard ([a-z|\\ -]+)", cell):
            *groups, last = command.replace("\\", "").split()[: 2 if command.split()[0] in GROUPS else 1]
            said |= {(*groups, name) for name in last.split("|")}
    return said


GROUPS = {path[0] for path in leaves(main) if len(path) > 1}


def test_the_readme_names_every_command_and_no_other() -> None:
    assert documented_commands() == set(leaves(main))


def test_every_command_in_an_example_exists() -> None:
    shell = "\n".join(block for page in PAGES.values() for block in fenced(page, "sh"))
    spans = "\n".join(span for page in PAGES.values() for span in re.findall(r"`(oncard [^`]+)`", page))
    named = set(re.findall(r"^oncard (\w[\w-]*)", f"{shell}\n{spans}", re.MULTILINE))
    assert named
    assert named <= set(COMMANDS)


def test_every_command_of_the_chat_is_explained_with_its_other_names() -> None:
    table = section(REFERENCE, "Commands in chat")
    rows = {f"| `{verb.usage}` | {verb.does} |": verb.aliases for verb in VERBS.values()}
    for begin, aliases in rows.items():
        (row,) = [line for line in table.splitlines() if line.startswith(begin)]
        assert set(re.findall(r"`([^`]+)`", row.removeprefix(begin))) == set(aliases), begin


def test_people_are_told_every_command_in_both_languages() -> None:
    rows = {line for line in section(CHATS, "Commands").splitlines() if line.startswith("| `")}
    names = {verb.usage: sorted(verb.aliases, key=lambda name: not name.isascii()) for verb in VERBS.values()}
    told = {row.split("`")[1]: re.findall(r"`([^`]+)`", row.rpartition("|")[0].rpartition("|")[0])[1:] for row in rows}
    assert told == names


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_target_of_make_that_is_named_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", PAGES[name], re.MULTILINE))
    assert named
    assert named <= targets


# ---- configuration, environment, metrics -----------------------------------------------------------------------------


def parts(model: type[Part], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], type[Part]]]:
    """Yield each mapping of the configuration file with the keys that lead to it."""
    yield path, model
    for name, field in model.model_fields.items():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, Part):
                yield from parts(kind, (*path, name))


@pytest.mark.parametrize(
    ("path", "model"), [pytest.param(*each, id=".".join(each[0]) or "file") for each in parts(File)]
)
def test_every_configuration_key_is_explained(path: tuple[str, ...], model: type[Part]) -> None:
    general = GENERAL_KEYS if path == ("workspaces",) else frozenset()
    heading = f"`{'.'.join(path)}`" if path else "The file"
    assert named_first(section(REFERENCE, heading)) == set(model.model_fields) | general


@pytest.mark.parametrize("platform", Platforms())
def test_every_key_of_a_platform_is_explained(platform: str) -> None:
    keys = Platforms()[platform]
    explained = named_first(section(REFERENCE, f"`workspaces` of `{platform}`"))
    assert explained == {*keys.required, *keys.optional}
    assert f"`{platform}`" in section(REFERENCE, "`workspaces`")


@pytest.mark.parametrize("source", sources.names())
def test_every_source_is_named(source: str) -> None:
    assert f"`{source}`" in section(REFERENCE, "`channels.integrations`")
    assert f"`{source}`" in section(README, "What is there, and what is not yet")


def test_every_variable_of_the_environment_is_explained() -> None:
    modules = (path for folder in ("bot", "adapters", "storage") for path in (TOP / folder).rglob("*.py"))
    read = {name for module in modules for name in re.findall(r'"(ONCARD_[A-Z_]+)"', module.read_text())}
    assert {name for name in named_first(section(README, "Command line")) if name.startswith("ONCARD_")} == read


def test_every_metric_is_explained() -> None:
    collected = metrics.REGISTRY.collect()
    names = {f"{one.name}_total" if one.type == "counter" else one.name for one in collected}
    assert named_first(section(REFERENCE, "Metrics")) == names


# ---- dependencies ----------------------------------------------------------------------------------------------------


def packages(requirements: list[str]) -> set[str]:
    """Return the names in a list of requirements."""
    return {re.split(r"[\[<>=~!; ]", requirement)[0] for requirement in requirements}


def test_every_dependency_has_its_reason_and_every_reason_its_dependency() -> None:
    asked: dict[str, Any] = tomllib.loads((TOP / "pyproject.toml").read_text())
    extras = asked["project"]["optional-dependencies"].values()
    runtime = packages([*asked["project"]["dependencies"], *(one for extra in extras for one in extra)])
    development = packages([one for group in asked["dependency-groups"].values() for one in group])
    reasons = section(README, "What it is built on, and why")
    assert named_first(reasons) == runtime
    after_the_table = reasons[reasons.rindex("|\n") :]
    assert set(re.findall(r"`([\w-]+)`", after_the_table)) == development


# ---- examples --------------------------------------------------------------------------------------------------------

EXAMPLES = fenced(README, "yaml")
DUMMIES = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "SLACK_SIGNING_SECRET": "signing-secret",
    "FEISHU_APP_ID": "cli_1",
    "FEISHU_APP_SECRET": "app-secret",
    "FEISHU_ENCRYPT_KEY": "encrypt-key",
    "FEISHU_VERIFICATION_TOKEN": "verification-token",
    "LARK_APP_ID": "cli_2",
    "LARK_APP_SECRET": "app-secret",
    "DINGTALK_CLIENT_ID": "ding1",
    "DINGTALK_CLIENT_SECRET": "client-secret",
    "DINGTALK_CARD_TEMPLATE_ID": "1.schema",
    "DINGTALK_API_SECRET": "api-secret",
    "TELEGRAM_BOT_TOKEN": f"123456789:{'a' * 35}",
    "TELEGRAM_WEBHOOK_SECRET": "webhook-secret",
}
"""Values for the variables of the examples, of the form that each app gives."""


def example(key: str) -> str:
    """Return the README's only example that begins with a key."""
    (found,) = [block for block in EXAMPLES if block.startswith(f"{key}:\n")]
    return found


def test_the_readmes_configuration_passes_the_check(tmp_path: Path) -> None:
    text = example("accounts")
    set_in_the_readme = set(re.findall(r"^export (\w+)=", "".join(fenced(README, "sh")), re.MULTILINE))
    needed = set(re.findall(r"\$\{(\w+)\}", text))
    assert needed <= set_in_the_readme
    variables = {"ACME_BOT_TOKEN": "xoxb-1", "ACME_APP_TOKEN": "xapp-1", "ALERTMANAGER_KEY": "0123456789abcdef"}
    (tmp_path / "oncard.yaml").write_text(text)
    said = CliRunner(env=variables).invoke(main, ["check", str(tmp_path / "oncard.yaml")])
    assert said.exit_code == 0, said.output


@pytest.mark.parametrize("platform", Platforms())
def test_the_configuration_of_each_chat_app_passes_the_check(platform: str) -> None:
    examples = [block for block in fenced(CHATS, "yaml") if f"platform: {platform}\n" in block]
    assert examples
    for text in examples:
        loaded = load(text, Context(DUMMIES, Platforms(), ()))
        assert isinstance(loaded, Config), loaded


@pytest.mark.parametrize("platform", Platforms())
def test_the_scopes_that_are_told_are_those_of_the_manifest(platform: str) -> None:
    scopes = getattr(importlib.import_module(f"manifest.{platform}"), "SCOPES", {})
    (told,) = [part for part in CHATS.split("\n## ") if f"oncard manifest {platform}\n" in part]
    assert [scope for scope in scopes if f"`{scope}`" not in told] == []


def test_the_examples_of_a_chat_app_show_each_key_that_it_cannot_do_without() -> None:
    for platform in Platforms():
        shown = "".join(block for block in fenced(CHATS, "yaml") if f"platform: {platform}\n" in block)
        assert [key for key in Platforms()[platform].required if f"    {key}: " not in shown] == []


def test_every_platform_has_its_keys_beside_the_general_ones() -> None:
    given = "\n".join(f"    {key}: http://example.com" for key in sorted(GENERAL_KEYS))
    for platform in Platforms():
        found = load(f"workspaces:\n  - name: acme\n    platform: {platform}\n{given}\n", Context({}, Platforms(), ()))
        assert not isinstance(found, Config)
        assert [fault.what for fault in found if "has no key" in fault.what] == []


def test_alertmanager_takes_the_readmes_example(alertmanager: StartServer) -> None:
    assert alertmanager(YAML(typ="safe").load(example("route")))


def test_prometheus_takes_the_readmes_example(prometheus: StartServer) -> None:
    assert prometheus(YAML(typ="safe").load(example("alerting")))
