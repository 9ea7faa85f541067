"""Phone numbers: one spelling before anything else touches them."""

from __future__ import annotations

import phonenumbers
import pytest

from countersign.errors import InvalidNumberError
from countersign.model import Channel, NumberKind
from countersign.phone import international, is_calling_code, parse_phone, restored_phone
from tests.support.spellings import INTERNATIONAL, VIETNAMESE

NOT_NUMBERS = {
    "nothing": "",
    "no plus": "84901888484",
    "two zeros instead of the plus": "0084901888484",
    "national": "0901888484",
    "a space first": " +84901888484",
    "a space after the plus": "+ 84901888484",
    "two pluses": "++84901888484",
    "a plus inside": "+8490+1888484",
    "letters": "+1800FLOWERS",
    "a letter": "+8490188848a",
    "an extension": "+84901888484 ext. 5",
    "an extension with a mark": "+84901888484;ext=5",
    "an extension with a hash": "+84901888484#5",
    "an extension with x": "+84901888484x5",
    "a comma": "+84901888484,5",
    "arabic digits": "+٨٤٩٠١٨٨٨٤٨٤",
    "full-width digits": "+８４９０１８８８４８４",
    "devanagari digits": "+८४९०१८८८४८४",
    "a full-width plus": "＋84901888484",
    "a no-break space": "+84\u00a0901888484",
    "an en dash": "+84–901888484",
    "a zero-width space": "+84\u200b901888484",
    "a right-to-left mark": "+84901888484\u200f",
    "a newline": "+84901888484\n",
    "a tab": "+84\t901888484",
    "a NUL": "+84901888484\0",
    "a URI": "tel:+84901888484",
    "two numbers": "+84901888484/+84901888485",
    "too short": "+849018",
    "only a calling code": "+84",
    "too long": "+849018884840000",
    "far too long": "+" + "8" * 32,
    "a calling code of nobody": "+999123456789",
    "zero": "+0901888484",
    "not in use": "+14155550",
}


@pytest.mark.parametrize("spelling", INTERNATIONAL)
def test_every_spelling_of_a_number_is_the_same_number(spelling: str) -> None:
    phone = parse_phone(spelling, field="to")
    assert phone.e164.reveal() == "+84901888484"
    assert (phone.country, phone.calling_code, phone.masked) == ("VN", "84", "+84•••••8484")


@pytest.mark.parametrize("text", NOT_NUMBERS.values(), ids=NOT_NUMBERS.keys())
def test_everything_else_is_refused_with_the_name_of_the_field(text: str) -> None:
    with pytest.raises(InvalidNumberError) as refused:
        parse_phone(text, field="recipient")
    assert refused.value.field == "recipient"
    assert "`recipient`" in refused.value.detail


def test_a_refusal_does_not_repeat_the_number() -> None:
    for text in ("+849018884840000", "+999123456789", "0901888485", "+8490188848a"):
        with pytest.raises(InvalidNumberError) as refused:
            parse_phone(text, field="to")
        assert text not in refused.value.detail


@pytest.mark.parametrize(
    ("number", "country", "calling_code", "masked"),
    [
        ("+12015550123", "US", "1", "+1••••••0123"),
        ("+14165550123", "CA", "1", "+1••••••0123"),
        ("+18765230123", "JM", "1", "+1••••••0123"),
        ("+6591234567", "SG", "65", "+65••••4567"),
        ("+447400123456", "GB", "44", "+44••••••3456"),
        ("+390612345678", "IT", "39", "+39••••••5678"),
        ("+919876543210", "IN", "91", "+91••••••3210"),
        ("+80012345678", "001", "800", "+800••••5678"),
    ],
)
def test_a_number_tells_its_country_and_hides_its_middle(
    number: str, country: str, calling_code: str, masked: str
) -> None:
    phone = parse_phone(number, field="to")
    assert (phone.e164.reveal(), phone.country, phone.calling_code) == (number, country, calling_code)
    assert phone.masked == masked


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_at_least_three_digits_of_every_countrys_numbers_are_hidden(region: str) -> None:
    example = phonenumbers.example_number(region)
    assert example is not None
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    phone = parse_phone(e164, field="to")
    assert phone.e164.reveal() == e164
    assert phone.masked.count("•") >= 3
    assert len(phone.masked) == len(e164)


@pytest.mark.parametrize("number", ["+390612345678", "+84901888484", "+80012345678", "+18765230123"])
def test_a_restored_number_is_the_parsed_one(number: str) -> None:
    phone = parse_phone(number, field="to")
    assert restored_phone(phone.e164, country=phone.country, masked=phone.masked) == phone


# Kinds ----------------------------------------------------------------------------------------

KINDS = phonenumbers.PhoneNumberType
MOBILES = {"MOBILE", "FIXED_LINE_OR_MOBILE"}
OTHERS = {"TOLL_FREE", "PREMIUM_RATE", "SHARED_COST", "PAGER", "UAN", "VOICEMAIL", "VOIP", "PERSONAL_NUMBER"}


@pytest.mark.parametrize("kind", sorted(MOBILES | {"FIXED_LINE"} | OTHERS))
def test_a_number_has_the_kind_of_its_countrys_plan(kind: str) -> None:
    """libphonenumber's own example of each region that has such numbers."""
    expected = NumberKind.MOBILE if kind in MOBILES else NumberKind.OTHER
    if kind == "FIXED_LINE":
        expected = NumberKind.LANDLINE
    seen = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number_for_type(region, getattr(KINDS, kind))
        if example is None or phonenumbers.number_type(example) != getattr(KINDS, kind):
            continue  # none, or the plan of that region does not tell the kinds apart
        e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert parse_phone(e164, field="to").kind is expected, region
        seen += 1
    assert seen > 0


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+84901888484", NumberKind.MOBILE),
        ("+842438255555", NumberKind.LANDLINE),
        ("+6591234567", NumberKind.MOBILE),
        ("+6561234567", NumberKind.LANDLINE),
        ("+12015550123", NumberKind.MOBILE),
        ("+390612345678", NumberKind.LANDLINE),
        ("+84190012345678", None),
        ("+841900123456", NumberKind.OTHER),
    ],
)
def test_the_kind_of_some_numbers(number: str, kind: NumberKind | None) -> None:
    if kind is None:
        with pytest.raises(InvalidNumberError):
            parse_phone(number, field="to")
    else:
        assert parse_phone(number, field="to").kind is kind


SERVICE_CODES = (800, 808, 870, 878, 881, 882, 883, 888, 979)


@pytest.mark.parametrize("code", SERVICE_CODES)
def test_a_number_of_a_service_instead_of_a_country_is_of_no_use(code: int) -> None:
    """Of satellites libphonenumber says that they are mobiles."""
    example = phonenumbers.example_number_for_non_geo_entity(code)
    assert example is not None
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    phone = parse_phone(e164, field="to")
    assert (phone.kind, phone.country) == (NumberKind.OTHER, "001")
    assert not any(phone.takes(channel) for channel in Channel)


def test_a_landline_can_be_called_and_nothing_else() -> None:
    landline = parse_phone("+6561234567", field="to")
    assert [channel for channel in Channel if landline.takes(channel)] == [Channel.VOICE]
    mobile = parse_phone("+6591234567", field="to")
    assert all(mobile.takes(channel) for channel in Channel)


# Numbers as vendors' protocols spell them -----------------------------------------------------


@pytest.mark.parametrize("digits", VIETNAMESE + INTERNATIONAL)
def test_a_vendors_spellings_of_a_number_are_the_same_number(digits: str) -> None:
    assert parse_phone(international(digits.strip(), region="VN"), field="to").e164.reveal() == "+84901888484"


@pytest.mark.parametrize(
    ("digits", "e164"),
    [("6591234567", "+6591234567"), ("+6591234567", "+6591234567"), ("447400123456", "+447400123456")],
)
def test_an_international_number_of_another_country_stays_what_it_is(digits: str, e164: str) -> None:
    assert parse_phone(international(digits, region="VN"), field="to").e164.reveal() == e164


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "00",
        "+",
        "0084901888484",
        "00376312345",  # a mobile of Andorra, dialled from Vietnam; not +84 376312345
        "++84901888484",
        "abc",
        "0abc",
        "901888484",
        "٠٩٠١٨٨٨٤٨٤",
    ],
)
def test_what_is_no_number_in_a_vendors_spelling_is_refused(text: str) -> None:
    with pytest.raises(InvalidNumberError):
        parse_phone(international(text, region="VN"), field="to")


@pytest.mark.parametrize("digits", ["1", "7", "39", "84", "65", "380", "800", "881", "979"])
def test_a_calling_code_in_use_is_known(digits: str) -> None:
    assert is_calling_code(digits)


@pytest.mark.parametrize(
    "digits",
    ["", "0", "084", "0084", "+84", " 84", "84.0", "-84", "999", "2", "8484", "٨٤", "８４", "²", "1" * 5_000],
)
def test_what_is_no_calling_code_is_none(digits: str) -> None:
    assert not is_calling_code(digits)
