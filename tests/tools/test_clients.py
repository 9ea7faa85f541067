"""`countersign clients`: what is shown, what is written, and what is not."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.tools.desk import CLIENTS, PEPPER, ROUTES, Desk, Interrupted

SHOP = CLIENTS["clients"]["shop"]
HOOK = "whsec_" + "Y2FuYXJ5" * 4  # the base64 of 24 bytes
LONG = "canary-typed-secret-of-40-characters-...."


def test_clients_are_listed_without_their_secrets(desk: Desk) -> None:
    ran = desk.run("clients", "list", "--json")
    assert ran.exit_code == 0
    [shop] = ran.json["clients"]
    assert (shop["id"], shop["secrets"], shop["disabled"], shop["dialects"]) == ("shop", 1, False, None)
    assert "shop  secrets: 1" in desk.run("clients", "list").out


def test_a_new_client_gets_a_random_secret_that_is_shown_once(desk: Desk) -> None:
    ran = desk.run("clients", "put", "app", "--print-secret", "--json", shows_what_it_makes=True)
    document = desk.clients()
    [secret] = document["clients"]["app"]["secrets"]
    assert (ran.json["secret"], ran.json["created"]) == (secret, True)
    assert len(secret) >= 32
    assert (document["pepper"], document["clients"]["shop"]) == (PEPPER, SHOP)


def test_on_a_terminal_the_secret_is_shown_without_being_asked_for(desk: Desk) -> None:
    ran = desk.run("clients", "put", "app", terminal=True, shows_what_it_makes=True)
    assert desk.clients()["clients"]["app"]["secrets"][0] in ran.out


def test_a_secret_that_nobody_would_see_is_not_made(desk: Desk) -> None:
    ran = desk.run("clients", "put", "app")
    assert ran.exit_code == 2
    assert "--print-secret" in ran.err
    assert desk.clients() == CLIENTS


def test_a_secret_goes_into_a_new_file_that_only_its_owner_can_read(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    assert desk.run("clients", "put", "app", "--secret-file", str(file)).exit_code == 0
    assert file.read_text().strip() == desk.clients()["clients"]["app"]["secrets"][0]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = desk.clients()
    assert desk.run("clients", "put", "app", "--secret-file", str(file)).exit_code == 2
    assert desk.clients() == before


def test_a_further_secret_stands_in_front_and_the_oldest_is_retired(desk: Desk) -> None:
    assert desk.run("clients", "put", "shop", "--prompt", typed=f"{LONG}\n{LONG}\n").exit_code == 0
    assert desk.clients()["clients"]["shop"] == {**SHOP, "secrets": [LONG, *SHOP["secrets"]]}
    assert desk.run("clients", "retire", "shop").exit_code == 0
    assert desk.clients()["clients"]["shop"]["secrets"] == [LONG]
    refused = desk.run("clients", "retire", "shop")
    assert (refused.exit_code, "one secret" in refused.err) == (1, True)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("short\nshort\n", "32 characters"), (f"{LONG}\n{LONG}x\n", "not the same"), ("", "input ended")],
)
def test_a_secret_that_is_short_or_mistyped_is_not_taken(desk: Desk, typed: str, said: str) -> None:
    ran = desk.run("clients", "put", "shop", "--prompt", typed=typed)
    assert (ran.exit_code, said in ran.err) == (1, True)
    assert LONG not in ran.err
    assert desk.clients() == CLIENTS


def test_a_fourth_secret_is_refused(desk: Desk, tmp_path: Path) -> None:
    for place in range(2):
        assert desk.run("clients", "put", "shop", "--secret-file", str(tmp_path / f"{place}")).exit_code == 0
    ran = desk.run("clients", "put", "shop", "--secret-file", str(tmp_path / "4"))
    assert (ran.exit_code, "retire one first" in ran.err) == (1, True)
    assert not (tmp_path / "4").exists()


def test_a_client_is_disabled_and_enabled(desk: Desk) -> None:
    assert desk.run("clients", "disable", "shop").exit_code == 0
    assert desk.clients()["clients"]["shop"] == {**SHOP, "disabled": True}
    assert "DISABLED" in desk.run("clients", "list").out
    assert desk.run("clients", "enable", "shop").exit_code == 0
    assert desk.clients()["clients"]["shop"]["disabled"] is False


def test_a_client_is_removed_once_somebody_has_said_so(desk: Desk) -> None:
    assert desk.run("clients", "remove", "shop", typed="n\n").exit_code == 1
    assert desk.clients() == CLIENTS
    assert desk.run("clients", "remove", "shop", typed="y\n").exit_code == 0
    assert desk.clients() == {"pepper": PEPPER, "clients": {}}


def settings_file(folder: Path, settings: object) -> str:
    path = folder / "settings.json"
    path.write_text(json.dumps(settings))
    return str(path)


def test_settings_replace_those_of_the_client(desk: Desk, tmp_path: Path) -> None:
    path = settings_file(tmp_path, {"policy": {"routes": "payments"}, "dialects": {"native": {}}})
    assert desk.run("clients", "set", "shop", path).exit_code == 0
    assert desk.clients()["clients"]["shop"] == {
        **SHOP,
        "policy": {"routes": "payments"},
        "dialects": {"native": {}},
    }
    path = settings_file(tmp_path, {"dialects": None})
    assert desk.run("clients", "set", "shop", path).exit_code == 0
    assert "dialects" not in desk.clients()["clients"]["shop"]


def test_a_webhook_goes_live_and_the_local_stacks_may_stay_on_this_machine(
    desk: Desk, tmp_path: Path
) -> None:
    away = {"url": "https://shop.example/hook", "secrets": [HOOK]}
    here = {**away, "url": "http://127.0.0.1:8080/hook"}
    desk.parameters = {"Routes": json.dumps(ROUTES), "WebhookLoopback": "on"}
    for webhook in (away, here):
        path = settings_file(tmp_path, {"webhook": webhook})
        assert desk.run("clients", "set", "shop", path).exit_code == 0
        assert desk.clients()["clients"]["shop"]["webhook"] == webhook


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"policy": {"attempts": 1000}}, "attempts"),
        ({"policy": {"routes": "elsewhere"}}, "Routes has no table elsewhere"),
        ({"dialects": {"klingon": {}}}, "dialects may name"),
        ({"colour": "red"}, "colour is not a setting"),
        ({"webhook": {"url": "http://shop.example/hook", "secrets": [HOOK]}}, "webhook.url must be an https"),
        ({"webhook": {"url": "https://shop.example/hook", "secrets": ["short"]}}, "webhook.secrets must"),
    ],
)
def test_what_the_functions_could_not_read_does_not_go_live(
    desk: Desk, tmp_path: Path, settings: object, said: str
) -> None:
    ran = desk.run("clients", "set", "shop", settings_file(tmp_path, settings))
    assert (ran.exit_code, said in ran.err) == (1, True), ran.err
    assert desk.clients() == CLIENTS
    assert sorted(desk.labels("ClientsSecretArn").values()) == [["AWSCURRENT"], ["AWSPREVIOUS"]]


@pytest.mark.parametrize("settings", [{"secrets": ["mine"]}, {"disabled": True}, [], None])
def test_settings_hold_no_secrets(desk: Desk, tmp_path: Path, settings: object) -> None:
    assert desk.run("clients", "set", "shop", settings_file(tmp_path, settings)).exit_code == 2
    assert desk.clients() == CLIENTS


@pytest.mark.parametrize(
    "arguments", [("disable", "nobody"), ("retire", "nobody"), ("remove", "nobody", "--yes")]
)
def test_a_client_that_is_not_there_is_refused(desk: Desk, arguments: tuple[str, ...]) -> None:
    ran = desk.run("clients", *arguments)
    assert (ran.exit_code, "there is no client nobody" in ran.err) == (1, True)


@pytest.mark.parametrize("client_id", ["with:colon", "", "x" * 65, "späti"])
def test_an_id_that_basic_authentication_cannot_carry_is_refused(desk: Desk, client_id: str) -> None:
    assert desk.run("clients", "put", client_id, "--print-secret").exit_code == 2
    assert desk.clients() == CLIENTS


def test_an_interrupted_prompt_changes_nothing(desk: Desk) -> None:
    ran = desk.run("clients", "put", "shop", "--prompt", typed=Interrupted(LONG))
    assert ran.exit_code == 130
    assert LONG not in ran.out + ran.err
    assert desk.clients() == CLIENTS


def test_an_edit_of_somebody_else_is_seen_and_kept(desk: Desk) -> None:
    theirs = {**CLIENTS, "clients": {"theirs": {"secrets": ["canary-secret-of-somebody-else"]}}}
    desk.before_the_move = lambda: desk.put("ClientsSecretArn", theirs)
    ran = desk.run("clients", "disable", "shop", "--json")
    assert ran.exit_code == 4
    assert ran.json["error"]["code"] == "changed_meanwhile"
    assert desk.clients() == theirs
    assert all(
        label in {"AWSCURRENT", "AWSPREVIOUS"}
        for labels in desk.labels("ClientsSecretArn").values()
        for label in labels
    )


def test_an_edit_whose_answers_are_lost_is_made_once(desk: Desk) -> None:
    desk.loses_answers = True
    assert desk.run("clients", "disable", "shop").exit_code == 0
    assert desk.clients()["clients"]["shop"] == {**SHOP, "disabled": True}
    assert sorted(desk.labels("ClientsSecretArn").values()) == [["AWSCURRENT"], ["AWSPREVIOUS"]]


@pytest.mark.parametrize("lost", ["move", "tidying"])
def test_a_secret_that_went_live_is_shown_though_the_network_fails_then(desk: Desk, lost: str) -> None:
    desk.loses = lost
    ran = desk.run("clients", "put", "new", "--print-secret", "--json", shows_what_it_makes=True)
    assert ran.exit_code == 0
    assert desk.clients()["clients"]["new"]["secrets"] == [ran.json["secret"]]


def test_an_edit_leaves_the_one_before_it_as_the_previous_version(desk: Desk) -> None:
    desk.run("clients", "disable", "shop")
    labels = desk.labels("ClientsSecretArn")
    previous = next(version for version, held in labels.items() if "AWSPREVIOUS" in held)
    answer = desk.secrets_manager.get_secret_value(
        SecretId=desk.outputs["ClientsSecretArn"], VersionId=previous
    )
    assert json.loads(answer["SecretString"]) == CLIENTS


@pytest.mark.parametrize("text", ["no JSON", "[]", json.dumps({"pepper": PEPPER, "clients": []})])
def test_a_broken_secret_is_not_edited(desk: Desk, text: str) -> None:
    desk.secrets_manager.put_secret_value(SecretId=desk.outputs["ClientsSecretArn"], SecretString=text)
    desk.clients = dict  # type: ignore[method-assign]  # it is none
    ran = desk.run("clients", "disable", "shop")
    assert (ran.exit_code, "by hand" in ran.err) == (1, True)
