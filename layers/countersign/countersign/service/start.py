"""Starting a verification: claim the number, write the intent, send, settle."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import final

from countersign.claims import Aliases, Release
from countersign.client import Client
from countersign.clock import Deadline
from countersign.codes import Keyring
from countersign.errors import ServiceUnavailableError, UndeliverableError
from countersign.model import Custody, Delivery, Reason, Status, Verification
from countersign.service.admission import admit
from countersign.service.holding import BehindError, Holding, is_in_use
from countersign.service.legs import Leg, Report, Way
from countersign.service.rehearsal import Rehearsal
from countersign.service.wish import Hold, Started, StartRequest, Wish, intent, superseded
from countersign.usage import Charge
from countersign.writes import Created


@final
class Starter(Holding):
    """The use case. On the usual way four calls to the store: limits, claim, intent, settlement."""

    def start(
        self, client: Client, *, request: StartRequest, source: str | None, deadline: Deadline
    ) -> Started:
        """Send a code to a number. `source`: the caller's address, None where IAM vouches for the caller.

        Raises CooldownError (with the live id), SendLimitError, GuessLimitError, RateLimitError,
        NumberNotAllowedError, CountryNotAllowedError, IdempotencyConflictError, UndeliverableError
        (nothing was sent, and the number is free again), CanceledError (a newer start overtook this one
        before it sent), NotCarriedError or ServiceUnavailableError. A delivery whose fate is unknown is
        no error: the verification is pending with `delivery` unknown.
        """
        rehearsal = self._rehearsal(client, phone=request.phone)
        if rehearsal is None:
            admit(request.phone, channels=request.channels, policy=client.policy)
        else:  # nothing is sent, so nothing is limited or counted
            client, request, source = rehearsal.client, replace(request, cooldown_seconds=0), None
        ring = self._peppers.ring()
        while True:
            try:
                return self._started(
                    client, request=request, rehearsal=rehearsal, source=source, ring=ring, deadline=deadline
                )
            except BehindError as behind:
                ring = behind.ring

    def _started(
        self,
        client: Client,
        *,
        request: StartRequest,
        rehearsal: Rehearsal | None,
        source: str | None,
        ring: Keyring,
        deadline: Deadline,
    ) -> Started:
        """The same under these peppers. Raises BehindError where there are others by now."""
        began = self._clock.monotonic()
        wish = Wish.of(request, client=client, source=source, ring=ring, now=self._clock.now())
        served = self._served(wish, former=True)
        if served is not None:
            return served
        legs = self._legs(wish, client=client, rehearsal=rehearsal)
        hold = self._hold(wish, legs=legs, rehearsal=rehearsal, deadline=deadline)
        if isinstance(hold, Hold):
            hold = self._begun(wish, hold=hold)
        if isinstance(hold, Started):
            return hold
        written = intent(wish, hold=hold, client=client)
        older = superseded(hold.before, by=written.id, now=wish.now)
        older = tuple(one for one in older if one != wish.aliases.former_id)  # the same request's
        charge = wish.account.charge(wish.now)
        created = self._created(written, older=older, charge=charge, hold=hold, aliases=wish.aliases)
        if not created.applied:
            self._step_back(hold, intent=written, older=older, aliases=wish.aliases, created=created)
            if created.again_at is not None:
                raise self._guard.address_is_full(wish.account, again_at=created.again_at, now=wish.now)
            if created.is_marked:
                self._look_again(wish)
            return self._replay(created.verification, wish=wish)
        report = self._courier.deliver(written, legs=hold.legs, claim=hold.claim, deadline=deadline)
        settled = self._settle(report, release=hold.release)
        self._log("VerificationStarted", verification=settled, began=began)
        return Started(settled, replayed=False)

    def _legs(self, wish: Wish, *, client: Client, rehearsal: Rehearsal | None) -> tuple[Leg, ...]:
        if rehearsal is not None:
            return self._rehearsed(wish.letter, channel=wish.request.channels[0], rehearsal=rehearsal)
        return self._courier.plan(wish.letter, routes=self._ways(client, request=wish.request))

    def _ways(self, client: Client, *, request: StartRequest) -> tuple[Way, ...]:
        routes = self._routes()
        ways = [
            Way(channel, routes.steps(client.policy.routes, country=request.phone.country, channel=channel))
            for channel in request.channels
        ]
        if request.code is None:
            return tuple(ways)
        # Whose code it is says who has it in custody, whatever the route says.
        return tuple(
            Way(way.channel, tuple(replace(step, custody=Custody.GATEWAY) for step in way.steps))
            for way in ways
        )

    def _created(
        self,
        intent: Verification,
        *,
        older: tuple[str, ...],
        charge: Charge | None,
        hold: Hold,
        aliases: Aliases,
    ) -> Created:
        """Write the intent; where the store fails at that, see what became of it.

        Written all the same, it is ours to go on with (nobody else has its seed). Not written, the
        number is given back. Where even that is not known, the claim stays: a verification without
        its slot could not be sent again.
        """
        try:
            return self._store.create(intent, supersedes=older, charge=charge, aliases=aliases)
        except ServiceUnavailableError:
            stored = self._store.get(intent.client_id, intent.id)
            if stored is not None:
                return Created(applied=stored.code_seed == intent.code_seed, verification=stored)
            if hold.ours:
                with suppress(ServiceUnavailableError):
                    self._store.release_number(hold.release)
            raise

    def _step_back(
        self,
        hold: Hold,
        *,
        intent: Verification,
        older: tuple[str, ...],
        aliases: Aliases,
        created: Created,
    ) -> None:
        """Undo the claim after which nothing was written.

        A run of the same request beside this one may have gone on with our claim: then it is that
        one's. Where a newer start has the slot by now, what this one was to end must end all the
        same: the newer one knows of two before it, not of those.
        """
        if not hold.ours or is_in_use(hold.claim, by=created.verification):
            return
        released = self._store.release_number(hold.release)
        if created.is_marked and not released:
            self._store.supersede(intent, older=older, aliases=aliases)

    def _settle(self, report: Report, *, release: Release) -> Verification:
        settlement = self._settlement(report)
        if report.result.outcome is not Delivery.REJECTED:
            settled = self._store.settle_delivery(report.intent, settlement=settlement, release=None)
            return settled.verification or report.intent
        failed = replace(settlement, status=Status.FAILED, reason=Reason.UNDELIVERABLE)
        settled = self._store.settle_delivery(report.intent, settlement=failed, release=release)
        undeliverable = UndeliverableError(verification=settled.verification or report.intent)
        undeliverable.number_refused = not report.result.try_elsewhere
        raise undeliverable
