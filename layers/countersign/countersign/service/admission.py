"""Who may be sent a code at all: asked before anything is claimed or written."""

from __future__ import annotations

from countersign.errors import CountryNotAllowedError, NumberNotAllowedError
from countersign.model import Channel, Phone
from countersign.policy import Policy


def admit(phone: Phone, *, channels: tuple[Channel, ...], policy: Policy) -> None:
    """Nothing, where the policy and every channel let the number through.

    Raises NumberNotAllowedError (a premium number, a landline for a text …) or
    CountryNotAllowedError, with the country for the log.
    """
    if not all(phone.takes(channel) for channel in channels):
        refused: NumberNotAllowedError | CountryNotAllowedError = NumberNotAllowedError()
    elif not policy.allows(phone.country):
        refused = CountryNotAllowedError()
    else:
        return
    refused.country = phone.country
    raise refused
