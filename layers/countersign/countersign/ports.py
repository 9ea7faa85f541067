"""What the use cases need from outside, as Protocols. No boto3, no HTTP here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from countersign.claims import NO_ALIASES, Aliases, Claimed, ClaimRefused, NumberClaim, Release, Slot
from countersign.client import Bearer, Client, TokenUse
from countersign.clock import Deadline
from countersign.codes import Keyring, Keys
from countersign.model import (
    RouteStep,
    Verdict,
    Verification,
)
from countersign.orders import CheckOrder, CheckResult, SendOrder, SendResult
from countersign.writes import Counted, Created, ResendIntent, Settlement

if TYPE_CHECKING:  # a check of a code asks for no usage, no circuit and no proof
    from countersign.circuits import Circuit
    from countersign.es256 import PublicKey
    from countersign.usage import Charge, Usage, UsageQuery

type Field = str | int | float | bool | None


class Telemetry(Protocol):
    """One line per outcome. Fields hold ids, enums and numbers; never a code or a whole number."""

    def outcome(self, event: str, **fields: Field) -> None:
        """Something that a user notices, e.g. `VerificationApproved`: one log line and one metric."""
        ...

    def warning(self, message: str, **fields: Field) -> None:
        """Something that an operator must see."""
        ...


class Provider(Protocol):
    """An adapter to one vendor.

    `send` and `check` never raise for anything that the vendor or the network does:
    the result says it. They return before the deadline has passed by much, make at
    most one sending request (a refused credential, known not to have sent anything,
    may be renewed once and the call repeated once), and log nothing.
    """

    @property
    def name(self) -> str: ...

    @property
    def keyed_by_phone(self) -> bool:
        """With custody `vendor`: does the vendor know one live code per number and no request id?"""
        ...

    def refusal(self, order: SendOrder) -> str | None:
        """Why this order cannot be carried here (channel, text, code, account not set up), or None."""
        ...

    def send(self, order: SendOrder, *, deadline: Deadline) -> SendResult: ...

    def check(self, order: CheckOrder, *, deadline: Deadline) -> CheckResult: ...


class Providers(Protocol):
    """The registry, as the use cases see it."""

    def get(self, name: str) -> Provider | None:
        """The provider, or None where it is unknown or has no usable credentials (said in the log)."""
        ...


class VendorAccounts(Protocol):
    """Vendors' credentials and account settings, from the secret store, cached."""

    def get(self, vendor: str) -> Mapping[str, object] | None:
        """The vendor's section, or None where there is none.

        Raises ConfigurationError where the secret is missing or malformed.
        """
        ...

    def renew(self, vendor: str, *, refused: Mapping[str, object]) -> Mapping[str, object] | None:
        """After the vendor refused `refused`: fetch again, once. The new section, or None if unchanged."""
        ...


@dataclass(frozen=True, slots=True)
class SharedToken:
    """A vendor's access token and when it stops being good (epoch seconds)."""

    token: str
    expires_at: int

    def __repr__(self) -> str:
        return f"SharedToken(***, expires_at={self.expires_at})"


class TokenStore(Protocol):
    """Where containers share a vendor's access token, so that one of them fetches it for all."""

    def load(self, name: str) -> SharedToken | None:
        """The shared token, or None."""
        ...

    def begin_refresh(self, name: str, *, lease_seconds: int) -> bool:
        """True for the one caller that may fetch now; the others wait and `load` again."""
        ...

    def save(self, name: str, *, token: SharedToken) -> None:
        """Share the token and end the refresh."""
        ...

    def abandon_refresh(self, name: str) -> None:
        """End the refresh without a token, so that the next caller may try."""
        ...


class Store(Protocol):
    """The state. Every change is one conditional write; expiry is in the condition.

    Every method raises ServiceUnavailableError where the store gives no answer.
    """

    def claim_number(self, claim: NumberClaim) -> Claimed | ClaimRefused:
        """Take the number, if it is free.

        With `moves_from`, the record under that key is moved to the claim's key for good, before the
        claim, unless there is one already. Whoever asks for a moved record by its old key is led on.
        """
        ...

    def record_failure(self, number_key: str, *, now: int) -> None:
        """One more wrong code for the number, to be counted in its limits; before the guesser is answered."""
        ...

    def slot(self, number_key: str, *, slot: str) -> Slot | None:
        """What a slot holds, without a claim: the newest verification of a (client, number, purpose)."""
        ...

    def release_number(self, release: Release) -> bool:
        """Undo a claim after which nothing was sent. False: the slot has moved on and stays as it is."""
        ...

    def usage(self, query: UsageQuery) -> Usage:
        """What was sent and verified lately, and the vendors' circuits; all of it lags behind a little."""
        ...

    def charge(self, charge: Charge) -> int | None:
        """Count one text of a source address. Not counted: when there may be one again (epoch seconds)."""
        ...

    def create(
        self,
        verification: Verification,
        *,
        supersedes: tuple[str, ...],
        charge: Charge | None = None,
        aliases: Aliases = NO_ALIASES,
    ) -> Created:
        """Write the durable intent, end the superseded ones and charge the address, together.

        With a `former_id`, that id must have no verification, and gets none any more.
        Not applied: the id exists, or the former one (the stored verification comes back), a newer start
        has marked it as replaced, or the address has no room (`again_at`).
        """
        ...

    def supersede(
        self, verification: Verification, *, older: tuple[str, ...], aliases: Aliases = NO_ALIASES
    ) -> None:
        """End older verifications of the same slot on behalf of one that cannot be written any more."""
        ...

    def settle_delivery(
        self, verification: Verification, *, settlement: Settlement, release: Release | None
    ) -> Counted:
        """Write how the delivery ended; an approval that was given meanwhile stays.

        With `release`, undo the claim in the same transaction, unless a code was guessed meanwhile:
        then only the verification ends.
        """
        ...

    def redirect(self, verification: Verification, *, step: RouteStep, code: str, claim: NumberClaim) -> bool:
        """Write the intent to try another provider, taking `claim.vendor_lock` with it.

        False: the vendor's lock for this number is held by another verification.
        """
        ...

    def get(self, client_id: str, verification_id: str) -> Verification | None: ...

    def begin_resend(self, verification: Verification, *, intent: ResendIntent) -> Counted: ...

    def guess(
        self, client_id: str, verification_id: str, *, guess: str, now: int, pepper: str | None = None
    ) -> Counted:
        """Count an attempt and record the keyed guess, if one may be made (custody `gateway`).

        With custody `vendor` the same write reserves the attempt for the vendor's check.
        Not applied as well: the verification was made with another pepper than the one named.
        """
        ...

    def settle_check(self, verification: Verification, *, verdict: Verdict, now: int) -> Counted:
        """Write the vendor's verdict while it is pending; `UNKNOWN` gives the attempt back, also later."""
        ...

    def cancel(self, client_id: str, verification_id: str, *, now: int) -> Counted: ...

    def expire(self, client_id: str, verification_id: str, *, now: int) -> Counted:
        """Write that a verification's time has passed, if that is what ended it."""
        ...

    def record_outage(self, vendor: str, *, country: str, now: int, held_until: int | None) -> bool:
        """One more outage of a vendor in a country. True: this one opened a closed circuit.

        `held_until`: the vendor wants no requests before.
        """
        ...

    def begin_probe(self, circuit: Circuit, *, now: int) -> Circuit | None:
        """Take the probe of a half-open circuit. What comes back is what the vendor may be asked under.

        That is the circuit with the probe, or as it is where it has closed meanwhile. None: another one
        probes, or the vendor has failed again.
        """
        ...

    def clear_circuit(self, circuit: Circuit) -> bool:
        """Forget a circuit's outages, for the vendor has answered. False: it has changed since."""
        ...


class Clients(Protocol):
    """Who may call, from the secret store, cached."""

    def authenticate(self, client_id: str, *, secret: str) -> Client:
        """The client, or UnauthenticatedError (ClientDisabledError where it is switched off).

        Raises ServiceUnavailableError where the secret store cannot be read.
        """
        ...

    def trusted(self, client_id: str) -> Client:
        """A client that IAM vouches for (direct invocation); UnauthenticatedError where there is none."""
        ...

    def issue_token(
        self, client: Client, *, secret: str, use: TokenUse, now: int, lifetime_seconds: int, scope: str = ""
    ) -> str:
        """A token for an authenticated client: a JWT (HS512) with `sub`, `iat`, `exp`, and `scope` if any.

        It is good until `exp`, or until the client's `secret` is withdrawn or the client is disabled.
        """
        ...

    def bearer(self, token: str, *, use: TokenUse, now: int) -> Bearer:
        """Whom a token stands for. Raises UnauthenticatedError: not ours, for another use, or dead."""
        ...


class Peppers(Protocol):
    """What keys hashes and seals, from the secret store, cached."""

    def ring(self) -> Keyring:
        """The keys as this container knows them. One operation asks once, and stays with what it got."""
        ...

    def of(self, name: str | None) -> Keys | None:
        """The keys that a stored thing was made with; an unknown name makes one fresh look.

        None: there is no such pepper any more. Raises ServiceUnavailableError where that cannot be known
        now.
        """
        ...

    def renewed(self, known: Keyring) -> Keyring | None:
        """Another ring than the known one, after a fresh look if need be; None: there is none.

        Raises ServiceUnavailableError.
        """
        ...


class SigningKey(Protocol):
    """The key pair of the proofs; its private half never leaves its keeper.

    Both raise ConfigurationError (there is none, it may not be used, it is of another kind) or
    ServiceUnavailableError.
    """

    def public(self) -> PublicKey: ...

    def sign(self, message: bytes) -> bytes:
        """The ES256 signature of a message: r and s, 32 bytes each."""
        ...
