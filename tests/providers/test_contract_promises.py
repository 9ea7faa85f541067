"""What was promised of a message is kept or refused, never replaced: text, alphabet, length."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import responses

from countersign.model import Alphabet, Delivery, MessageText
from countersign.orders import SendOrder
from countersign.providers.transport import VendorHttp

from .cases import SENDS, Case, make
from .contract import answered, every_send, order_of
from .fakes import real_deadline
from .raw_server import refused_url

TEXT = MessageText(("Shop: ", " is the word"))
OFFERED_TEXT = MessageText(TEXT.parts, binding=False)

CARRIES_TEXT = ("esms vendor", "esms gateway")
sends_the_orders_text = pytest.mark.parametrize(
    "case", [case for case in SENDS if case.id in CARRIES_TEXT], ids=lambda case: case.id
)
sends_its_own_texts_only = pytest.mark.parametrize(
    "case", [case for case in SENDS if case.id not in CARRIES_TEXT], ids=lambda case: case.id
)
NO_LETTERS = {
    "message_central vendor": "its codes are digits only",
    "engagelab vendor": "its codes are digits only",
}
LENGTHS: Mapping[str, tuple[range, str]] = {
    "message_central vendor": (range(4, 9), "codes of 4 to 8 digits only"),
    "esms vendor": (range(4, 11), ""),
    "esms vendor zalo": (range(6, 7), "codes of 6 characters only over zalo"),
    "esms gateway": (range(4, 11), ""),
    "engagelab vendor": (range(6, 7), "its templates make codes of 6 characters"),
    "engagelab gateway": (range(4, 11), ""),
}


def test_the_tables_name_every_way_to_send() -> None:
    ids = {case.id for case in SENDS}
    assert ids >= {*CARRIES_TEXT, *NO_LETTERS}
    assert set(LENGTHS) == ids


@every_send
def test_a_binding_text_is_carried_or_refused(case: Case, http: VendorHttp) -> None:
    refused = None if case.id in CARRIES_TEXT else "its own texts only"
    _is_carried_or_refused(case, order_of(case, text=TEXT), refused=refused, http=http)


@every_send
def test_a_text_that_does_not_bind_is_never_a_reason_to_refuse(case: Case, http: VendorHttp) -> None:
    assert make(case.vendor, http=http).refusal(order_of(case, text=OFFERED_TEXT)) is None


@sends_the_orders_text
@pytest.mark.parametrize("text", [TEXT, OFFERED_TEXT], ids=["binding", "offered"])
def test_a_vendor_that_sends_an_orders_text_sends_it_alone(
    case: Case, text: MessageText, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    with_text = _written(case, order_of(case, text=text), http=http, wire=wire)
    own = _written(case, order_of(case), http=http, wire=wire)
    words = ("Shop", "is the word") if case.method == "POST" else ("Shop%3A%20", "%20is%20the%20word")
    assert all(word in with_text and word not in own for word in words)
    assert "xac" in own
    assert "xac" not in with_text


@sends_its_own_texts_only
def test_a_vendor_that_sends_its_own_texts_only_sends_the_very_same_for_an_offered_one(
    case: Case, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    offered = _written(case, order_of(case, text=OFFERED_TEXT), http=http, wire=wire)
    assert offered == _written(case, order_of(case), http=http, wire=wire)


@every_send
def test_letters_are_carried_or_refused(case: Case, http: VendorHttp) -> None:
    order = order_of(case, alphabet=Alphabet.LETTERS_AND_DIGITS)
    _is_carried_or_refused(case, order, refused=NO_LETTERS.get(case.id), http=http)


@every_send
@pytest.mark.parametrize("length", range(4, 11))
def test_a_length_is_carried_or_refused(case: Case, length: int, http: VendorHttp) -> None:
    lengths, words = LENGTHS[case.id]
    order = order_of(case, code_length=length)
    _is_carried_or_refused(case, order, refused=None if length in lengths else words, http=http)


def _is_carried_or_refused(case: Case, order: SendOrder, *, refused: str | None, http: VendorHttp) -> None:
    provider = make(case.vendor, http=http, base_url=refused_url())
    assert provider.refusal(order) == refused
    result = provider.send(order, deadline=real_deadline())
    # "no connection" shows that there it was tried.
    assert (result.outcome, result.detail) == (Delivery.REJECTED, refused or "no connection")


def _written(case: Case, order: SendOrder, *, http: VendorHttp, wire: responses.RequestsMock) -> str:
    """The URL and the body that an order makes."""
    answered(wire, case, case.accepted)
    result = make(case.vendor, http=http).send(order, deadline=real_deadline())
    assert result.outcome is Delivery.ACCEPTED
    request = wire.calls[-1].request
    body = request.body if isinstance(request.body, bytes) else b""
    return f"{request.url} {body.decode()}"
