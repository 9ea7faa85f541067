"""Sending an undelivered text again over the next vendor, where the client's policy wants that.

Only a code of ours: then the next text carries the same code, so it does not matter which of the two is
read, and a vendor that finds another way after all does no harm. A vendor's own code would be another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, final

from countersign.changes import reported_before
from countersign.client import Client
from countersign.clock import Clock, Deadline
from countersign.model import Custody, OnUndelivered, Receipt, Status, Verification
from countersign.ports import Store
from countersign.reports import Redeliveries, Redelivery
from countersign.routing import Routes, starting_after

if TYPE_CHECKING:
    from countersign.changes import Change
    from countersign.service.resend import Resender

LONGEST_WAIT_SECONDS = 900  # what a queue takes; no cooldown is longer


def is_to_be_sent_again(verification: Verification, *, now: int) -> bool:
    """Did its last text not arrive, is a code of ours in it, and could the next one still be right?

    A resend that is under way has no receipt yet.
    """
    return (
        verification.on_undelivered is OnUndelivered.NEXT_PROVIDER
        and verification.receipt is Receipt.UNDELIVERED
        and verification.custody is Custody.GATEWAY
        and verification.status(now)[0] is Status.PENDING
        and verification.sends_left > 0
    )


@final
class RedeliveryWatch:
    """A consumer of the table's stream: asks for a redelivery when a report has come, after the cooldown."""

    def __init__(self, *, redeliveries: Redeliveries, clock: Clock) -> None:
        self._redeliveries = redeliveries
        self._clock = clock

    def take(self, changes: Sequence[Change]) -> None:
        """Ask for each text that has just become undelivered. To ask again sends nothing more.

        Raises ServiceUnavailableError; what was asked before stays asked.
        """
        now = self._clock.now()
        for change in changes:
            new, old = change.new, change.old
            if new is None or new.receipt is None or new.receipt is reported_before(old, new=new):
                continue
            due_at = max(now, new.resend_at)
            if not is_to_be_sent_again(new, now=due_at):
                continue
            redelivery = Redelivery(
                client_id=new.client_id,
                verification_id=new.id,
                sends=new.sends,
                in_seconds=min(LONGEST_WAIT_SECONDS, due_at - now),
            )
            self._redeliveries.ask(redelivery)


@final
class Redeliverer:
    """The use case, once the cooldown is over."""

    def __init__(
        self, *, store: Store, resender: Resender, routes: Callable[[], Routes], clock: Clock
    ) -> None:
        self._store = store
        self._resender = resender
        self._routes = routes
        self._clock = clock

    def redeliver(
        self, client: Client, *, verification_id: str, sends: int, deadline: Deadline
    ) -> Verification | None:
        """Send it again, in all the limits of a resend; None where that is not wanted any more.

        `sends`: of the verification when the text was its last one. Nothing is wanted after a resend of
        the user's (which is another text), after a late delivery, and once the verification or the policy
        has changed. Raises what `Resender.resend` does; CooldownError means later.
        """
        verification = self._store.get(client.id, verification_id)
        if verification is None or verification.sends != sends:
            return None
        if not is_to_be_sent_again(verification, now=self._clock.now()):
            return None
        if not self._has_next(client, verification=verification):
            return None
        return self._resender.resend(
            client,
            verification_id=verification_id,
            channel=None,
            idempotency_key=f"undelivered-{sends}",
            source=None,
            deadline=deadline,
        )

    def _has_next(self, client: Client, *, verification: Verification) -> bool:
        """Is there another vendor, and does every one of the route carry a code of ours?"""
        if client.policy.on_undelivered is not OnUndelivered.NEXT_PROVIDER:
            return False
        steps = self._routes().steps(
            client.policy.routes, country=verification.country, channel=verification.channel
        )
        if any(step.custody is Custody.VENDOR for step in steps):
            return False
        following = starting_after(steps, provider=verification.provider)
        return bool(following) and following[0].provider != verification.provider
