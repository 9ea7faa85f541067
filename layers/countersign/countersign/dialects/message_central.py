"""Message Central's VerifyNow protocol at the front door.

    GET  /auth/v1/authentication/token   customerId, base64 of the password   → a JWT
    POST /verification/v3/send           everything in the query              → verificationId
    GET  /verification/v3/validateOtp    verificationId and code              → VERIFICATION_COMPLETED

Docs: https://www.messagecentral.com/product/verify-now/api
While a code lives, a second send to its number is answered with the same verificationId
and sends nothing. A code lives 60 s and has 4 digits, unless the client's policy says more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from countersign.client import Client, TokenUse
from countersign.clock import Deadline
from countersign.dialects import message_central_answers as answers
from countersign.dialects import message_central_parsing as parsing
from countersign.dialects.access import speaking
from countersign.dialects.dialect import SENDS, VERIFIES, Dialect, Endpoint, Refusal
from countersign.dialects.http import HttpRequest, HttpResponse
from countersign.errors import (
    CooldownError,
    MethodNotAllowedError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)

TOKEN = "/auth/v1/authentication/token"
SEND = "/verification/v3/send"
VALIDATE = "/verification/v3/validateOtp"


@final
class MessageCentral(Dialect):
    """Fetch a token, send a code, validate what was typed."""

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint("GET", TOKEN, self._token, VERIFIES),
            Endpoint("POST", SEND, self._send, SENDS),
            Endpoint("GET", VALIDATE, self._validate, VERIFIES),
        )

    def canonical(self, path: str) -> str:
        """`validateOtp` is documented with a slash at its end and without one; nothing else is."""
        return VALIDATE if path == f"{VALIDATE}/" else path

    def refuse(self, refusal: Refusal) -> HttpResponse:
        error, path = refusal.error, self.canonical(refusal.request.path)
        is_check = path == VALIDATE
        if isinstance(error, MethodNotAllowedError) or (isinstance(error, NotFoundError) and not is_check):
            return answers.no_such_route(error)
        if path == TOKEN:
            return answers.token_refused(error)
        if isinstance(error, (UnauthenticatedError, PermissionDeniedError)):
            return answers.unauthorized()
        return answers.check_refused(error) if is_check else answers.send_refused(error)

    def _token(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        """The caller's token.

        The protocol tells an unknown customer from a wrong password; we do so only where that
        betrays nothing. A customerId that nobody has is answered as a wrong password is, so that
        guessing finds no ids. `customerId is invalid` is for what cannot be an id, and, after
        the right password, for a client that is switched off or may not use this protocol.
        """
        del deadline  # no call to a vendor; the secret store's has time-outs of its own
        customer_id, password = parsing.parse_credentials(request.query())
        caller = self._use_cases.clients.authenticate(customer_id, secret=password)
        with speaking(caller, dialect=parsing.DIALECT) as client:
            token = self._use_cases.clients.issue_token(
                client,
                secret=password,
                use=TokenUse.MESSAGE_CENTRAL,
                now=self._use_cases.clock.now(),
                lifetime_seconds=parsing.token_seconds(client),
            )
        return answers.token_issued(token)

    def _send(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        with self._authenticated(request) as client:
            start = parsing.parse_send(request.query(), client=client)
            try:
                started = self._use_cases.starter.start(
                    client, request=start, source=request.source, deadline=deadline
                )
            except CooldownError as error:
                if error.live_id is None:
                    raise
                raise answers.RequestExistsError(error, live_id=error.live_id, phone=start.phone) from error
            return answers.sent(started.verification, phone=start.phone, now=self._use_cases.clock.now())

    def _validate(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        with self._authenticated(request) as client:
            verification_id, code = parsing.parse_guess(request.query())
            checker = self._use_cases.checker
            verification = checker.check(
                client, verification_id=verification_id, code=code, deadline=deadline
            )
            return answers.completed(verification, number=checker.number_of(verification))

    @contextmanager
    def _authenticated(self, request: HttpRequest) -> Iterator[Client]:
        """The caller, by the header `authToken`."""
        bearer = self._use_cases.clients.bearer(
            request.headers.get("authtoken", ""),
            use=TokenUse.MESSAGE_CENTRAL,
            now=self._use_cases.clock.now(),
        )
        with speaking(bearer.client, dialect=parsing.DIALECT) as client:
            yield client
