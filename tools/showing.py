"""`countersign show`: one verification as it lies in the table, without what is nobody's business."""

from __future__ import annotations

import argparse

from countersign.aws.items import key, read_verification, verification_pk
from countersign.dialects.native_answers import timestamp, verification_document
from countersign.model import Verification
from tools.arguments import Commands, Context, command
from tools.result import Result, ToolError


def register(commands: Commands, common: argparse.ArgumentParser) -> None:
    """`show CLIENT ID`."""
    show = command(
        commands,
        "show",
        common,
        run=show_verification,
        summary="show one verification by its id",
        more="The number is masked; hashes and the sealed number are not shown.",
    )
    show.add_argument("client", help="the client's id")
    show.add_argument("id", help="the verification's id, as its dialect gave it")


def show_verification(context: Context) -> Result:
    """One strongly consistent read."""
    options, deployment = context.options, context.deployment
    answer = deployment.dynamodb.get_item(
        TableName=deployment.output("TableName"),
        Key=key(verification_pk(options.client, options.id)),
        ConsistentRead=True,
    )
    verification = read_verification(answer.get("Item"))
    if verification is None:
        raise ToolError(f"{options.client} has no verification {options.id}; it may be deleted already")
    document = _document(verification, now=int(context.now.timestamp()))
    width = max(map(len, document))
    return Result(
        document=document,
        lines=tuple(f"{name:<{width}}  {value}" for name, value in document.items() if value is not None),
    )


def _document(verification: Verification, *, now: int) -> dict[str, object]:
    """The native API's answer, and what an operator asks a vendor or a client about."""
    return {
        **verification_document(verification, now=now),
        "client": verification.client_id,
        "country": verification.country,
        "custody": verification.custody.value,
        "attempts": verification.attempts,
        "attempts_max": verification.attempts_max,
        "checks_at_the_vendor": verification.checking,
        "sends": verification.sends,
        "sends_max": verification.sends_max,
        "checked_at": None if verification.checked_at is None else timestamp(verification.checked_at),
        "superseded_by": verification.superseded_by,
        "vendor_reference": verification.vendor_reference,
    }
