"""`countersign vendors`: accounts are asked for without an echo, and written only where they are whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from countersign.providers.registry import _VENDORS
from tests.docs.accounts import FULL_ACCOUNTS
from tests.docs.markdown import README, names, table
from tests.tools.desk import VENDORS, Desk, Interrupted
from tools.vendors import FIELDS, Kind

ESMS = {
    "api_key": "canary-typed-api-key",
    "secret_key": "canary-typed-secret-key",
    "brandname": "Shop",
    "message": "{OTP} is your code",
}
ESMS_TYPED = "".join(f"{value}\n" for value in ESMS.values()) + "\n\n"  # no Zalo, no reports


def test_vendors_are_listed_with_what_they_lack_and_no_value(desk: Desk) -> None:
    listed = {one["vendor"]: one for one in desk.run("vendors", "list", "--json").json["vendors"]}
    assert set(listed) == set(_VENDORS)
    assert listed["engagelab"]["complete"]
    assert listed["engagelab"]["fields"] == ["dev_key", "dev_secret", "templates"]
    assert listed["esms"]["fault"] == "no account"
    desk.put("VendorsSecretArn", {**VENDORS, "esms": {"api_key": "canary-half-an-account"}})
    [line] = [line for line in desk.run("vendors", "list").out.splitlines() if line.startswith("esms")]
    assert "is missing" in line


def test_an_account_is_asked_for_field_by_field(desk: Desk) -> None:
    ran = desk.run("vendors", "put", "esms", typed=ESMS_TYPED)
    assert (ran.exit_code, desk.vendors()) == (0, {**VENDORS, "esms": ESMS})


def test_an_empty_answer_keeps_what_is_there(desk: Desk) -> None:
    typed = "\n\nsms=t7, voice=t8\n\n240\n\n\n\n"
    assert desk.run("vendors", "put", "engagelab", typed=typed).exit_code == 0
    assert desk.vendors()["engagelab"] == {
        **VENDORS["engagelab"],
        "templates": {"sms": "t7", "voice": "t8"},
        "ttl_seconds": 240,
    }


@pytest.mark.parametrize("last", ["five minutes", "٣٠٠", "sms:t7"])
def test_an_answer_of_another_kind_changes_nothing(desk: Desk, last: str) -> None:
    typed = f"\n\n\n\n{last}\n\n\n\n" if ":" not in last else f"\n\n{last}\n\n\n\n\n\n"
    ran = desk.run("vendors", "put", "engagelab", typed=typed)
    assert (ran.exit_code, desk.vendors()) == (1, VENDORS)


def test_half_an_account_is_not_written(desk: Desk) -> None:
    ran = desk.run("vendors", "put", "esms", typed="canary-typed-api-key\n\nShop\n{OTP}\n\n\n")
    assert (ran.exit_code, "secret_key is missing" in ran.err, "canary" in ran.err) == (1, True, False)
    assert desk.vendors() == VENDORS


def test_callbacks_that_the_receipts_function_could_not_read_are_not_written(desk: Desk) -> None:
    account = {**VENDORS["engagelab"], "callback_username": "countersign", "callback_secret": "short"}
    ran = desk.run("vendors", "put", "engagelab", "--from-file", "-", typed=json.dumps(account))
    assert (ran.exit_code, "engagelab.callback_secret must have" in ran.err) == (1, True)
    assert desk.vendors() == VENDORS
    desk.put("VendorsSecretArn", {"engagelab": account})  # by hand: that keeps no other account out
    assert desk.run("vendors", "put", "esms", "--from-file", "-", typed=json.dumps(ESMS)).exit_code == 0


def test_an_interrupted_account_is_not_written(desk: Desk) -> None:
    ran = desk.run("vendors", "put", "esms", typed=Interrupted("canary-typed-api-key"))
    assert (ran.exit_code, desk.vendors()) == (130, VENDORS)
    assert "canary" not in ran.out + ran.err


def test_an_account_comes_from_stdin_or_a_file(desk: Desk, tmp_path: Path) -> None:
    assert desk.run("vendors", "put", "esms", "--from-file", "-", typed=json.dumps(ESMS)).exit_code == 0
    assert desk.vendors()["esms"] == ESMS
    (tmp_path / "esms.json").write_text(json.dumps({**ESMS, "brandname": "Other"}))
    ran = desk.run("vendors", "put", "esms", "--from-file", str(tmp_path / "esms.json"), "--json")
    assert (ran.json["created"], ran.json["fields"]) == (False, sorted(ESMS))
    assert desk.vendors()["esms"]["brandname"] == "Other"


@pytest.mark.parametrize("text", ["", "no JSON canary", '["canary"]'])
def test_what_is_no_account_is_refused_without_being_shown(desk: Desk, text: str) -> None:
    ran = desk.run("vendors", "put", "esms", "--from-file", "-", typed=text)
    assert (ran.exit_code, desk.vendors()) == (2, VENDORS)
    assert "canary" not in ran.err


def test_an_account_is_removed_once_somebody_has_said_so(desk: Desk) -> None:
    assert desk.run("vendors", "remove", "engagelab", typed="\n").exit_code == 1
    assert desk.vendors() == VENDORS
    assert desk.run("vendors", "remove", "engagelab", "--yes").exit_code == 0
    assert desk.vendors() == {}
    assert desk.run("vendors", "remove", "engagelab", "--yes").exit_code == 1


def test_a_suspended_vendor_is_left_out_and_comes_back_as_it_was(desk: Desk) -> None:
    assert desk.run("vendors", "suspend", "engagelab").exit_code == 0
    assert desk.vendors() == {"suspended": VENDORS}
    listed = {one["vendor"]: one["fault"] for one in desk.run("vendors", "list", "--json").json["vendors"]}
    assert listed == {"engagelab": "suspended", "esms": "no account", "message_central": "no account"}
    assert "engagelab:gateway [LEFT OUT: suspended]" in desk.run("routes").out
    assert desk.run("vendors", "suspend", "engagelab").exit_code == 1
    assert desk.run("vendors", "resume", "engagelab").exit_code == 0
    assert desk.vendors() == VENDORS
    assert desk.run("vendors", "resume", "engagelab").exit_code == 1


def test_a_newer_account_is_not_overwritten_by_the_suspended_one(desk: Desk) -> None:
    both = {**VENDORS, "suspended": VENDORS}
    desk.put("VendorsSecretArn", both)
    assert desk.run("vendors", "resume", "engagelab").exit_code == 1
    assert desk.run("vendors", "suspend", "engagelab").exit_code == 1
    assert desk.vendors() == both


def test_an_edit_of_somebody_else_is_seen_and_kept(desk: Desk) -> None:
    desk.before_the_move = lambda: desk.put("VendorsSecretArn", {})
    assert desk.run("vendors", "put", "esms", typed=ESMS_TYPED).exit_code == 4
    assert desk.vendors() == {}


def documented(vendor: str) -> set[str]:
    """The fields of a vendor's section, as the README lists them."""
    fields = {names(row["field"])[0] for row in table(README, "field", under="Secrets")}
    return {name.partition(".")[2] for name in fields if name.startswith(f"{vendor}.")}


@pytest.mark.parametrize("vendor", list(_VENDORS))
def test_every_field_of_an_account_is_asked_for(vendor: str) -> None:
    assert {field.name for field in FIELDS[vendor]} == documented(vendor)


@pytest.mark.parametrize("vendor", list(_VENDORS))
def test_a_field_is_asked_for_as_what_it_is(vendor: str) -> None:
    for field in FIELDS[vendor]:
        value = FULL_ACCOUNTS[vendor].get(field.name, "text")
        kinds = {int: Kind.WHOLE, dict: Kind.TEMPLATES}
        assert kinds.get(type(value), field.kind) is field.kind, field.name
        assert isinstance(value, str) == (field.kind in {Kind.TEXT, Kind.SECRET}), field.name


@pytest.mark.parametrize("vendor", list(_VENDORS))
def test_what_opens_an_account_is_typed_unseen(vendor: str) -> None:
    unseen = {field.name for field in FIELDS[vendor] if field.kind is Kind.SECRET}
    assert {name for name in documented(vendor) if name.endswith(("_key", "secret", "password"))} <= unseen
