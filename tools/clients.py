"""`countersign clients`: who may call, in the clients' secret."""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from countersign.aws.secrets import SECRETS_OF_A_CLIENT
from countersign.model import ANY, Channel
from countersign.routing import Routes
from tools.arguments import Commands, Context, command, group
from tools.parsing import check_webhook, client_of
from tools.result import Result, ToolError, UsageError
from tools.secret_document import SecretDocument, read_secret, replace_secret

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LEAST_LENGTH = 32  # of a secret that somebody brings along

type Section = dict[str, Any]


def register(commands: Commands, common: argparse.ArgumentParser) -> None:
    """`clients list | put | set | retire | disable | enable | remove`."""
    own = group(commands, "clients", summary="who may call: ids, secrets, settings")
    command(own, "list", common, run=list_clients, summary="list the clients, without their secrets")
    put = command(
        own,
        "put",
        common,
        run=put_client,
        summary="add a client, or a further secret for one that is there",
        more="The secret is random, and shown once: on a terminal, with --print-secret, or in --secret-file. "
        f"A client has up to {SECRETS_OF_A_CLIENT} secrets, the newest first; each is accepted.",
    )
    put.add_argument("id", help="letters, digits, - and _, up to 64")
    put.add_argument("--settings", metavar="FILE", help="JSON: policy, dialects, test_numbers, webhook")
    way = put.add_mutually_exclusive_group()
    way.add_argument("--print-secret", action="store_true", help="print it although stdout is no terminal")
    way.add_argument("--secret-file", metavar="FILE", help="write it into a new file that only you can read")
    way.add_argument(
        "--prompt", action="store_true", help="ask for the secret instead of making one (not echoed)"
    )
    settings = command(
        own,
        "set",
        common,
        run=set_client,
        summary="change a client's policy, dialects or test numbers",
        more="Each member of the JSON object takes the place of the client's; null removes it.",
    )
    settings.add_argument("id")
    settings.add_argument("settings", metavar="FILE", help="JSON: policy, dialects, test_numbers, webhook")
    retire = command(
        own, "retire", common, run=retire_secret, summary="remove a client's oldest secret, after a rotation"
    )
    retire.add_argument("id")
    for name, summary in (("disable", "refuse a client"), ("enable", "let a disabled client in again")):
        switch = command(own, name, common, run=switch_client, summary=summary)
        switch.add_argument("id")
        switch.set_defaults(disabled=name == "disable")
    remove = command(own, "remove", common, run=remove_client, summary="remove a client and its secrets")
    remove.add_argument("id")
    remove.add_argument("--yes", action="store_true", help="do not ask")


def list_clients(context: Context) -> Result:
    """Ids and settings; of the secrets only how many there are."""
    found = [_shown(name, section) for name, section in sorted(_clients(_read(context)).items())]
    lines = [
        f"{one['id']}  secrets: {one['secrets']}  dialects: {', '.join(one['dialects'] or ['all'])}"
        f"{'  DISABLED' if one['disabled'] else ''}"
        for one in found
    ]
    return Result(document={"clients": found}, lines=tuple(lines) or ("no clients",))


def put_client(context: Context) -> Result:
    """A new client, or a further secret in front of those that it has."""
    options = context.options
    client_id = options.id
    if not _ID.fullmatch(client_id):
        raise UsageError("a client's id is 1 to 64 letters, digits, - and _")
    way_out = options.print_secret or options.secret_file or options.prompt
    if not way_out and not context.console.shows_to_a_person:
        raise UsageError("stdout is no terminal: say --print-secret, --secret-file FILE or --prompt")
    document = _read(context)
    section = dict(_clients(document).get(client_id, {"secrets": []}))
    is_new = client_id not in _clients(document)
    if options.settings is not None:
        section = _with_settings(section, options.settings)
    present = list(section.get("secrets", []))
    if len(present) >= SECRETS_OF_A_CLIENT:
        raise ToolError(f"{client_id} has {len(present)} secrets, as many as there may be: retire one first")
    secret = _prompted(context) if options.prompt else secrets.token_urlsafe(32)
    if secret in present:
        raise ToolError(f"{client_id} has this secret already")
    section["secrets"] = [secret, *present]
    with _held(options.secret_file, secret):
        _write(context, document, client_id=client_id, section=section)
    did = "added" if is_new else "given a further secret"
    answer = {"client": _shown(client_id, section), "created": is_new}
    lines = [f"{client_id}: {did}; it has {len(section['secrets'])}"]
    if options.print_secret or not way_out:
        answer["secret"] = secret
        lines.append(f"secret, shown this once: {secret}")
    if options.secret_file is not None:
        lines.append(f"the secret is in {options.secret_file}")
    return Result(document=answer, lines=tuple(lines))


def set_client(context: Context) -> Result:
    """Settings of a client that is there; its secrets stay."""
    document = _read(context)
    section = _with_settings(_section(document, context.options.id), context.options.settings)
    return _written(context, document, section=section, did="settings written")


def retire_secret(context: Context) -> Result:
    """Without the last secret of the list: `put` puts new ones in front."""
    document = _read(context)
    section = _section(document, context.options.id)
    if len(section.get("secrets", [])) < 2:
        raise ToolError(f"{context.options.id} has one secret: put a new one first, or disable the client")
    section["secrets"] = section["secrets"][:-1]
    return _written(context, document, section=section, did="oldest secret removed")


def switch_client(context: Context) -> Result:
    """Disabled, or not; refused within SecretTtlSeconds."""
    document = _read(context)
    section = _section(document, context.options.id)
    section["disabled"] = context.options.disabled
    return _written(
        context, document, section=section, did="disabled" if context.options.disabled else "enabled"
    )


def remove_client(context: Context) -> Result:
    """What it started can no longer be checked by anybody; the table forgets it in a day."""
    client_id, document = context.options.id, _read(context)
    _section(document, client_id)
    if not context.options.yes and not context.console.confirm(
        f"Remove {client_id} and its secrets from {context.deployment.place}?"
    ):
        raise ToolError("nothing was removed")
    clients = {name: section for name, section in _clients(document).items() if name != client_id}
    replace_secret(
        context.deployment.secrets_manager, document, content={**document.content, "clients": clients}
    )
    return Result(document={"removed": client_id}, lines=(f"{client_id}: removed",))


def _read(context: Context) -> SecretDocument:
    deployment = context.deployment
    return read_secret(deployment.secrets_manager, deployment.output("ClientsSecretArn"), label="clients'")


def _clients(document: SecretDocument) -> Mapping[str, Section]:
    clients = document.content.get("clients")
    if not isinstance(clients, dict):
        raise ToolError("clients secret: `clients` must be a JSON object; put it right by hand first")
    return clients


def _section(document: SecretDocument, client_id: str) -> Section:
    section = _clients(document).get(client_id)
    if not isinstance(section, dict):
        raise ToolError(f"there is no client {client_id}")
    return dict(section)


def _written(context: Context, document: SecretDocument, *, section: Section, did: str) -> Result:
    client_id = context.options.id
    _write(context, document, client_id=client_id, section=section)
    shown = _shown(client_id, section)
    return Result(document={"client": shown}, lines=(f"{client_id}: {did}",))


def _write(context: Context, document: SecretDocument, *, client_id: str, section: Section) -> None:
    """Write the section, if the functions could read it. Raises ConfigurationError where they could not."""
    content = {**document.content, "clients": {**_clients(document), client_id: section}}
    client = client_of(content, client_id)
    check_webhook(content, client_id, loopback=context.deployment.allows_loopback)
    routes = Routes.parse(context.deployment.parameter("Routes"))
    routes.steps(
        client.policy.routes, country=ANY, channel=Channel.SMS
    )  # raises where there is no such table
    replace_secret(context.deployment.secrets_manager, document, content=content)


def _shown(client_id: str, section: Section) -> dict[str, Any]:
    return {
        "id": client_id,
        "secrets": len(section.get("secrets", [])),
        "disabled": section.get("disabled", False) is not False,
        "dialects": sorted(section["dialects"]) if "dialects" in section else None,
        "policy": section.get("policy", {}),
        "test_numbers": len(section.get("test_numbers", {})),
    }


def _with_settings(section: Section, path: str) -> Section:
    """The section with what a file sets; what the file sets to null is left out."""
    try:
        settings = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is not a JSON file that can be read ({type(error).__name__})") from None
    if not isinstance(settings, dict) or {"secrets", "disabled"} & settings.keys():
        raise UsageError(f"{path} must hold a JSON object of settings, without `secrets` and `disabled`")
    return {name: value for name, value in {**section, **settings}.items() if value is not None}


def _prompted(context: Context) -> str:
    secret = context.console.ask_secret("Secret: ")
    if len(secret) < _LEAST_LENGTH:
        raise ToolError(f"a secret has {_LEAST_LENGTH} characters or more, all of them random")
    if context.console.ask_secret("Once more: ") != secret:
        raise ToolError("the two are not the same; nothing was changed")
    return secret


@contextmanager
def _held(path: str | None, secret: str) -> Iterator[None]:
    """The secret in a new file of ours alone, before it is live; the file goes where it never gets so far."""
    if path is None:
        yield
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"{path} cannot be made ({error.strerror}); it must be a new file") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{secret}\n")
        yield
    except BaseException:
        Path(path).unlink()
        raise
