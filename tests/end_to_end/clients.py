"""The clients of the deployed stack, each with its policy."""

from __future__ import annotations

from collections.abc import Mapping

from local.accounts import DEMO_CLIENTS, DEMO_DIALECTS, OWN_NETWORKS
from local.emulator import free_port
from tests.matrix.callers import CamaraCaller, EsmsDigitsCaller
from tests.support.webhooks import section

# What the table's stream is counted for must not refuse anything here: all numbers are of three blocks.
_ROOM: Mapping[str, object] = {
    f"{scope}_sends_per_{window}": 1_000_000
    for scope in ("prefix", "country", "client")
    for window in ("hour", "day")
}
_OWN: Mapping[str, object] = {"trusted_networks": OWN_NETWORKS}
# Without a cooldown, so that a test need not wait a minute to resend, and with as many sends as there may be.
_QUICK: Mapping[str, object] = {"cooldown_seconds": 0, "sends_per_10_minutes": 10, "sends_per_day": 20}

LOAD_SENDS_PER_NUMBER = 5  # in 10 minutes, of every client
LOAD_ADDRESS_LIMIT = 5  # in a minute, of the one that has a limit
_LOAD: Mapping[str, Mapping[str, object]] = {
    "load-vendor": {"routes": "default", "cooldown_seconds": 0, **_OWN},
    "load-gateway": {"routes": "gateway", "cooldown_seconds": 0, "attempts": 3, **_OWN},
    "load-new-code": {
        "routes": "gateway",
        "resend": "new_code",
        "cooldown_seconds": 0,
        "attempts": 2,
        "sends": 2,
        **_OWN,
    },
    "load-limited": {"routes": "gateway", "attempts": 3, "address_sends_per_minute": LOAD_ADDRESS_LIMIT},
}
LOAD_CLIENTS = tuple(_LOAD)
# Of one guess each, so that only a number's limit of sends is in their way.
_RACE: Mapping[str, Mapping[str, object]] = {
    f"race-{serial}": {"routes": "gateway", "attempts": 1, **_OWN} for serial in range(1, 5)
}
RACE_CLIENTS = tuple(_RACE)

# One whose receiver is there now and then.
HOOKED, HOOKED_PORT = "withheld-hooked", free_port()

# Every dialect over every vendor; codes have 6 digits in each, for a log may hold 4 of them by chance.
_DIALECTS: Mapping[str, object] = {
    **DEMO_DIALECTS,
    "esms": EsmsDigitsCaller.lenient,
    "engagelab": {"templates": {"plain": {}}},
    "camara": CamaraCaller.lenient,
}
_POLICIES: Mapping[str, Mapping[str, object]] = {
    **{name: {"code_length": 6, **policy} for name, policy in {**_LOAD, **_RACE}.items()},
    "quick": {"routes": "default", **_QUICK, **_OWN},
    "quick-gateway": {"routes": "gateway", **_QUICK, **_OWN},
    # Two that only the tests of the counters use.
    "counted": {"routes": "gateway", **_OWN},
    "given-back": {"routes": "gateway", **_OWN},
    "told": {"routes": "gateway", **_OWN},  # and one whose events are listened to
    "sent-again": {"routes": "gateway", "on_undelivered": "next_provider", "cooldown_seconds": 2, **_OWN},
    # Of which permissions are taken from the roles.
    "withheld-vendor": {"routes": "default", **_QUICK, **_OWN},
    "withheld-gateway": {"routes": "gateway", **_QUICK, **_OWN},
    "withheld-counted": {"routes": "gateway", **_OWN},
    "withheld-again": {"routes": "gateway", "on_undelivered": "next_provider", **_QUICK, **_OWN},
    HOOKED: {"routes": "gateway", **_OWN},
    "pool": {"routes": "gateway"},  # whom the triggers of the Cognito user pool act as
    "demo": {"routes": "default", **_OWN},
    "demo-gateway": {"routes": "gateway", **_OWN},
}
CLIENTS: Mapping[str, Mapping[str, object]] = {
    name: {
        "secrets": ["demo-secret"],
        "dialects": _DIALECTS,
        **DEMO_CLIENTS.get(name, {}),
        **({"webhook": section(f"http://127.0.0.1:{HOOKED_PORT}/hook")} if name == HOOKED else {}),
        "policy": {**_ROOM, **policy},
    }
    for name, policy in _POLICIES.items()
}
