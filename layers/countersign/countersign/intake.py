"""Where requests come in by the queue: the send function's edge for batches.

Each message is a start of its own, or a text that did not arrive and is to be sent again. What leaves names
the messages that are not done, `{"batchItemFailures": [{"itemIdentifier": messageId}]}`, empty for none;
Lambda deletes the others.

    served              deleted; the same message again finds what it made, and sends nothing
    nothing to do now   deleted: an undelivered text whose verification has gone on or ended
    waiting helps       back on the queue for as long as the refusal says, or longer with every try
    nothing helps       back on the queue at once, so that it soon reaches the dead letters
    no time was left    back on the queue at once, untouched
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast, final

from countersign.clock import Clock, Deadline
from countersign.dialects.native import Native
from countersign.dialects.native_messages import Asked, Message, Overdue, parse_message, read_record
from countersign.edge import LONGEST_SECONDS, LambdaContext, told
from countersign.errors import (
    CanceledError,
    CountersignError,
    ServiceUnavailableError,
    UnauthenticatedError,
    UndeliverableError,
    cause_of,
)

if TYPE_CHECKING:
    from countersign.model import Verification
    from countersign.ports import Field
    from countersign.service.wish import Started
    from countersign.telemetry import PowertoolsTelemetry

MOST_RECEIVES = 5  # then SQS moves a message to the dead letters; template.yaml says the same
SETTLING_SECONDS = 4.0  # of the function's time: to put messages back, and to answer
LEAST_SECONDS = 10.0  # for one message: a vendor's whole answer, and the table's around it
FIRST_WAIT_SECONDS = 5  # where a refusal does not say how long; twice as long with every try
NEW_CLIENT_SECONDS = 12  # a container that has just read the clients' secret reads it again after ten
JITTER = 5  # up to a fifth longer, so that what was refused together does not come back together


class UnreadableBatchError(Exception):
    """Makes Lambda hand on the whole batch again. Its text is constant, for Lambda logs it."""


class Queue(Protocol):
    """Where the messages came from."""

    def put_back(self, waits: Mapping[str, int]) -> None:
        """Show messages again, by their receipts, after so many seconds.

        Raises ServiceUnavailableError; they come back all the same, when their time-out is over.
        """
        ...


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that is not done, and how long it is to wait; None: no further try can help it."""

    error: CountersignError
    wait_seconds: int | None


NO_TIME = Refused(ServiceUnavailableError("Too little time is left."), 0)


@final
class Intake:
    """The send function's entry for batches of messages."""

    def __init__(
        self,
        *,
        native: Native,
        queue: Callable[[str], Queue],
        telemetry: PowertoolsTelemetry,
        clock: Clock,
        draw: Callable[[int], int],
    ) -> None:
        """`queue` finds one by its ARN. `draw`: a random whole number from 0 to below the given one."""
        self._native = native
        self._queue = queue
        self._telemetry = telemetry
        self._clock = clock
        self._draw = draw

    def __call__(self, event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
        """Send what a batch asks for. Raises UnreadableBatchError for what is no batch of SQS."""
        seconds = context.get_remaining_time_in_millis() / 1000 - SETTLING_SECONDS
        deadline = Deadline(max(0.0, seconds), clock=self._clock)
        try:
            messages = [
                read_record(record) for record in cast("Sequence[Mapping[str, object]]", event["Records"])
            ]
        except Exception as error:
            self._telemetry.failure(error)
            raise UnreadableBatchError("the event is no batch of SQS") from None
        waits: dict[str, int] = {}
        failed = []
        for place, message in enumerate(messages):
            wait = self._wait_of(message, deadline=deadline, others=len(messages) - place - 1)
            if wait is not None:
                waits[message.receipt] = wait
                failed.append(message.id)
        if waits:
            self._put_back(waits, queue=messages[0].queue)
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}

    def _wait_of(self, message: Message, *, deadline: Deadline, others: int) -> int | None:
        """Serve a message in its share of the time. The seconds until it comes back; None: it is done."""
        left = deadline.remaining()
        if left < LEAST_SECONDS:
            refused: Refused | None = NO_TIME
        else:
            share = max(LEAST_SECONDS, left / (others + 1))
            refused = self._served(message, deadline=deadline.within(min(LONGEST_SECONDS, share)))
        if refused is None:
            return None
        fields: dict[str, Field] = {
            "outcome": refused.error.code,
            "field": _field_of(refused.error),
            "client": refused.error.client_id,
            "country": refused.error.country,
            "cause": cause_of(refused.error) if refused.error.status >= 500 else None,
        }
        if message.receives >= MOST_RECEIVES:
            self._tell("MessageGivenUp", message, **fields)
            return 0
        if refused.wait_seconds is None:
            # A line and no metric: it is counted once, when it is given up.
            self._telemetry.warning("message refused", **_about(message), **fields)
            return 0
        self._tell("MessageDeferred", message, wait_seconds=refused.wait_seconds, **fields)
        return refused.wait_seconds

    def _served(self, message: Message, *, deadline: Deadline) -> Refused | None:
        began, now = self._clock.monotonic(), self._clock.now()
        left = 0
        asked: Asked | Overdue | None = None
        try:
            asked = parse_message(message)
            left = asked.seconds_left(now=now)
            verification, outcome = self._sent(asked, deadline=deadline)
        except Exception as error:
            refusal = told(error, telemetry=self._telemetry)
            wait = self._pause(refusal, receives=message.receives, left=left)
            if asked is None or not _is_settled(refusal, asked=asked, wait_seconds=wait):
                return Refused(refusal, wait)
            verification, outcome = refusal.verification, refusal.code
        self._tell(
            "MessageServed",
            message,
            way=asked.way.value,
            outcome=outcome,
            verification_id=verification.id if verification else None,
            client=asked.client_id,
            country=verification.country if verification else None,
            provider=verification.provider if verification else None,
            age_seconds=max(0, now - asked.asked_at),
            milliseconds=round((self._clock.monotonic() - began) * 1000),
        )
        return None

    def _sent(self, asked: Asked | Overdue, *, deadline: Deadline) -> tuple[Verification | None, str]:
        if isinstance(asked, Overdue):
            resent = self._native.redelivered(asked, deadline=deadline)
            return resent, "resent" if resent is not None else "not_wanted"
        started = self._started(asked, deadline=deadline)
        return started.verification, "replayed" if started.replayed else "started"

    def _started(self, asked: Asked, *, deadline: Deadline) -> Started:
        """What the request made or makes.

        A key that stands for a start which provably sent nothing stays with that start. A further try
        of the message takes the next key of a row that is the same for every container. Nobody else can
        have chosen such a key, for it has a space.
        """
        for one in range(MOST_RECEIVES):
            try:
                return self._native.requested(
                    asked, key=f"{asked.key} {one}" if one else asked.key, deadline=deadline
                )
            except UndeliverableError as error:
                if not error.replayed:
                    raise
                refused = error
        raise refused

    def _pause(self, refusal: CountersignError, *, receives: int, left: int) -> int | None:
        """Seconds until a further try may help; None where none does, or only when it is too late."""
        seconds = refusal.retry_after_seconds
        if isinstance(refusal, UnauthenticatedError) and receives == 1:
            seconds = NEW_CLIENT_SECONDS
        if seconds is None:
            if refusal.status < 500:
                return None
            seconds = FIRST_WAIT_SECONDS << (receives - 1)
        seconds = max(1, seconds)
        seconds += self._draw(seconds // JITTER + 2)
        return seconds if seconds < left else None

    def _put_back(self, waits: Mapping[str, int], *, queue: str) -> None:
        try:
            self._queue(queue).put_back(waits)
        except ServiceUnavailableError as error:
            self._telemetry.warning(
                "messages come back later than asked", messages=len(waits), cause=cause_of(error)
            )

    def _tell(self, event: str, message: Message, **fields: Field) -> None:
        self._telemetry.outcome(event, **_about(message), **fields)


def _is_settled(refusal: CountersignError, *, asked: Asked | Overdue, wait_seconds: int | None) -> bool:
    """Whether nobody need try again or look.

    A start: it has ended for good, or a newer one is in its place. An undelivered text: no further one
    can help, for whatever reason, and the verification says how it stands; only a client that is gone is
    the operator's business.
    """
    if isinstance(asked, Overdue):
        return wait_seconds is None and not isinstance(refusal, UnauthenticatedError)
    return isinstance(refusal, CanceledError) or (
        isinstance(refusal, UndeliverableError) and refusal.number_refused
    )


def _field_of(refusal: CountersignError) -> str | None:
    """The member at fault, as the log may have it.

    What nobody knows is named by the sender, who may have put a number or a code in that place; none of
    ours has digits in its name.
    """
    field = getattr(refusal, "field", None)
    return field if field is None or not any(one.isdigit() for one in field) else "?"


def _about(message: Message) -> dict[str, Field]:
    return {"message_id": message.id, "receives": message.receives}
