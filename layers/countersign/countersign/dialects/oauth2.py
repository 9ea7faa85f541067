"""The token endpoint: access tokens for the native API and for CAMARA's.

    POST /oauth2/token  grant_type=client_credentials  → 200, access_token

The grant of RFC 6749, section 4.4. The client proves who it is by HTTP Basic or in the form
(2.3.1), never by both. Without `scope` the token has every scope that the client may have.

What is not documented is ignored, and a parameter without a value counts as left out (3.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final
from urllib.parse import parse_qsl, unquote_plus

from countersign.client import Client, TokenUse
from countersign.clock import Deadline
from countersign.dialects.access import ASKS_FOR_BASIC, calling, credentials_of
from countersign.dialects.dialect import VERIFIES, Dialect, Endpoint, Refusal, words_for
from countersign.dialects.http import HttpRequest, HttpResponse, json_response, refusal_headers
from countersign.errors import (
    ClientDisabledError,
    CountersignError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotFoundError,
    PayloadTooLargeError,
    ServiceUnavailableError,
    UnauthenticatedError,
    UnsupportedMediaTypeError,
)

TOKEN = "/oauth2/token"  # a path
GRANT_TYPE = "client_credentials"
LIFETIME_SECONDS = 3_600
FORM = "application/x-www-form-urlencoded"
FIELD_LIMIT = 16

# Each scope, and the dialect that a client must be allowed to speak for it.
SCOPES: Mapping[str, str] = {"one-time-password-sms:send-validate": "camara", "verifications": "native"}


@final
class UnsupportedGrantTypeError(InvalidRequestError):
    code = "unsupported_grant_type"
    title = "Unsupported grant type"


@final
class InvalidScopeError(InvalidRequestError):
    code = "invalid_scope"
    title = "Invalid scope"


# RFC 6749, 5.2 (the first two from 4.1.2.1) and the HTTP status.
_WORDS: Mapping[type[CountersignError], tuple[str, int]] = {
    CountersignError: ("server_error", 500),
    ServiceUnavailableError: ("temporarily_unavailable", 503),
    UnauthenticatedError: ("invalid_client", 401),
    InvalidRequestError: ("invalid_request", 400),
    UnsupportedMediaTypeError: ("invalid_request", 400),
    PayloadTooLargeError: ("invalid_request", 413),
    NotFoundError: ("invalid_request", 404),
    MethodNotAllowedError: ("invalid_request", 405),
    UnsupportedGrantTypeError: ("unsupported_grant_type", 400),
    InvalidScopeError: ("invalid_scope", 400),
}


@final
class OAuth2(Dialect):
    """One operation."""

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (Endpoint("POST", TOKEN, self._token, VERIFIES),)

    def refuse(self, refusal: Refusal) -> HttpResponse:
        error = refusal.error
        word, status = words_for(error, table=_WORDS)
        headers = {"Pragma": "no-cache", **refusal_headers(error)}
        if isinstance(error, UnauthenticatedError):
            headers["WWW-Authenticate"] = ASKS_FOR_BASIC
        return json_response(status, {"error": word, "error_description": error.detail}, headers=headers)

    def _token(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        del deadline  # nobody is called but the secret store, within its own time-outs
        form = parse_form(request)
        caller, secret = self._authenticated(request, form=form)
        with calling(caller) as client:
            scope = " ".join(granted(form, client=client))
            token = self._use_cases.clients.issue_token(
                client,
                secret=secret,
                use=TokenUse.OAUTH2,
                now=self._use_cases.clock.now(),
                lifetime_seconds=LIFETIME_SECONDS,
                scope=scope,
            )
        document = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
            "scope": scope,
        }
        return json_response(200, document, headers={"Pragma": "no-cache"})

    def _authenticated(self, request: HttpRequest, *, form: Mapping[str, str]) -> tuple[Client, str]:
        """The client, and the secret that it used."""
        client_id, secret = form.get("client_id"), form.get("client_secret")
        if "authorization" not in request.headers:
            if client_id is None or secret is None:
                raise UnauthenticatedError
            return self._use_cases.clients.authenticate(client_id, secret=secret), secret
        if secret is not None:
            raise InvalidRequestError("The client must authenticate in one way, not in two.")
        client, used = self._by_basic(request)
        if client_id not in (None, client.id):
            raise InvalidRequestError("`client_id` is not the client that has authenticated.")
        return client, used

    def _by_basic(self, request: HttpRequest) -> tuple[Client, str]:
        """RFC 6749 has id and secret encoded as in a form; few clients do that, so as they are goes first."""
        client_id, secret = credentials_of(request)
        try:
            return self._use_cases.clients.authenticate(client_id, secret=secret), secret
        except ClientDisabledError:
            raise
        except UnauthenticatedError:
            decoded = unquote_plus(client_id), unquote_plus(secret)
            if decoded == (client_id, secret):
                raise
        return self._use_cases.clients.authenticate(decoded[0], secret=decoded[1]), decoded[1]


def parse_form(request: HttpRequest) -> dict[str, str]:
    """The parameters that have a value. Raises InvalidRequestError or UnsupportedMediaTypeError."""
    if request.raw_query:
        raise InvalidRequestError("Send the parameters in the body; those of a URL end up in logs.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise UnsupportedMediaTypeError(f"Send the body as {FORM}.")
    try:
        pairs = parse_qsl(
            request.body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=FIELD_LIMIT
        )
    except ValueError as error:  # not UTF-8, before or behind the percent signs, or too many fields
        raise InvalidRequestError("The body cannot be read.") from error
    form = dict(pairs)
    if len(form) < len(pairs):
        raise InvalidRequestError("A parameter is given twice.")
    return {name: value for name, value in form.items() if value}


def granted(form: Mapping[str, str], *, client: Client) -> tuple[str, ...]:
    """The scopes of the token that is asked for.

    Raises InvalidRequestError, UnsupportedGrantTypeError or InvalidScopeError.
    """
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise InvalidRequestError("`grant_type` is missing.", field="grant_type")
    if grant_type != GRANT_TYPE:
        raise UnsupportedGrantTypeError(f"`grant_type` must be {GRANT_TYPE}.", field="grant_type")
    permitted = tuple(scope for scope, dialect in SCOPES.items() if client.speaks(dialect))
    asked = form["scope"].split(" ") if "scope" in form else permitted
    if not asked or not set(asked) <= set(permitted):
        raise InvalidScopeError("`scope` is unknown, malformed, or not for this client.", field="scope")
    return tuple(scope for scope in permitted if scope in asked)
