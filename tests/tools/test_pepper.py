"""`countersign pepper`: two steps, and no second one before its time."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.tools.desk import CLIENTS, PEPPER, Desk
from tools.parsing import keyring


def test_a_rotation_keeps_the_present_pepper_beside_a_new_one(desk: Desk) -> None:
    ran = desk.run("pepper", "rotate", "--json")
    document = desk.clients()
    assert (ran.exit_code, ran.json["rotating"]) == (0, True)
    assert document["previous_pepper"] == PEPPER
    assert document["pepper"] != PEPPER
    assert document["clients"] == CLIENTS["clients"]
    ring = keyring(document)  # as the functions read it
    assert ring.previous is not None
    assert ring.previous.name == keyring(CLIENTS).current.name


def test_a_second_rotation_waits_for_the_first(desk: Desk) -> None:
    desk.run("pepper", "rotate")
    before = desk.clients()
    ran = desk.run("pepper", "rotate")
    assert (ran.exit_code, "pepper finish" in ran.err) == (1, True)
    assert desk.clients() == before


@pytest.mark.parametrize(("hours", "early", "exit_code"), [(47, (), 1), (24, ("--early",), 1)])
def test_the_old_pepper_stays_while_what_it_made_lives(
    desk: Desk, hours: int, early: tuple[str, ...], exit_code: int
) -> None:
    desk.run("pepper", "rotate")
    before = desk.clients()
    desk.now += timedelta(hours=hours, minutes=59)
    assert desk.run("pepper", "finish", *early).exit_code == exit_code
    assert desk.clients() == before
    assert desk.run("pepper", "status", "--json").json["hours"] == hours


@pytest.mark.parametrize(("hours", "early"), [(48, ()), (25, ("--early",))])
def test_then_it_goes(desk: Desk, hours: int, early: tuple[str, ...]) -> None:
    desk.run("pepper", "rotate")
    new = desk.clients()["pepper"]
    desk.now += timedelta(hours=hours)
    assert desk.run("pepper", "finish", *early).exit_code == 0
    assert desk.clients() == {**CLIENTS, "pepper": new}
    assert desk.run("pepper", "status").out == "no rotation is under way\n"


def test_other_edits_do_not_make_a_rotation_younger(desk: Desk) -> None:
    desk.run("pepper", "rotate")
    desk.now += timedelta(hours=48)
    desk.run("clients", "disable", "shop")
    assert desk.run("pepper", "finish").exit_code == 0


def test_a_rotation_by_hand_is_as_old_as_the_secrets_last_version(desk: Desk) -> None:
    desk.put("ClientsSecretArn", {**CLIENTS, "previous_pepper": "another pepper of thirty-two or more"})
    answer = desk.secrets_manager.get_secret_value(SecretId=desk.outputs["ClientsSecretArn"])
    desk.now = answer["CreatedDate"] + timedelta(hours=47)
    assert desk.run("pepper", "finish").exit_code == 1
    desk.now += timedelta(hours=2)
    assert desk.run("pepper", "finish").exit_code == 0
    assert desk.clients() == CLIENTS


def test_the_note_of_an_older_rotation_is_none_of_one_by_hand(desk: Desk) -> None:
    """Finished by hand, the last one has left its note; docs/configuration.md shows both steps by hand."""
    desk.run("pepper", "rotate")
    left = {name: value for name, value in desk.clients().items() if name != "previous_pepper"}
    by_hand = {**left, "previous_pepper": left["pepper"], "pepper": "a newer pepper of thirty-two or more"}
    desk.put("ClientsSecretArn", by_hand)
    answer = desk.secrets_manager.get_secret_value(SecretId=desk.outputs["ClientsSecretArn"])
    desk.now = answer["CreatedDate"] + timedelta(minutes=1)
    assert desk.run("pepper", "status", "--json").json["hours"] == 0
    assert desk.run("pepper", "finish").exit_code == 1
    assert desk.clients() == by_hand


def test_nothing_is_finished_that_was_not_begun(desk: Desk) -> None:
    assert desk.run("pepper", "finish").exit_code == 1
    assert desk.clients() == CLIENTS


def test_a_pepper_that_is_none_is_not_kept(desk: Desk) -> None:
    desk.put("ClientsSecretArn", {**CLIENTS, "pepper": "short"})
    ran = desk.run("pepper", "rotate")
    assert (ran.exit_code, "32 characters" in ran.err) == (1, True)
    assert json.dumps(desk.clients()).count("pepper") == 1


def test_an_edit_of_somebody_else_is_seen_and_kept(desk: Desk) -> None:
    desk.before_the_move = lambda: desk.put("ClientsSecretArn", {**CLIENTS, "clients": {}})
    assert desk.run("pepper", "rotate").exit_code == 4
    assert desk.clients() == {**CLIENTS, "clients": {}}
