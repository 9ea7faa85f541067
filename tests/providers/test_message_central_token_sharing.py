"""Message Central's token among containers: one logs in, the others wait for it."""

from __future__ import annotations

import responses

from countersign.errors import ServiceUnavailableError
from countersign.model import Delivery
from countersign.orders import SendResult
from countersign.ports import SharedToken
from countersign.providers.transport import VendorHttp

from .cases import SHARE_NAME
from .fakes import NOW, FakeTokens
from .raw_server import refused_url
from .tokens import DAY, FRESH, LOGIN, Container, accepts_only, logins


def test_while_another_container_logs_in_this_one_waits_and_takes_its_token(
    http: VendorHttp, wire: responses.RequestsMock
) -> None:
    tokens = FakeTokens(leased=True)
    container = Container(http, tokens)
    accepts_only(wire, FRESH)

    def other_container_saves() -> None:
        if container.clock.seconds > 1:
            tokens.save(SHARE_NAME, token=SharedToken(FRESH, expires_at=NOW + DAY))

    container.clock.on_sleep = other_container_saves
    assert container.send().outcome is Delivery.ACCEPTED
    assert logins(wire) == 0


def test_a_lease_that_its_holder_gave_up_passes_on(http: VendorHttp, wire: responses.RequestsMock) -> None:
    tokens = FakeTokens(leased=True)
    container = Container(http, tokens)
    container.clock.on_sleep = lambda: tokens.abandon_refresh(SHARE_NAME)
    wire.add("GET", LOGIN, json={"status": 200, "token": FRESH})
    accepts_only(wire, FRESH)
    assert container.send().outcome is Delivery.ACCEPTED


def test_nobody_waits_for_a_token_beyond_the_deadline(http: VendorHttp) -> None:
    container = Container(http, FakeTokens(leased=True), base_url=refused_url())
    result = container.send(seconds=3)
    assert result == SendResult(
        outcome=Delivery.REJECTED, detail="token is being fetched elsewhere", was_asked=False
    )
    assert container.clock.seconds <= 3


def test_a_token_saved_between_the_look_and_the_lease_is_taken(
    http: VendorHttp, wire: responses.RequestsMock
) -> None:
    class Racing(FakeTokens):
        def begin_refresh(self, name: str, *, lease_seconds: int) -> bool:
            self.tokens[name] = SharedToken(FRESH, expires_at=NOW + DAY)
            return super().begin_refresh(name, lease_seconds=lease_seconds)

    tokens = Racing()
    accepts_only(wire, FRESH)
    assert Container(http, tokens).send().outcome is Delivery.ACCEPTED
    assert logins(wire) == 0
    assert not tokens.leased


def test_a_token_store_out_of_reach_is_provably_not_sent(http: VendorHttp) -> None:
    class Down(FakeTokens):
        def load(self, name: str) -> SharedToken | None:
            raise ServiceUnavailableError

    result = Container(http, Down(), base_url=refused_url()).send()
    assert (result.outcome, result.detail) == (Delivery.REJECTED, "token store out of reach")
