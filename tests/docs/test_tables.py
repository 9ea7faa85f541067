"""The tables of the README and of docs/api.md say what the code and the template say."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping

import pytest

from countersign.aws.cached_secret import CachedSecret
from countersign.aws.peppers import SecretPeppers
from countersign.aws.secrets import SecretClients
from countersign.callbacks.engagelab import callback_keys
from countersign.clock import SystemClock
from countersign.dialects.registry import CLIENT_DIALECTS
from countersign.errors import CountersignError
from countersign.model import ANY, Channel, Custody, OnUndelivered, ProofSubject, PumpingMode, ResendMode
from countersign.policy import (
    _NUMBERS,
    DEFAULT_CODE_LENGTH,
    DEFAULT_COOLDOWN_SECONDS,
    DEFAULT_COUNTRIES,
    DEFAULT_TTL_SECONDS,
    Policy,
)
from countersign.providers.base import VendorProvider
from countersign.providers.registry import _VENDORS
from tests.docs.accounts import FULL_ACCOUNTS, RecordingSection, order, provider_of
from tests.docs.markdown import DOCS, README, Row, names, table
from tests.infra.reading import read_template
from tests.support.builders import PEPPER
from tests.support.telemetry import RecordingTelemetry

API = DOCS / "api.md"
PARAMETERS = read_template()["Parameters"]


def _by_name(rows: list[Row], column: str) -> dict[str, Row]:
    return {names(row[column])[0]: row for row in rows}


def _whole_numbers(cell: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", cell)]


def test_every_parameter_of_the_template_is_in_the_readme_in_order() -> None:
    assert list(_by_name(table(README, "parameter"), "parameter")) == list(PARAMETERS)


@pytest.mark.parametrize("name", [name for name in PARAMETERS if name != "Routes"])
def test_a_parameter_has_the_default_and_the_bounds_of_the_template(name: str) -> None:
    row, entry = _by_name(table(README, "parameter"), "parameter")[name], PARAMETERS[name]
    assert row["default"] == (f"`{entry['Default']}`" if entry["Default"] != "" else "empty")
    if "AllowedValues" in entry:
        assert names(row["bounds"]) == [str(value) for value in entry["AllowedValues"]]
    elif entry["Type"] == "Number":
        assert row["bounds"] == f"{entry['MinValue']} to {entry['MaxValue']}"


def test_the_documented_default_routes_are_the_templates() -> None:
    routes = PARAMETERS["Routes"]
    row = _by_name(table(README, "parameter"), "parameter")["Routes"]
    assert _whole_numbers(row["bounds"]) == [routes["MinLength"], routes["MaxLength"]]
    page = (DOCS / "configuration.md").read_text(encoding="utf-8")
    [first, *_] = re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert json.loads(first) == json.loads(routes["Default"])


def test_every_setting_of_a_policy_is_in_the_readme_with_its_default_and_bounds() -> None:
    rows = _by_name(table(README, "setting", under="Policy"), "setting")
    native = {
        "code_length": DEFAULT_CODE_LENGTH,
        "ttl_seconds": DEFAULT_TTL_SECONDS,
        "cooldown_seconds": DEFAULT_COOLDOWN_SECONDS,
    }
    policy = dataclasses.asdict(Policy())
    for name in ("trusted_networks", "trusted_numbers"):
        assert (rows.pop(name)["default"], policy.pop(name)) == ("none", ())
    assert (rows.pop("proof_audiences")["default"], policy.pop("proof_audiences")) == ("any", {ANY})
    assert rows.pop("countries")["default"].startswith(f"[{len(policy.pop('countries'))} countries]")
    assert {name for name, value in policy.items() if value is None} == set(native)
    assert {name: row["default"] for name, row in rows.items()} == {
        name: f"`{native.get(name, value)}`" for name, value in policy.items()
    }
    for name, bound in _NUMBERS.items():
        assert rows[name]["bounds"] == f"{bound.low} to {bound.high}"
    assert names(rows["resend"]["bounds"]) == list(ResendMode)
    assert names(rows["pumping"]["bounds"]) == list(PumpingMode)
    assert names(rows["proof_subject"]["bounds"]) == list(ProofSubject)
    assert names(rows["on_undelivered"]["bounds"]) == list(OnUndelivered)


@pytest.mark.parametrize("vendor", list(_VENDORS))
def test_every_field_of_a_vendors_account_is_in_the_readme(vendor: str) -> None:
    section = RecordingSection(FULL_ACCOUNTS[vendor])
    provider_of(vendor, section).account()
    if vendor == "engagelab":
        callback_keys(section)  # which its provider does not ask for
    fields = _by_name(table(README, "field", under="Secrets"), "field")
    documented = {name.partition(".")[2] for name in fields if name.startswith(f"{vendor}.")}
    assert documented == section.asked


@pytest.mark.parametrize("vendor", list(_VENDORS))
def test_a_field_that_the_readme_calls_needed_is_needed(vendor: str) -> None:
    for name, row in _by_name(table(README, "field", under="Secrets"), "field").items():
        owner, _, field = name.partition(".")
        if owner != vendor:
            continue
        without = {key: value for key, value in FULL_ACCOUNTS[vendor].items() if key != field}
        assert _is_usable(provider_of(vendor, without)) == (row["needed"] != "yes"), name


def _is_usable(provider: VendorProvider[object]) -> bool:
    try:
        provider.account()
    except Exception:
        return False
    return True


class _OneSecret:
    """As much of a Secrets Manager client as a secret needs."""

    def __init__(self, document: object) -> None:
        self._text = json.dumps(document)

    def get_secret_value(self, **_arguments: str) -> dict[str, str]:
        return {"SecretString": self._text}


def test_the_documented_fields_of_a_client_are_the_ones_that_are_taken() -> None:
    fields = _by_name(table(README, "field", under="Secrets"), "field")
    values: Mapping[str, object] = {
        "secrets": ["s"],
        "policy": {},
        "disabled": False,
        "dialects": {"native": {}},
        "test_numbers": {"+12025550123": {"outcome": "wrong", "until": "2026-12-31"}},
        "webhook": {"url": "https://shop.example/", "secrets": ["whsec_" + "A" * 32]},
    }
    documented = [name.removeprefix("clients.<id>.") for name in fields if name.startswith("clients.<id>.")]
    assert documented == list(values)
    secret = CachedSecret(
        "arn",
        label="clients",
        client=lambda: _OneSecret({"pepper": PEPPER, "clients": {"shop": values}}),  # type: ignore[arg-type, return-value]  # all of it that is used
        ttl_seconds=300,
        clock=SystemClock(),
        telemetry=RecordingTelemetry(),
    )
    clients = SecretClients(secret, peppers=SecretPeppers(secret), dialects=CLIENT_DIALECTS)
    assert clients.authenticate("shop", secret="s").id == "shop"


@pytest.mark.parametrize("vendor", list(_VENDORS))
@pytest.mark.parametrize("custody", Custody)
def test_the_vendor_matrix_has_the_channels_that_a_vendor_carries(vendor: str, custody: Custody) -> None:
    column = "channels, vendor's code" if custody is Custody.VENDOR else "channels, our code"
    rows = {names(row["vendor"])[0]: row for row in table(README, "vendor", under="Vendors")}
    provider = provider_of(vendor, FULL_ACCOUNTS[vendor])
    carried = [channel for channel in Channel if provider.refusal(order(channel, custody)) is None]
    assert sorted(names(rows[vendor][column])) == sorted(carried)


def test_the_vendor_matrix_has_a_row_for_every_vendor() -> None:
    assert [names(row["vendor"])[0] for row in table(README, "vendor", under="Vendors")] == list(_VENDORS)


def _subclasses(base: type[CountersignError]) -> Iterator[type[CountersignError]]:
    """All but those that a dialect has for itself."""
    for child in base.__subclasses__():
        if not child.__module__.startswith("countersign.dialects."):
            yield child
        yield from _subclasses(child)


def test_the_error_table_has_every_error_with_its_status_and_no_other() -> None:
    errors: list[type[CountersignError]] = [CountersignError, *_subclasses(CountersignError)]
    rows = table(API, "code", under="Errors")
    documented = [(names(row["code"])[0], int(row["status"])) for row in rows]
    assert sorted(documented) == sorted({(error.code, error.status) for error in errors})


def test_every_row_of_the_cost_sum_is_what_its_factors_make() -> None:
    *terms, total = table(README, "term", under="Cost")
    costs = []
    for row in terms:
        quantity, price = (float(row[column].split()[0]) for column in ("quantity", "price"))
        assert row["quantity"].split()[1:] == row["price"].split()[2:], row["term"]
        assert f"{quantity * price:.2f}" == row["USD"], row["term"]
        costs.append(float(row["USD"]))
    assert total["USD"] == f"**{sum(costs):.2f}**"


def test_the_cost_sum_has_the_units_of_a_start_and_a_check() -> None:
    units = {row["operation"]: row for row in table(DOCS / "data-model.md", "operation", under="Cost")}
    start, check = units["start"], units["check, custody `gateway`"]
    millions = [
        row["quantity"] for row in table(README, "term", under="Cost") if row["term"].startswith("DynamoDB")
    ]
    assert millions == [f"{int(start[unit]) + int(check[unit])} M" for unit in ("WRU", "RRU")]


def test_the_countries_that_are_served_without_a_policy_are_on_the_page() -> None:
    rows = table(DOCS / "configuration.md", "region", under="Countries")
    assert {country for row in rows for country in names(row["countries"])} == DEFAULT_COUNTRIES
