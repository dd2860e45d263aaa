"""What the page asks of the program it is mounted in: to fire alerts and let them recover."""

from typing import Protocol


class Controls(Protocol):
    """The demo's own hands; samples are named as in `samples.SAMPLES`."""

    def curl(self, base_url: str) -> str:
        """Return the command line that fires an alert at the service under `base_url`."""
        ...

    async def fire(self, sample: str) -> str:
        """Send the sample as a monitoring system would, and return a line that says what was done."""
        ...

    async def recover(self, sample: str) -> str:
        """Send the sample's recovery, and return a line that says what was done."""
        ...
