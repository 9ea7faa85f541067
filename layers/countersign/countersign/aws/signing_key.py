"""The key of the proofs, in KMS. KMS is given a digest, never what is signed: a proof may name a number.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html and API_GetPublicKey.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, final

from botocore.exceptions import BotoCoreError, ClientError

from countersign.errors import ConfigurationError, ServiceUnavailableError
from countersign.es256 import PublicKey, raw_signature

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

RETRY_SECONDS = 1
_KIND = ("ECC_NIST_P256", "SIGN_VERIFY")

# What no retry helps: the key is not there, not ours to use, switched off, to be deleted, or of another kind.
_OPERATORS_FAULT = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "DisabledException",
        "InvalidArnException",
        "InvalidKeyUsageException",
        "KMSInvalidStateException",
        "NotFoundException",
        "UnsupportedOperationException",
        "ValidationException",
    }
)


@final
class KmsSigningKey:
    """ports.SigningKey over one key of KMS, whose public half is fetched once."""

    def __init__(self, arn: str, *, client: Callable[[], KMSClient]) -> None:
        self._arn = arn
        self._client = client
        self._public: PublicKey | None = None

    def public(self) -> PublicKey:
        if self._public is None:
            answer = self._asked(lambda: self._client().get_public_key(KeyId=self._arn))
            if (answer["KeySpec"], answer["KeyUsage"]) != _KIND:
                raise ConfigurationError(f"the proof key is not one of {' and '.join(_KIND)}")
            self._public = _read(PublicKey.from_spki, answer["PublicKey"])
        return self._public

    def sign(self, message: bytes) -> bytes:
        answer = self._asked(
            lambda: self._client().sign(
                KeyId=self._arn,
                Message=hashlib.sha256(message).digest(),
                MessageType="DIGEST",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        )
        return _read(raw_signature, answer["Signature"])

    def _asked[Answer](self, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _OPERATORS_FAULT:
                raise ConfigurationError(f"the proof key cannot be used: {code}") from error
            raise ServiceUnavailableError(retry_after_seconds=RETRY_SECONDS) from error
        except BotoCoreError as error:
            raise ServiceUnavailableError(retry_after_seconds=RETRY_SECONDS) from error


def _read[Value](read: Callable[[bytes], Value], der: bytes) -> Value:
    try:
        return read(der)
    except ValueError as error:
        raise ServiceUnavailableError(retry_after_seconds=RETRY_SECONDS) from error
