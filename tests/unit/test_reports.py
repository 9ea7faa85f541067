"""How far a text got moves forward only, and what a report is kept under."""

from __future__ import annotations

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.errors import ConfigurationError
from countersign.model import Receipt
from countersign.reports import before, callback_url, furthest, is_reference, metric_of

SEGMENT = "kJ3xQ9vT2mZ7pL5rW8nB4cD6fG1hS0yA"


@given(st.lists(st.sampled_from(Receipt), min_size=1))
def test_any_order_and_repetition_of_states_ends_in_the_same_one(states: list[Receipt]) -> None:
    ends = set()
    for order in [*permutations(set(states)), tuple(states)]:
        state: Receipt | None = None
        for one in order:
            state = furthest(state, one)
        ends.add(state)
    assert len(ends) == 1


@pytest.mark.parametrize(("one", "other"), list(product(Receipt, Receipt)))
def test_of_two_states_exactly_one_may_follow_the_other_unless_they_are_the_same(
    one: Receipt, other: Receipt
) -> None:
    assert (one in before(other)) + (other in before(one)) == (0 if one is other else 1)


def test_a_text_that_failed_may_still_arrive_and_never_the_reverse() -> None:
    assert furthest(Receipt.UNDELIVERED, Receipt.DELIVERED) is Receipt.DELIVERED
    assert furthest(Receipt.DELIVERED, Receipt.UNDELIVERED) is Receipt.DELIVERED
    assert furthest(Receipt.UNDELIVERED, Receipt.SENT) is Receipt.UNDELIVERED


def test_a_text_on_its_way_is_counted_by_nobody() -> None:
    assert [metric_of(receipt) for receipt in Receipt] == [None, "TextsUndelivered", "TextsDelivered"]


@pytest.mark.parametrize("text", ["", "a#b", "x" * 65, "a b", "đ", "a\n", "R#esms#1"])
def test_what_is_no_reference_is_kept_under_no_key(text: str) -> None:
    assert not is_reference(text)


@pytest.mark.parametrize(
    "text", ["1725407449772531712", "d533459ee42b2b9525ba9eabf6a8156", "x" * 64, "A-b_9"]
)
def test_references_of_the_vendors_are_references(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize(
    "url",
    [
        f"https://a1b2.execute-api.eu-west-1.amazonaws.com/receipts/esms/{SEGMENT}",
        f"https://sms.example:8443/countersign/receipts/esms/{SEGMENT * 4}",
        f"http://127.0.0.1:4566/_aws/execute-api/a1b2/$default/receipts/esms/{SEGMENT}",
    ],
)
def test_a_callback_may_lie_anywhere_over_https_or_on_this_machine(url: str) -> None:
    assert callback_url({"callback_url": url}) == url


def test_without_a_url_nobody_is_called() -> None:
    assert callback_url({}) is None
    assert callback_url(None) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        7,
        f"http://sms.example/receipts/esms/{SEGMENT}",
        f"https://sms.example/receipts/esms/{SEGMENT[:31]}",
        f"https://sms.example/receipts/esms/{SEGMENT}/",
        f"https://sms.example/receipts/esms/{SEGMENT}?a=1",
        f"https://sms.example/receipts/engagelab/{SEGMENT}",
        f"https://user:pass@sms.example/receipts/esms/{SEGMENT}",
        f"https://sms.example/receipts/esms/{'x' * 129}",
        f"https://sms.example/receipts/esms/{SEGMENT}\n",
    ],
)
def test_a_callback_that_can_be_guessed_or_read_on_the_way_is_refused(url: object) -> None:
    with pytest.raises(ConfigurationError, match="callback_url") as refused:
        callback_url({"callback_url": url})
    assert SEGMENT not in str(refused.value)
