"""Handing things to AWS ten to a call, where each of the ten may be refused for itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import batched

from botocore.exceptions import BotoCoreError, ClientError

from countersign.consumers import TakenInPartError
from countersign.errors import ServiceUnavailableError

AT_ONCE = 10  # entries of one PutEvents and of one SendMessageBatch


def hand_over[Item](items: Sequence[Item], *, send: Callable[[Sequence[Item]], Mapping[int, bool]]) -> None:
    """All of them, in order. `send` gives the places that were refused, and whether for good.

    Raises TakenInPartError at the first one refused, or where a later call fails; and
    ServiceUnavailableError where the first call does.
    """
    done = 0
    for few in batched(items, AT_ONCE, strict=False):
        try:
            refused = send(few)
        except (BotoCoreError, ClientError) as error:
            if done:
                raise TakenInPartError(done, lasting=False) from error
            raise ServiceUnavailableError from error
        if refused:
            place = min(refused)
            raise TakenInPartError(done + place, lasting=refused[place])
        done += len(few)
