"""Everything that is said in chats is said in every language, with the same parts in it."""

import io
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from string import Formatter

import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from cards import (
    assigning,
    chart,
    checkup,
    contacts,
    doors,
    email,
    feed,
    handover,
    ledger,
    linking,
    links,
    lint,
    override,
    schedule,
    simulate,
    sms,
    trade,
    trial,
    voice,
    words,
)
from cards.catalogue import DOMAIN, FOLDER, LANGUAGES, language, translated
from cards.words import duration, name_of, say

TRANSLATED = tuple(name for name in LANGUAGES if name != "en")


def messages() -> Iterator[str]:
    """Yield every message of the modules that hold some."""
    for module in (
        handover,
        trial,
        chart,
        words,
        override,
        trade,
        assigning,
        linking,
        checkup,
        sms,
        email,
        feed,
        links,
        lint,
        contacts,
        doors,
        voice,
        ledger,
        schedule,
        simulate,
    ):
        for name, value in vars(module).items():
            if name.isupper() and not name.startswith("_"):
                yield from _texts(value)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)


def catalogue(name: str) -> Catalog:
    """Return the catalogue as translators write it."""
    with (FOLDER / name / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=name, abort_invalid=True)


def parts(message: str) -> set[str]:
    """Return the names of what is put into a message."""
    return {name for _, name, _, _ in Formatter().parse(message) if name}


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_message_is_translated_and_no_translation_is_of_a_message_that_is_gone(name: str) -> None:
    said = {message for message in messages() if re.search(r"[A-Za-z]{2}|\d", re.sub(r"\{\w+\}", "", message))}
    known = {str(one.id) for one in catalogue(name) if one.id and one.string}
    assert said - known == set(), "not translated"
    assert known - set(messages()) == set(), "said by nobody"


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_has_the_parts_and_the_strong_words_of_its_message(name: str) -> None:
    for one in catalogue(name):
        if one.id:
            assert parts(str(one.string)) == parts(str(one.id)), one.id
            assert str(one.string).count("[") == str(one.string).count("]") == str(one.id).count("["), one.id


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_compiled_catalogue_is_that_of_the_written_one(name: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(name))
    kept = (FOLDER / name / "LC_MESSAGES" / f"{DOMAIN}.mo").read_bytes()
    assert kept == compiled.getvalue(), f"run: pybabel compile --domain {DOMAIN} --directory cards/locale"


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("en", "en"), ("zh", "zh"), ("zh-CN", "zh"), ("zh_TW", "zh"), ("ZH", "zh"), ("fr", "en"), ("", "en")],
)
def test_a_locale_is_spoken_to_in_its_language_or_in_english(locale: str, expected: str) -> None:
    assert language(locale) == expected


def test_what_is_said_in_chinese() -> None:
    assert name_of("zh", words.ACKNOWLEDGE) == "认领"
    assert duration("zh", timedelta(hours=1, minutes=5)) == "1 小时 5 分钟"
    assert "".join(map(str, say("zh", words.UNKNOWN_INCIDENT, number=7))).startswith("没有")
    assert translated("zh", "never said") == "never said"
    assert translated("zh", "") == ""
