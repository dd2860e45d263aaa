"""What a command is: how it is written, what it does, and what it asks for.

A command that acts on incidents has an `action`; one that only asks is answered by the engine, under its name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.incident import Action, Actor, Incident, IncidentId
from bot.domain.people import AccountId, People, Target
from bot.domain.schedule import Schedule
from cards.build import Scene
from cards.card import Part, Text
from cards.form import Form
from cards.forms import Offer
from cards.plain import spoken
from cards.words import say


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """The sentence is none of ours; `message`, one of `cards.words`, with its `parts` says what would be.

    `field`: the field of the command's form that must be filled in otherwise.
    """

    message: str
    parts: Mapping[str, Part | Text | int] = field(default_factory=dict)
    field: str = ""

    def hint(self, locale: str = "en") -> Text:
        """Return one line that says what would be understood."""
        return say(locale, self.message, **self.parts)

    def __str__(self) -> str:
        return spoken(self.hint())


@dataclass(frozen=True, slots=True)
class Unclear:
    """A name means several. With `said` replaced by one of `choices`, between `before` and `after`, it is clear."""

    said: str
    choices: tuple[Target, ...]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Command:
    """A verb, the incidents that it is about, and what was said after them.

    `seen`: the version of the card that the button stood on. `asks`: its form is wanted, nothing is done yet.
    """

    verb: str
    numbers: tuple[IncidentId, ...] = ()
    rest: str = ""
    seen: int | None = None
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says it and when, who there is to be named, and who is whom in the workspace where it is said.

    `schedules`: those that may be named for whoever they have on call; none where people alone are asked for.
    """

    actor: Actor
    people: People
    now: datetime
    timezone: str = "UTC"
    users: Mapping[str, AccountId] = field(default_factory=dict)
    schedules: tuple[Schedule, ...] = ()


Asked = Action | NotUnderstood | Unclear


def is_open(incident: Incident) -> bool:
    """Whether the incident is open; what most commands are for."""
    return incident.is_open


@dataclass(frozen=True, slots=True)
class Verb:
    """One command. Adding a command is one of these in `bot.commands.registry`.

    `usage` is an example that works, with what may be left out in square brackets; `does` says what it does in a line.
    `action` is what it asks of the law; without one, the engine has an answer of that name. `form` asks for what is to
    be said after the number. `numbered`: the first thing that it takes is an incident's number, and without one it is
    about an incident that `fits`. `takes`: it takes more than that, and `text`: in anybody's own words. `lists`:
    several numbers without commas between them are that many incidents, if nothing else follows. `for_all`: its number
    is a board's, and it is meant for every incident on it. `for_anybody`: it also serves people without an account.
    """

    name: str
    usage: str
    does: str
    aliases: tuple[str, ...] = ()
    action: Callable[[Command, Speaker], Asked] | None = None
    form: Callable[[Scene, Offer], Form] | None = None
    numbered: bool = True
    takes: bool = True
    text: bool = False
    lists: bool = False
    fits: Callable[[Incident], bool] = is_open
    for_all: bool = False
    for_anybody: bool = False

    @property
    def example(self) -> str:
        """Return the usage without what may be left out."""
        return self.usage.split(" [")[0]
