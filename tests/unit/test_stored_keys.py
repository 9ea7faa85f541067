"""What is keyed and stored by one version is found and read by the next: these values never change.

They were computed once, by hand from the definitions: HMAC-SHA256 under HMAC-SHA256(pepper, label), over
the parts with their lengths before them, in base32.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from countersign.codes import Keys
from countersign.model import Alphabet, Secret
from tests.support.builders import NUMBER, PEPPER

KEYS = Keys(PEPPER)
PHONE = Secret(NUMBER)


def keyed(label: str, *parts: str, length: int) -> str:
    """The definition, written down a second time."""
    key = hmac.new(PEPPER.encode(), label.encode(), hashlib.sha256).digest()
    message = b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)
    digest = hmac.new(key, message, hashlib.sha256).digest()[:length]
    return base64.b32encode(digest).decode().rstrip("=").lower()


@pytest.mark.parametrize(
    ("found", "defined", "value"),
    [
        (
            KEYS.number_key(PHONE),
            keyed("number", NUMBER, length=20),
            "t2fpg2kqx3gk4dw6wbsws3ssxptqoupz",
        ),
        (
            KEYS.slot("demo", number=PHONE, purpose="login"),
            keyed("slot", "demo", NUMBER, "login", length=10),
            "6uz4m7cfqolb5ds3",
        ),
        (KEYS.prefix_key(Secret(NUMBER[:-4])), keyed("prefix", NUMBER[:-4], length=10), "ssp5ftk35n6b6746"),
        (
            KEYS.address_key("203.0.113.17"),
            keyed("address", "203.0.113.17", length=10),
            "jxyx4gu3ewsvsxrk",
        ),
        (
            KEYS.verification_id("demo", idempotency_key="order-17"),
            keyed("id", "demo", "order-17", length=32)[:26],
            "m2vyo2dg2owwaw6zc6ku3t3xi7",
        ),
        (
            KEYS.fingerprint("demo", "a", "b"),
            keyed("request", "demo", "a", "b", length=20),
            "t3buxvpbog4c6bjcs5p6pwxhstpblqyd",
        ),
        (
            KEYS.code_hash("demo", verification_id="v1", code=Secret("123456")),
            keyed("guess", "demo", "v1", "123456", length=32),
            "4hzobf5oyf3rzwc6znqtznbpe7grq62f5dvldy6ky4aum3xqdp2a",
        ),
    ],
)
def test_a_keyed_value_is_what_it_always_was(found: str, defined: str, value: str) -> None:
    assert found == defined == value


@pytest.mark.parametrize(
    ("length", "alphabet", "code"),
    [(6, Alphabet.DIGITS, "754558"), (10, Alphabet.LETTERS_AND_DIGITS, "32PD9LDWWU")],
)
def test_a_code_that_is_out_can_be_derived_again(length: int, alphabet: Alphabet, code: str) -> None:
    assert KEYS.derive_code("v1", seed="seed", length=length, alphabet=alphabet).reveal() == code


def test_a_token_that_is_out_keeps_its_key() -> None:
    key = KEYS.token_key("oauth2", client_id="demo", secret="s").hex()
    assert key == (
        "1691ea12a5234d665b7c6dfccfb2ae309b44d7ca82342d1c2e2d4d795fcaf816"
        "5478a4c44c35d2c00aefd46e611d95392738a2f6b79678a49fa411a067d95b22"
    )


def test_a_number_that_was_sealed_can_be_read() -> None:
    sealed = "cal2zo6q2sgn3y6o.c2G1NcfT9OoCBGTk.hw7u7beadec7eeypcdv2bn3t"
    assert KEYS.unseal(sealed, context="v1") == PHONE
    assert KEYS.unseal(sealed, context="v2") is None


def test_a_sealed_number_has_a_nonce_of_16_and_a_mark_of_24_characters() -> None:
    nonce, _, mark = KEYS.seal(PHONE, context="v1").split(".")
    assert (len(nonce), len(mark)) == (16, 24)


def test_the_pepper_is_in_no_repr() -> None:
    assert repr(KEYS) == "Keys(***)"
