"""What `sam deploy` does by default: nothing that is somebody's own, and nothing unasked."""

from __future__ import annotations

import json
import re
import tomllib

from .reading import ROOT

SECRETS = re.compile(r"AKIA|ASIA|aws_access|secret|token|password|\b\d{12}\b", re.IGNORECASE)


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
