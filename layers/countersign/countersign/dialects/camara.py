"""CAMARA's One Time Password SMS, the open standard of the GSMA's Open Gateway.

    POST /one-time-password-sms/v1/send-code      number and text    → 200, authenticationId
    POST /one-time-password-sms/v1/validate-code  that id and a code → 204

Access tokens come from `/oauth2/token`, with a scope of their own. A second send to a number
supersedes the first. `dialects.camara` of a client may hold `own_text`: `required`, the
default (the message is sent as it is, or not at all), or `preferred` (a vendor that sends no
texts but its own may use its own).

Docs: https://github.com/camaraproject/OTPValidation (the API's definition and its test plans),
https://github.com/camaraproject/Commonalities (errors, `x-correlator`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import final

from countersign.client import Client
from countersign.clock import Deadline
from countersign.dialects import camara_answers as answers
from countersign.dialects import camara_parsing as parsing
from countersign.dialects.access import bearer_of, speaking, token_of
from countersign.dialects.dialect import SENDS, VERIFIES, Dialect, Endpoint, Refusal
from countersign.dialects.http import HttpRequest, HttpResponse
from countersign.errors import UnauthenticatedError

NAME = "camara"
BASE = "/one-time-password-sms/v1"
SEND_CODE = BASE + "/send-code"
VALIDATE_CODE = BASE + "/validate-code"


@final
class Camara(Dialect):
    """Send and validate."""

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint("POST", SEND_CODE, self._send_code, SENDS),
            Endpoint("POST", VALIDATE_CODE, self._validate_code, VERIFIES),
        )

    def refuse(self, refusal: Refusal) -> HttpResponse:
        validating = refusal.request.path == VALIDATE_CODE
        return answers.refused(refusal.error, request=refusal.request, validating=validating)

    def _send_code(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        with self._authenticated(request) as client:
            start = parsing.parse_send(
                request,
                policy=client.policy,
                text_is_binding=parsing.own_text_binds(client.settings(NAME), client_id=client.id),
            )
            started = self._use_cases.starter.start(
                client, request=start, source=request.source, deadline=deadline
            )
            return answers.sent(started.verification, request=request)

    def _validate_code(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        with self._authenticated(request) as client:
            guess = parsing.parse_guess(request)
            self._use_cases.checker.check(
                client, verification_id=guess.authentication_id, code=guess.code, deadline=deadline
            )
            return answers.validated(request)

    @contextmanager
    def _authenticated(self, request: HttpRequest) -> Iterator[Client]:
        token = token_of(request)
        if token is None:
            raise UnauthenticatedError
        bearer = bearer_of(self._use_cases, token=token)
        with speaking(bearer.client, dialect=NAME) as client:
            if parsing.SCOPE not in bearer.scopes:
                raise answers.ScopeMissingError
            yield client
