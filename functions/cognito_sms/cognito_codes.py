"""Decrypting what Cognito encrypted: a message of the AWS Encryption SDK, under the pool's own KMS key.

Strict mode: a message whose data key is wrapped under any other key is refused before KMS is asked. The
message carries its encryption context, which KMS and the SDK authenticate; Cognito puts the pool's id in it
as `userpool-id` (it is what AWS's documentation has the key's policy ask for), so that the message of
another pool under the same key is refused, too. Messages without a key commitment are read: Cognito's own
example of a sender allows them.

Docs: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-sender-triggers.html
"""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, final

from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient  # type: ignore[import-untyped]  # no types
from aws_encryption_sdk.exceptions import (  # type: ignore[import-untyped]
    AWSEncryptionSDKClientError,
    DecryptKeyError,
)
from aws_encryption_sdk.key_providers.kms import (  # type: ignore[import-untyped]
    KMSMasterKey,
    KMSMasterKeyConfig,
)
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.exceptions import InvalidSignature, InvalidTag

from countersign.cognito.sms import UnreadableCodeError
from countersign.model import Secret

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

POOL = "userpool-id"

_UNREADABLE = (
    AWSEncryptionSDKClientError,
    BotoCoreError,
    ClientError,
    InvalidSignature,
    InvalidTag,
    ValueError,
)


@final
class _Key(KMSMasterKey):  # type: ignore[misc]  # its base has no types
    """The pool's key. Where KMS refuses, that is told: the SDK would say that no key fits, and forget why."""

    def _decrypt_data_key(self, *arguments: object, **named: object) -> object:
        try:
            return super()._decrypt_data_key(*arguments, **named)
        except DecryptKeyError as error:
            if isinstance(error.__cause__, ClientError):
                raise error.__cause__ from None
            raise


@final
class CognitoCodes:
    """cognito.sms.SealedCodes over the AWS Encryption SDK."""

    def __init__(self, kms: KMSClient, key_arn: str) -> None:
        self._client = EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
        self._key = _Key(config=KMSMasterKeyConfig(key_id=key_arn, client=kms))
        # It logs what it raises, with KMS's answer in full; what we log of it is that it failed.
        logging.getLogger("aws_encryption_sdk").setLevel(logging.CRITICAL + 1)

    def open(self, message: bytes, *, pool_id: str) -> Secret:
        """The plain code. Raises UnreadableCodeError, also where KMS cannot be asked: Lambda tries again."""
        stream = self._client.stream(mode="d", source=message, key_provider=self._key)
        try:
            code = stream.read().decode("ascii")
            context = stream.header.encryption_context
        except _UNREADABLE as error:
            raise UnreadableCodeError from error
        finally:
            # Its own close() raises where a message could not be read, and once more when it is collected.
            io.RawIOBase.close(stream)
        if context.get(POOL) != pool_id:
            raise UnreadableCodeError
        return Secret(code)
