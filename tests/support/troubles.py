"""The troubles of DynamoDB: each error, time-out and half-done thing that an operation can meet."""

from __future__ import annotations

from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError

from tests.support.wire import (
    BATCHES,
    TRANSACTIONS,
    WRITES,
    Play,
    Trouble,
    breaks,
    conflicts,
    fails_after,
    leaves_out,
    refuses,
)

FROM_HERE_ON = 1_000_000


def _once(name: str, play: Play) -> Trouble:
    return Trouble(name=f"{name} once", play=play, passes=True)


def _at_every_try(name: str, play: Play) -> Trouble:
    return Trouble(name=f"{name} at every try", play=play, passes=False)


def _written_once(name: str, play: Play) -> Trouble:
    return Trouble(name=f"{name} once, but written", play=play, passes=True, operations=WRITES)


def _written_at_every_try(name: str, play: Play) -> Trouble:
    return Trouble(name=f"{name} at every try, but written", play=play, passes=False, operations=WRITES)


_NOTHING_DONE: dict[str, Play] = {
    "throughput exceeded": refuses("ProvisionedThroughputExceededException"),
    "connect time-out": breaks(ConnectTimeoutError),
    "throttled": refuses("ThrottlingException"),
    "read time-out": breaks(ReadTimeoutError),
    "server error": refuses("InternalServerError", status=500),
    "limit exceeded": refuses("RequestLimitExceeded"),
}
_DONE: dict[str, Play] = {
    "read time-out": breaks(ReadTimeoutError, written=True),
    "server error": fails_after(refuses("InternalServerError", status=500)),
    "cut off": breaks(ConnectionClosedError, written=True),
}

# Those of a group differ for the client library alone; what an operation sees of them is the same.
GROUPS: tuple[tuple[Trouble, ...], ...] = (
    tuple(_once(name, play) for name, play in _NOTHING_DONE.items()),
    (
        *(_at_every_try(name, play) for name, play in _NOTHING_DONE.items()),
        _at_every_try("invalid", refuses("ValidationException")),
    ),
    tuple(_written_once(name, play) for name, play in _DONE.items()),
    tuple(_written_at_every_try(name, play) for name, play in _DONE.items()),
    (
        Trouble(
            name="throttled in a transaction",
            play=refuses("TransactionCanceledException", reason="ThrottlingError"),
            passes=False,
            operations=TRANSACTIONS,
        ),
        Trouble(
            name="token of another request",
            play=refuses("IdempotentParameterMismatchException"),
            passes=False,
            operations=TRANSACTIONS,
        ),
    ),
    (
        Trouble(name="conflict once", play=conflicts, passes=True, operations=WRITES),
        Trouble(
            name="transaction in progress",
            play=refuses("TransactionInProgressException"),
            passes=True,
            operations=TRANSACTIONS,
        ),
    ),
    (Trouble(name="four conflicts", play=conflicts, passes=False, calls=4, operations=WRITES),),
    (
        Trouble(
            name="conflicts from here on",
            play=conflicts,
            passes=False,
            calls=FROM_HERE_ON,
            operations=WRITES,
        ),
    ),
    (Trouble(name="keys left out once", play=leaves_out, passes=True, operations=BATCHES),),
    (
        Trouble(
            name="keys left out from here on",
            play=leaves_out,
            passes=False,
            calls=FROM_HERE_ON,
            operations=BATCHES,
        ),
    ),
    (Trouble(name="down from here on", play=breaks(ConnectTimeoutError), passes=False, calls=FROM_HERE_ON),),
)
TROUBLES = tuple(trouble for group in GROUPS for trouble in group)


def one_of_each(turn: int) -> tuple[Trouble, ...]:
    """One trouble of every group, another one at every turn."""
    return tuple(group[turn % len(group)] for group in GROUPS)
