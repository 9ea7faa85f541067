"""What every vendor's adapter has in common: build the request, post it, read the answer.

A vendor writes the six methods that are marked below, and says where it can do more than
the least: send a text of the order's, make codes with letters. Everything around it is
here: credentials and their one renewal, the time-out, what becomes of each failure, and
the refusal of an order whose promise the vendor cannot keep.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import ClassVar, Protocol

from countersign.clock import Clock, Deadline
from countersign.errors import ConfigurationError, CountersignError
from countersign.model import Alphabet, Custody, Delivery, Verdict
from countersign.orders import CheckOrder, CheckResult, SendOrder, SendResult
from countersign.ports import VendorAccounts
from countersign.providers.wire import (
    MaybeSentError,
    NotSentError,
    NotTriedError,
    VendorAnswer,
    VendorRequest,
)

VENDOR_TIMEOUT_SECONDS = 8.0

CREDENTIALS_REFUSED = "credentials refused"
NOT_SET_UP = "account not set up"
OWN_TEXTS_ONLY = "its own texts only"
DIGITS_ONLY = "its codes are digits only"


class CredentialsRefusedError(Exception):
    """The vendor does not know us (any more), so it did nothing of what was asked."""


class Transport(Protocol):
    """Makes one HTTP request; raises `NotSentError` or `MaybeSentError`."""

    def send(self, request: VendorRequest, *, deadline: Deadline) -> VendorAnswer: ...


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row of a vendor's code table, as an answer to a send."""

    words: str
    outcome: Delivery = Delivery.REJECTED
    try_elsewhere: bool = True  # False where the person or the network wants no such message
    is_outage: bool = False  # True where it would be the same for every number, text and channel

    def result(self, code: str) -> SendResult:
        """The result of a send that was answered with `code`, the row's own key."""
        return SendResult(
            outcome=self.outcome,
            detail=f"{code} {self.words}",
            try_elsewhere=self.try_elsewhere,
            is_outage=self.is_outage,
        )


class VendorProvider[AccountT](ABC):
    """An adapter to one vendor; see `ports.Provider` for what callers may rely on."""

    name: ClassVar[str]
    keyed_by_phone: ClassVar[bool] = False
    makes_letters: ClassVar[bool] = False  # can the vendor's own codes have letters, where an order asks?

    def __init__(
        self,
        *,
        base_url: str,
        http: Transport,
        accounts: VendorAccounts,
        clock: Clock,
        vendor_timeout_seconds: float = VENDOR_TIMEOUT_SECONDS,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._http = http
        self._accounts = accounts
        self._clock = clock
        self._vendor_timeout_seconds = vendor_timeout_seconds

    # What a vendor writes ---------------------------------------------------------------

    @abstractmethod
    def parse_account(self, section: Mapping[str, object]) -> AccountT:
        """The account from its section of the secret. Raises ConfigurationError naming the field."""

    @abstractmethod
    def cannot_carry(self, order: SendOrder, *, account: AccountT) -> str | None:
        """Why this vendor cannot carry the order, in a few words, or None.

        Channel, custody and code length; text and alphabet are looked at here, in `base`.
        """

    def carries_text(self, order: SendOrder) -> bool:
        """Does `send_request` send this order's own text? A vendor that can overrides this."""
        del order
        return False

    @abstractmethod
    def send_request(self, order: SendOrder, *, account: AccountT) -> VendorRequest:
        """The request. `order.text` is None unless `carries_text` says yes."""

    @abstractmethod
    def read_send(self, answer: VendorAnswer, *, order: SendOrder, account: AccountT) -> SendResult:
        """Raises CredentialsRefusedError, or MaybeSentError where the answer cannot be read."""

    @abstractmethod
    def check_request(self, order: CheckOrder, *, account: AccountT) -> VendorRequest | None:
        """The request, or None where the order lacks what the vendor needs."""

    @abstractmethod
    def read_check(self, answer: VendorAnswer, *, order: CheckOrder) -> CheckResult:
        """`VERIFIED` for the exact documented success only. Raises as `read_send` does."""

    def post(self, request: VendorRequest, *, account: AccountT, deadline: Deadline) -> VendorAnswer:
        """Make the request. A vendor that wants a login first overrides this."""
        del account
        return self._http.send(request, deadline=deadline)

    # What callers use -------------------------------------------------------------------

    def account(self) -> AccountT:
        """The account as it is configured now. Raises ConfigurationError naming the setting."""
        return self._parse(self._section())

    def refusal(self, order: SendOrder) -> str | None:
        """Why this order cannot be carried, or None; calls nobody."""
        try:
            return self._broken_promise(order, account=self.account())
        except ConfigurationError as error:
            return f"account not set up: {error}"

    def send(self, order: SendOrder, *, deadline: Deadline) -> SendResult:
        """Hand the order to the vendor, at most once."""
        deadline = deadline.within(self._vendor_timeout_seconds)

        def attempt(account: AccountT) -> SendResult:
            reason = self._broken_promise(order, account=account)
            if reason is not None:
                return SendResult(outcome=Delivery.REJECTED, detail=reason, was_asked=False)
            request = self.send_request(self._with_text_it_carries(order), account=account)
            answer = self.post(request, account=account, deadline=deadline)
            return self.read_send(answer, order=order, account=account)

        try:
            return self._with_credentials(attempt)
        except ConfigurationError:
            return SendResult(outcome=Delivery.REJECTED, detail=NOT_SET_UP, was_asked=False)
        except CredentialsRefusedError:
            return SendResult(outcome=Delivery.REJECTED, detail=CREDENTIALS_REFUSED, is_outage=True)
        except NotTriedError as error:
            return SendResult(outcome=Delivery.REJECTED, detail=error.reason, was_asked=False)
        except NotSentError as error:
            return SendResult(outcome=Delivery.REJECTED, detail=error.reason, is_outage=True)
        except MaybeSentError as error:
            return SendResult(outcome=Delivery.UNKNOWN, detail=error.reason, is_outage=True)

    def check(self, order: CheckOrder, *, deadline: Deadline) -> CheckResult:
        """Ask the vendor about a code that it made."""
        deadline = deadline.within(self._vendor_timeout_seconds)

        def attempt(account: AccountT) -> CheckResult:
            request = self.check_request(order, account=account)
            if request is None:
                return CheckResult(verdict=Verdict.UNKNOWN, detail="no vendor reference")
            answer = self.post(request, account=account, deadline=deadline)
            return self.read_check(answer, order=order)

        try:
            return self._with_credentials(attempt)
        except ConfigurationError:
            return CheckResult(verdict=Verdict.UNKNOWN, detail=NOT_SET_UP)
        except CredentialsRefusedError:
            return CheckResult(verdict=Verdict.UNKNOWN, detail=CREDENTIALS_REFUSED)
        except (NotSentError, MaybeSentError) as error:
            return CheckResult(verdict=Verdict.UNKNOWN, detail=error.reason)

    # ------------------------------------------------------------------------------------

    def _broken_promise(self, order: SendOrder, *, account: AccountT) -> str | None:
        """What was promised of the message or its code that this vendor would not keep, or None."""
        reason = self.cannot_carry(order, account=account)
        if reason is not None:
            return reason
        makes_the_code = order.custody is Custody.VENDOR
        if makes_the_code and order.alphabet is Alphabet.LETTERS_AND_DIGITS and not self.makes_letters:
            return DIGITS_ONLY
        is_bound_to_a_text = order.text is not None and order.text.binding
        return OWN_TEXTS_ONLY if is_bound_to_a_text and not self.carries_text(order) else None

    def _with_text_it_carries(self, order: SendOrder) -> SendOrder:
        return order if order.text is None or self.carries_text(order) else replace(order, text=None)

    def _with_credentials[ResultT](self, attempt: Callable[[AccountT], ResultT]) -> ResultT:
        """Run `attempt`; where the credentials are refused and have changed since, once more."""
        section = self._section()
        try:
            return attempt(self._parse(section))
        except CredentialsRefusedError:
            try:
                renewed = self._accounts.renew(self.name, refused=section)
            except CountersignError:  # the secret store is out of reach: the refusal stands
                renewed = None
            if renewed is None:
                raise
        return attempt(self._parse(renewed))

    def _section(self) -> Mapping[str, object]:
        section = self._accounts.get(self.name)
        if section is None:
            raise ConfigurationError(f"the vendors' secret has no section {self.name}")
        return section

    def _parse(self, section: Mapping[str, object]) -> AccountT:
        try:
            return self.parse_account(section)
        except ConfigurationError as error:
            raise ConfigurationError(f"the vendors' secret: {self.name}.{error}") from error


def refused_by_status(answer: VendorAnswer) -> SendResult | None:
    """What the HTTP status alone says of a send, whoever the vendor is; None: the body decides.

    Raises CredentialsRefusedError for 401 and 403.
    """
    _look_for_refused_credentials(answer)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return SendResult(
            outcome=Delivery.REJECTED,
            detail="http 429 too many requests",
            is_outage=True,
            retry_after_seconds=answer.retry_after_seconds,
        )
    if _is_server_error(answer):
        return SendResult(outcome=Delivery.UNKNOWN, detail=f"http {answer.status}", is_outage=True)
    return None


def undecided_by_status(answer: VendorAnswer) -> CheckResult | None:
    """The same for a check: 429 and 5xx say nothing of the code."""
    _look_for_refused_credentials(answer)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS or _is_server_error(answer):
        return CheckResult(verdict=Verdict.UNKNOWN, detail=f"http {answer.status}")
    return None


def undocumented_send() -> SendResult:
    """An answer that no documentation explains: the message may be out."""
    return SendResult(outcome=Delivery.UNKNOWN, detail="undocumented answer", is_outage=True)


def undocumented_code() -> SendResult:
    """A code that is in no table: as likely about the number or the text as about the vendor."""
    return SendResult(outcome=Delivery.UNKNOWN, detail="undocumented answer")


def undocumented_check() -> CheckResult:
    """An answer that no documentation explains proves nothing, either way."""
    return CheckResult(verdict=Verdict.UNKNOWN, detail="undocumented answer")


def carried_code(order: SendOrder) -> str:
    """The code of ours that the vendor is to carry. Raises NotTriedError where there is none."""
    if order.code is None:
        raise NotTriedError("no code to carry")
    return order.code.reveal()


def text_field(section: Mapping[str, object], name: str) -> str:
    """A required, printable string of an account. Raises ConfigurationError naming the field."""
    value = optional_text_field(section, name)
    if value is None:
        raise ConfigurationError(f"{name} is missing")
    return value


def optional_text_field(section: Mapping[str, object], name: str) -> str | None:
    """A string of an account that may be left out. Raises ConfigurationError naming the field."""
    value = section.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ConfigurationError(f"{name} must be a text that is not empty")
    return value


def _is_server_error(answer: VendorAnswer) -> bool:
    return answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _look_for_refused_credentials(answer: VendorAnswer) -> None:
    if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise CredentialsRefusedError
