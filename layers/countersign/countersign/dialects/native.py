"""The native API, over HTTP and by direct invocation. docs/api.md shows every request and answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, final

from countersign import __version__
from countersign.client import Client
from countersign.clock import Deadline
from countersign.dialects import native_parsing as parsing
from countersign.dialects.access import bearer_of, calling, credentials_of, speaking, token_of
from countersign.dialects.dialect import SENDS, VERIFIES, Dialect, Endpoint, Function, Refusal
from countersign.dialects.http import HttpRequest, HttpResponse, json_response
from countersign.dialects.native_answers import problem_response, verification_document
from countersign.dialects.strict_json import JsonObject, parse_object
from countersign.errors import InvalidRequestError

if TYPE_CHECKING:
    from countersign.dialects.native_messages import Asked, Overdue
    from countersign.model import Verification
    from countersign.service.wish import Started

VERIFICATIONS = "/otp/v1/verifications"
KEYS = "/.well-known/jwks.json"
CREATED, OK = 201, 200
KEPT_FOR = {"Cache-Control": "max-age=300"}  # what is the same for everybody, until the next deployment


@final
class Native(Dialect):
    """Start, resend, check, read and cancel."""

    def endpoints(self) -> tuple[Endpoint, ...]:
        here = VERIFICATIONS + "/{id}"
        return (
            Endpoint("POST", VERIFICATIONS, self._http_start, SENDS),
            Endpoint("POST", here + "/resend", self._http_resend, SENDS),
            Endpoint("POST", here + "/check", self._http_check, VERIFIES),
            Endpoint("GET", here, self._http_read, VERIFIES),
            Endpoint("DELETE", here, self._http_cancel, VERIFIES),
            Endpoint("GET", "/health", _health, VERIFIES),
            Endpoint("GET", "/openapi.json", _openapi, VERIFIES),
            Endpoint("GET", KEYS, self._http_keys, VERIFIES),
        )

    def refuse(self, refusal: Refusal) -> HttpResponse:
        return problem_response(refusal.error, trace_id=refusal.trace_id, now=refusal.now)

    def invoke(self, event: Mapping[str, object], *, function: Function, deadline: Deadline) -> HttpResponse:
        """A direct invocation: the members of the HTTP request, `client_id`, and `operation`."""
        body = JsonObject(event)
        with self._trusted(body.text("client_id", most=64)) as client:
            if function is Function.SEND:
                return self._invoked_send(client, body=body, deadline=deadline)
            return self._invoked_verify(client, body=body, deadline=deadline)

    def requested(self, asked: Asked, *, key: str, deadline: Deadline) -> Started:
        """Start what a message asks for."""
        with self._trusted(asked.client_id) as client:
            return self._started(client, body=asked.members, key=key, source=None, deadline=deadline)

    def redelivered(self, overdue: Overdue, *, deadline: Deadline) -> Verification | None:
        """Send a text again that did not arrive, whichever API it was for; None: not wanted any more."""
        with calling(self._use_cases.clients.trusted(overdue.client_id)) as client:
            return self._use_cases.redeliverer.redeliver(
                client, verification_id=overdue.verification_id, sends=overdue.sends, deadline=deadline
            )

    def _invoked_send(self, client: Client, *, body: JsonObject, deadline: Deadline) -> HttpResponse:
        operation = _operation(body, allowed=("start", "resend"))
        key = body.optional_text("idempotency_key", most=255)
        if key is not None:
            key = parsing.check_idempotency_key(key, field="idempotency_key")
        if operation == "start":
            return self._start(client, body=body, key=key, source=None, deadline=deadline)
        verification_id = parsing.parse_id(body.text("id", most=64))
        return self._resend(
            client, verification_id=verification_id, body=body, key=key, source=None, deadline=deadline
        )

    def _invoked_verify(self, client: Client, *, body: JsonObject, deadline: Deadline) -> HttpResponse:
        operation = _operation(body, allowed=("check", "read", "cancel"))
        verification_id = body.text("id", most=64)
        if operation == "check":
            return self._check(client, verification_id=verification_id, body=body, deadline=deadline)
        body.nothing_else()
        if operation == "read":
            return self._read(client, verification_id=verification_id)
        return self._cancel(client, verification_id=verification_id)

    # HTTP -------------------------------------------------------------------------------

    def _http_start(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        with self._authenticated(request) as client:
            key = parsing.parse_idempotency_key(request.headers)
            body = parse_object(request.body, content_type=request.headers.get("content-type"))
            return self._start(client, body=body, key=key, source=request.source, deadline=deadline)

    def _http_resend(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        with self._authenticated(request) as client:
            key = parsing.parse_idempotency_key(request.headers)
            verification_id = parsing.parse_id(request.parameters["id"])
            content_type = request.headers.get("content-type")
            body = parse_object(request.body, content_type=content_type, optional=True)
            return self._resend(
                client,
                verification_id=verification_id,
                body=body,
                key=key,
                source=request.source,
                deadline=deadline,
            )

    def _http_check(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        with self._authenticated(request) as client:
            body = parse_object(request.body, content_type=request.headers.get("content-type"))
            return self._check(client, verification_id=request.parameters["id"], body=body, deadline=deadline)

    def _http_read(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        del deadline  # one call, bounded by the client's own time-outs
        with self._authenticated(request) as client:
            return self._read(client, verification_id=request.parameters["id"])

    def _http_cancel(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        del deadline
        with self._authenticated(request) as client:
            return self._cancel(client, verification_id=request.parameters["id"])

    # Operations -------------------------------------------------------------------------

    def _start(
        self, client: Client, *, body: JsonObject, key: str | None, source: str | None, deadline: Deadline
    ) -> HttpResponse:
        started = self._started(client, body=body, key=key, source=source, deadline=deadline)
        headers = {"Location": f"{VERIFICATIONS}/{started.verification.id}"}
        if started.replayed:
            headers["Idempotent-Replayed"] = "true"
        document = verification_document(started.verification, now=self._use_cases.clock.now())
        return json_response(CREATED, document, headers=headers)

    def _started(
        self, client: Client, *, body: JsonObject, key: str | None, source: str | None, deadline: Deadline
    ) -> Started:
        request = parsing.parse_start(body, policy=client.policy, idempotency_key=key)
        return self._use_cases.starter.start(client, request=request, source=source, deadline=deadline)

    def _resend(
        self,
        client: Client,
        *,
        verification_id: str,
        body: JsonObject,
        key: str | None,
        source: str | None,
        deadline: Deadline,
    ) -> HttpResponse:
        channel = parsing.parse_channel(body)
        body.nothing_else()
        verification = self._use_cases.resender.resend(
            client,
            verification_id=verification_id,
            channel=channel,
            idempotency_key=key,
            source=source,
            deadline=deadline,
        )
        return json_response(OK, verification_document(verification, now=self._use_cases.clock.now()))

    def _check(
        self, client: Client, *, verification_id: str, body: JsonObject, deadline: Deadline
    ) -> HttpResponse:
        id_ = parsing.parse_id(verification_id)
        code, audience = parsing.parse_check(body)
        proof = None
        if audience is None:
            verification = self._use_cases.checker.check(
                client, verification_id=id_, code=code, deadline=deadline
            )
        else:
            proved = self._use_cases.prover.check(
                client, verification_id=id_, code=code, audience=audience, deadline=deadline
            )
            verification, proof = proved.verification, proved.proof
        now = self._use_cases.clock.now()
        return json_response(OK, verification_document(verification, now=now, proof=proof))

    def _read(self, client: Client, *, verification_id: str) -> HttpResponse:
        verification = self._use_cases.checker.read(client, verification_id=parsing.parse_id(verification_id))
        return json_response(OK, verification_document(verification, now=self._use_cases.clock.now()))

    def _cancel(self, client: Client, *, verification_id: str) -> HttpResponse:
        verification = self._use_cases.checker.cancel(
            client, verification_id=parsing.parse_id(verification_id)
        )
        return json_response(OK, verification_document(verification, now=self._use_cases.clock.now()))

    def _http_keys(self, request: HttpRequest, deadline: Deadline) -> HttpResponse:
        """The public keys of the proofs, as a JSON Web Key Set (RFC 7517)."""
        del request, deadline  # one call for the life of the container, bounded by the client's own time-outs
        keys = [key.jwk() for key in self._use_cases.prover.public_keys()]
        return json_response(OK, {"keys": keys}, headers=KEPT_FOR)

    # Callers ----------------------------------------------------------------------------

    @contextmanager
    def _authenticated(self, request: HttpRequest) -> Iterator[Client]:
        """The caller, by HTTP Basic or an access token."""
        token = token_of(request)
        if token is not None:
            caller = bearer_of(self._use_cases, token=token).client
        else:
            client_id, secret = credentials_of(request)
            caller = self._use_cases.clients.authenticate(client_id, secret=secret)
        with speaking(caller, dialect="native") as client:
            yield client

    @contextmanager
    def _trusted(self, client_id: str) -> Iterator[Client]:
        """The caller of a direct invocation: IAM has let it in, so its word for who it is counts."""
        caller = self._use_cases.clients.trusted(client_id)
        with speaking(caller, dialect="native") as client:
            yield client


def _health(request: HttpRequest, deadline: Deadline) -> HttpResponse:
    """The function runs; it says nothing of vendors or of the table."""
    del request, deadline
    return json_response(OK, {"status": "ok", "version": __version__})


def _openapi(request: HttpRequest, deadline: Deadline) -> HttpResponse:
    """The description of every route, as it lies in the package."""
    del request, deadline
    from importlib.resources import files  # a cold start need not pay for it

    text = files("countersign").joinpath("openapi.json").read_text(encoding="utf-8")
    return HttpResponse(status=OK, headers={"Content-Type": "application/json", **KEPT_FOR}, body=text)


def _operation(body: JsonObject, *, allowed: tuple[str, ...]) -> str:
    operation = body.optional_text("operation", most=16) or allowed[0]
    if operation not in allowed:
        raise InvalidRequestError(f"`operation` must be one of {', '.join(allowed)}.", field="operation")
    return operation
