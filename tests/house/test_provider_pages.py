"""What is told of providers is true: each key with its default, and configurations that pass the check as shown."""

import importlib
import inspect
import re
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from bot.cli import main
from bot.domain.people import LINES, Method
from bot.main import ProviderKinds
from tests.house.test_docs import REFERENCE, TOP, fenced, named_first, section

PAGE: Final = (TOP / "docs/providers.md").read_text()
KINDS: Final = [(method, kind) for method in LINES for kind in ProviderKinds()[method]]
PEOPLE: Final = "accounts:\n  - {name: Ana, email: ana@example.com}\n  - {name: Bo, email: bo@example.com}\n"
SNIPPETS: Final = fenced(PAGE, "yaml")
EACH: Final = [pytest.param(text, id=f"example-{number}") for number, text in enumerate(SNIPPETS, 1)]

# Where a variable has a form that is checked; any other is long enough for a secret, and has its letters.
OF_A_FORM: Final = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_SPARE_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32,
    "PUSHOVER_APP_TOKEN": "a" * 30,
    "SIGNAL_URL": "signals://signal.example.com/+15005550006/{to}",
    "GOTIFY_URL_ANA": "gotifys://gotify.example.com/token",
}


def environment(text: str) -> dict[str, str]:
    """Return a value for each variable that a configuration names."""
    return {name: OF_A_FORM.get(name, f"placeholder-of-{name}") for name in re.findall(r"\$\{(\w+)\}", text)}


def told(method: Method, kind: str) -> str:
    """Return the tables of the keys of a kind: those of its methods together, and of the one alone."""
    headings = re.findall(rf"^### (.*`{method}`.* of `{kind}`)$", PAGE, re.MULTILINE)
    assert headings, f"no keys are told for {method} of {kind}"
    return "\n".join(section(PAGE, heading) for heading in headings)


@pytest.mark.parametrize("text", EACH)
def test_every_configuration_passes_the_check(text: str, tmp_path: Path) -> None:
    file = tmp_path / "oncard.yaml"
    file.write_text(text if "accounts:\n" in text else PEOPLE + text)
    said = CliRunner(env=environment(text)).invoke(main, ["check", str(file)])
    assert said.exit_code == 0, said.output


@pytest.mark.parametrize("text", EACH)
def test_no_configuration_holds_a_secret(text: str) -> None:
    secret = r"token|secret|secret_key|access_key_secret|password|auth_token|callback_secret|app_token|bounce_secret"
    shown = re.findall(rf"^ +(?:- )?(?:{secret}): (.*)$", text, re.MULTILINE)
    assert [value for value in shown if not value.startswith("${")] == []


@pytest.mark.parametrize(("method", "kind"), KINDS)
def test_every_kind_is_shown_by_a_configuration(method: Method, kind: str) -> None:
    assert any(re.search(rf"^  {method}:\n(?:    .*\n)*?    - kind: {kind}\n", text, re.MULTILINE) for text in SNIPPETS)
    assert f"`{kind}`" in section(REFERENCE, f"`providers.{method}`")


@pytest.mark.parametrize(("method", "kind"), KINDS)
def test_every_key_of_a_provider_is_explained(method: Method, kind: str) -> None:
    keys = ProviderKinds()[method][kind]
    assert named_first(told(method, kind)) == {*keys.required, *keys.optional}


@pytest.mark.parametrize(("method", "kind"), KINDS)
def test_what_is_needed_and_what_counts_without_a_key_is_true(method: Method, kind: str) -> None:
    keys = ProviderKinds()[method][kind]
    rows = {row.split("`")[1]: row.split(" | ")[1] for row in told(method, kind).splitlines() if row.startswith("| `")}
    assert {name for name, given in rows.items() if given == "needed"} == set(keys.required)
    module = importlib.import_module(f"adapters.providers.{kind}.config")
    for model in (one for _, one in inspect.getmembers(module, inspect.isclass) if issubclass(one, BaseModel)):
        for name, field in model.model_fields.items():
            said, default = rows.get(field.alias or name), field.default
            if said is None or not isinstance(default, str | int) or default == "":
                continue
            assert said == f"`{str(default).lower() if isinstance(default, bool) else default}`", name


def test_every_address_that_is_told_is_of_a_method() -> None:
    paths = re.findall(r"https://oncall\.example\.com/(\w+)", PAGE)
    assert paths
    assert set(paths) <= {*map(str, LINES), "links"}
