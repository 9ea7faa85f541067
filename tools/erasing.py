"""`countersign erase`: forget a phone number.

The table has no index by number. What leads to it: the number's record, which names the last
two verifications of each slot; and `number_key`, which each verification holds. The older ones
are found by looking through the table (DynamoDB Scan), which holds what TTL has not deleted
yet: some days. docs/runbook.md says what else may hold a number, and for how long.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from countersign.aws.items import key, number_pk, text
from countersign.aws.number_records import LONGEST_TRAIL
from countersign.codes import Keyring
from countersign.model import Secret
from countersign.phone import parse_phone
from tools.arguments import Commands, Context, command
from tools.parsing import keyring
from tools.result import ExitCode, Result, ToolError
from tools.secret_document import read_secret

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import ScanInputTypeDef

MOST_ITEMS: Final = (
    5_000_000  # looked through without being asked for more: at 1 KB each about 0.15 USD of reads
)
_PAGE = 1_000
_PROGRESS_EVERY = 20_000

AT_THE_VENDORS: Final = (
    "none of the vendors publishes an interface to erase a number: ask their support, "
    "with the references that `countersign show` has"
)


@dataclass(slots=True)
class _Found:
    """What there is of one number."""

    records: list[str] = field(default_factory=list)
    verifications: list[str] = field(default_factory=list)
    looked_through: int = 0
    is_complete: bool = True


def register(commands: Commands, common: argparse.ArgumentParser) -> None:
    """`erase`."""
    erase = command(
        commands,
        "erase",
        common,
        run=erase_number,
        summary="erase a phone number: its record and its verifications",
        more="The number is asked for, so that it does not stand in the shell's history. Codes that are out "
        "become worthless; the number's cooldown and limits begin anew. " + AT_THE_VENDORS.capitalize() + ".",
    )
    erase.add_argument("--to", metavar="-", choices=["-"], help="read the number from stdin")
    erase.add_argument("--dry-run", action="store_true", help="count, and delete nothing")
    erase.add_argument("--yes", action="store_true", help="do not ask before deleting")
    erase.add_argument(
        "--most-items", type=int, default=MOST_ITEMS, metavar="N", help="look through N items at most"
    )


def erase_number(context: Context) -> Result:
    """Look, ask, delete; exits with 1 where it could not look through everything."""
    options, deployment = context.options, context.deployment
    answer = context.console.ask("" if options.to == "-" else "Number to erase (international, with +): ")
    phone = parse_phone(answer.strip(), field="number")
    secret = read_secret(deployment.secrets_manager, deployment.output("ClientsSecretArn"), label="clients'")
    ring = keyring(secret.content)
    keys = list(_number_keys(phone.e164, ring=ring, clients=secret.content.get("clients", {})))
    table = deployment.output("TableName")
    found = _Found()
    _find_records(deployment.dynamodb, table, keys=keys, found=found)
    _find_verifications(context, table, keys=keys, found=found)
    count = len(found.records) + len(found.verifications)
    if count and not options.dry_run:
        asks = not options.yes
        if asks and not context.console.confirm(
            f"Delete {count} items of {phone.masked} from {deployment.place}?"
        ):
            raise ToolError("nothing was deleted")
        for pk in (*found.verifications, *found.records):  # the records last: they lead to the others
            deployment.dynamodb.delete_item(TableName=table, Key=key(pk))
    return _result(found, masked=phone.masked, dry_run=options.dry_run)


def _number_keys(number: Secret, *, ring: Keyring, clients: dict[str, Any]) -> Iterator[str]:
    """What the number is stored under: by each pepper, also as a test number of each client."""
    plays = [client_id for client_id, section in clients.items() if _rehearses(section, number=number)]
    names = [number, *(Secret(f"{number.reveal()}#test#{client_id}") for client_id in plays)]
    for keys in ring.all:
        for name in names:
            yield keys.number_key(name)


def _rehearses(section: object, *, number: Secret) -> bool:
    return isinstance(section, dict) and number.reveal() in (section.get("test_numbers") or {})


def _find_records(client: DynamoDBClient, table: str, *, keys: list[str], found: _Found) -> None:
    """The number's records; `keys` grows by those of records that they have moved to."""
    waiting = list(keys)
    for _ in range(LONGEST_TRAIL * len(keys)):
        if not waiting:
            return
        number_key = waiting.pop()
        item = client.get_item(TableName=table, Key=key(number_pk(number_key)), ConsistentRead=True).get(
            "Item"
        )
        if item is None:
            continue
        found.records.append(number_pk(number_key))
        successor = text(item, "moved_to")
        if successor is not None and successor not in keys:
            keys.append(successor)
            waiting.append(successor)


def _find_verifications(context: Context, table: str, *, keys: list[str], found: _Found) -> None:
    """Look through the table, page by page, for what holds one of the number's keys."""
    places = {f":key{place}": {"S": number_key} for place, number_key in enumerate(keys)}
    arguments: ScanInputTypeDef = {
        "TableName": table,
        "ConsistentRead": True,
        "Limit": min(_PAGE, max(1, context.options.most_items)),
        "ProjectionExpression": "pk",
        "FilterExpression": f"begins_with(pk, :v) AND number_key IN ({', '.join(places)})",
        "ExpressionAttributeValues": {":v": {"S": "V#"}, **places},
    }
    told = 0
    while True:
        page = context.deployment.dynamodb.scan(**arguments)
        found.verifications += [str(text(item, "pk")) for item in page["Items"]]
        found.looked_through += page["ScannedCount"]
        if found.looked_through - told >= _PROGRESS_EVERY:
            told = found.looked_through
            context.console.say(f"looked through {told} items, found {len(found.verifications)}")
        if "LastEvaluatedKey" not in page:
            return
        if found.looked_through >= context.options.most_items:
            found.is_complete = False
            return
        arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _result(found: _Found, *, masked: str, dry_run: bool) -> Result:
    document: dict[str, object] = {
        "to": masked,
        "dry_run": dry_run,
        "number_records": len(found.records),
        "verifications": len(found.verifications),
        "items_looked_through": found.looked_through,
        "complete": found.is_complete,
        "vendors": AT_THE_VENDORS,
    }
    did = "would delete" if dry_run else "deleted"
    both = f"{len(found.verifications)} verifications and {len(found.records)} records of the number"
    lines = [
        f"{masked}: {did} {both}",
        f"looked through {found.looked_through} items",
        f"at the vendors: {AT_THE_VENDORS}",
    ]
    if not found.is_complete:
        lines.append("NOT COMPLETE: there are more items; run it again with a larger --most-items")
    return Result(
        document=document,
        lines=tuple(lines),
        exit_code=ExitCode.DONE if found.is_complete else ExitCode.REFUSED,
    )
