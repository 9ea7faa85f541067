"""EngageLab's OTP protocol: an application that speaks it changes the host and its credentials.

    POST /v1/messages          a code of ours, or of a vendor's     → message_id
    POST /v1/codes             the caller's own code                → message_id
    POST /v1/custom-messages   the same, the code in template.params
    POST /v1/verifications     message_id and code                  → verified true or false

HTTP Basic with dev_key and dev_secret, which are the client's id and secret. Templates come
from the client's configuration, see `engagelab_templates`. The vendor does not check codes
that its customer made; here their messages can be verified like the others.

Docs: https://www.engagelab.com/docs/otp (OTP Send, Custom OTP Send, Verify, Error Codes).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import final

from countersign.client import Client
from countersign.clock import Deadline
from countersign.dialects import engagelab_answers as answers
from countersign.dialects import engagelab_parsing as parsing
from countersign.dialects.access import credentials_of, speaking
from countersign.dialects.dialect import SENDS, VERIFIES, Dialect, Endpoint, Refusal
from countersign.dialects.http import HttpRequest, HttpResponse
from countersign.errors import NotFoundError, WrongCodeError

NAME = "engagelab"
VERIFICATIONS = "/v1/verifications"


@final
class Engagelab(Dialect):
    """Three ways to send, one to check."""

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint("POST", "/v1/messages", partial(self._send, parse=parsing.parse_message), SENDS),
            Endpoint("POST", "/v1/codes", partial(self._send, parse=parsing.parse_code_message), SENDS),
            Endpoint(
                "POST", "/v1/custom-messages", partial(self._send, parse=parsing.parse_custom_message), SENDS
            ),
            Endpoint("POST", VERIFICATIONS, self._verify, VERIFIES),
        )

    def refuse(self, refusal: Refusal) -> HttpResponse:
        return answers.refused(refusal.error, checking=refusal.request.path == VERIFICATIONS)

    def _send(
        self, request: HttpRequest, deadline: Deadline, *, parse: Callable[[HttpRequest], parsing.Order]
    ) -> HttpResponse:
        from countersign.dialects.engagelab_templates import find_template  # a check needs none

        with self._authenticated(request) as client:
            order = parse(request)
            template = find_template(
                client.settings(NAME), order.template_id, client_id=client.id, policy=client.policy
            )
            if template is None:
                raise answers.UnknownSubjectError("template does not exist")
            start = parsing.start_request(order, template=template, policy=client.policy)
            started = self._use_cases.starter.start(
                client, request=start, source=request.source, deadline=deadline
            )
            return answers.accepted(started.verification)

    def _verify(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        with self._authenticated(request) as client:
            guess = parsing.parse_guess(request)
            if guess is None:
                raise answers.UnknownSubjectError("message does not exist")
            try:
                self._use_cases.checker.check(
                    client, verification_id=guess.message_id, code=guess.code, deadline=deadline
                )
            except NotFoundError as error:
                raise answers.UnknownSubjectError("message does not exist") from error
            except WrongCodeError as error:
                raise answers.WrongGuessError(
                    message_id=guess.message_id, guess=guess.code, verification=error.verification
                ) from error
            return answers.checked(guess.message_id, guess=guess.code, verified=True)

    @contextmanager
    def _authenticated(self, request: HttpRequest) -> Iterator[Client]:
        client_id, secret = credentials_of(request)
        caller = self._use_cases.clients.authenticate(client_id, secret=secret)
        with speaking(caller, dialect=NAME) as client:
            yield client
