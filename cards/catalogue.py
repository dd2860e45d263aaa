"""What is said, in the reader's language: gettext's catalogues under `locale/`, with the English message as the id.

English needs no catalogue. A language that has none, and a message that a catalogue lacks, are spoken in English: a
card goes out in any case.
"""

import gettext
from functools import cache
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "locale"
DOMAIN: Final = "oncard"
LANGUAGES: Final = ("en", "zh")


def language(locale: str) -> str:
    """Return the language of a locale that there are words in: `zh` for `zh-CN`, `zh_TW` or `ZH`."""
    wanted = locale.replace("_", "-").split("-")[0].lower()
    return wanted if wanted in LANGUAGES else "en"


def translated(locale: str, message: str) -> str:
    """Return the message as it is said in the language of `locale`."""
    return _catalogue(language(locale)).gettext(message) if message else ""


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, FOLDER, [name], fallback=True)
