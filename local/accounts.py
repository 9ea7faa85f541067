"""The local clients and vendor accounts, in the shape of the two secrets."""

from __future__ import annotations

from collections.abc import Mapping

from local.vendors.server import Accounts

# Every dialect, with the names that the vendors' own examples use.
DEMO_DIALECTS: Mapping[str, Mapping[str, object]] = {
    "native": {},
    "message_central": {},
    "esms": {"brandnames": ["Baotrixemay", "Countersign"], "multichannel_templates": ["12345"]},
    "engagelab": {
        "templates": {
            "t1": {},  # the text is the vendor's
            "t2": {"texts": {"default": "{{code}} is your code for {{shop}}"}, "own_text": "preferred"},
            "login": {"texts": {"default": "{{code}} is your code for {{shop}}"}, "own_text": "preferred"},
            "t3": {"channels": "whatsapp|sms", "code_length": 4, "ttl_seconds": 120},
        }
    },
    "camara": {},
}
# One for each outcome; numbers that the North American plan keeps for fiction.
DEMO_TEST_NUMBERS: Mapping[str, Mapping[str, object]] = {
    "+12025550123": {"outcome": "approved", "code": "123456", "until": "2099-12-31"},
    "+12025550124": {"outcome": "wrong", "until": "2099-12-31"},
    "+12025550125": {"outcome": "expired", "until": "2099-12-31"},
    "+12025550126": {"outcome": "undeliverable", "until": "2099-12-31"},
    "+12025550127": {"outcome": "vendor_error", "until": "2099-12-31"},
}
# Whoever calls from this machine is the client's own server: no limit of a source address is for it.
OWN_NETWORKS = ["127.0.0.0/8"]
DEMO_CLIENTS: Mapping[str, Mapping[str, object]] = {
    name: {
        "secrets": ["demo-secret"],
        "policy": {"routes": routes, "trusted_networks": OWN_NETWORKS},
        "dialects": DEMO_DIALECTS,
        "test_numbers": DEMO_TEST_NUMBERS,
    }
    for name, routes in (("demo", "default"), ("demo-gateway", "gateway"))
}


def esms_callback_url(api_url: str, accounts: Accounts | None = None) -> str:
    """What eSMS calls when a text has arrived, or has not."""
    return f"{api_url}/receipts/esms/{(accounts or Accounts()).esms.callback_segment}"


def vendor_accounts(accounts: Accounts | None = None, *, api_url: str | None = None) -> dict[str, object]:
    """What the gateway must know to be a customer of the simulators.

    `api_url`: where they reach the gateway, if they report.
    """
    accounts = accounts or Accounts()
    central, esms, lab = accounts.message_central, accounts.esms, accounts.engagelab
    return {
        "message_central": {"customer_id": central.customer_id, "password": central.password},
        "esms": {
            "api_key": esms.api_key,
            "secret_key": esms.secret_key,
            "brandname": esms.brandname,
            "message": "{OTP} is your Countersign code",
            **({"callback_url": esms_callback_url(api_url, accounts)} if api_url is not None else {}),
        },
        "engagelab": {
            "dev_key": lab.dev_key,
            "dev_secret": lab.dev_secret,
            "templates": {channel: template for template, channel in lab.templates.items()},
            "ttl_seconds": lab.ttl_seconds,
            "code_length": lab.code_length,
            "callback_username": lab.callback_username,
            "callback_secret": lab.callback_secret,
        },
    }
