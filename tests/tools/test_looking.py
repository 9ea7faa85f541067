"""`routes`, `show` and `doctor`: what an operator sees, and what nobody does."""

from __future__ import annotations

import dataclasses
import json

import boto3
import pytest

from tests.support.builders import NUMBER, keys, secret, verification
from tests.support.clock import NOON
from tests.tools.desk import CLIENTS, ROUTES, VENDORS, Desk
from tools.parsing import keyring

SEALED = keys().seal(secret(NUMBER), context="v1")
STORED = dataclasses.replace(
    verification(reference="order-17"),
    number_key="n" * 32,
    to_sealed=SEALED,
    code="canary-hash-of-the-code",
    guess="canary-hash-of-a-guess",
    code_seed="canary-seed",
    request="canary-fingerprint",
    prefix_key="canary-prefix",
    resend_key="canary-resend-key",
    vendor_reference="SMSID-1",
)


def test_routes_say_which_vendors_are_left_out_of_them(desk: Desk) -> None:
    ran = desk.run("routes", "--json")
    found = {(one["table"], one["country"], one["channel"]): one for one in ran.json["routes"]}
    assert set(found) == {
        (table, country, channel)
        for table, countries in ROUTES.items()
        for country, channels in countries.items()
        for channel in channels
    }
    vietnam = found["default", "VN", "*"]["vendors"]
    assert [(one["vendor"], one["custody"], one["left_out"]) for one in vietnam] == [
        ("esms", "vendor", "no account"),
        ("engagelab", "vendor", None),
    ]
    assert [place for place, one in found.items() if one["dead"]] == [("default", "*", "*")]
    assert ran.exit_code == 1
    assert "esms:vendor [LEFT OUT: no account], engagelab:vendor" in desk.run("routes").out


def test_routes_in_which_each_has_a_vendor_are_well(desk: Desk) -> None:
    desk.put(
        "VendorsSecretArn",
        {**VENDORS, "message_central": {"customer_id": "C-1", "password": "canary-mc-password"}},
    )
    assert desk.run("routes").exit_code == 0


def test_a_verification_is_shown_with_its_status_and_without_what_could_be_used(desk: Desk) -> None:
    desk.write(STORED)
    ran = desk.run("show", "demo", "v1", "--json")
    shown = ran.json
    assert (shown["status"], shown["to"], shown["provider"]) == ("pending", "+84•••••8484", "one")
    assert (shown["client"], shown["country"], shown["custody"]) == ("demo", "VN", "gateway")
    assert (shown["vendor_reference"], shown["reference"]) == ("SMSID-1", "order-17")
    for out in (ran.out, desk.run("show", "demo", "v1").out):
        assert "canary" not in out
        assert STORED.number_key not in out
        assert SEALED not in out
        assert NUMBER[3:] not in out


def test_its_status_is_that_of_the_moment(desk: Desk) -> None:
    desk.write(dataclasses.replace(STORED, expires_at=NOON))
    assert desk.run("show", "demo", "v1", "--json").json["status"] == "expired"


@pytest.mark.parametrize(("client", "verification_id"), [("other", "v1"), ("demo", "v2")])
def test_what_is_not_there_is_said(desk: Desk, client: str, verification_id: str) -> None:
    desk.write(STORED)
    ran = desk.run("show", client, verification_id, "--json")
    assert (ran.exit_code, ran.json["error"]["code"]) == (1, "refused")


def whole(desk: Desk) -> None:
    """A stack with which nothing is wrong."""
    accounts = {
        "message_central": {"customer_id": "C-1", "password": "canary-mc-password"},
        "esms": {"api_key": "k-1", "secret_key": "s-1", "brandname": "b", "message": "{OTP}"},
    }
    desk.put("VendorsSecretArn", {**VENDORS, **accounts})


def findings(desk: Desk) -> list[tuple[str, str]]:
    ran = desk.run("doctor", "--json")
    found = [(one["about"], one["fault"]) for one in ran.json["findings"]]
    assert ran.exit_code == (1 if found else 0)
    return found


def test_a_doctor_finds_nothing_in_a_stack_that_is_well(desk: Desk) -> None:
    whole(desk)
    assert findings(desk) == []
    assert desk.run("doctor").out.splitlines() == ["nothing found", "queue CountDeadLetters: 0"]


def test_a_doctor_finds_vendors_that_are_left_out_and_routes_without_one(desk: Desk) -> None:
    found = findings(desk)
    assert ("vendors", "esms is left out of its routes: no account") in found
    assert ("routes", "default.*.* has no vendor left: starts there are refused") in found


def test_a_doctor_finds_letters_that_nobody_has_read(desk: Desk) -> None:
    whole(desk)
    desk.run("doctor")
    queues = desk.deployments[-1].queues
    url = queues.list_queues()["QueueUrls"][0]
    queues.send_message(QueueUrl=url, MessageBody="a letter")
    try:
        assert findings(desk) == [("CountDeadLetters", "1 letters: see docs/runbook.md")]
    finally:
        queues.purge_queue(QueueUrl=url)


def test_a_doctor_finds_alarms_that_ring(desk: Desk) -> None:
    whole(desk)
    desk.run("doctor")
    [alarm] = desk.deployments[-1].resources("AWS::CloudWatch::Alarm")
    cloudwatch = boto3.client("cloudwatch")
    for state, expected in (("ALARM", ["CountDeadLettersAlarm"]), ("OK", [])):
        cloudwatch.set_alarm_state(AlarmName=alarm.physical_id, StateValue=state, StateReason="a test")
        assert [about for about, _ in findings(desk)] == expected


def test_a_doctor_finds_alarms_that_notify_nobody(desk: Desk) -> None:
    whole(desk)
    desk.parameters = {"Routes": json.dumps(ROUTES), "AlarmTopicArn": ""}
    assert findings(desk) == [("alarms", "AlarmTopicArn is empty: they notify nobody")]


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        ({**CLIENTS, "pepper": "short"}, "clients secret: pepper must have 32 characters or more"),
        (
            {**CLIENTS, "pepper": "short", "previous_pepper": "another pepper of thirty-two or more"},
            "clients secret: pepper must have 32 characters or more",
        ),
        ({**CLIENTS, "clients": {}}, "there is none: nobody can call"),
        ({**CLIENTS, "clients": []}, "clients secret: `clients` must be a JSON object"),
        (
            {**CLIENTS, "clients": {"a": {"secrets": ["s-1"], "webhook": {"url": "http://shop.example"}}}},
            "client a: webhook.url must be an https URL",
        ),
        (
            {**CLIENTS, "clients": {"a": {"secrets": []}}},
            "client a: secrets must list 1 to 3 strings",
        ),
        (
            {**CLIENTS, "clients": {"a": {"secrets": ["s-1"], "policy": {"routes": "x"}, "disabled": True}}},
            "client a: Routes has no table x",
        ),
    ],
)
def test_a_doctor_finds_what_the_functions_could_not_read(desk: Desk, document: object, fault: str) -> None:
    whole(desk)
    desk.put("ClientsSecretArn", document)
    assert ("clients", fault) in findings(desk)


def test_a_doctor_finds_callbacks_that_the_receipts_function_could_not_read(desk: Desk) -> None:
    whole(desk)
    account = {**desk.vendors()["engagelab"], "callback_username": "countersign", "callback_secret": "short"}
    desk.put("VendorsSecretArn", {**desk.vendors(), "engagelab": account})
    [(about, fault)] = findings(desk)
    assert (about, "engagelab.callback_secret must have" in fault) == ("vendors", True)


def test_a_doctor_does_not_stumble_over_an_account_that_is_none(desk: Desk) -> None:
    whole(desk)
    desk.put("VendorsSecretArn", {**desk.vendors(), "engagelab": "a text"})
    assert any("engagelab must be a JSON object" in fault for _, fault in findings(desk))


def test_a_doctor_finds_a_rotation_that_somebody_forgot(desk: Desk) -> None:
    whole(desk)
    old = {
        "previous_pepper": "another pepper of thirty-two or more",
        "pepper_rotated_at": f"2025-06-01T00:00:00Z of {keyring(CLIENTS).current.name}",
    }
    desk.put("ClientsSecretArn", {**CLIENTS, **old})
    assert [about for about, _ in findings(desk)] == ["pepper"]


def test_a_doctor_does_not_stumble_over_a_secret_that_is_no_json(desk: Desk) -> None:
    whole(desk)
    for output in ("ClientsSecretArn", "VendorsSecretArn"):
        desk.put(output, "no JSON")
    held, desk.clients, desk.vendors = desk.clients, dict, dict  # type: ignore[method-assign]  # there is none
    try:
        assert [about for about, _ in findings(desk)] == ["configuration", "vendors"]
    finally:
        desk.clients = held  # type: ignore[method-assign]


def test_answers_are_json_where_that_was_asked_for(desk: Desk) -> None:
    desk.write(STORED)
    for arguments in (
        ("routes",),
        ("show", "demo", "v1"),
        ("doctor",),
        ("clients", "list"),
        ("pepper", "status"),
    ):
        assert isinstance(json.loads(desk.run("--json", *arguments).out), dict)
        assert isinstance(json.loads(desk.run(*arguments, "--json").out), dict)
