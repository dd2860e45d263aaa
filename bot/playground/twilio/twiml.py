"""What a call or an SMS is answered with: TwiML, of which those verbs are known that an on-call bot needs.

https://www.twilio.com/docs/voice/twiml. A verb or an attribute that is not known is refused, so that a slip shows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

LONGEST_INLINE: Final = 4000
# The languages of the voices that are known here; no voice speaks another one's language.
VOICES: Final[Mapping[str, str]] = {
    "Polly.Joanna": "en-US",
    "Polly.Matthew": "en-US",
    "Polly.Amy": "en-GB",
    "Polly.Zhiyu": "cmn-CN",
    "Polly.Zhiyu-Neural": "cmn-CN",
    "Google.cmn-CN-Standard-A": "cmn-CN",
}


@dataclass(frozen=True, slots=True)
class Say:
    """Words that are read aloud."""

    words: str
    language: str = "en-US"
    voice: str = ""

    @property
    def is_spoken(self) -> bool:
        """Whether the voice, if one is given, speaks the language."""
        return not self.voice or VOICES.get(self.voice) == self.language


@dataclass(frozen=True, slots=True)
class Pause:
    """Seconds of silence."""

    seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Gather:
    """Waits for keys while and after it speaks; `digits` 0: as many as come before `finish` or silence."""

    nested: tuple[Say | Pause, ...] = ()
    digits: int = 0
    seconds: float = 5.0
    finish: str = "#"
    on_empty: bool = False
    action: str = ""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Goes on with the document at another address."""

    url: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """Ends the call."""


@dataclass(frozen=True, slots=True)
class Message:
    """An SMS in answer to one."""

    words: str


Verb = Say | Pause | Gather | Redirect | Hangup | Message
_ATTRIBUTES: Final = {
    "Say": {"language", "voice"},
    "Pause": {"length"},
    "Gather": {"input", "numDigits", "timeout", "finishOnKey", "actionOnEmptyResult", "action", "method"},
    "Redirect": {"method"},
    "Hangup": set[str](),
    "Message": set[str](),
}


def parse(document: str) -> tuple[Verb, ...]:
    """Return the verbs of a document, none of an empty one. Raises ValueError in the words of the debugger."""
    if not document.strip():
        return ()
    try:
        root = ET.fromstring(document)  # noqa: S314 - It comes from this machine.
    except ET.ParseError as error:
        raise ValueError(f"Document parse failure: {error}") from None
    if root.tag != "Response":
        raise ValueError(f"Document parse failure: {root.tag} is not Response")
    return tuple(_verb(element) for element in root)


def _verb(element: ET.Element) -> Verb:
    unknown = set(element.attrib) - _ATTRIBUTES.get(element.tag, set())
    if element.tag not in _READERS or unknown or element.get("method", "POST") != "POST":
        raise ValueError(f"Schema validation warning: {element.tag} {' '.join(sorted(unknown))}".strip())
    return _READERS[element.tag](element)


def _gather(element: ET.Element) -> Gather:
    nested = tuple(_verb(one) for one in element)
    spoken = tuple(one for one in nested if isinstance(one, Say | Pause))
    if len(spoken) != len(nested):
        raise ValueError("Gather: Invalid nesting of verbs")
    return Gather(
        spoken,
        int(element.get("numDigits", "0")),
        float(element.get("timeout", "5")),
        element.get("finishOnKey", "#"),
        element.get("actionOnEmptyResult", "false") == "true",
        element.get("action", ""),
    )


_READERS: Final[Mapping[str, Callable[[ET.Element], Verb]]] = {
    "Say": lambda one: Say(one.text or "", one.get("language", "en-US"), one.get("voice", "")),
    "Pause": lambda one: Pause(float(one.get("length", "1"))),
    "Gather": _gather,
    "Redirect": lambda one: Redirect((one.text or "").strip()),
    "Hangup": lambda _: Hangup(),
    "Message": lambda one: Message(one.text or ""),
}
