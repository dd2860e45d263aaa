"""What a call says and an SMS is answered with, as TwiML: https://www.twilio.com/docs/voice/twiml.

A guess: how long a Say may be (4096 characters; less is said).
"""

from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from adapters.providers.twilio.config import Voices
from bot.adapter import Answer
from bot.domain.event import cut
from cards.catalogue import language
from cards.plain import line
from cards.script import Script

INLINE_LIMIT: Final = 4000
LINE_LIMIT: Final = 600
ANSWER_LIMIT: Final = 1600
_PAUSE: Final = '<Pause length="1"/>'
_HANG_UP: Final = "<Hangup/>"


def spoken(script: Script, voices: Voices, action: str, silence: int) -> str:
    """Return a turn of a call: keys, or after the last time that none, are posted to `action`."""
    said = _says(script.lines, script.locale, voices)
    if not script.digits:
        return _response(_PAUSE.join([said] * (script.again + 1)) + _HANG_UP)
    gather = (
        f'<Gather input="dtmf" numDigits="{script.digits}" timeout="{silence}" finishOnKey="" method="POST"'
        f" action={quoteattr(action)}"
    )
    last = f'{gather} actionOnEmptyResult="true">{said}</Gather>'
    return _response(f"{gather}>{said}</Gather>" * script.again + last)


def inline(script: Script, voices: Voices) -> str:
    """Return a call that only speaks, as it is sent along with the order to call: cut to what Twilio takes there."""
    for lines in (script.lines[:most] for most in range(len(script.lines), 0, -1)):
        said = _says(lines, script.locale, voices)
        for again in (script.again, 0):
            document = _response(_PAUSE.join([said] * (again + 1)) + _HANG_UP)
            if len(document) <= INLINE_LIMIT:
                return document
    return _response(_HANG_UP)


def one_moment(words: str, locale: str, voices: Voices, again: str) -> str:
    """Return words that fill the time, after which Twilio asks at `again`."""
    return _response(f'{_says((words,), locale, voices)}{_PAUSE}<Redirect method="POST">{escape(again)}</Redirect>')


def written(words: str) -> str:
    """Return the answer to an SMS; without words there is none."""
    return _response(f"<Message>{_text(words, ANSWER_LIMIT)}</Message>" if line(words) else "")


def document(text: str, *, repeated: bool = False) -> Answer:
    """Return a document as what Twilio is answered."""
    return Answer(200, f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode(), "application/xml", repeated=repeated)


def _response(inside: str) -> str:
    return f"<Response>{inside}</Response>"


def _says(lines: Iterable[str], locale: str, voices: Voices) -> str:
    spoken_in, voice = voices[language(locale)]
    verb = f"<Say language={quoteattr(spoken_in)} voice={quoteattr(voice)}>"
    return "".join(f"{verb}{text}</Say>" for text in (_text(one, LINE_LIMIT) for one in lines) if text)


def _text(words: str, limit: int) -> str:
    """Return words that an XML document may hold."""
    return escape("".join(one for one in cut(line(words), limit) if ord(one) & 0xFFFE != 0xFFFE))
