"""What EngageLab's dialect makes of a request before anybody is asked."""

from __future__ import annotations

import json
import re

from countersign.dialects.engagelab_parsing import (
    Order,
    parse_code_message,
    parse_custom_message,
    parse_guess,
    parse_message,
    random_message_id,
    start_request,
)
from countersign.dialects.engagelab_templates import Template
from countersign.dialects.http import HttpRequest
from countersign.model import Channel, Secret
from countersign.policy import Policy

TEMPLATE = Template(
    id="login",
    code_length=8,
    ttl_seconds=120,
    channels=(Channel.WHATSAPP, Channel.SMS),
    texts={},
    own_text_is_binding=True,
)


def request(body: object) -> HttpRequest:
    return HttpRequest(method="POST", path="/v1/messages", headers={}, body=json.dumps(body).encode())


def order(code: str | None = None) -> Order:
    return Order(
        to=Secret("+84901888484"),
        template_id="login",
        language="zh_HK",
        params={},
        code=Secret(code) if code else None,
    )


def test_a_message_is_read() -> None:
    template = {"id": "login", "language": "ja", "params": {"shop": "A"}}
    read = parse_message(request({"to": "+84901888484", "template": template}))
    assert read == Order(
        to=Secret("+84901888484"), template_id="login", language="ja", params={"shop": "A"}, code=None
    )


def test_the_three_ways_to_bring_a_code() -> None:
    body = {"to": "+84901888484", "code": "398210", "template": {"id": "login", "params": {"code": "4711"}}}
    plain = body | {"template": {"id": "login"}}
    assert parse_message(request(plain)).code is None
    assert parse_code_message(request(plain)).code == Secret("398210")
    assert parse_custom_message(request(body)).code == Secret("4711")


def test_neither_number_nor_code_nor_parameters_are_shown() -> None:
    body = {"to": "+84901888484", "template": {"id": "login", "params": {"code": "398210", "name": "Ada"}}}
    shown = repr(parse_custom_message(request(body)))
    shown += repr(parse_guess(request({"message_id": "1" * 19, "verify_code": "667090"})))
    for part in ("901888484", "398210", "Ada", "667090"):
        assert part not in shown


def test_a_start_is_made_of_template_policy_and_order() -> None:
    start = start_request(order(), template=TEMPLATE, policy=Policy(cooldown_seconds=30))
    assert start.phone.e164 == Secret("+84901888484")
    assert (start.channels, start.purpose) == ((Channel.WHATSAPP, Channel.SMS), "dialect:engagelab:login")
    assert (start.code_length, start.ttl_seconds, start.cooldown_seconds) == (8, 120, 30)
    assert start.one_at_a_time
    assert (start.text, start.code, start.locale, start.idempotency_key) == (None, None, "zh-HK", None)


def test_a_code_of_the_callers_has_its_own_length_and_no_cooldown_is_none() -> None:
    start = start_request(order("39821"), template=TEMPLATE, policy=Policy())
    assert (start.code, start.code_length, start.cooldown_seconds) == (Secret("39821"), 5, 0)


def test_an_id_has_19_digits_and_fits_a_signed_number_of_64_bits() -> None:
    ids = {random_message_id() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(re.fullmatch(r"[1-9][0-9]{18}", one) and int(one) < 2**63 for one in ids)
    start = start_request(order(), template=TEMPLATE, policy=Policy())
    assert start.verification_id is not None
    assert re.fullmatch(r"[1-9][0-9]{18}", start.verification_id)


def test_only_19_digits_can_be_an_id() -> None:
    def known(message_id: str) -> bool:
        return parse_guess(request({"message_id": message_id, "verify_code": "1"})) is not None

    assert known("1725407449772531712")
    assert not any(known(one) for one in ("1" * 18, "1" * 20, "1" * 18 + "x", "١" * 19, "1" * 19 + "\n"))
