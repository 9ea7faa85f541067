"""What a deployer may set, and what the defaults are."""

from __future__ import annotations

import json
import re
import tomllib

import pytest

from .reading import ROOT, read_template, takes

TEMPLATE = read_template()
STRINGS = [name for name, entry in TEMPLATE["Parameters"].items() if entry["Type"] == "String"]
URL_PARAMETERS = ("MessageCentralUrl", "EsmsUrl", "EngageLabUrl")
LAMBDA_ENVIRONMENT_LIMIT = 4096  # bytes of names and values together
GENERATED_LENGTH = {"TABLE_NAME": 255, "CLIENTS_SECRET_ARN": 160, "VENDORS_SECRET_ARN": 160}
SECRETS = re.compile(r"AKIA|ASIA|aws_access|secret|token|password|\b\d{12}\b", re.IGNORECASE)


@pytest.mark.parametrize("name", STRINGS)
def test_a_default_is_within_its_own_bounds(name: str) -> None:
    assert takes(TEMPLATE, name, value=TEMPLATE["Parameters"][name]["Default"])


@pytest.mark.parametrize("name", URL_PARAMETERS)
@pytest.mark.parametrize(
    "url",
    [
        "https://vendor.example",
        "https://vendor.example:8443/MainService.svc/json",
        "http://127.0.0.1:4010/esms",
        "http://localhost:4010",
    ],
)
def test_a_vendor_url_may_be_https_or_loopback(name: str, url: str) -> None:
    assert takes(TEMPLATE, name, value=url)


@pytest.mark.parametrize("name", URL_PARAMETERS)
@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://vendor.example",  # credentials in the clear
        "http://127.0.0.1.vendor.example",
        "https://user:secret@vendor.example",
        "https://vendor.example/",
        "https://vendor.example/v1?key=1",
        "https://vendor.example/#here",
        "https://vendor.example\nhttps://other.example",
        "ftp://vendor.example",
        "https://" + "a" * 200,
    ],
)
def test_other_vendor_urls_are_refused(name: str, url: str) -> None:
    assert not takes(TEMPLATE, name, value=url)


@pytest.mark.parametrize(
    ("arn", "taken"),
    [
        ("", True),
        ("arn:aws:sns:eu-central-1:123456789012:alarms", True),
        ("arn:aws-cn:sns:cn-north-1:123456789012:alarms.fifo", True),
        ("alarms", False),
        ("arn:aws:sqs:eu-central-1:123456789012:alarms", False),
        ("arn:aws:sns:eu-central-1:123456789012:alarms:subscription", False),
    ],
)
def test_alarms_notify_a_topic_or_nobody(arn: str, taken: bool) -> None:
    assert takes(TEMPLATE, "AlarmTopicArn", value=arn) is taken


@pytest.mark.parametrize("value", ["", "[]", "null", "x{}", "{}x", "{" + " " * 2560 + "}"])
def test_routes_that_are_no_small_object_are_refused(value: str) -> None:
    assert not takes(TEMPLATE, "Routes", value=value)


def test_the_default_routes_name_known_vendors_for_every_country() -> None:
    routes = json.loads(TEMPLATE["Parameters"]["Routes"]["Default"])
    assert list(routes) == ["default"]
    assert set(routes["default"]) == {"VN", "IN", "*"}
    for channels in routes["default"].values():
        for steps in channels.values():
            assert len(steps) == len(set(steps)) >= 2
            assert set(steps) <= {"message_central:vendor", "esms:vendor", "engagelab:vendor"}


def test_the_largest_parameters_still_fit_into_lambdas_environment() -> None:
    parameters = TEMPLATE["Parameters"]
    variables = {
        **TEMPLATE["Globals"]["Function"]["Environment"]["Variables"],
        **TEMPLATE["Resources"]["SendFunction"]["Properties"]["Environment"]["Variables"],
    }
    total = 0
    for name, value in variables.items():
        parameter = parameters.get(value["Ref"], {}) if isinstance(value, dict) and "Ref" in value else {}
        longest = parameter.get("MaxLength") or len(str(parameter.get("MaxValue", "x" * 16)))
        total += len(name) + (len(value) if isinstance(value, str) else GENERATED_LENGTH.get(name, longest))
    assert total <= LAMBDA_ENVIRONMENT_LIMIT


def test_numbers_start_inside_their_bounds() -> None:
    for name, parameter in TEMPLATE["Parameters"].items():
        if "MinValue" in parameter:
            assert parameter["MinValue"] <= parameter["Default"] <= parameter["MaxValue"], name
        elif parameter["Type"] == "Number":
            assert parameter["Default"] in parameter["AllowedValues"], name


def test_deployment_defaults_hold_no_secret_and_no_account() -> None:
    text = (ROOT / "samconfig.toml").read_text(encoding="utf-8")
    settings = tomllib.loads(text)["default"]
    assert SECRETS.search(json.dumps(settings)) is None
    flat = {key for command in settings.values() for key in command["parameters"]}
    assert flat.isdisjoint({"profile", "region", "parameter_overrides", "role_arn", "s3_bucket"})


def test_deployment_defaults_ask_before_they_change_anything() -> None:
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))["default"]
    assert settings["deploy"]["parameters"]["confirm_changeset"] is True
    assert settings["deploy"]["parameters"]["capabilities"] == "CAPABILITY_IAM"
    assert settings["validate"]["parameters"]["lint"] is True


def test_the_search_for_secrets_finds_one() -> None:
    assert SECRETS.search('{"parameter_overrides": "VendorPassword=x"}')
    assert SECRETS.search('{"role": "arn:aws:iam::123456789012:role/x"}')
