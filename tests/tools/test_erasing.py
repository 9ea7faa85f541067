"""`countersign erase`: all that the table holds of a number, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from countersign.aws.items import number_pk, verification_pk
from countersign.codes import Keys
from countersign.model import Secret, Verification
from tests.support.builders import NUMBER, OTHER_NUMBER, verification
from tests.tools.desk import CLIENTS, PEPPER, Desk
from tools.erasing import AT_THE_VENDORS

OLD_PEPPER = "canary-pepper-before-the-operators-tests-1"
TYPED = f"{NUMBER}\ny\n"
PLAYED = {"+12025550123": {"outcome": "wrong", "until": "2099-12-31"}}


def of_number(
    verification_id: str, *, number: str = NUMBER, pepper: str = PEPPER, client_id: str = "shop"
) -> Verification:
    keys = Keys(pepper)
    return dataclasses.replace(
        verification(verification_id),
        client_id=client_id,
        number_key=keys.number_key(Secret(number)),
        pepper=keys.name,
    )


def record(desk: Desk, *, number: str = NUMBER, pepper: str = PEPPER, moved_to: str | None = None) -> str:
    """The number's record, of which only the key matters here."""
    pk = number_pk(Keys(pepper).number_key(Secret(number)))
    item = {"pk": {"S": pk}, **({"moved_to": {"S": moved_to}} if moved_to else {})}
    desk.dynamodb.put_item(TableName=desk.table, Item=item)
    return pk


@pytest.fixture
def others(desk: Desk) -> Iterator[set[str]]:
    """What is of other numbers, or of none; it has to stay."""
    desk.write(of_number("v9", number=OTHER_NUMBER))
    record(desk, number=OTHER_NUMBER)
    for pk in ("C#total", "A#address", "T#message_central#1", "B#esms#VN", "V#shop#mark"):
        desk.dynamodb.put_item(TableName=desk.table, Item={"pk": {"S": pk}})
    held = desk.items()
    yield held
    assert held <= desk.items()


def test_every_verification_and_the_record_of_a_number_go(desk: Desk, others: set[str]) -> None:
    desk.write(*(of_number(f"v{place}") for place in range(5)), of_number("v1", client_id="app"))
    record(desk)
    ran = desk.run("erase", "--json", typed=TYPED)
    assert ran.exit_code == 0
    assert (ran.json["verifications"], ran.json["number_records"], ran.json["complete"]) == (6, 1, True)
    assert ran.json["vendors"] == AT_THE_VENDORS
    assert desk.items() == others


def test_what_both_peppers_made_goes_and_what_a_record_has_moved_to(desk: Desk, others: set[str]) -> None:
    desk.put("ClientsSecretArn", {**CLIENTS, "previous_pepper": OLD_PEPPER})
    desk.write(of_number("v1"), of_number("v2", pepper=OLD_PEPPER))
    record(desk, pepper=OLD_PEPPER, moved_to=Keys(PEPPER).number_key(Secret(NUMBER)))
    record(desk)
    ran = desk.run("erase", "--json", typed=TYPED)
    assert (ran.json["verifications"], ran.json["number_records"]) == (2, 2)
    assert desk.items() == others


def test_a_record_is_followed_to_a_pepper_that_the_secret_does_not_name(desk: Desk) -> None:
    elsewhere = Keys("a pepper that somebody has taken back since").number_key(Secret(NUMBER))
    record(desk, moved_to=elsewhere)
    desk.dynamodb.put_item(TableName=desk.table, Item={"pk": {"S": number_pk(elsewhere)}})
    desk.write(dataclasses.replace(of_number("v1"), number_key=elsewhere))
    assert desk.run("erase", typed=TYPED).exit_code == 0
    assert desk.items() == set()


def test_records_that_lead_in_a_circle_end(desk: Desk) -> None:
    own = Keys(PEPPER).number_key(Secret(NUMBER))
    record(desk, moved_to=own)
    assert desk.run("erase", "--json", typed=TYPED).json["number_records"] == 1
    assert desk.items() == set()


def test_what_a_client_rehearsed_with_the_number_goes_too(desk: Desk) -> None:
    [number] = PLAYED
    document = {**CLIENTS, "clients": {"app": {"secrets": ["canary-of-the-app"], "test_numbers": PLAYED}}}
    desk.put("ClientsSecretArn", document)
    played = f"{number}#test#app"
    desk.write(of_number("v1", number=played, client_id="app"))
    record(desk, number=played)
    assert desk.run("erase", typed=f"{number}\ny\n").exit_code == 0
    assert desk.items() == set()


@pytest.mark.parametrize("arguments", [("--dry-run",), ("--dry-run", "--yes")])
def test_a_dry_run_counts_and_deletes_nothing(desk: Desk, arguments: tuple[str, ...]) -> None:
    desk.write(of_number("v1"))
    record(desk)
    before = desk.items()
    ran = desk.run("erase", "--json", *arguments, typed=f"{NUMBER}\n")
    assert (ran.json["dry_run"], ran.json["verifications"], ran.json["number_records"]) == (True, 1, 1)
    assert desk.items() == before


@pytest.mark.parametrize("clients", [5, {"app": 5}, {"app": {"secrets": ["s-1"], "test_numbers": 5}}])
def test_a_broken_section_of_a_client_is_no_obstacle(desk: Desk, clients: object) -> None:
    desk.put("ClientsSecretArn", {**CLIENTS, "clients": clients})
    desk.write(of_number("v1"))
    desk.clients = dict  # type: ignore[method-assign]  # they are none
    assert desk.run("erase", typed=TYPED).exit_code == 0
    assert desk.items() == set()


@pytest.mark.parametrize("answer", ["n", "", "yes please"])
def test_without_a_yes_nothing_is_deleted(desk: Desk, answer: str) -> None:
    desk.write(of_number("v1"))
    assert desk.run("erase", typed=f"{NUMBER}\n{answer}\n").exit_code == 1
    assert desk.items() == {verification_pk("shop", "v1")}


def test_any_spelling_of_the_number_finds_it_and_none_is_shown(desk: Desk) -> None:
    desk.write(of_number("v1"))
    ran = desk.run("erase", "--to", "-", "--yes", typed="+84 901-888-484\n")
    assert desk.items() == set()
    assert "+84•••••8484" in ran.out
    assert NUMBER not in ran.out + ran.err
    assert "901-888" not in ran.out + ran.err


@pytest.mark.parametrize("typed", ["0912345678\n", "+84\n", "\n", ""])
def test_what_is_no_number_is_refused(desk: Desk, typed: str) -> None:
    ran = desk.run("erase", typed=typed)
    assert ran.exit_code == 1
    assert "912345678" not in ran.err


def test_a_number_is_no_argument(desk: Desk) -> None:
    assert desk.run("erase", NUMBER).exit_code == 2
    assert desk.run("erase", "--to", NUMBER).exit_code == 2


def test_a_look_that_ends_too_early_says_so(desk: Desk) -> None:
    desk.write(*(of_number(f"v{place}", number=OTHER_NUMBER) for place in range(4)))
    ran = desk.run("erase", "--json", "--most-items", "2", typed=TYPED)
    assert (ran.exit_code, ran.json["complete"]) == (1, False)
    assert "NOT COMPLETE" in desk.run("erase", "--most-items", "2", typed=TYPED).out


def test_a_table_of_several_pages_is_looked_through_to_its_end(desk: Desk) -> None:
    for place in range(1_100):
        desk.dynamodb.put_item(TableName=desk.table, Item={"pk": {"S": f"V#shop#other{place}"}})
    desk.write(of_number("v1"), of_number("v2"))
    ran = desk.run("erase", "--json", typed=TYPED)
    assert (ran.json["items_looked_through"], ran.json["verifications"]) == (1_102, 2)
    assert ran.json["complete"]
