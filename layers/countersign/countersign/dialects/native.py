"""The native API, over HTTP and by direct invocation. docs/api.md shows every request and answer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, final

from countersign import __version__
from countersign.clock import Clock, Deadline
from countersign.dialects import native_parsing as parsing
from countersign.dialects.http import Endpoint, HttpRequest, HttpResponse
from countersign.dialects.native_answers import json_response, verification_document
from countersign.dialects.strict_json import JsonObject, parse_object
from countersign.errors import CountersignError, InvalidRequestError, UnauthenticatedError
from countersign.ports import Client, Clients

if TYPE_CHECKING:
    from countersign.service.check import Checker
    from countersign.service.resend import Resender
    from countersign.service.start import Starter

VERIFICATIONS = "/otp/v1/verifications"
START = ("POST", VERIFICATIONS)
RESEND = ("POST", VERIFICATIONS + "/{id}/resend")
CREATED, OK = 201, 200


class Half(Protocol):
    """What one of the two functions answers."""

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Its HTTP endpoints."""
        ...

    def elsewhere(self) -> tuple[tuple[str, str], ...]:
        """Methods and paths that the other function answers, where unrouted requests come here."""
        ...

    def invoke(self, event: Mapping[str, object], *, deadline: Deadline) -> HttpResponse:
        """A direct invocation: the members of the HTTP request, `client_id`, and `operation`."""
        ...


@final
class NativeSend:
    """Start and resend."""

    def __init__(
        self,
        *,
        clients: Callable[[], Clients],
        starter: Callable[[], Starter],
        resender: Callable[[], Resender],
        clock: Clock,
    ) -> None:
        self._clients = clients
        self._starter = starter
        self._resender = resender
        self._clock = clock

    def endpoints(self) -> tuple[Endpoint, ...]:
        def start(request: HttpRequest, deadline: Deadline) -> HttpResponse:
            with authenticated(self._clients(), request=request) as client:
                key = parsing.parse_idempotency_key(request.headers)
                body = parse_object(request.body, content_type=request.headers.get("content-type"))
                return self._start(client, body=body, key=key, deadline=deadline)

        def resend(request: HttpRequest, deadline: Deadline) -> HttpResponse:
            with authenticated(self._clients(), request=request) as client:
                key = parsing.parse_idempotency_key(request.headers)
                verification_id = parsing.parse_id(request.parameters["id"])
                content_type = request.headers.get("content-type")
                body = parse_object(request.body, content_type=content_type, optional=True)
                return self._resend(
                    client, verification_id=verification_id, body=body, key=key, deadline=deadline
                )

        return (Endpoint(*START, start), Endpoint(*RESEND, resend))

    def elsewhere(self) -> tuple[tuple[str, str], ...]:
        return ()

    def invoke(self, event: Mapping[str, object], *, deadline: Deadline) -> HttpResponse:
        body = JsonObject(event)
        with trusted(self._clients(), body=body) as client:
            operation = _operation(body, allowed=("start", "resend"))
            key = body.optional_text("idempotency_key", most=255)
            if key is not None:
                key = parsing.check_idempotency_key(key, field="idempotency_key")
            if operation == "start":
                return self._start(client, body=body, key=key, deadline=deadline)
            verification_id = parsing.parse_id(body.text("id", most=64))
            return self._resend(
                client, verification_id=verification_id, body=body, key=key, deadline=deadline
            )

    def _start(
        self, client: Client, *, body: JsonObject, key: str | None, deadline: Deadline
    ) -> HttpResponse:
        request = parsing.parse_start(body, policy=client.policy, idempotency_key=key)
        started = self._starter().start(client, request=request, deadline=deadline)
        headers = {"Location": f"{VERIFICATIONS}/{started.verification.id}"}
        if started.replayed:
            headers["Idempotent-Replayed"] = "true"
        document = verification_document(started.verification, now=self._clock.now())
        return json_response(CREATED, document, headers=headers)

    def _resend(
        self, client: Client, *, verification_id: str, body: JsonObject, key: str | None, deadline: Deadline
    ) -> HttpResponse:
        channel = parsing.parse_channel(body)
        body.nothing_else()
        verification = self._resender().resend(
            client, verification_id=verification_id, channel=channel, idempotency_key=key, deadline=deadline
        )
        return json_response(OK, verification_document(verification, now=self._clock.now()))


@final
class NativeVerify:
    """Check, read and cancel."""

    def __init__(
        self, *, clients: Callable[[], Clients], checker: Callable[[], Checker], clock: Clock
    ) -> None:
        self._clients = clients
        self._checker = checker
        self._clock = clock

    def endpoints(self) -> tuple[Endpoint, ...]:
        def check(request: HttpRequest, deadline: Deadline) -> HttpResponse:
            with authenticated(self._clients(), request=request) as client:
                body = parse_object(request.body, content_type=request.headers.get("content-type"))
                return self._check(
                    client, verification_id=request.parameters["id"], body=body, deadline=deadline
                )

        def read(request: HttpRequest, deadline: Deadline) -> HttpResponse:
            del deadline  # one call, bounded by the client's own time-outs
            with authenticated(self._clients(), request=request) as client:
                return self._read(client, verification_id=request.parameters["id"])

        def cancel(request: HttpRequest, deadline: Deadline) -> HttpResponse:
            del deadline
            with authenticated(self._clients(), request=request) as client:
                return self._cancel(client, verification_id=request.parameters["id"])

        return (
            Endpoint("POST", VERIFICATIONS + "/{id}/check", check),
            Endpoint("GET", VERIFICATIONS + "/{id}", read),
            Endpoint("DELETE", VERIFICATIONS + "/{id}", cancel),
            Endpoint("GET", "/health", _health),
        )

    def elsewhere(self) -> tuple[tuple[str, str], ...]:
        return (START, RESEND)

    def invoke(self, event: Mapping[str, object], *, deadline: Deadline) -> HttpResponse:
        body = JsonObject(event)
        with trusted(self._clients(), body=body) as client:
            operation = _operation(body, allowed=("check", "read", "cancel"))
            verification_id = body.text("id", most=64)
            if operation == "check":
                return self._check(client, verification_id=verification_id, body=body, deadline=deadline)
            body.nothing_else()
            if operation == "read":
                return self._read(client, verification_id=verification_id)
            return self._cancel(client, verification_id=verification_id)

    def _check(
        self, client: Client, *, verification_id: str, body: JsonObject, deadline: Deadline
    ) -> HttpResponse:
        verification = self._checker().check(
            client,
            verification_id=parsing.parse_id(verification_id),
            code=parsing.parse_code(body),
            deadline=deadline,
        )
        return json_response(OK, verification_document(verification, now=self._clock.now()))

    def _read(self, client: Client, *, verification_id: str) -> HttpResponse:
        verification = self._checker().read(client, verification_id=parsing.parse_id(verification_id))
        return json_response(OK, verification_document(verification, now=self._clock.now()))

    def _cancel(self, client: Client, *, verification_id: str) -> HttpResponse:
        verification = self._checker().cancel(client, verification_id=parsing.parse_id(verification_id))
        return json_response(OK, verification_document(verification, now=self._clock.now()))


def _health(request: HttpRequest, deadline: Deadline) -> HttpResponse:
    """The function runs; it says nothing of vendors or of the table."""
    del request, deadline
    return json_response(OK, {"status": "ok", "version": __version__})


def _operation(body: JsonObject, *, allowed: tuple[str, ...]) -> str:
    operation = body.optional_text("operation", most=16) or allowed[0]
    if operation not in allowed:
        raise InvalidRequestError(f"`operation` must be one of {', '.join(allowed)}.", field="operation")
    return operation


@contextmanager
def authenticated(clients: Clients, *, request: HttpRequest) -> Iterator[Client]:
    """The caller, by HTTP Basic; errors inside carry who it was."""
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
    with _named(clients.authenticate(client_id, secret=secret)) as client:
        yield client


@contextmanager
def trusted(clients: Clients, *, body: JsonObject) -> Iterator[Client]:
    """The caller of a direct invocation: IAM has let it in, so its word for `client_id` counts."""
    with _named(clients.trusted(body.text("client_id", most=64))) as client:
        yield client


@contextmanager
def _named(client: Client) -> Iterator[Client]:
    try:
        yield client
    except CountersignError as error:
        error.client_id = client.id
        raise
