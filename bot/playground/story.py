"""The story of the demo, as `story.yaml` beside this file tells it."""

from pathlib import Path
from typing import Final

from ruamel.yaml import YAML

from bot.playground.page.tour import Step, View
from bot.playground.wire import JsonObject, as_object, as_objects, as_text

STORY: Final = Path(__file__).parent / "story.yaml"
PHONES: Final = "phones"
DIRECT: Final = "@"


def steps(text: str) -> tuple[Step, ...]:
    """Return the scenes of a story. Raises TypeError: one has a key that there is not."""
    told = as_object(YAML(typ="safe").load(text))
    person = as_text(told.get("person"))
    return tuple(_step(scene, person) for scene in as_objects(told.get("scenes")))


def _step(scene: JsonObject, person: str) -> Step:
    until = as_object(scene.get("until"))
    given = {**scene, "person": person, "until": (lambda view: _is_so(view, person, until)) if until else None}
    return Step(**given)  # type: ignore[arg-type]  # What is wrong with a key is said by the test of the story.


def _is_so(view: View, person: str, until: JsonObject) -> bool:
    """Whether all that a scene waits for has come; what it does not know is a LookupError."""
    return all(_has_come(view, person, what, wanted) for what, wanted in until.items())


def _has_come(view: View, person: str, what: str, wanted: object) -> bool:
    match what:
        case "more":
            return all(view.has_more(*place) for place in _places(wanted, person))
        case "changed":
            return all(view.has_changed(*place) for place in _places(wanted, person))
        case "push":
            before, now = (_newest(one) for one in (view.was(PHONES, person), view.chat(PHONES, person)))
            return now not in ("", before)
        case "call":
            return _call(view, person).get("state") == wanted
        case "heard":
            heard = _call(view, person).get("heard")
            return isinstance(heard, list) and isinstance(wanted, int) and len(heard) >= wanted
        case other:
            raise LookupError(f"a story cannot wait for {other!r}")


def _places(wanted: object, person: str) -> list[tuple[str, str, str]]:
    """Return pane, person and chat of each `pane/chat`; the direct one has no name."""
    named = [as_text(one).partition("/") for one in wanted] if isinstance(wanted, list) else []
    return [(pane, person, "" if chat == DIRECT else chat) for pane, _, chat in named]


def _newest(phone: JsonObject) -> str:
    pushes = as_objects(phone.get("pushes"))
    return as_text(pushes[0].get("id")) if pushes else ""


def _call(view: View, person: str) -> JsonObject:
    """Return the newest call on somebody's phone."""
    calls = as_objects(view.chat(PHONES, person).get("calls"))
    return calls[-1] if calls else {}
