"""The deadlines of people and platforms, longer than a machine stands still that others use too.

A click is to be answered within two or three seconds of real time. Where an answer is there at once, nobody waits any
longer for it; where somebody waits for the end of a deadline, the test sets that itself.
"""

from collections.abc import Iterator

import pytest

# Seconds. What we answer in the meantime comes before what a platform says when it has waited in vain.
_OURS = {
    "adapters.feishu.connection.ANSWER_WITHIN": 11.0,
    "adapters.feishu.events.TOAST_WITHIN": 10.0,
    "adapters.slack.windows.ANSWER_WITHIN": 10.0,
    "adapters.telegram.answers.ANSWER_WITHIN": 10.0,
}
_THEIRS = {
    "bot.playground.dingtalk.interactivity.ACK_SECONDS": 12.0,
    "bot.playground.dingtalk.stream.ECHO_SECONDS": 12.0,
    "bot.playground.feishu.delivery.ACK_SECONDS": 12.0,
    "bot.playground.feishu.delivery.CHALLENGE_SECONDS": 12.0,
    "bot.playground.slack.interactivity.ACK_SECONDS": 12.0,
    "bot.playground.telegram.server.CLICK_SECONDS": 12.0,
}


@pytest.fixture(autouse=True, scope="session")
def patience() -> Iterator[None]:
    """Let nobody give up because the machine stood still for a few seconds."""
    with pytest.MonkeyPatch.context() as patch:
        for name, seconds in (_OURS | _THEIRS).items():
            patch.setattr(name, seconds)
        yield
