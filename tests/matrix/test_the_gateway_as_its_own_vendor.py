"""Each provider against the matching dialect of a second instance: what we ask for, we answer.

The second instance is a whole gateway over HTTP, with the simulators behind it. A provider
must find in its answers what its contract wants of a vendor's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import pytest

from countersign.clock import Deadline, SystemClock
from countersign.model import Channel, Custody, Delivery, Phone, Secret, Verdict
from countersign.orders import CheckOrder, SendOrder, SendResult
from countersign.ports import Provider
from countersign.providers.registry import ProviderRegistry
from tests.matrix.callers import BRANDNAME, SECRET
from tests.matrix.conftest import Everything
from tests.providers.fakes import FakeAccounts, FakeTelemetry, FakeTokens
from tests.support.served import served

_numbers = itertools.count(5_000)
WAYS = (
    ("message_central", Custody.VENDOR),
    ("esms", Custody.VENDOR),
    ("engagelab", Custody.VENDOR),
    ("engagelab", Custody.GATEWAY),
)
SETTINGS: dict[str, dict[str, object]] = {
    "message_central": {},
    "esms": {"brandnames": [BRANDNAME]},
    "engagelab": {"templates": {"t1": {"code_length": 6}}},
}
BEHIND = {"message_central": "esms:vendor", "esms": "esms:gateway", "engagelab": "engagelab:gateway"}


def accounts(secret: str) -> dict[str, Mapping[str, object]]:
    """We, as customers of the second instance."""
    return {
        "message_central": {"customer_id": "own-message_central", "password": secret},
        "esms": {
            "api_key": "own-esms",
            "secret_key": secret,
            "brandname": BRANDNAME,
            "message": "{OTP} la ma xac minh",
        },
        "engagelab": {
            "dev_key": "own-engagelab",
            "dev_secret": secret,
            "templates": {"sms": "t1"},
            "ttl_seconds": 300,
        },
    }


@dataclass
class Own:
    """The providers of a first instance, whose vendors are the second one."""

    second: Everything
    base_url: str

    def provider(self, name: str, *, secret: str = SECRET) -> Provider:
        registry = ProviderRegistry(
            base_urls={
                "message_central": self.base_url,
                "esms": f"{self.base_url}/MainService.svc/json",
                "engagelab": self.base_url,
            },
            accounts=FakeAccounts(accounts(secret)),
            tokens=FakeTokens(),
            clock=self.second.gateway.clock,
            telemetry=FakeTelemetry(),
        )
        provider = registry.get(name)
        assert provider is not None
        return provider

    def break_vendor(self, name: str, mode: str) -> None:
        """Make the simulator behind the second instance misbehave for its next call."""
        self.second.break_vendor(name, mode)


@pytest.fixture(scope="module")
def own(everything: Everything) -> Iterator[Own]:
    for name, settings in SETTINGS.items():
        everything.client(f"own-{name}", dialect=name, settings=settings, way=BEHIND[name])
    with served(everything.gateway) as base_url:
        yield Own(everything, base_url)


def order(custody: Custody, **changes: object) -> SendOrder:
    number = f"+8490188{next(_numbers):04d}"
    plain = SendOrder(
        verification_id="v3rification",
        send_number=1,
        phone=Phone(e164=Secret(number), country="VN", calling_code="84", masked="+84•••"),
        channel=Channel.SMS,
        custody=custody,
        code=Secret("907163") if custody is Custody.GATEWAY else None,
        code_length=6,
        ttl_seconds=300,
        locale=None,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # names of its own fields


def in_time() -> Deadline:
    return Deadline(8.0, clock=SystemClock())


def check_of(sent: SendOrder, result: SendResult, code: str) -> CheckOrder:
    return CheckOrder(
        verification_id=sent.verification_id,
        phone_e164=sent.phone.e164,
        vendor_reference=result.vendor_reference,
        channel=sent.channel,
        code=Secret(code),
    )


every_way = pytest.mark.parametrize(("name", "custody"), WAYS, ids=[f"{n}:{c}" for n, c in WAYS])
every_checked_way = pytest.mark.parametrize("name", [n for n, c in WAYS if c is Custody.VENDOR])


@every_way
def test_a_send_is_accepted_and_arrives(name: str, custody: Custody, own: Own) -> None:
    sent = order(custody)
    result = own.provider(name).send(sent, deadline=in_time())
    assert (result.outcome, bool(result.vendor_reference)) == (Delivery.ACCEPTED, True)
    code = own.second.code_on(sent.phone.e164.reveal())
    assert len(code) == 6
    if sent.code is not None:
        assert code == sent.code.reveal()


@every_checked_way
def test_a_code_is_wrong_right_and_then_used(name: str, own: Own) -> None:
    provider, sent = own.provider(name), order(Custody.VENDOR)
    result = provider.send(sent, deadline=in_time())
    code = own.second.code_on(sent.phone.e164.reveal())
    wrong = check_of(sent, result, code[:-1] + str((int(code[-1]) + 1) % 10))
    right = check_of(sent, result, code)
    assert provider.check(wrong, deadline=in_time()).verdict is Verdict.WRONG
    assert provider.check(right, deadline=in_time()).verdict is Verdict.VERIFIED
    again = provider.check(right, deadline=in_time()).verdict
    assert (
        again is {"message_central": Verdict.USED, "esms": Verdict.WRONG, "engagelab": Verdict.EXPIRED}[name]
    )


@every_checked_way
def test_a_code_dies_with_its_time(name: str, own: Own) -> None:
    provider, sent = own.provider(name), order(Custody.VENDOR)
    result = provider.send(sent, deadline=in_time())
    life = {"message_central": 60, "esms": 300, "engagelab": 300}[name]
    assert result.expires_in_seconds == life
    own.second.gateway.clock.advance(life)
    late = check_of(sent, result, own.second.code_on(sent.phone.e164.reveal()))
    verdict = provider.check(late, deadline=in_time()).verdict
    assert verdict is (Verdict.WRONG if name == "esms" else Verdict.EXPIRED)


@every_checked_way
def test_attempts_end(name: str, own: Own) -> None:
    provider, sent = own.provider(name), order(Custody.VENDOR)
    result = provider.send(sent, deadline=in_time())
    code = own.second.code_on(sent.phone.e164.reveal())
    wrong = check_of(sent, result, code[:-1] + str((int(code[-1]) + 1) % 10))
    assert {provider.check(wrong, deadline=in_time()).verdict for _ in range(5)} == {Verdict.WRONG}
    verdict = provider.check(check_of(sent, result, code), deadline=in_time()).verdict
    expected = {
        "message_central": Verdict.EXHAUSTED,
        "esms": Verdict.WRONG,
        "engagelab": Verdict.EXPIRED,
    }
    assert verdict is expected[name]


@every_checked_way
def test_a_message_that_nobody_sent_is_not_verified(name: str, own: Own) -> None:
    sent = order(Custody.VENDOR)
    reference = {"message_central": "1234567890123456", "esms": "f" * 32, "engagelab": "1725407449772531712"}
    unknown = SendResult(outcome=Delivery.ACCEPTED, detail="", vendor_reference=reference[name])
    verdict = own.provider(name).check(check_of(sent, unknown, "123456"), deadline=in_time()).verdict
    assert verdict is (Verdict.WRONG if name == "esms" else Verdict.EXPIRED)


@every_way
def test_refused_credentials_send_nothing(name: str, custody: Custody, own: Own) -> None:
    sent = order(custody)
    result = own.provider(name, secret="another").send(sent, deadline=in_time())
    assert (result.outcome, result.try_elsewhere) == (Delivery.REJECTED, True)
    assert own.second.handset.messages(to=sent.phone.e164.reveal()) == []


@every_way
def test_a_second_send_does_what_the_vendor_would_do(name: str, custody: Custody, own: Own) -> None:
    provider, sent = own.provider(name), order(custody)
    provider.send(sent, deadline=in_time())
    again = provider.send(replace(sent, send_number=2), deadline=in_time())
    assert again.outcome is (Delivery.ACCEPTED if name == "esms" else Delivery.REJECTED)


@every_way
def test_a_landline_is_provably_not_sent_to(name: str, custody: Custody, own: Own) -> None:
    landline = Phone(e164=Secret("+842438252525"), country="VN", calling_code="84", masked="+84•••")
    result = own.provider(name).send(order(custody, phone=landline), deadline=in_time())
    assert result.outcome is Delivery.REJECTED


@every_way
@pytest.mark.parametrize("mode", ["error_500", "reset"])
def test_what_may_have_been_sent_behind_it_may_have_been_sent(
    name: str, custody: Custody, mode: str, own: Own
) -> None:
    own.break_vendor(BEHIND[name].partition(":")[0], mode)
    result = own.provider(name).send(order(custody), deadline=in_time())
    assert result.outcome in {Delivery.ACCEPTED, Delivery.UNKNOWN}


@every_way
def test_what_no_vendor_behind_it_takes_was_not_accepted(name: str, custody: Custody, own: Own) -> None:
    own.break_vendor(BEHIND[name].partition(":")[0], "refuse")
    result = own.provider(name).send(order(custody), deadline=in_time())
    # Message Central's protocol has no word for "provably not sent, for a reason of ours".
    assert result.outcome is (Delivery.UNKNOWN if name == "message_central" else Delivery.REJECTED)
