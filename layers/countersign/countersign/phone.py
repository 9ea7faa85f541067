"""Phone numbers: one spelling (E.164) before anything else touches them. Pure.

Imported by what starts verifications only: libphonenumber costs a cold start dearly.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from countersign.errors import InvalidNumberError
from countersign.model import HIDDEN_DIGIT, NumberKind, Phone, Secret

_SPELLING = re.compile(r"\+[0-9][0-9 ().\-]{2,30}")
WORLD = "001"  # the region of numbers that belong to no country

_KINDS = {
    phonenumbers.PhoneNumberType.MOBILE: NumberKind.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberKind.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE: NumberKind.LANDLINE,
}
# Calling codes of services instead of countries: shared cost, satellites, international networks,
# universal personal and premium numbers (ITU-T E.164, list of assigned codes). libphonenumber calls some of
# them mobiles; a text there costs many times the usual.
_SERVICE_CODES = frozenset({800, 808, 870, 878, 881, 882, 883, 888, 979})
_SHOWN_DIGITS = 4
_LEAST_HIDDEN = 3


def parse_phone(text: str, *, field: str) -> Phone:
    """Read an international number in any usual ASCII spelling ("+84 901-888-484").

    Raises InvalidNumberError, naming `field`, for everything that is not a whole, valid
    number: without "+", with letters or an extension, with other digits than 0-9.
    """
    if not _SPELLING.fullmatch(text):
        raise InvalidNumberError(
            f"`{field}` must be an international number such as +84901888484.", field=field
        )
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException as error:
        raise InvalidNumberError(f"`{field}` is not a phone number.", field=field) from error
    if not phonenumbers.is_valid_number(number):
        raise InvalidNumberError(f"`{field}` is not a number that is in use anywhere.", field=field)
    return Phone(
        e164=Secret(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)),
        country=phonenumbers.region_code_for_number(number) or WORLD,
        calling_code=str(number.country_code),
        masked=_mask(number),
        kind=_kind(number),
    )


@lru_cache(maxsize=512)
def is_e164(number: Secret) -> bool:
    """Is it a valid number in the one spelling that `parse_phone` gives to all of its spellings?"""
    try:
        return parse_phone(number.reveal(), field="number").e164 == number
    except InvalidNumberError:
        return False


def international(digits: str, *, region: str) -> str:
    """A number as a vendor's API takes it, as `parse_phone` wants it.

    `0901888484` is national in `region`, `84901888484` and `+84901888484` are international.
    What cannot be a number comes back as it is, for `parse_phone` to refuse. So does `00376312345`:
    `00` is how one dials abroad, and without it there would be a number of `region` left.
    """
    if digits.startswith("00"):
        return digits
    if digits.startswith("0"):
        return f"+{phonenumbers.country_code_for_region(region)}{digits[1:]}"
    return digits if digits.startswith("+") else f"+{digits}"


def is_calling_code(digits: str) -> bool:
    """Does any country or global service have this calling code (digits, without "+")?"""
    return any(digits == str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def restored_phone(e164: Secret, *, country: str, masked: str) -> Phone:
    """A phone from what was stored of it (already parsed once)."""
    number = phonenumbers.parse(e164.reveal(), None)
    return Phone(
        e164=e164,
        country=country,
        calling_code=str(number.country_code),
        masked=masked,
        kind=_kind(number),
    )


def _kind(number: phonenumbers.PhoneNumber) -> NumberKind:
    if number.country_code in _SERVICE_CODES:
        return NumberKind.OTHER
    return _KINDS.get(phonenumbers.number_type(number), NumberKind.OTHER)


def _mask(number: phonenumbers.PhoneNumber) -> str:
    national = phonenumbers.national_significant_number(number)
    shown = min(_SHOWN_DIGITS, max(0, len(national) - _LEAST_HIDDEN))
    hidden = len(national) - shown
    return f"+{number.country_code}{HIDDEN_DIGIT * hidden}{national[hidden:]}"
