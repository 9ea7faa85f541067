"""Which pepper a verification was made with, where it may not be the present one."""

from __future__ import annotations

from countersign.codes import Keys
from countersign.errors import ExpiredError
from countersign.model import Verification
from countersign.ports import Peppers, Telemetry
from countersign.service.refusal import refusal


def made_with(verification: Verification, *, peppers: Peppers, telemetry: Telemetry, now: int) -> Keys:
    """The keys that the verification was made with.

    Raises ExpiredError, or what ended it, where its pepper is gone: nobody can tell its right code from
    a wrong one any more. Raises ServiceUnavailableError where that cannot be known now.
    """
    keys = peppers.of(verification.pepper)
    if keys is not None:
        return keys
    telemetry.warning(
        "made with a pepper that is gone",
        verification_id=verification.id,
        client=verification.client_id,
        pepper=verification.pepper,
    )
    raise refusal(verification, now=now) or ExpiredError(
        "The key that the verification was made with is gone; start a new one.", verification=verification
    )
