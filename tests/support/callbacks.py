"""A vendor's server as it calls back, written from the documentation of each, with code of its own."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from tests.support.clock import NOON

USERNAME, SECRET = "countersign", "canary-callback-secret"
SEGMENT = "kJ3xQ9vT2mZ7pL5rW8nB4cD6fG1hS0yA"
CALLBACK_URL = f"https://api.example/receipts/esms/{SEGMENT}"
ENGAGELAB_KEYS = {"callback_username": USERNAME, "callback_secret": SECRET}
MESSAGE_ID = "1725407449772531712"
SMS_ID = "d533459ee42b2b9525ba9eabf6a8156"


def callback_id(
    *, at: int = NOON, nonce: str = "9182736450", username: str = USERNAME, secret: str = SECRET
) -> str:
    """The header X-CALLBACK-ID."""
    signature = hmac.new(secret.encode(), f"{at}{nonce}{username}".encode(), hashlib.sha256).hexdigest()
    return f"timestamp={at};nonce={nonce};username={username};signature={signature}"


def row(status: str, message_id: str = MESSAGE_ID) -> dict[str, Any]:
    """One row of EngageLab's callback."""
    return {
        "message_id": message_id,
        "to": "+84901888484",
        "server": "otp",
        "channel": "sms",
        "itime": NOON,
        "custom_args": {},
        "status": {
            "message_status": status,
            "status_data": {
                "msg_time": NOON,
                "message_id": message_id,
                "current_send_channel": "sms",
                "template_key": "t1",
                "business_id": "1001",
            },
            "billing": {"cost": 0.005, "currency": "USD"},
            "error_code": 0,
            "error_detail": {"message": ""},
        },
    }


def rows(*statuses: str, message_id: str = MESSAGE_ID) -> str:
    """The body of EngageLab's callback."""
    told = [row(status, message_id) for status in statuses]
    return json.dumps({"total": len(told), "rows": told})


def sms_query(sms_id: str = SMS_ID, *, status: str = "5", success: str = "1", failed: str = "0") -> str:
    """The query of eSMS's callback."""
    return (
        f"SMSID={sms_id}&SendFailed={failed}&SendStatus={status}&SendSuccess={success}&TotalPrice=0.0000"
        "&TotalReceiver=1&TotalSent=1&RequestId=&TypeId=2&telcoid=1&phonenumber=0901888484"
    )


def send_status(
    sms_id: str = SMS_ID, *, status: int = 5, success: int = 1, failed: int = 0
) -> dict[str, object]:
    """eSMS's answer to GetSendStatus."""
    return {
        "CodeResponse": "100",
        "SMSID": sms_id,
        "SendFailed": failed,
        "SendStatus": status,
        "SendSuccess": success,
        "TotalPrice": 850.0,
        "TotalReceiver": 1,
        "TotalSent": 1,
    }
