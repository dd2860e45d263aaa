"""The title of a standard event: a plain text, or a rule that takes words from the event.

- `$cluster::$resource::down` is cut at `::`; a part that is a `$label` becomes its value, an unknown one stays as it
  is; the parts are joined by ` / `.
- `[TPL]${resource} is down`: an unknown label becomes `<no value>`.
- `[TPL]{{.Labels.resource}} {{.EventSeverity}}`: what is unknown becomes nothing.

As https://docs.flashcat.cloud/en/on-call/advanced/reference-variables says.
"""

import re
from collections.abc import Mapping
from typing import Final

from bot.sources.payload import label_name

_TEMPLATE: Final = "[TPL]"
_VARIABLE: Final = re.compile(r"\$\{(?P<label>[^{}]+)\}|\{\{\s*\.(?P<field>[^{}\s]+)\s*\}\}")


def expand(rule: str, labels: Mapping[str, str], fields: Mapping[str, str]) -> str:
    """Return the title. `fields` are what `{{.Name}}` may name beside the labels."""
    if not rule.startswith(_TEMPLATE):
        return " / ".join(_part(part.strip(), labels) for part in rule.split("::")) if "$" in rule else rule

    known = {**fields, **{f"Labels.{name}": value for name, value in labels.items()}}

    def word(variable: re.Match[str]) -> str:
        if variable["label"]:
            return labels.get(label_name(variable["label"].strip()), "<no value>")
        return known.get(variable["field"], "")

    return _VARIABLE.sub(word, rule.removeprefix(_TEMPLATE))


def _part(part: str, labels: Mapping[str, str]) -> str:
    return labels.get(label_name(part[1:]), part) if part.startswith("$") else part
