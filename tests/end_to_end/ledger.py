"""What really happened, after a storm of requests: from the table, the vendors and the logs."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from countersign.aws.items import Item, number, read_verification, text
from countersign.model import Verification
from local.stack import Stack

VENDORS = ("message_central", "esms", "engagelab")
# After these of the simulators' faults a text may be out, for all that anybody can know.
MAYBE_SENT = frozenset({"error_500", "timeout", "reset", "html", "malformed", "drip", "huge", "redirect"})
_SENDS = ("/v3/send", "/SendMessageAutoGenCode", "/SendMultipleMessage", "/v1/messages", "/v1/codes")
_ROW = range(1, 26)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberAccount:
    """One number, from both sides."""

    number: str
    verifications: tuple[Verification, ...]
    sent_at: tuple[int, ...]  # the sends that the table has counted, newest first
    failed_at: tuple[int, ...]  # the wrong codes that it has counted
    texts: int  # that the vendors have delivered
    maybe: int  # requests that a vendor took and answered as if something had broken

    @property
    def at_vendors(self) -> int:
        """Sends that vendors took, or may have taken."""
        return self.texts + self.maybe

    @property
    def intents(self) -> int:
        """Sends that verifications say were made, or may have been."""
        return sum(one.sends for one in self.verifications if one.delivery != "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One event of the functions' log."""

    event: str
    fields: Mapping[str, Any]

    @property
    def verification_id(self) -> str | None:
        return self.fields.get("verification_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything about some numbers, which nobody else has used."""

    accounts: tuple[NumberAccount, ...]
    addresses: tuple[tuple[int, ...], ...]  # the times of each limited source address's texts, newest first
    lines: tuple[Line, ...]
    request_ids: Counter[str]  # of eSMS's sends, which name verification and send
    now: int

    @classmethod
    def of(cls, stack: Stack, *, numbers: Sequence[str]) -> Ledger:
        """Read it all."""
        items = scan(stack)
        stored = [found for item in items.values() if (found := read_verification(item)) is not None]
        requests = [request for vendor in VENDORS for request in sends_at(stack, vendor)]
        accounts = [_account(stack, one, stored=stored, items=items, requests=requests) for one in numbers]
        return cls(
            accounts=tuple(accounts),
            addresses=tuple(
                _times(items[f"A#{key}"], "t")
                for key in {one.address_key for account in accounts for one in account.verifications}
                if key is not None
            ),
            lines=tuple(_lines(stack)),
            request_ids=Counter(
                request["body"]["RequestId"] for request in requests if "RequestId" in _body(request)
            ),
            now=int(time.time()),
        )

    @property
    def verifications(self) -> tuple[Verification, ...]:
        return tuple(one for account in self.accounts for one in account.verifications)

    def count(self, event: str, **fields: str) -> Counter[str]:
        """How often an event with these fields was logged, by verification of the accounts."""
        ours = {one.id for one in self.verifications}
        return Counter(
            line.verification_id
            for line in self.lines
            if line.event == event
            and line.verification_id is not None
            and line.verification_id in ours
            and fields.items() <= line.fields.items()
        )

    def refusals(self, clients: Collection[str]) -> Counter[str]:
        """What these clients were refused for, by the name of the refusal."""
        return Counter(
            str(line.fields["outcome"])
            for line in self.lines
            if line.event == "RequestRefused" and line.fields.get("client") in clients
        )


def scan(stack: Stack) -> dict[str, Item]:
    """The whole table, by key."""
    pages = stack.client("dynamodb").get_paginator("scan").paginate(TableName=stack.table_name)
    return {str(text(item, "pk")): item for page in pages for item in page["Items"]}


def forget_addresses(stack: Stack) -> None:
    """As if nobody had called from anywhere lately."""
    for pk, item in scan(stack).items():
        if pk.startswith("A#"):
            stack.client("dynamodb").delete_item(TableName=stack.table_name, Key={"pk": item["pk"]})


def sends_at(stack: Stack, vendor: str) -> list[dict[str, Any]]:
    """The requests to send that a vendor received."""
    return [
        request
        for request in stack.vendor_requests(vendor)
        if any(path in request["path"] for path in _SENDS)
    ]


def _account(
    stack: Stack,
    to: str,
    *,
    stored: Sequence[Verification],
    items: Mapping[str, Item],
    requests: Collection[Mapping[str, Any]],
) -> NumberAccount:
    ours = tuple(one for one in stored if _is_of(one, to))
    keys = {one.number_key for one in ours}
    assert len(keys) <= 1, "two numbers look alike once they are masked"
    record: Item = next((items[f"N#{key}"] for key in keys), {})
    return NumberAccount(
        number=to,
        verifications=ours,
        sent_at=_times(record, "t"),
        failed_at=_times(record, "f"),
        texts=len(stack.messages(to)),
        maybe=sum(request["mode"] in MAYBE_SENT for request in requests if _receiver(request) == to),
    )


def _is_of(verification: Verification, to: str) -> bool:
    shown, hidden, last = verification.to_masked.partition("•")
    return bool(hidden) and to.startswith(shown) and to.endswith(last.lstrip("•"))


def _receiver(request: Mapping[str, Any]) -> str:
    fields = request["query"] | _body(request)
    if "mobileNumber" in fields:
        return f"+{fields['countryCode']}{fields['mobileNumber']}"
    return "+" + str(fields.get("Phone") or fields.get("to")).lstrip("+")


def _body(request: Mapping[str, Any]) -> Mapping[str, Any]:
    return request["body"] if isinstance(request["body"], dict) else {}


def _times(item: Item, row: str) -> tuple[int, ...]:
    return tuple(at for place in _ROW if (at := number(item, f"{row}{place}")))


def _lines(stack: Stack) -> list[Line]:
    logged = stack.function_logs().splitlines()
    parsed = [json.loads(line) for line in logged if line.startswith('{"level"')]
    return [Line(event=str(fields["message"]), fields=fields) for fields in parsed]
