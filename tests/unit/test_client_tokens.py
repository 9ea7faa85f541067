"""A client's access tokens: made for one use, alive as long as its secret."""

from __future__ import annotations

import pytest

from countersign.access_tokens import sign
from countersign.client import TokenUse
from countersign.errors import ClientDisabledError, ServiceUnavailableError, UnauthenticatedError
from tests.support.aws import client_error
from tests.support.builders import PEPPER, keys
from tests.support.clock import NOON
from tests.support.door import SECRETS, Door
from tests.support.peppers import NEXT_PEPPER


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("use", TokenUse)
def test_a_token_lets_its_client_in_until_its_end(use: TokenUse, secret: str) -> None:
    door = Door()
    token = door.token(secret, use=use, lifetime_seconds=100)
    door.clock.advance(99)
    assert door.show(token, use) == "demo"
    door.clock.advance(1)
    with pytest.raises(UnauthenticatedError):
        door.show(token, use)


@pytest.mark.parametrize("scope", ["", "read", "read send:validate"])
def test_a_token_carries_its_scopes(scope: str) -> None:
    door = Door()
    bearer = door.clients.bearer(door.token(scope=scope), use=TokenUse.OAUTH2, now=NOON)
    assert bearer.scopes == frozenset(scope.split())
    assert bearer.client == door.enter()


@pytest.mark.parametrize("made_for", TokenUse)
def test_a_token_of_one_use_is_none_of_another(made_for: TokenUse) -> None:
    door = Door()
    token = door.token(use=made_for)
    for use in TokenUse:
        if use is made_for:
            assert door.show(token, use) == "demo"
        else:
            with pytest.raises(UnauthenticatedError):
                door.show(token, use)


def test_a_token_holds_neither_secret_nor_pepper() -> None:
    token = Door().token()
    assert "first" not in token
    assert PEPPER not in token


def test_a_token_dies_with_its_secret_and_with_no_other() -> None:
    door = Door()
    old, kept = door.token("first"), door.token("second")
    door.write(demo={"secrets": ["second", "third"]})
    door.clock.advance(300)
    assert door.show(kept) == "demo"
    with pytest.raises(UnauthenticatedError):
        door.show(old)


def test_a_token_under_a_brand_new_secret_is_known_after_one_fresh_look() -> None:
    rotated = Door(demo={"secrets": ["third"]})
    token = rotated.token("third")
    door = Door()
    door.enter()
    door.write(demo={"secrets": ["third"]})
    with pytest.raises(UnauthenticatedError):
        door.show(token)  # it has looked a moment ago
    door.clock.advance(10)
    assert door.show(token) == "demo"
    assert door.manager.calls == 2


def test_a_token_dies_with_the_pepper() -> None:
    door = Door()
    token = door.token()
    door.write(pepper="another pepper, as long as it has to be", demo={"secrets": SECRETS})
    door.clock.advance(300)
    with pytest.raises(UnauthenticatedError):
        door.show(token)


def test_a_disabled_clients_token_is_told_so_if_it_is_one_of_its_own() -> None:
    door = Door()
    token = door.token()
    door.write(demo={"secrets": SECRETS, "disabled": True})
    door.clock.advance(300)
    with pytest.raises(ClientDisabledError):
        door.show(token)
    forged = sign({"sub": "demo", "exp": NOON + 3_600}, key=b"k" * 64)
    with pytest.raises(UnauthenticatedError) as refused:
        door.show(forged)
    assert type(refused.value) is UnauthenticatedError


def test_a_token_of_a_client_that_is_gone_lets_nobody_in() -> None:
    door = Door()
    token = door.token()
    door.write(other={"secrets": SECRETS})
    door.clock.advance(300)
    with pytest.raises(UnauthenticatedError):
        door.show(token)


def test_a_token_for_another_subject_is_not_its_own() -> None:
    """Two clients that share a secret do not share tokens."""
    door = Door(demo={"secrets": SECRETS}, other={"secrets": SECRETS})
    key = keys().token_key(TokenUse.OAUTH2, client_id="demo", secret="first")
    assert door.show(sign({"sub": "demo", "exp": NOON + 1}, key=key)) == "demo"
    with pytest.raises(UnauthenticatedError):
        door.show(sign({"sub": "other", "exp": NOON + 1}, key=key))


@pytest.mark.parametrize("subject", ["", "nobody", "demo ", "Demo", "é", "\ud800", "__proto__"])
def test_a_subject_that_nobody_has_lets_nobody_in(subject: str) -> None:
    empty_secret = keys().token_key(TokenUse.OAUTH2, client_id="nobody", secret="")
    token = sign({"sub": subject, "exp": NOON + 600}, key=empty_secret)
    with pytest.raises(UnauthenticatedError):
        Door().show(token)


@pytest.mark.parametrize("token", ["", "first", "a.b.c", "é", "x" * 5_000])
def test_what_is_no_token_costs_no_look_at_the_secret(token: str) -> None:
    door = Door()
    with pytest.raises(UnauthenticatedError):
        door.show(token)
    assert door.manager.calls == 0


def test_a_token_that_has_expired_costs_no_look_at_the_secret() -> None:
    door = Door()
    with pytest.raises(UnauthenticatedError):
        door.show(sign({"sub": "demo", "exp": NOON}, key=b"k"))
    assert door.manager.calls == 0


def test_without_the_secret_store_a_token_is_refused_as_our_fault() -> None:
    token = Door().token()
    door = Door()
    door.manager.says = client_error("InternalServiceError")
    with pytest.raises(ServiceUnavailableError):
        door.show(token)


# While the pepper is rotated ------------------------------------------------------------------


def test_a_token_of_the_previous_pepper_is_good_while_there_is_one() -> None:
    door = Door()
    token = door.token(lifetime_seconds=100_000)
    door.write(pepper=NEXT_PEPPER, previous=PEPPER, demo={"secrets": SECRETS})
    door.clock.advance(300)
    assert door.show(token) == "demo"
    door.write(pepper=NEXT_PEPPER, demo={"secrets": SECRETS})
    door.clock.advance(300)
    with pytest.raises(UnauthenticatedError):
        door.show(token)


def test_a_token_is_signed_under_the_new_pepper_as_soon_as_it_is_known() -> None:
    door = Door()
    door.write(pepper=NEXT_PEPPER, previous=PEPPER, demo={"secrets": SECRETS})
    token = door.token(lifetime_seconds=100_000)
    door.write(pepper=NEXT_PEPPER, demo={"secrets": SECRETS})
    door.clock.advance(300)
    assert door.show(token) == "demo"


def test_a_token_of_a_pepper_that_a_container_has_not_seen_is_good_after_one_fresh_look() -> None:
    ahead, behind = Door(), Door()
    behind.enter()
    for door in (ahead, behind):
        door.write(pepper=NEXT_PEPPER, previous=PEPPER, demo={"secrets": SECRETS})
    behind.clock.advance(10)
    assert behind.show(ahead.token()) == "demo"
    assert behind.manager.calls == 2


def test_with_the_previous_pepper_too_a_token_is_for_one_use_and_dies_with_its_secret() -> None:
    door = Door()
    token = door.token("first")
    door.write(pepper=NEXT_PEPPER, previous=PEPPER, demo={"secrets": ["second"]})
    door.clock.advance(300)
    with pytest.raises(UnauthenticatedError):
        door.show(token)
    door.write(pepper=NEXT_PEPPER, previous=PEPPER, demo={"secrets": ["first"]})
    door.clock.advance(300)
    assert door.show(token) == "demo"
    with pytest.raises(UnauthenticatedError):
        door.show(token, TokenUse.MESSAGE_CENTRAL)
