"""Reading requests of Message Central's protocol: everything is in the query.

A parameter that is empty counts as not given, and what is not documented is ignored:
clients send more than the vendor reads (`langId`, `type`, `email`, `timeout` …).
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from countersign.client import Client
from countersign.dialects import client_settings
from countersign.dialects.message_central_answers import InvalidCountryError, InvalidCustomerError
from countersign.dialects.typed_code import typed_code
from countersign.errors import ConfigurationError, InvalidRequestError, NotFoundError, UnauthenticatedError
from countersign.model import Channel, Phone, Secret
from countersign.policy import Bound, Policy

if TYPE_CHECKING:
    from countersign.service.wish import StartRequest

DIALECT = "message_central"
PURPOSE = f"dialect:{DIALECT}"

CODE_LENGTHS = Bound(4, 8)
DEFAULT_LENGTH = 4
DEFAULT_SECONDS = 60
LIFE_DAYS = Bound(1, 1825)  # the vendor's own tokens have been seen with 7 days and with 5 years
DEFAULT_DAYS = 7
SECONDS_OF_A_DAY = 86_400

# Ids have 16 digits, and are below 2^53 so that JavaScript's numbers hold them exactly.
LEAST_ID, IDS_END = 10**15, 2**53

FLOW_TYPES: Mapping[str, Channel] = {
    "SMS": Channel.SMS,
    "WHATSAPP": Channel.WHATSAPP,
    "RCS": Channel.RCS,
    "AUDIO": Channel.VOICE,
    "SAUTH": Channel.SILENT,
}

_LONGEST_CUSTOMER_ID = 64
_URL_SAFE = str.maketrans(" -_", "++/")  # a "+" that was not percent-encoded arrives as a space
_CALLING_CODE = re.compile(r"[1-9][0-9]{0,2}")
_NATIONAL = re.compile(r"[0-9]{3,15}")
_LENGTH = re.compile(r"[0-9]{1,2}")
_ID = re.compile(r"[1-9][0-9]{15}")


# Tokens ---------------------------------------------------------------------------------


def parse_credentials(query: Mapping[str, str]) -> tuple[str, str]:
    """The customer's id and password.

    Raises InvalidCustomerError where there can be no such customer, UnauthenticatedError for
    a key that is no base64 of a text.
    """
    customer_id = query.get("customerId", "")
    if not 0 < len(customer_id) <= _LONGEST_CUSTOMER_ID or not customer_id.isprintable():
        raise InvalidCustomerError("`customerId` is missing or malformed.", field="customerId")
    return customer_id, _password(query.get("key", ""))


def token_seconds(client: Client) -> int:
    """How long a token lives, by `dialects.message_central.token_days`. Raises ConfigurationError."""
    section = client.settings(DIALECT)
    where = client_settings.section_of(client.id, dialect=DIALECT)
    client_settings.nothing_but(section, known=("token_days",), where=where)
    days = section.get("token_days", DEFAULT_DAYS)
    if type(days) is not int or not LIFE_DAYS.holds(days):
        raise ConfigurationError(
            f"{where}.token_days must be a whole number from {LIFE_DAYS.low} to {LIFE_DAYS.high}"
        )
    return days * SECONDS_OF_A_DAY


def _password(key: str) -> str:
    """The text behind its base64, in either alphabet, padded or not.

    Some encoders end it with a line break.
    """
    standard = key.rstrip("\r\n").translate(_URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode("utf-8")
    except ValueError as error:  # no base64, or not UTF-8 behind it
        raise UnauthenticatedError from error


# Sends ----------------------------------------------------------------------------------


def parse_send(query: Mapping[str, str], *, client: Client) -> StartRequest:
    """A send, inside the client's policy.

    Raises InvalidCustomerError, InvalidCountryError, InvalidNumberError or InvalidRequestError.
    """
    from countersign.service.wish import StartRequest  # not at import: a validation has no use for it

    if query.get("customerId", "") not in ("", client.id):
        raise InvalidCustomerError("`customerId` is not that of the token.", field="customerId")
    policy = client.policy
    return StartRequest(
        phone=_phone(query),
        channels=(_channel(query),),
        purpose=PURPOSE,
        code_length=_code_length(query, policy=policy),
        ttl_seconds=policy.ttl_seconds or DEFAULT_SECONDS,
        cooldown_seconds=policy.cooldown_seconds or 0,
        one_at_a_time=True,
        verification_id=new_id(),
    )


def new_id() -> str:
    """A `verificationId`, unguessable."""
    return str(LEAST_ID + secrets.randbelow(IDS_END - LEAST_ID))


def _phone(query: Mapping[str, str]) -> Phone:
    from countersign.phone import is_calling_code, parse_phone  # not at import: libphonenumber is slow

    country = query.get("countryCode", "")
    if not _CALLING_CODE.fullmatch(country) or not is_calling_code(country):
        raise InvalidCountryError("`countryCode` must be a calling code such as 91.", field="countryCode")
    national = query.get("mobileNumber", "")
    if not _NATIONAL.fullmatch(national):
        raise InvalidRequestError(
            "`mobileNumber` must be the digits of a national number.", field="mobileNumber"
        )
    return parse_phone(f"+{country}{national}", field="mobileNumber")


def _channel(query: Mapping[str, str]) -> Channel:
    """The channel, in any letter case: the vendor's own page spells `WHATSAPP` and `WhatsApp`."""
    flow_type = query.get("flowType", "")
    channel = FLOW_TYPES.get(flow_type.upper()) if flow_type.isascii() else None
    if channel is None:
        raise InvalidRequestError(f"`flowType` must be one of {', '.join(FLOW_TYPES)}.", field="flowType")
    return channel


def _code_length(query: Mapping[str, str], *, policy: Policy) -> int:
    """What is asked for or, where nothing is, the policy's, which no request may go below."""
    least = policy.code_length or DEFAULT_LENGTH
    asked = query.get("otpLength", "")
    if not asked:
        return least
    bound = Bound(least, CODE_LENGTHS.high)
    if not _LENGTH.fullmatch(asked) or not bound.holds(int(asked)):
        rule = f"must be from {least} to {bound.high}" if least <= bound.high else "cannot be chosen"
        raise InvalidRequestError(f"`otpLength` {rule}.", field="otpLength")
    return int(asked)


# Validations ----------------------------------------------------------------------------


def parse_guess(query: Mapping[str, str]) -> tuple[str, Secret]:
    """The id and the code that was typed.

    Raises InvalidRequestError, or NotFoundError for an id that none of ours can be.
    """
    verification_id = query.get("verificationId", "")
    if not verification_id:
        raise InvalidRequestError("`verificationId` is missing.", field="verificationId")
    if not _ID.fullmatch(verification_id):
        raise NotFoundError
    return verification_id, typed_code(query.get("code", ""), field="code")
