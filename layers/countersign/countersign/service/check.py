"""Checking a code, reading and canceling a verification."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from countersign.client import Client
from countersign.clock import Clock, Deadline
from countersign.codes import Keys, slot_of
from countersign.errors import (
    AttemptsExhaustedError,
    ConfigurationError,
    CountersignError,
    ExpiredError,
    NotFoundError,
    ServiceUnavailableError,
    VendorUnavailableError,
    WrongCodeError,
)
from countersign.model import Custody, Secret, Status, Verdict, Verification
from countersign.orders import CheckOrder, CheckResult
from countersign.ports import Peppers, Providers, Store, Telemetry
from countersign.service.made_with import made_with
from countersign.service.refusal import refusal
from countersign.writes import Counted

VENDOR_RETRY_SECONDS = 2


@final
class Checker:
    """The use cases around a code that a user typed.

    `providers` is asked for only where a vendor holds the code, so that a check of a
    gateway-held code loads no vendor.
    """

    def __init__(
        self,
        *,
        store: Store,
        providers: Callable[[], Providers],
        peppers: Peppers,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._store = store
        self._providers = providers
        self._peppers = peppers
        self._telemetry = telemetry
        self._clock = clock

    def check(
        self, client: Client, *, verification_id: str, code: Secret, deadline: Deadline
    ) -> Verification:
        """Approve the verification if the code is right; any return means approved, now.

        Raises WrongCodeError, ExpiredError, AlreadyApprovedError, CanceledError, AttemptsExhaustedError,
        NotFoundError, UndeliverableError, VendorUnavailableError (no attempt counted) or
        ServiceUnavailableError. The attempt is counted before anything is compared.
        """
        began = self._clock.monotonic()
        now = self._clock.now()
        keys = self._peppers.ring().current
        counted = self._count(client, verification_id, code=code, keys=keys, now=now)
        other = _of_another_pepper(counted, keys=keys, now=now)
        if other is not None:
            keys = made_with(other, peppers=self._peppers, telemetry=self._telemetry, now=now)
            counted = self._count(client, verification_id, code=code, keys=keys, now=now)
        verification = counted.verification
        if verification is None:
            raise NotFoundError
        if not counted.applied:
            raise refusal(verification, now=now) or AttemptsExhaustedError(verification=verification)
        if verification.custody is Custody.VENDOR:
            verification = self._check_at_vendor(verification, code=code, keys=keys, deadline=deadline)
        elif not verification.solved:
            if not verification.rehearsed:
                self._store.record_failure(verification.number_key, now=now)
            raise WrongCodeError(verification=verification)
        self._outcome("VerificationApproved", verification=verification, outcome="approved", began=began)
        return verification

    def _count(self, client: Client, verification_id: str, *, code: Secret, keys: Keys, now: int) -> Counted:
        """Count an attempt, if the verification was made with these keys."""
        guess = keys.code_hash(client.id, verification_id=verification_id, code=code)
        return self._store.guess(client.id, verification_id, guess=guess, now=now, pepper=keys.name)

    def check_latest(
        self, client: Client, *, number: Secret, purpose: str, code: Secret, deadline: Deadline
    ) -> Verification:
        """The same for the newest verification of a number (E.164), where the caller knows no id.

        One more read than `check`; two, while the pepper is rotated.
        """
        held = self._latest(client, number=number, purpose=purpose)
        if held is None:
            raise NotFoundError
        return self.check(client, verification_id=held, code=code, deadline=deadline)

    def latest(self, client: Client, *, number: Secret, purpose: str) -> Verification | None:
        """The newest verification of a number (E.164). Two reads; three, while the pepper is rotated."""
        held = self._latest(client, number=number, purpose=purpose)
        return None if held is None else self._store.get(client.id, held)

    def _latest(self, client: Client, *, number: Secret, purpose: str) -> str | None:
        slot, record = slot_of(client.id, purpose=purpose), client.record_of(number)
        for keys in self._peppers.ring().all:
            held = self._store.slot(keys.number_key(record), slot=slot)
            if held is not None:
                return held.verification_id
        return None

    def number_of(self, verification: Verification) -> Secret | None:
        """The whole number (E.164), for a protocol whose answer repeats it; None where it cannot be read."""
        keys = self._peppers.ring().of(verification.pepper)
        return None if keys is None else keys.unseal(verification.to_sealed, context=verification.id)

    def _check_at_vendor(
        self, verification: Verification, *, code: Secret, keys: Keys, deadline: Deadline
    ) -> Verification:
        began = self._clock.monotonic()
        result = self._ask_vendor(verification, code=code, keys=keys, deadline=deadline)
        self._outcome(
            "CheckUnknown" if result.verdict is Verdict.UNKNOWN else "CheckAnswered",
            verification=verification,
            outcome=result.verdict.value,
            began=began,
            detail=result.detail,
        )
        now = self._clock.now()
        settled = self._store.settle_check(verification, verdict=result.verdict, now=now)
        after = settled.verification or verification
        if result.verdict is Verdict.VERIFIED and settled.applied:
            return after
        if result.verdict is Verdict.WRONG:
            self._store.record_failure(verification.number_key, now=now)
        raise _vendor_refusal(after, verdict=result.verdict, now=now)

    def _ask_vendor(
        self, verification: Verification, *, code: Secret, keys: Keys, deadline: Deadline
    ) -> CheckResult:
        number = keys.unseal(verification.to_sealed, context=verification.id)
        try:
            provider = self._providers().get(verification.provider)
        except (ConfigurationError, CountersignError) as error:  # the attempt is reserved: give it back
            self._telemetry.warning("a vendor's account cannot be read", cause=str(error))
            provider = None
        if number is None or provider is None:
            detail = "the number cannot be unsealed" if number is None else "the vendor is not set up"
            return CheckResult(verdict=Verdict.UNKNOWN, detail=detail)
        order = CheckOrder(
            verification_id=verification.id,
            phone_e164=number,
            vendor_reference=verification.vendor_reference,
            channel=verification.channel,
            code=code,
        )
        return provider.check(order, deadline=deadline)

    def read(self, client: Client, *, verification_id: str) -> Verification:
        """The verification. Raises NotFoundError."""
        verification = self._store.get(client.id, verification_id)
        if verification is None:
            raise NotFoundError
        return verification

    def cancel(self, client: Client, *, verification_id: str) -> Verification:
        """End a pending verification; canceling it twice is no error.

        Raises NotFoundError, AlreadyApprovedError, ExpiredError, AttemptsExhaustedError or
        UndeliverableError.
        """
        began = self._clock.monotonic()
        now = self._clock.now()
        counted = self._store.cancel(client.id, verification_id, now=now)
        verification = counted.verification
        if verification is None:
            raise NotFoundError
        if not counted.applied and verification.status(now)[0] is not Status.CANCELED:
            raise refusal(verification, now=now) or ServiceUnavailableError()
        self._outcome("VerificationCanceled", verification=verification, outcome="canceled", began=began)
        return verification

    def _outcome(
        self, event: str, *, verification: Verification, outcome: str, began: float, detail: str | None = None
    ) -> None:
        self._telemetry.outcome(
            event,
            verification_id=verification.id,
            client=verification.client_id,
            country=verification.country,
            channel=verification.channel.value,
            provider=verification.provider,
            custody=verification.custody.value,
            outcome=outcome,
            detail=detail,
            milliseconds=round((self._clock.monotonic() - began) * 1000),
        )


def _of_another_pepper(counted: Counted, *, keys: Keys, now: int) -> Verification | None:
    """The verification at which a guess was refused for its pepper, and not because it has ended."""
    verification = counted.verification
    if counted.applied or verification is None or verification.pepper in (None, keys.name):
        return None
    return verification if refusal(verification, now=now) is None else None


def _vendor_refusal(verification: Verification, *, verdict: Verdict, now: int) -> CountersignError:
    """The refusal for a vendor's verdict; what we know ourselves goes before what the vendor says."""
    if verdict is Verdict.UNKNOWN:
        return VendorUnavailableError(verification=verification, retry_after_seconds=VENDOR_RETRY_SECONDS)
    if verdict is Verdict.WRONG:
        return WrongCodeError(verification=verification)
    ended = refusal(verification, now=now)
    if ended is not None:
        return ended
    if verdict is Verdict.EXHAUSTED:
        return AttemptsExhaustedError(verification=verification)
    # EXPIRED, or USED without an approval of ours: no code of that delivery can be right any more.
    return ExpiredError(verification=verification)
