"""What the receipts function's permissions are for; using.py says what a row is."""

from __future__ import annotations

from collections.abc import Mapping

from tests.end_to_end.calling import fresh_number
from tests.end_to_end.using import Scene, Use


def a_receipt(scene: Scene) -> bool:
    """Of EngageLab's, told until it is taken."""
    stack = scene.stack
    stack.report("delivered", delay_seconds=0.1)
    try:
        before = stack.reports("engagelab")
        assert scene.caller.start(fresh_number("SG")).status == 201
        return scene.waited(
            lambda: any(told["status"] == 200 for told in stack.reports("engagelab") if told not in before)
        )
    finally:
        stack.report("none")


RECEIPTS_USES: Mapping[str, Use] = {
    "ReceiptsRole/State/dynamodb:UpdateItem": Use(a_receipt),
    "ReceiptsRole/Vendors/secretsmanager:GetSecretValue": Use(a_receipt, cold=True),
}
