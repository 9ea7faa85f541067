"""An application that speaks EngageLab's protocol to the gateway, and what its operator has set up."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from tests.support.gateway import CLIENTS, Gateway, HttpAnswer, basic, policy
from tests.support.vendors import ENGAGELAB_CODES, ENGAGELAB_REFUSED, ESMS_NO_BALANCE, ESMS_RAW, Vendors

TO = "+84901888484"
TEXTS = {
    "default": "{{code}} is your code for {{shop}}",
    "ja": "{{code}} は{{shop}}の認証コードです",
    "zh_HK": "{{code}}：{{shop}}",
}
TEMPLATES: dict[str, Any] = {
    "plain": {},
    "short": {"code_length": 4, "ttl_seconds": 60},
    "long": {"code_length": 10, "ttl_seconds": 600},
    "voice": {"channels": "voice"},
    "chat": {"channels": "whatsapp|sms"},
    "shop": {"texts": TEXTS},
    "shop-if-you-can": {"texts": TEXTS, "own_text": "preferred"},
    "twice": {"texts": {"default": "{{code}} or {{code}}"}},
    "broken": {"ttl_seconds": 601},
}


def clients(**limits: object) -> dict[str, Any]:
    """`app` over codes of ours, `app-vendor` over the vendors' codes, `app-bound` with a policy."""
    document = deepcopy(CLIENTS)
    engagelab = {"engagelab": {"templates": TEMPLATES}}
    document["clients"] |= {
        "app": {"secrets": ["demo-secret"], "policy": policy(routes="gateway"), "dialects": engagelab},
        "app-vendor": {"secrets": ["demo-secret"], "policy": policy(), "dialects": engagelab},
        "app-bound": {
            "secrets": ["demo-secret"],
            "policy": policy(routes="gateway") | limits,
            "dialects": engagelab,
        },
        "app-off": {"secrets": ["demo-secret"], "disabled": True, "dialects": engagelab},
        "native-only": {"secrets": ["demo-secret"], "dialects": {"native": {}}},
    }
    return document


class App:
    """Calls of one client."""

    def __init__(self, gateway: Gateway, client: str = "app") -> None:
        self.gateway = gateway
        self.headers = {"authorization": basic(client), "content-type": "application/json"}

    def post(self, path: str, body: object) -> HttpAnswer:
        text = body if isinstance(body, str) else json.dumps(body)
        return self.gateway.http("POST", path, body=text, headers=self.headers)

    def message(self, template: str = "plain", *, to: object = TO, **members: object) -> HttpAnswer:
        """POST /v1/messages; `members` are the template's."""
        return self.post("/v1/messages", {"to": to, "template": {"id": template} | members})

    def code(self, code: object, template: str = "plain", **members: object) -> HttpAnswer:
        return self.post("/v1/codes", {"to": TO, "code": code, "template": {"id": template} | members})

    def custom(self, params: object, template: str = "plain", *, to: object = TO) -> HttpAnswer:
        return self.post("/v1/custom-messages", {"to": to, "template": {"id": template, "params": params}})

    def sent(self, template: str = "plain", **members: object) -> str:
        """The id of a message that was sent."""
        answer = self.message(template, **members)
        assert answer.status == 200, answer.text
        return str(answer.json["message_id"])

    def verify(self, message_id: object, code: object) -> HttpAnswer:
        return self.post("/v1/verifications", {"message_id": message_id, "verify_code": code})


def order_of(vendors: Vendors, url: str) -> dict[str, Any]:
    """The body that a vendor was last sent."""
    order: dict[str, Any] = json.loads(vendors.last(url).body or "{}")
    return order


def stored(items: list[dict[str, Any]], message_id: str) -> dict[str, Any]:
    """The attributes of a message's item, without their DynamoDB types."""
    [item] = [item for item in items if message_id in item["pk"]["S"]]
    return {name: next(iter(value.values())) for name, value in item.items()}


def nobody_takes_it(vendors: Vendors) -> None:
    """From now on, with codes of ours."""
    vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    vendors.now_answers("POST", ENGAGELAB_CODES, ENGAGELAB_REFUSED, status=400)


def refused(answer: HttpAnswer, status: int, code: int, message: str) -> None:
    """The answer is this refusal, to the byte, and nothing that could be taken for a success."""
    assert answer.text == json.dumps(
        {"code": code, "message": message}, ensure_ascii=False, separators=(",", ":")
    )
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
