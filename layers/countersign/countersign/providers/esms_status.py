"""What eSMS says of a text when it is asked: the answer to GetSendStatus.

Docs: https://developers.esms.vn (GetSendStatus): `{"CodeResponse":"100","SMSID":"…","SendFailed":0,
"SendStatus":5,"SendSuccess":1,"TotalPrice":850.0,"TotalReceiver":1,"TotalSent":1}`. CodeResponse stands
where every other operation has CodeResult.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from countersign.model import Receipt
from countersign.providers.base import CredentialsRefusedError, undecided_by_status
from countersign.providers.wire import MaybeSentError, VendorAnswer, code_of

_FOUND = "100"
_WRONG_CREDENTIALS = "101"
# SendStatus, and of a finished one SendSuccess and SendFailed: how many of its one text arrived, and did not.
# 1 awaiting approval and 2 waiting say nothing yet.
RECEIPTS: Mapping[str, Receipt] = {
    "4": Receipt.UNDELIVERED,  # rejected
    "5 1 0": Receipt.DELIVERED,
    "5 0 1": Receipt.UNDELIVERED,
    "7": Receipt.SENT,  # sent and awaiting the network's report
}
_FINISHED = "5"


def read_status(answer: VendorAnswer, *, reference: str) -> Receipt | None:
    """The state of the text, or None where there is none, or nothing is known yet.

    Raises CredentialsRefusedError, or MaybeSentError where the answer cannot be read.
    """
    if undecided_by_status(answer) is not None or answer.status != HTTPStatus.OK:
        raise MaybeSentError("no usable status")
    body = answer.json_object()
    code = code_of(body.get("CodeResponse"))
    if code == _WRONG_CREDENTIALS:
        raise CredentialsRefusedError
    if code != _FOUND or body.get("SMSID") not in (None, reference):
        return None
    state = code_of(body.get("SendStatus"))
    if state == _FINISHED:
        # Of one text to one number, which either arrived or did not.
        arrived, failed = (code_of(body.get(name)) for name in ("SendSuccess", "SendFailed"))
        state = f"{state} {arrived} {failed}"
    return RECEIPTS.get(state)
