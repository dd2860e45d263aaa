"""What Twilio reports of a message or a call, as the core knows it.

https://www.twilio.com/docs/messaging/guides/track-outbound-message-status,
https://www.twilio.com/docs/voice/api/call-resource#statuscallbackevent. They come in any order, and may come twice.
"""

from collections.abc import Mapping
from typing import Final

from adapters.providers.twilio.errors import words_for
from bot.provider import Progress, Report

MESSAGES: Final[Mapping[str, Progress]] = {
    "accepted": Progress.QUEUED,
    "scheduled": Progress.QUEUED,
    "queued": Progress.QUEUED,
    "sending": Progress.QUEUED,
    "sent": Progress.SENT,
    "partially_delivered": Progress.SENT,
    "delivered": Progress.DELIVERED,
    "read": Progress.SEEN,
    "undelivered": Progress.FAILED,
    "failed": Progress.FAILED,
    "canceled": Progress.FAILED,
}
CALLS: Final[Mapping[str, Progress]] = {
    "queued": Progress.QUEUED,
    "initiated": Progress.SENT,
    "ringing": Progress.RINGING,
    "in-progress": Progress.ANSWERED,
    "completed": Progress.ENDED,
    "canceled": Progress.ENDED,
    "busy": Progress.BUSY,
    "no-answer": Progress.NO_ANSWER,
    "failed": Progress.FAILED,
}
# Temporarily unavailable: the phone is off, or out of reach.
_UNAVAILABLE: Final = "480"


def is_machine(fields: Mapping[str, str]) -> bool:
    """Whether Twilio heard that no person picked up. Who it is not sure of counts as a person."""
    return fields.get("AnsweredBy", "").startswith("machine_") or fields.get("AnsweredBy") == "fax"


def of_message(fields: Mapping[str, str], reference: str) -> Report | None:
    """Return what is reported of an SMS; None: nothing that says anything."""
    status, code = fields.get("MessageStatus", ""), fields.get("ErrorCode", "")
    if status not in MESSAGES:
        return None
    said = f"{status}: {words_for(code)}" if code and code != "0" else status
    return Report(MESSAGES[status], said, reference=reference, id=fields.get("MessageSid", ""))


def of_call(fields: Mapping[str, str], reference: str, *, listening: bool) -> Report | None:
    """Return what is reported of a call; None: nothing that says anything.

    `listening`: the call still waited for a key when it was last heard of, so that its end was the person's.
    """
    status = fields.get("CallStatus", "")
    if status not in CALLS:
        return None
    progress, said = CALLS[status], status
    if status == "completed" and is_machine(fields):
        progress, said = Progress.VOICEMAIL, f"completed, answered by {fields['AnsweredBy']}"
    elif status == "completed":
        progress = Progress.HUNG_UP if listening else Progress.ENDED
        said = f"completed after {fields.get('CallDuration') or '0'} s"
    elif status == "failed" and fields.get("SipResponseCode"):
        progress = Progress.NO_ANSWER if fields["SipResponseCode"] == _UNAVAILABLE else Progress.FAILED
        said = f"failed, SIP {fields['SipResponseCode']}"
    return Report(progress, said, reference=reference, id=fields.get("CallSid", ""))
