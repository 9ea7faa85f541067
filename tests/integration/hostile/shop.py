"""The client that everything is tried as, and what it needs to be let in."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from tests.support.esms_caller import BRANDNAME, TEMPLATE
from tests.support.gateway import PEPPER, Gateway, policy
from tests.support.message_central import TOKEN, key_of
from tests.support.vendors import ENGAGELAB_CODES, ESMS_RAW, Vendors

CLIENT, SECRET = "shop", "demo-secret"

# `shop` speaks everything, over codes of ours.
CLIENTS: dict[str, Any] = {
    "pepper": PEPPER,
    "clients": {
        CLIENT: {
            "secrets": [SECRET],
            "policy": policy(routes="gateway"),
            "dialects": {
                "native": {},
                "message_central": {},
                "camara": {},
                "esms": {"brandnames": [BRANDNAME], "multichannel_templates": [TEMPLATE]},
                "engagelab": {
                    "templates": {
                        "plain": {},
                        "shop": {"texts": {"default": "{{code}} is your code for {{shop}}"}},
                    }
                },
            },
        },
        "other": {"secrets": [SECRET], "policy": policy(routes="gateway")},
    },
}


def message_central_token(gateway: Gateway, client: str = CLIENT) -> str:
    query = urlencode({"customerId": client, "key": key_of(SECRET)})
    return str(gateway.http("GET", TOKEN, query=query).json["token"])


def last_code(vendors: Vendors) -> str:
    """The code of ours that a vendor was last given; every text here begins with it."""
    called = [call.request for call in vendors.wire.calls if call.request.url in {ESMS_RAW, ENGAGELAB_CODES}]
    body = json.loads(called[-1].body or "{}")
    return str(body["code"] if "code" in body else body["Content"].partition(" ")[0])
