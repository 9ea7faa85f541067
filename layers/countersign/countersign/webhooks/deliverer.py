"""The use case: a batch of events to the receivers of their clients.

What leaves it are the messages that the queue must keep, each hidden until its next attempt. A message
that was taken, that nobody wants, or whose receiver is gone is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from countersign.clock import Clock
from countersign.errors import ConfigurationError, ServiceUnavailableError, cause_of
from countersign.webhooks.endpoint import Endpoint
from countersign.webhooks.message import Message, UnreadableEventError, headers, read_message
from countersign.webhooks.ports import Answer, Endpoints, GoneEndpoints, NoAnswerError, Post, Waiting
from countersign.webhooks.schedule import Jitter, seconds_of, wait_after

if TYPE_CHECKING:
    from countersign.telemetry import PowertoolsTelemetry

GONE = 410
_SUCCESS = 2  # hundred
_WISHES_COUNT_WITH = (429, 503)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of the queue."""

    id: str
    receipt: str
    attempt: int  # 1 for the first
    text: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on its way to a receiver."""

    letter: Letter
    message: Message
    endpoint: Endpoint


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attempt: an answer, or why there is none."""

    answer: Answer | None
    cause: str | None
    milliseconds: int

    @property
    def status(self) -> str | None:
        """The status for the log: its class, but for the one that means something to us."""
        if self.answer is None:
            return None
        return str(GONE) if self.answer.status == GONE else f"{self.answer.status // 100}xx"


@final
class Deliverer:
    """Sends what came in a batch, all of it at the same time: a slow receiver holds up no other."""

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        gone: GoneEndpoints,
        post: Post,
        waiting: Waiting,
        jitter: Jitter,
        telemetry: PowertoolsTelemetry,
        clock: Clock,
    ) -> None:
        self._endpoints = endpoints
        self._gone = gone
        self._post = post
        self._waiting = waiting
        self._jitter = jitter
        self._telemetry = telemetry
        self._clock = clock

    def deliver(self, letters: Sequence[Letter]) -> list[str]:
        """The ids of the messages to be kept.

        Raises ServiceUnavailableError where nothing was sent: the queue then shows all of them again.
        """
        kept: list[str] = []
        deliveries: list[Delivery] = []
        for letter in letters:
            try:
                delivery = self._addressed(letter)
            except UnreadableEventError as error:
                self._telemetry.outcome("WebhookUnreadable", cause=str(error), attempt=letter.attempt)
                self._hide(letter, seconds=0)  # once through its attempts, and to the dead letters
                kept.append(letter.id)
            except ConfigurationError as error:
                self._telemetry.configuration_fault(str(error))
                self._wait(letter, retry_after=None)
                kept.append(letter.id)
            else:
                deliveries += [] if delivery is None else [delivery]
        kept += self._sent(self._to_living_endpoints(deliveries))
        return kept

    def _addressed(self, letter: Letter) -> Delivery | None:
        message = read_message(letter.text)
        endpoint = self._endpoints.get(message.client_id)
        if endpoint is None or not endpoint.wants(message.event):
            return None
        return Delivery(letter, message, endpoint)

    def _to_living_endpoints(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        if not deliveries:
            return []
        gone = self._gone.among({delivery.endpoint for delivery in deliveries})
        living = []
        for delivery in deliveries:
            if delivery.endpoint in gone:
                self._told("WebhookDropped", delivery, cause="the endpoint is gone")
            else:
                living.append(delivery)
        return living

    def _sent(self, deliveries: Sequence[Delivery]) -> list[str]:
        if not deliveries:
            return []
        with ThreadPoolExecutor(max_workers=len(deliveries)) as pool:
            results = list(pool.map(self._attempt, deliveries))
        # Lines, metrics and writes by one thread: what keeps them is not made for several.
        settled = zip(deliveries, results, strict=True)
        return [delivery.letter.id for delivery, result in settled if not self._settled(delivery, result)]

    def _attempt(self, delivery: Delivery) -> Result:
        began = self._clock.monotonic()
        keys, body = delivery.endpoint.keys, delivery.message.body
        signed: Mapping[str, str] = headers(delivery.message, keys=keys, now=self._clock.now())
        answer, cause = None, None
        try:
            answer = self._post(delivery.endpoint.url, headers=signed, body=body)
        except NoAnswerError as error:
            cause = error.reason
        return Result(answer, cause, round((self._clock.monotonic() - began) * 1000))

    def _settled(self, delivery: Delivery, result: Result) -> bool:
        """Whether the message is done with."""
        answer = result.answer
        if answer is not None and answer.status // 100 == _SUCCESS:
            self._told("WebhookDelivered", delivery, result=result)
            return True
        if answer is not None and answer.status == GONE:
            return self._is_given_up(delivery, result)
        wish = answer.retry_after if answer is not None and answer.status in _WISHES_COUNT_WITH else None
        wait = self._wait(delivery.letter, retry_after=seconds_of(wish, now=self._clock.now()))
        if wait is None:
            self._told("WebhookGivenUp", delivery, result=result)
        else:
            self._told("WebhookFailed", delivery, result=result, wait_seconds=wait)
        return False

    def _is_given_up(self, delivery: Delivery, result: Result) -> bool:
        try:
            self._gone.add(delivery.endpoint)
        except ServiceUnavailableError as error:
            self._wait(delivery.letter, retry_after=None)
            self._telemetry.warning("a 410 could not be noted", cause=cause_of(error))
            self._told("WebhookFailed", delivery, result=result, cause="410 could not be noted")
            return False
        self._told("WebhookDisabled", delivery, result=result)
        return True

    def _wait(self, letter: Letter, *, retry_after: int | None) -> int | None:
        """Hide the message until its next attempt; after the last one show it, so that it ends."""
        wait = wait_after(letter.attempt, retry_after=retry_after, jitter=self._jitter)
        self._hide(letter, seconds=wait or 0)
        return wait

    def _hide(self, letter: Letter, *, seconds: int) -> None:
        try:
            self._waiting.hide(letter.receipt, seconds=seconds)
        except ServiceUnavailableError as error:  # it comes again when the queue's own time-out is over
            self._telemetry.warning(
                "a webhook could not be put off", attempt=letter.attempt, cause=cause_of(error)
            )

    def _told(
        self,
        event: str,
        delivery: Delivery,
        *,
        result: Result | None = None,
        cause: str | None = None,
        wait_seconds: int | None = None,
    ) -> None:
        self._telemetry.outcome(
            event,
            client=delivery.endpoint.client_id,
            event_type=delivery.message.event,
            event_id=delivery.message.id,
            attempt=delivery.letter.attempt,
            status=None if result is None else result.status,
            cause=cause or (None if result is None else result.cause),
            milliseconds=None if result is None else result.milliseconds,
            wait_seconds=wait_seconds,
        )
