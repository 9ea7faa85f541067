"""The demo clients can speak every dialect, and their settings are ones that the dialects take."""

from __future__ import annotations

from typing import Any

import pytest

from countersign.client import Client
from countersign.dialects.camara_parsing import own_text_binds
from countersign.dialects.engagelab_templates import find_template
from countersign.dialects.esms_parsing import EsmsSettings
from countersign.dialects.message_central_parsing import token_seconds
from countersign.dialects.registry import CLIENT_DIALECTS
from countersign.phone import is_e164
from countersign.policy import Policy
from countersign.scripts import ScriptedOutcome, parse_scripts
from local.accounts import DEMO_CLIENTS, DEMO_TEST_NUMBERS
from local.deploying import ROUTES, parameters
from tests.docs.markdown import README, read


def client_of(name: str) -> Client:
    section: Any = DEMO_CLIENTS[name]
    policy = Policy.parse(section["policy"], client_id=name)
    return Client(id=name, policy=policy, dialects=section["dialects"])


@pytest.mark.parametrize("name", DEMO_CLIENTS)
def test_a_demo_client_has_settings_for_every_dialect(name: str) -> None:
    client = client_of(name)
    assert set(client.dialects or {}) == CLIENT_DIALECTS
    assert client.policy.routes in ROUTES
    assert "Baotrixemay" in EsmsSettings.of(client).brandnames
    assert own_text_binds(client.settings("camara"), client_id=name)
    assert token_seconds(client) > 0
    settings: Any = client.settings("engagelab")
    for template_id in settings["templates"]:
        found = find_template(settings, template_id, client_id=name, policy=client.policy)
        assert found is not None
        assert found.id == template_id


def test_the_local_stack_has_a_test_number_for_each_outcome_and_plays_them() -> None:
    scripts = parse_scripts(DEMO_TEST_NUMBERS, client_id="demo")
    assert [script.outcome for script in scripts.values()] == list(ScriptedOutcome)
    assert all(is_e164(number) for number in scripts)
    vendors = dict.fromkeys(("message_central", "esms", "engagelab"), "http://127.0.0.1:1")
    assert parameters(vendors)["TestNumbers"] == "on"


def test_the_readme_names_the_local_test_numbers_and_their_code() -> None:
    first, *_, last = DEMO_TEST_NUMBERS
    [line] = [
        part for part in read(README).split("\n- ") if part.startswith("A number that needs no handset")
    ]
    assert f"`{first}`" in line
    assert f"`{last}`" in line
    assert f"`{DEMO_TEST_NUMBERS[first]['code']}`" in line
