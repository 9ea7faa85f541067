"""`countersign vendors`: the accounts at the vendors, in the vendors' secret."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from tools.arguments import Commands, Context, command, group
from tools.parsing import VENDORS, callback_fault, vendor_fault
from tools.result import Result, ToolError, UsageError
from tools.secret_document import SecretDocument, read_secret, replace_secret

SUSPENDED: Final = "suspended"  # a section that is no vendor's: the functions do not look into it


class Kind(StrEnum):
    """How a field is asked for."""

    SECRET = "secret"  # not echoed
    TEXT = "text"
    WHOLE = "whole number"
    TEMPLATES = "channel=template, …"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a vendor's section; docs/configuration.md says what it means."""

    name: str
    kind: Kind = Kind.TEXT
    is_needed: bool = False


FIELDS: Mapping[str, tuple[Field, ...]] = {
    "message_central": (
        Field("customer_id", is_needed=True),
        Field("password", Kind.SECRET, is_needed=True),
        Field("country"),
        Field("email"),
    ),
    "esms": (
        Field("api_key", Kind.SECRET, is_needed=True),
        Field("secret_key", Kind.SECRET, is_needed=True),
        Field("brandname", is_needed=True),
        Field("message", is_needed=True),
        Field("zalo_template_id"),
        Field("callback_url", Kind.SECRET),
    ),
    "engagelab": (
        Field("dev_key", Kind.SECRET, is_needed=True),
        Field("dev_secret", Kind.SECRET, is_needed=True),
        Field("templates", Kind.TEMPLATES, is_needed=True),
        Field("code_templates", Kind.TEMPLATES),
        Field("ttl_seconds", Kind.WHOLE),
        Field("code_length", Kind.WHOLE),
        Field("callback_username"),
        Field("callback_secret", Kind.SECRET),
    ),
}


def register(commands: Commands, common: argparse.ArgumentParser) -> None:
    """`vendors list | put | suspend | resume | remove`."""
    own = group(commands, "vendors", summary="the accounts at the vendors")
    command(
        own,
        "list",
        common,
        run=list_vendors,
        summary="list the vendors, and whether their accounts are whole",
    )
    put = command(
        own,
        "put",
        common,
        run=put_vendor,
        summary="write a vendor's account",
        more="Each field is asked for; secrets are not echoed. An empty answer keeps what is there.",
    )
    put.add_argument("vendor", choices=VENDORS)
    put.add_argument(
        "--from-file",
        metavar="FILE",
        help="the whole section as a JSON object; - is stdin (nothing is asked)",
    )
    for name, summary in (
        ("suspend", "leave a vendor out of routes, and keep its account for later"),
        ("resume", "put a suspended vendor back"),
    ):
        switch = command(
            own,
            name,
            common,
            run=switch_vendor,
            summary=summary,
            more="Takes effect within SecretTtlSeconds.",
        )
        switch.add_argument("vendor", choices=VENDORS)
        switch.set_defaults(suspend=name == "suspend")
    remove = command(
        own,
        "remove",
        common,
        run=remove_vendor,
        summary="remove an account: the vendor is left out of routes",
    )
    remove.add_argument("vendor", choices=VENDORS)
    remove.add_argument("--yes", action="store_true", help="do not ask")


def list_vendors(context: Context) -> Result:
    """Names of fields, never a value."""
    document = read_vendors(context)
    found: list[dict[str, Any]] = []
    for vendor in sorted({*VENDORS, *document.content} - {SUSPENDED}):
        section = document.content.get(vendor)
        fault = why_left_out(document.content, vendor)
        fields = sorted(section) if isinstance(section, dict) else []
        found.append({"vendor": vendor, "complete": fault is None, "fields": fields, "fault": fault})
    lines = [f"{one['vendor']}  {'complete' if one['complete'] else one['fault']}" for one in found]
    return Result(document={"vendors": found}, lines=tuple(lines))


def put_vendor(context: Context) -> Result:
    """The vendor's section, asked for or from a file; written if the functions could use it."""
    vendor, document = context.options.vendor, read_vendors(context)
    present = document.content.get(vendor)
    if context.options.from_file is not None:
        section = _from_file(context, context.options.from_file)
    else:
        section = _asked(context, vendor, present=present if isinstance(present, dict) else {})
    content = {**document.content, vendor: section}
    fault = vendor_fault(content, vendor) or callback_fault({vendor: section})
    if fault is not None:
        raise ToolError(f"{fault}; nothing was written")
    replace_secret(context.deployment.secrets_manager, document, content=content)
    did = "replaced" if present is not None else "added"
    return Result(
        document={"vendor": vendor, "fields": sorted(section), "created": present is None},
        lines=(f"{vendor}: {did} ({', '.join(sorted(section))})",),
    )


def switch_vendor(context: Context) -> Result:
    """The section moves to where the functions do not look, or back. Codes that it holds wait for it, too."""
    vendor, document = context.options.vendor, read_vendors(context)
    active = {name: section for name, section in document.content.items() if name != SUSPENDED}
    held = dict(document.content.get(SUSPENDED, {}))
    taken_from, put_into = (active, held) if context.options.suspend else (held, active)
    if vendor not in taken_from:
        raise ToolError(
            f"there is no account at {vendor} to {'suspend' if context.options.suspend else 'resume'}"
        )
    if vendor in put_into:
        raise ToolError(f"there is a newer account at {vendor}; remove one of the two first")
    put_into[vendor] = taken_from.pop(vendor)
    content = {**active, **({SUSPENDED: held} if held else {})}
    replace_secret(context.deployment.secrets_manager, document, content=content)
    did = "suspended" if context.options.suspend else "resumed"
    return Result(
        document={"vendor": vendor, "suspended": context.options.suspend}, lines=(f"{vendor}: {did}",)
    )


def why_left_out(accounts: Mapping[str, Any], vendor: str) -> str | None:
    """Why a vendor is left out of routes, or None where it is not."""
    if vendor in accounts:
        return vendor_fault(accounts, vendor)
    return "suspended" if vendor in accounts.get(SUSPENDED, {}) else "no account"


def remove_vendor(context: Context) -> Result:
    """Codes that the vendor holds can no longer be checked."""
    vendor, document = context.options.vendor, read_vendors(context)
    if vendor not in document.content:
        raise ToolError(f"there is no account at {vendor}")
    if not context.options.yes and not context.console.confirm(
        f"Remove the account at {vendor} from {context.deployment.place}?"
    ):
        raise ToolError("nothing was removed")
    content = {name: section for name, section in document.content.items() if name != vendor}
    replace_secret(context.deployment.secrets_manager, document, content=content)
    return Result(document={"removed": vendor}, lines=(f"{vendor}: removed",))


def read_vendors(context: Context) -> SecretDocument:
    deployment = context.deployment
    return read_secret(deployment.secrets_manager, deployment.output("VendorsSecretArn"), label="vendors'")


def _asked(context: Context, vendor: str, *, present: Mapping[str, Any]) -> dict[str, Any]:
    section = dict(present)
    for field in FIELDS[vendor]:
        notes = [*([] if field.kind is Kind.TEXT else [field.kind.value])]
        notes.append("empty keeps it" if field.name in present else "" if field.is_needed else "optional")
        question = f"{vendor}.{field.name} ({'; '.join(note for note in notes if note) or 'needed'}): "
        ask = context.console.ask_secret if field.kind is Kind.SECRET else context.console.ask
        answer = ask(question).strip()
        if answer:
            section[field.name] = _value(field, answer)
    return section


def _value(field: Field, answer: str) -> object:
    match field.kind:
        case Kind.WHOLE:
            if not answer.isascii() or not answer.isdigit():
                raise ToolError(f"{field.name} must be a whole number; nothing was changed")
            return int(answer)
        case Kind.TEMPLATES:
            pairs = [pair.strip().partition("=") for pair in answer.split(",")]
            if not all(channel and template for channel, _, template in pairs):
                raise ToolError(
                    f"{field.name} is written as sms=template, voice=another; nothing was changed"
                )
            return {channel.strip(): template.strip() for channel, _, template in pairs}
        case _:
            return answer


def _from_file(context: Context, path: str) -> dict[str, Any]:
    try:
        text = context.console.rest() if path == "-" else Path(path).read_text(encoding="utf-8")
        section = json.loads(text)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is not JSON that can be read ({type(error).__name__})") from None
    if not isinstance(section, dict):
        raise UsageError(f"{path} must hold a JSON object: the vendor's section")
    return section
