"""What the functions that take batches answer Lambda: which of its records are to come again.

`{"batchItemFailures": [{"itemIdentifier": …}]}`, empty for none: of a stream the number of the change
from which on to repeat, of a queue the ids of the messages that it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from countersign.errors import ConfigurationError

if TYPE_CHECKING:
    from countersign.telemetry import PowertoolsTelemetry

type Record = Mapping[str, object]


class BatchFailedError(Exception):
    """Makes Lambda try the batch again, of a stream in halves. Its text is constant, for Lambda logs it."""


def records_of(event: object) -> Sequence[Record]:
    """The records of a batch, as Lambda hands them on."""
    return cast("Mapping[str, Sequence[Record]]", event)["Records"]


def answered(take: Callable[[], list[str]], *, telemetry: PowertoolsTelemetry) -> dict[str, object]:
    """What Lambda is told of a batch: the records that `take` wants again.

    Raises BatchFailedError, and nothing else.
    """
    try:
        return {"batchItemFailures": [{"itemIdentifier": failed} for failed in take()]}
    except BatchFailedError:
        raise
    except ConfigurationError as error:
        telemetry.configuration_fault(str(error))
        raise BatchFailedError("the function is not set up correctly") from None
    except Exception as error:
        telemetry.failure(error)
        raise BatchFailedError("unexpected failure") from None
    finally:
        telemetry.flush()
