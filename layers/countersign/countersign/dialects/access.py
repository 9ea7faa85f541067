"""Who calls, in what the dialects have in common: HTTP Basic, Bearer tokens, what a client may speak."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager

from countersign.client import Bearer, Client, TokenUse
from countersign.dialects.dialect import UseCases
from countersign.dialects.http import HttpRequest
from countersign.errors import CountersignError, PermissionDeniedError, UnauthenticatedError

# For `WWW-Authenticate`, by RFC 7617 and RFC 6750.
ASKS_FOR_BASIC = 'Basic realm="countersign", charset="UTF-8"'
ASKS_FOR_BEARER = 'Bearer realm="countersign"'


def credentials_of(request: HttpRequest) -> tuple[str, str]:
    """Client id and secret of HTTP Basic (RFC 7617, UTF-8). Raises UnauthenticatedError."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        raise UnauthenticatedError
    try:
        decoded = base64.b64decode(credentials.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise UnauthenticatedError from error
    client_id, colon, secret = decoded.partition(":")
    if not colon:
        raise UnauthenticatedError
    return client_id, secret


def token_of(request: HttpRequest) -> str | None:
    """The token of `Authorization: Bearer …` (RFC 6750), or None where another scheme is used."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def bearer_of(use_cases: UseCases, *, token: str) -> Bearer:
    """Whom an access token of `/oauth2/token` stands for. Raises UnauthenticatedError."""
    return use_cases.clients.bearer(token, use=TokenUse.OAUTH2, now=use_cases.clock.now())


@contextmanager
def calling(client: Client) -> Iterator[Client]:
    """The client; errors inside carry who it was, for the log."""
    try:
        yield client
    except CountersignError as error:
        error.client_id = client.id
        raise


@contextmanager
def speaking(client: Client, *, dialect: str) -> Iterator[Client]:
    """The same, if the client may speak the dialect. Raises PermissionDeniedError."""
    with calling(client):
        if not client.speaks(dialect):
            raise PermissionDeniedError("The client may not use this API.")
        yield client
