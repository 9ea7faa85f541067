"""The key in KMS: what KMS is asked, how often, and what is made of its answers and its troubles."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from mypy_boto3_kms import KMSClient

from countersign.aws.signing_key import KmsSigningKey
from countersign.errors import ConfigurationError, ServiceUnavailableError
from tests.support.aws import client_error
from tests.support.signing import HeldKey

ARN = "arn:aws:kms:eu-west-1:123456789012:key/k"
HELD = HeldKey()
PUBLIC: dict[str, Any] = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", "PublicKey": HELD.spki}


class Kms:
    """As much of KMS as a key needs."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {"get_public_key": PUBLIC}
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.asked.append((operation, arguments))
            answer = self.answers[operation]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    @property
    def key(self) -> KmsSigningKey:
        return KmsSigningKey(ARN, client=lambda: cast("KMSClient", self))


def test_the_public_half_is_fetched_once() -> None:
    kms = Kms()
    key = kms.key
    assert key.public() == key.public() == HELD.public()
    assert kms.asked == [("get_public_key", {"KeyId": ARN})]


def test_kms_is_given_a_digest_and_never_what_is_signed() -> None:
    kms, message = Kms(), b"header.claims"
    kms.answers["sign"] = {"Signature": HELD.private.sign(message, ec.ECDSA(hashes.SHA256()))}
    assert len(kms.key.sign(message)) == 64
    assert kms.asked == [
        (
            "sign",
            {
                "KeyId": ARN,
                "Message": hashlib.sha256(message).digest(),
                "MessageType": "DIGEST",
                "SigningAlgorithm": "ECDSA_SHA_256",
            },
        )
    ]


OURS = (
    "AccessDeniedException",
    "DisabledException",
    "InvalidKeyUsageException",
    "KMSInvalidStateException",
    "NotFoundException",
    "UnsupportedOperationException",
)
PASSING = (
    "DependencyTimeoutException",
    "KMSInternalException",
    "KeyUnavailableException",
    "ThrottlingException",
)
WAYS: dict[str, Callable[[KmsSigningKey], object]] = {
    "get_public_key": lambda key: key.public(),
    "sign": lambda key: key.sign(b"x"),
}


@pytest.mark.parametrize("operation", WAYS)
@pytest.mark.parametrize("code", OURS)
def test_what_an_operator_must_mend_is_said_by_its_code(operation: str, code: str) -> None:
    kms = Kms()
    kms.answers[operation] = client_error(code, operation="Sign")
    with pytest.raises(ConfigurationError) as fault:
        WAYS[operation](kms.key)
    assert str(fault.value) == f"the proof key cannot be used: {code}"


@pytest.mark.parametrize("operation", WAYS)
@pytest.mark.parametrize(
    "trouble",
    [
        *(client_error(code, operation="Sign") for code in PASSING),
        ReadTimeoutError(endpoint_url="https://kms"),
        EndpointConnectionError(endpoint_url="https://kms"),
    ],
    ids=[*PASSING, "time-out", "no connection"],
)
def test_what_passes_is_worth_another_try(operation: str, trouble: Exception) -> None:
    kms = Kms()
    kms.answers[operation] = trouble
    with pytest.raises(ServiceUnavailableError) as refused:
        WAYS[operation](kms.key)
    assert refused.value.retry_after_seconds == 1


@pytest.mark.parametrize(
    "other", [{"KeySpec": "ECC_NIST_P384"}, {"KeySpec": "RSA_2048"}, {"KeyUsage": "KEY_AGREEMENT"}]
)
def test_a_key_of_another_kind_is_the_operators_fault(other: dict[str, str]) -> None:
    kms = Kms()
    kms.answers["get_public_key"] = PUBLIC | other
    with pytest.raises(ConfigurationError, match="ECC_NIST_P256 and SIGN_VERIFY"):
        kms.key.public()


@pytest.mark.parametrize(
    ("operation", "answer"),
    [("get_public_key", PUBLIC | {"PublicKey": b"no key"}), ("sign", {"Signature": b"no signature"})],
)
def test_an_answer_that_cannot_be_read_is_no_answer(operation: str, answer: dict[str, Any]) -> None:
    kms = Kms()
    kms.answers[operation] = answer
    with pytest.raises(ServiceUnavailableError):
        WAYS[operation](kms.key)


def test_a_key_that_could_not_be_fetched_is_asked_for_again() -> None:
    kms = Kms()
    key = kms.key
    kms.answers["get_public_key"] = client_error("ThrottlingException", operation="GetPublicKey")
    with pytest.raises(ServiceUnavailableError):
        key.public()
    kms.answers["get_public_key"] = PUBLIC
    assert key.public() == HELD.public()
