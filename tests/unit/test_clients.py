"""Who may call: secrets, switched-off clients, and the dialects a client may speak."""

from __future__ import annotations

from typing import Any

import pytest

from countersign.client import TokenUse
from countersign.errors import ClientDisabledError, ConfigurationError, UnauthenticatedError
from tests.support.clock import NOON
from tests.support.door import DIALECTS, SECRETS, Door

# Secrets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", SECRETS)
def test_each_secret_of_a_client_lets_it_in(secret: str) -> None:
    assert Door().enter(secret).id == "demo"


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [("demo", ""), ("demo", "First"), ("demo", "first "), ("demo", "third"), ("other", "first"), ("", "")],
)
def test_nothing_else_does(client_id: str, secret: str) -> None:
    with pytest.raises(UnauthenticatedError) as refused:
        Door().enter(secret, client_id)
    assert type(refused.value) is UnauthenticatedError


def test_a_brand_new_secret_is_known_after_one_fresh_look() -> None:
    door = Door()
    door.enter()
    door.write(demo={"secrets": ["third"]})
    door.clock.advance(10)
    assert door.enter("third").id == "demo"
    assert door.manager.calls == 2


def test_wrong_secrets_do_not_make_a_fetch_each() -> None:
    door = Door()
    for _ in range(20):
        with pytest.raises(UnauthenticatedError):
            door.enter("wrong")
        door.clock.advance(1)
    assert door.manager.calls <= 3


# Switched off ---------------------------------------------------------------------------------


@pytest.mark.parametrize("disabled", [True, "yes", 1, None, {}])
def test_a_disabled_client_is_told_so_with_the_right_secret_only(disabled: object) -> None:
    door = Door(demo={"secrets": SECRETS, "disabled": disabled})
    with pytest.raises(ClientDisabledError):
        door.enter()
    with pytest.raises(UnauthenticatedError) as refused:
        door.enter("wrong")
    assert type(refused.value) is UnauthenticatedError


def test_a_client_that_is_not_disabled_is_let_in() -> None:
    assert Door(demo={"secrets": SECRETS, "disabled": False}).enter().id == "demo"


def test_a_client_that_was_switched_on_again_is_let_in_after_one_fresh_look() -> None:
    door = Door(demo={"secrets": SECRETS, "disabled": True})
    with pytest.raises(ClientDisabledError):
        door.enter()
    door.write(demo={"secrets": SECRETS})
    door.clock.advance(10)
    assert door.enter().id == "demo"


def test_a_disabled_client_whose_secret_was_withdrawn_is_told_nothing() -> None:
    door = Door(demo={"secrets": SECRETS, "disabled": True})
    with pytest.raises(ClientDisabledError):
        door.enter()
    door.write(demo={"secrets": ["third"], "disabled": True})
    door.clock.advance(10)
    with pytest.raises(UnauthenticatedError) as refused:
        door.enter()
    assert type(refused.value) is UnauthenticatedError


def test_nobody_vouches_for_a_disabled_client() -> None:
    door = Door(demo={"secrets": SECRETS, "disabled": True}, other={"secrets": SECRETS})
    assert door.clients.trusted("other").id == "other"
    with pytest.raises(UnauthenticatedError):
        door.clients.trusted("demo")
    with pytest.raises(UnauthenticatedError):
        door.clients.trusted("nobody")


# Dialects -------------------------------------------------------------------------------------


def test_a_client_speaks_every_dialect_unless_it_is_limited() -> None:
    client = Door().enter()
    for dialect in DIALECTS:
        assert client.speaks(dialect)
        assert client.settings(dialect) == {}


def test_a_client_speaks_what_its_section_lists_with_the_settings_there() -> None:
    settings: dict[str, Any] = {"templates": {"t1": {"length": 6}}}
    client = Door(demo={"secrets": SECRETS, "dialects": {"native": {}, "esms": settings}}).enter()
    assert [dialect for dialect in sorted(DIALECTS) if client.speaks(dialect)] == ["esms", "native"]
    assert client.settings("esms") == settings
    assert client.settings("native") == client.settings("camara") == {}


def test_a_client_with_an_empty_list_speaks_nothing() -> None:
    client = Door(demo={"secrets": SECRETS, "dialects": {}}).enter()
    assert not any(client.speaks(dialect) for dialect in DIALECTS)


@pytest.mark.parametrize("way", ["secret", "token", "trust"])
def test_every_way_in_knows_the_clients_dialects(way: str) -> None:
    door = Door(demo={"secrets": SECRETS, "dialects": {"camara": {}}})
    match way:
        case "secret":
            client = door.enter()
        case "token":
            client = door.clients.bearer(door.token(), use=TokenUse.OAUTH2, now=NOON).client
        case _:
            client = door.clients.trusted("demo")
    assert client.speaks("camara")
    assert not client.speaks("native")


@pytest.mark.parametrize(
    ("dialects", "message"),
    [
        ([], "dialects must be a JSON object"),
        (["native"], "dialects must be a JSON object"),
        ("native", "dialects must be a JSON object"),
        (7, "dialects must be a JSON object"),
        (False, "dialects must be a JSON object"),
        (None, "dialects must be a JSON object"),
        ({"native": None}, "dialects.native must be a JSON object"),
        ({"native": True}, "dialects.native must be a JSON object"),
        ({"native": []}, "dialects.native must be a JSON object"),
        ({"native": {}, "esms": "x"}, "dialects.esms must be a JSON object"),
        ({"engagelab": {}}, "dialects may name camara, esms, native only"),
        ({"Native": {}}, "dialects may name camara, esms, native only"),
        ({"": {}}, "dialects may name camara, esms, native only"),
    ],
)
def test_what_is_no_dialect_or_no_setting_is_said(dialects: object, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Door(demo={"secrets": SECRETS, "dialects": dialects}).enter()
    assert str(refused.value) == f"client demo: {message}"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"secrets": SECRETS, "dialect": {}}, "client demo: dialect is not a setting"),
        ({"secrets": SECRETS, "policy": []}, "client demo: policy must be a JSON object"),
        ({"secrets": []}, "client demo: secrets must list 1 to 3 strings"),
        ({"secrets": [""]}, "client demo: secrets must list 1 to 3 strings"),
        ({"secrets": ["a", "b", "c", "d"]}, "client demo: secrets must list 1 to 3 strings"),
        ({}, "client demo: secrets must list 1 to 3 strings"),
        ([], "client demo: must be a JSON object"),
    ],
)
def test_a_broken_section_is_said_with_its_client(section: object, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Door(demo=section).enter()
    assert str(refused.value) == message


def test_a_broken_section_harms_no_other_client() -> None:
    door = Door(demo={"secrets": SECRETS}, other={"secrets": SECRETS, "dialects": []})
    assert door.enter().id == "demo"
