"""The corpus of configurations in which something will go wrong, and what is known beside each.

A file is a configuration. Where something is to be found on a line, that line ends in `# finds CODE`. What a file
cannot say stands at its head:

    #: seen CHANNEL COUNT SEVERITY TITLE LABEL=VALUE …   alerts that came
    #: gone KIND NAME                                    it has been removed since
    #: stored                                            what is known is what the database knows: nobody is looked up,
    #: verified EMAIL                                      and only these have proven their numbers and addresses
    #: swaps COUNTRY YEAR                                how long it is known which days a country swaps
    #: nothing known of COUNTRY                          it has no holidays
"""

import re
import shlex
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from bot.config import document, holidays, names, settings, whereabouts
from bot.config.define import define
from bot.config.document import Document
from bot.config.load import Config
from bot.config.part import Reading
from bot.config.schema import File
from bot.domain import lint
from bot.domain.calendar import NationalDay, Region
from bot.domain.definition import BODIES as KINDS
from bot.domain.definition import AccountDefinition, Body, Contact, Kept, Kind, Said, WorkspaceDefinition, name_of
from bot.domain.event import Severity
from bot.domain.facts import Facts
from bot.domain.incident import ChannelId
from bot.domain.lint import Beside, Finding, Shape
from bot.domain.organisation import Organisation
from bot.domain.organise import organise
from bot.domain.people import AccountId, ChatLink, ContactKind, WorkspaceId
from tests.config.example import context

CORPUS: Final = Path(__file__).parent / "lint_corpus"
CASES: Final = sorted(path.stem for path in CORPUS.glob("*.yaml"))
NOW: Final = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
_EXPECTED: Final = re.compile(r"# finds (.+)$")


@dataclass(frozen=True)
class Case:
    """A file of the corpus."""

    name: str

    @cached_property
    def text(self) -> str:
        return (CORPUS / f"{self.name}.yaml").read_text()

    @property
    def expected(self) -> set[tuple[int, str]]:
        """What is to be found, on which lines."""
        lines = enumerate(self.text.splitlines(), start=1)
        return {(line, code) for line, text in lines if (said := _EXPECTED.search(text)) for code in said[1].split()}

    @cached_property
    def document(self) -> Document:
        read = document.read(self.text, {})
        assert isinstance(read, Document), read
        return read

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the lint finds."""
        kept = self._kept()
        organisation = replace(self._organisation(kept), national=self._national)
        seen = tuple(self._shape(said, kept) for said in self._said("seen"))
        beside = Beside(kept, self._last_swap, finds=not self._said("stored"))
        return lint.findings(organisation, seen, NOW, beside)

    @property
    def found(self) -> set[tuple[int, str]]:
        """What the lint finds, on which lines."""
        return {(whereabouts.line(self.document, one.where), str(one.code)) for one in self.findings}

    def _said(self, word: str) -> list[list[str]]:
        """Return what stands behind the word at the head of the file, each time that it does."""
        heads = [shlex.split(text[2:]) for text in self.text.splitlines() if text.startswith("#:")]
        return [said[1:] for said in heads if said[0] == word]

    def _kept(self) -> tuple[Kept, ...]:
        """Return the definitions, without what `load` refuses in a file as a whole: it may have been stored before."""
        against = context(environment={})
        known, faults = names.gather(self.document)
        workspaces, unsettled = settings.workspaces(self.document, against)
        providers, unprovided = settings.providers(self.document, against)
        assert (faults, tuple(unsettled), tuple(unprovided)) == ((), (), ())
        file = File.model_validate(self.document.value, context=Reading(known, against))
        bodies = [one.body for one in define(Config(file, workspaces, providers))]
        gone = {(KINDS[Kind(kind)], name) for kind, name in self._said("gone")}
        return tuple(
            Kept(number, body, (type(body), name_of(body)) not in gone) for number, body in enumerate(bodies, start=1)
        )

    def _organisation(self, kept: tuple[Kept, ...]) -> Organisation:
        verified = {email for (email,) in self._said("verified")} if self._said("stored") else None
        ids = _ids(kept)
        links = tuple(
            ChatLink(WorkspaceId(one.id), user, AccountId(ids[AccountDefinition, email]))
            for one in kept
            if isinstance(one.body, WorkspaceDefinition)
            for email, user in one.body.links.items()
        )
        contacts = frozenset(
            Contact(AccountId(one.id), kind, value)
            for one in kept
            if isinstance(one.body, AccountDefinition) and (verified is None or one.body.email in verified)
            for kind, value in ((ContactKind.PHONE, one.body.phone), (ContactKind.EMAIL, one.body.email))
        )
        return organise(0, kept, Said(links, contacts))

    def _shape(self, said: list[str], kept: tuple[Kept, ...]) -> Shape:
        channel, count, severity, title, *labels = said
        number = ChannelId(_ids(kept)[KINDS[Kind.CHANNEL], channel])
        facts = Facts(Severity(severity), title, labels=dict(label.split("=") for label in labels))
        return Shape(number, facts, int(count), NOW - timedelta(hours=1))

    def _last_swap(self, region: Region) -> int | None:
        return next((int(year) for country, year in self._said("swaps") if country == region.country), None)

    def _national(self, region: Region, day: date) -> NationalDay | None:
        unknown = {said[-1] for said in self._said("nothing")}
        return None if region.country in unknown else holidays.national(region, day)


def _ids(kept: tuple[Kept, ...]) -> dict[tuple[type[Body], str], int]:
    return {(type(one.body), name_of(one.body)): one.id for one in kept}
