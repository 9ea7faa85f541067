"""The local clients and vendor accounts, in the shape of the two secrets."""

from __future__ import annotations

from collections.abc import Mapping

from local.vendors.server import Accounts

DEMO_CLIENTS: Mapping[str, object] = {
    "demo": {"secrets": ["demo-secret"], "policy": {"routes": "default"}},
    "demo-gateway": {"secrets": ["demo-secret"], "policy": {"routes": "gateway"}},
}


def vendor_accounts(accounts: Accounts | None = None) -> dict[str, object]:
    """What the gateway must know to be a customer of the simulators."""
    accounts = accounts or Accounts()
    central, esms, lab = accounts.message_central, accounts.esms, accounts.engagelab
    return {
        "message_central": {"customer_id": central.customer_id, "password": central.password},
        "esms": {
            "api_key": esms.api_key,
            "secret_key": esms.secret_key,
            "brandname": esms.brandname,
            "message": "{OTP} is your Countersign code",
        },
        "engagelab": {
            "dev_key": lab.dev_key,
            "dev_secret": lab.dev_secret,
            "templates": {channel: template for template, channel in lab.templates.items()},
            "ttl_seconds": lab.ttl_seconds,
        },
    }
