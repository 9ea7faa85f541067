"""The environment variables, each needed and each named."""

from __future__ import annotations

import pytest

from countersign.errors import ConfigurationError
from countersign.settings import Setting, Settings, required, switched_on

WHOLE = {
    "CLIENTS_SECRET_ARN": "arn:clients",
    "VENDORS_SECRET_ARN": "arn:vendors",
    "MESSAGE_CENTRAL_URL": "https://mc.example",
    "ESMS_URL": "https://esms.example/MainService.svc/json",
    "ENGAGELAB_URL": "https://el.example",
    "SECRET_TTL_SECONDS": "300",
}


def test_settings_are_read() -> None:
    settings = Settings.read(WHOLE)
    assert settings.secret_ttl_seconds == 300
    assert (settings.clients_secret_arn, settings.vendors_secret_arn) == ("arn:clients", "arn:vendors")
    assert settings.vendor_urls == {
        "message_central": "https://mc.example",
        "esms": "https://esms.example/MainService.svc/json",
        "engagelab": "https://el.example",
    }


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("value", ["", None])
def test_a_variable_that_is_not_set_is_named(name: str, value: str | None) -> None:
    environment = {key: text for key, text in WHOLE.items() if key != name}
    if value is not None:
        environment[name] = value
    with pytest.raises(ConfigurationError) as refused:
        Settings.read(environment)
    assert str(refused.value) == f"the environment variable {name} is not set"


@pytest.mark.parametrize("value", ["five", "5.0", "-5", "+5", "5s", "٣٠٠", " 5", "1e3", "0x10"])
def test_a_life_of_secrets_that_is_no_number_is_said(value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Settings.read(WHOLE | {"SECRET_TTL_SECONDS": value})
    assert str(refused.value) == "SECRET_TTL_SECONDS must be a whole number"


def test_every_setting_but_the_table_and_one_functions_own_is_needed_by_both_callers_functions() -> None:
    of_sending = {"ROUTES", "TEST_NUMBERS", "DAILY_SENDS_WARNING", "DAILY_SENDS_LIMIT"}
    of_cognito = {"COGNITO_CLIENT", "COGNITO_USER_POOL_ID", "COGNITO_KEY_ARN"}
    of_publishing = {"EVENT_BUS_NAME", "EXPIRIES_URL", "REQUESTS_URL"}
    of_webhooks = {"WEBHOOKS_QUEUE_URL", "WEBHOOK_LOOPBACK"}
    of_proofs = {"PROOF_KEY_ARN", "PROOF_ISSUER", "PROOF_TTL_SECONDS"}
    of_one = of_sending | of_publishing | of_webhooks | of_proofs | of_cognito
    assert set(Setting) - set(WHOLE) == {"TABLE_NAME"} | of_one


@pytest.mark.parametrize("setting", [Setting.ROUTES, Setting.TABLE_NAME])
def test_the_routes_and_the_table_are_needed_where_they_are_asked_for(setting: Setting) -> None:
    assert required({setting: "{}"}, setting) == "{}"
    with pytest.raises(ConfigurationError, match=setting):
        required(WHOLE, setting)


@pytest.mark.parametrize(("value", "on"), [("on", True), ("off", False)])
def test_test_numbers_are_switched_on_by_the_word_alone(value: str, on: bool) -> None:
    assert switched_on({"TEST_NUMBERS": value}, Setting.TEST_NUMBERS) is on


@pytest.mark.parametrize("value", ["true", "ON", "On", "1", " on", "on ", "yes", "false", "0"])
def test_a_switch_that_says_neither_on_nor_off_is_said(value: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        switched_on({"TEST_NUMBERS": value}, Setting.TEST_NUMBERS)
    assert str(refused.value) == "TEST_NUMBERS must be on or off"


@pytest.mark.parametrize("environment", [{}, {"TEST_NUMBERS": ""}])
def test_a_switch_that_is_not_set_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as refused:
        switched_on(environment, Setting.TEST_NUMBERS)
    assert str(refused.value) == "the environment variable TEST_NUMBERS is not set"
