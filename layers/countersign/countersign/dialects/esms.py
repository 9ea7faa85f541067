"""eSMS.vn's protocol at the front door: GENCODE (V4 and V5) and CHECKCODE.

Docs: https://developers.esms.vn (GENCODE, MultiChannel GENCODE, CHECKCODE, error codes).
A check knows no id: it is about the newest code of that client for the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, final

from countersign.client import Client
from countersign.clock import Deadline
from countersign.dialects import esms_answers as answers
from countersign.dialects import esms_parsing as parsing
from countersign.dialects.access import speaking
from countersign.dialects.dialect import SENDS, Dialect, Endpoint, Function, Refusal
from countersign.dialects.esms_parameters import Parameters
from countersign.dialects.http import HttpRequest, HttpResponse
from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    ExpiredError,
    NotFoundError,
    UndeliverableError,
    WrongCodeError,
)

if TYPE_CHECKING:
    from countersign.service.wish import StartRequest


GENCODE = "/MainService.svc/json/SendMessageAutoGenCode_V4_get"
GENCODE_POST = "/MainService.svc/json/SendMessageAutoGenCode_V4_post_json"
MULTICHANNEL = "/MainService.svc/json/SendMessageAutoGenCode_V5"
CHECKCODE = "/MainService.svc/json/CheckCodeGen_V4_get"

# Checks that are spelt oddly reach the send function, by the route that takes whatever is left.
EITHER = frozenset({Function.SEND, Function.VERIFY})

# What a check can meet for which the protocol has one answer: the code is invalid.
CODE_INVALID = (
    parsing.MalformedCodeError,
    WrongCodeError,
    ExpiredError,
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    NotFoundError,
    UndeliverableError,
)


@final
class Esms(Dialect):
    """Send a code to a number, and check what was typed for that number."""

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint("GET", GENCODE, self._gencode, SENDS),
            Endpoint("POST", GENCODE, self._gencode, SENDS),
            Endpoint("POST", GENCODE_POST, self._gencode, SENDS),
            Endpoint("POST", MULTICHANNEL, self._multichannel, SENDS),
            Endpoint("GET", CHECKCODE, self._check, EITHER),
            Endpoint("POST", CHECKCODE, self._check, EITHER),
        )

    def canonical(self, path: str) -> str:
        """One slash for several, none at the end, letter case ignored: all of that is in real use."""
        return re.sub("/{2,}", "/", path).rstrip("/").lower()

    def refuse(self, refusal: Refusal) -> HttpResponse:
        is_check = self.canonical(refusal.request.path) == self.canonical(CHECKCODE)
        if is_check and isinstance(refusal.error, CODE_INVALID):
            return answers.code_invalid(parsing.spelt_phone(Parameters.of(refusal.request)))
        return answers.refused(refusal.error)

    def _gencode(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        parameters = Parameters.of(request)
        with self._authenticated(parameters) as client:
            wish = parsing.parse_gencode(parameters, client=client)
            return self._send(client, request=wish, source=request.source, deadline=deadline)

    def _multichannel(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        parameters = Parameters.of(request)
        with self._authenticated(parameters) as client:
            wish = parsing.parse_multichannel(parameters, client=client)
            return self._send(client, request=wish, source=request.source, deadline=deadline)

    def _send(
        self, client: Client, *, request: StartRequest, source: str, deadline: Deadline
    ) -> HttpResponse:
        started = self._use_cases.starter.start(client, request=request, source=source, deadline=deadline)
        return answers.accepted(started.verification.id)

    def _check(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        parameters = Parameters.of(request)
        with self._authenticated(parameters) as client:
            phone = parsing.parse_number(parameters)
            code = parsing.parse_code(parameters)
            self._use_cases.checker.check_latest(
                client, number=phone.e164, purpose=parsing.PURPOSE, code=code, deadline=deadline
            )
        return answers.verified(parsing.spelt_phone(parameters))

    @contextmanager
    def _authenticated(self, parameters: Parameters) -> Iterator[Client]:
        """The caller, by ApiKey (its id) and SecretKey."""
        caller = self._use_cases.clients.authenticate(
            parameters.credential("ApiKey"), secret=parameters.credential("SecretKey")
        )
        with speaking(caller, dialect=parsing.DIALECT) as client:
            yield client
