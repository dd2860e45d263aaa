"""The demo's phones: everybody has one, reached by SMS and calls through one service and by pushes through another.

Time that runs fast falls back to its usual speed as soon as a phone rings, or nobody could pick it up.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Final

from bot.clock import Clock, DemoClock
from bot.playground.demo import PEOPLE
from bot.playground.ntfy import NtfyServer
from bot.playground.page import Pane
from bot.playground.phones import Phones
from bot.playground.phones.pane import PhonesPane
from bot.playground.twilio import TwilioServer

# Of a range that is kept for stories.
NUMBER: Final = "+12015550100"
NUMBERS: Final = {name: f"+1201555010{place}" for place, name in enumerate(PEOPLE, start=1)}
TOKEN: Final = "tk_demo"  # noqa: S105 - It opens a server of this machine that keeps nothing.
# Seconds that a letter is spoken, and that a text is on its way from one state to the next.
SPEECH: Final = 0.04
PAUSE: Final = 0.2


class Demo:
    """The phones and the services behind them, running from `start` to `stop`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.phones = Phones(clock)
        for name, number in NUMBERS.items():
            self.phones.add(name, number)
        self._twilio = TwilioServer(clock, self.phones, number=NUMBER)
        self._twilio.calls.speech, self._twilio.texts.pause = SPEECH, PAUSE
        self._ntfy = NtfyServer(clock, self.phones, token=TOKEN)
        for name in PEOPLE:
            self._ntfy.subscribe(_topic(name), name)
        self.pane: Pane = PhonesPane(self.phones, NUMBER, {"Twilio": self._twilio, "ntfy": self._ntfy}, taps=self._ntfy)
        self._watching = ExitStack()

    async def start(self) -> None:
        """Listen on free ports. Raises OSError."""
        await self._twilio.start()
        await self._ntfy.start()
        self._watching.enter_context(self.phones.watching(self._slow_down))

    async def stop(self) -> None:
        """Drop every connection and stop listening."""
        self._watching.close()
        await self._twilio.stop()
        await self._ntfy.stop()

    def variables(self) -> Mapping[str, str]:
        """Return the variables of the sample configuration."""
        return {
            "DEMO_TWILIO_ACCOUNT_SID": self._twilio.account.sid,
            "DEMO_TWILIO_AUTH_TOKEN": self._twilio.account.auth_token,
            "DEMO_TWILIO_NUMBER": NUMBER,
            "DEMO_TWILIO_API_BASE_URL": self._twilio.api_base_url,
            "DEMO_NTFY_TOKEN": TOKEN,
            "DEMO_NTFY_API_BASE_URL": self._ntfy.api_base_url,
            **{f"DEMO_PHONE_{name.upper()}": number for name, number in NUMBERS.items()},
            **{f"DEMO_NTFY_TOPIC_{name.upper()}": _topic(name) for name in PEOPLE},
        }

    def reach(self, base_url: str) -> None:
        """Tell the service where texts to its number go: the setting of the number in its console."""
        self._twilio.texts.inbound_url = f"{base_url}/sms/twilio/inbound"

    def _slow_down(self) -> None:
        rings = any(call.is_ringing for phone in self.phones.all() for call in phone.calls)
        if rings and isinstance(self._clock, DemoClock):
            self._clock.steady()


def _topic(name: str) -> str:
    return f"demo-{name}"
