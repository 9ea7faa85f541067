"""`countersign pepper`: the secret that keys every hash, replaced in two steps."""

from __future__ import annotations

import argparse
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from tools.arguments import Commands, Context, command, group
from tools.parsing import keyring
from tools.result import Result, ToolError
from tools.secret_document import SecretDocument, read_secret, replace_secret

# An Idempotency-Key is remembered for a day after its code has expired, and a code lives ten minutes at most.
LEAST_HOURS: Final = 25
USUAL_HOURS: Final = 48

_ROTATED_AT = "pepper_rotated_at"  # beside the peppers; the functions do not read it
_OF = " of "  # between the moment and the name of the pepper that was new then (no secret: items have it)


def register(commands: Commands, common: argparse.ArgumentParser) -> None:
    """`pepper status | rotate | finish`."""
    own = group(commands, "pepper", summary="the pepper that keys every hash")
    command(own, "status", common, run=status, summary="tell whether a rotation is under way, and since when")
    command(
        own,
        "rotate",
        common,
        run=rotate,
        summary="make a new pepper, and keep the present one beside it",
        more="Codes that are out stay right. Finish two days later.",
    )
    finish_ = command(
        own,
        "finish",
        common,
        run=finish,
        summary="drop the pepper before the present one",
        more=f"Refused until {USUAL_HOURS} hours have passed since the rotation.",
    )
    finish_.add_argument(
        "--early",
        action="store_true",
        help=f"after {LEAST_HOURS} hours, the least at which no Idempotency-Key is forgotten",
    )


def status(context: Context) -> Result:
    """Nothing of a pepper, but that there is one."""
    document = _read(context)
    if "previous_pepper" not in document.content:
        return Result(document={"rotating": False}, lines=("no rotation is under way",))
    since = _rotated_at(document)
    hours = _hours(since, now=context.now)
    return Result(
        document={"rotating": True, "since": _timestamp(since), "hours": hours},
        lines=(f"a rotation is under way since {_timestamp(since)} ({hours} hours)",),
    )


def rotate(context: Context) -> Result:
    """The first step: both peppers are good."""
    document = _read(context)
    if "previous_pepper" in document.content:
        raise ToolError("the last rotation is not finished: `countersign pepper finish` first")
    keyring(document.content)  # what is to be kept must be good
    now = _timestamp(context.now)
    content = {
        **document.content,
        "previous_pepper": document.content["pepper"],
        "pepper": secrets.token_urlsafe(48),
    }
    content[_ROTATED_AT] = f"{now}{_OF}{keyring(content).current.name}"
    replace_secret(context.deployment.secrets_manager, document, content=content)
    return Result(
        document={"rotating": True, "since": now, "hours": 0},
        lines=("a new pepper is in use; the one before stays good", "in two days: countersign pepper finish"),
    )


def finish(context: Context) -> Result:
    """The second step: the old pepper goes."""
    document = _read(context)
    if "previous_pepper" not in document.content:
        raise ToolError("no rotation is under way")
    least = LEAST_HOURS if context.options.early else USUAL_HOURS
    hours = _hours(_rotated_at(document), now=context.now)
    if hours < least:
        raise ToolError(
            f"the rotation is {hours} hours old, of {least}: what the old pepper made still lives"
        )
    content = {
        name: value
        for name, value in document.content.items()
        if name not in {"previous_pepper", _ROTATED_AT}
    }
    keyring(content)
    replace_secret(context.deployment.secrets_manager, document, content=content)
    return Result(document={"rotating": False}, lines=("the old pepper is gone",))


def _read(context: Context) -> SecretDocument:
    deployment = context.deployment
    return read_secret(deployment.secrets_manager, deployment.output("ClientsSecretArn"), label="clients'")


def _rotated_at(document: SecretDocument) -> datetime:
    """When the rotation began. One made by hand has left no note, or there is an older one's: then it is
    as old as the last edit.
    """
    moment, _, name = str(document.content.get(_ROTATED_AT)).partition(_OF)
    if name == keyring(document.content).current.name:
        with suppress(ValueError):
            return datetime.fromisoformat(moment).astimezone(UTC)
    return document.written_at.astimezone(UTC)


def _hours(moment: datetime, *, now: datetime) -> int:
    return int((now - moment).total_seconds() // 3600)


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
