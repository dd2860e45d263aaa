"""Lets a signal to stop do no more than that.

The web server takes these signals while it runs, and raises them again when it has stopped. By default they would end
the process there, and cut off what is being sent at that moment.
"""

import signal
from types import FrameType


def outlive() -> None:
    """From here on, leave it to the web server what SIGINT and SIGTERM mean. To be called when it is about to run."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, _nothing)


def _nothing(number: int, frame: FrameType | None) -> None:
    del number, frame  # The web server has taken note of it already.
