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
from countersign.policy import Policy
from local.accounts import DEMO_CLIENTS
from local.deploying import ROUTES


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
