"""Editing a secret that others may edit too.

Secrets Manager has no conditional put. It has a conditional move of a label: AWSCURRENT goes
to our version only if it still stands on the version that we read (`RemoveFromVersionId`;
API reference, UpdateSecretVersionStage). So an edit is put beside the current version, under a
label of its own, and then moved into its place; where somebody was faster the move fails, and
ours was never live. A write of theirs with a plain `put-secret-value` after our move replaces
ours all the same: nothing can be done about that from here, but AWSPREVIOUS still has ours.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.result import ChangedMeanwhileError, ToolError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT = "AWSCURRENT"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretDocument:
    """One secret as it was read: a JSON object, and the version that held it."""

    arn: str
    version: str
    written_at: datetime
    content: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"SecretDocument({self.arn}, ***)"


def read_secret(client: SecretsManagerClient, arn: str, *, label: str) -> SecretDocument:
    """The current version. Raises ToolError where it is no JSON object."""
    answer = client.get_secret_value(SecretId=arn, VersionStage=CURRENT)
    try:
        content = json.loads(answer.get("SecretString", ""))
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ToolError(f"the {label} secret is not a JSON object; put it right by hand first")
    return SecretDocument(
        arn=arn, version=answer["VersionId"], written_at=answer["CreatedDate"], content=content
    )


def replace_secret(
    client: SecretsManagerClient, document: SecretDocument, *, content: Mapping[str, Any]
) -> None:
    """Make `content` the current version, if the one that was read still is.

    Raises ChangedMeanwhileError where it is not; nothing has changed then.
    """
    version = str(uuid.uuid4())
    label = f"countersign-{version}"  # one edit's own: two edits at once must not share it
    try:
        client.put_secret_value(
            SecretId=document.arn,
            ClientRequestToken=version,  # a repetition by the client library is the same version
            SecretString=json.dumps(content, ensure_ascii=False),
            VersionStages=[label],
        )
        _make_current(client, document, version=version)
    finally:
        # A version without a label is deleted by Secrets Manager; one that is current keeps that label.
        with suppress(ClientError, BotoCoreError):
            client.update_secret_version_stage(
                SecretId=document.arn, VersionStage=label, RemoveFromVersionId=version
            )


def _make_current(client: SecretsManagerClient, document: SecretDocument, *, version: str) -> None:
    try:
        client.update_secret_version_stage(
            SecretId=document.arn,
            VersionStage=CURRENT,
            MoveToVersionId=version,
            RemoveFromVersionId=document.version,
        )
    except (ClientError, BotoCoreError) as error:
        # A move whose answer was lost, or its repetition: the label is ours then.
        if _current_version(client, document.arn) == version:
            return
        moved = {"InvalidParameterException", "InvalidRequestException"}
        if isinstance(error, ClientError) and error.response["Error"]["Code"] in moved:
            raise ChangedMeanwhileError(
                "somebody else changed the secret meanwhile; nothing was written. Run the command again."
            ) from None
        raise


def _current_version(client: SecretsManagerClient, arn: str) -> str | None:
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    return next((version for version, labels in versions.items() if CURRENT in labels), None)
