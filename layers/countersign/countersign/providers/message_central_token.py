"""Message Central's access token: fetched by one container, used by all until it runs out.

GET /auth/v1/authentication/token answers HTTP 200 with {"status":200,"token":"<JWT>"}, and
bad credentials with HTTP 200 too: {"status":400,"error":"…"}. Tokens of 7 days and of
5 years have been seen; `exp` inside says which.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from http import HTTPStatus
from typing import final

from countersign.clock import Clock, Deadline
from countersign.errors import CountersignError
from countersign.ports import SharedToken, TokenStore
from countersign.providers.base import CredentialsRefusedError, Transport
from countersign.providers.message_central_account import MessageCentralAccount
from countersign.providers.wire import MaybeSentError, NotSentError, NotTriedError, VendorAnswer, code_of, get

LEASE_SECONDS = 10  # longer than a vendor call may take, so that a lease outlives its holder's call
REFRESH_BEFORE_SECONDS = 60
UNREADABLE_LIFE_SECONDS = 600
LONGEST_LIFE_SECONDS = 7 * 24 * 3600

_WAIT_SECONDS = 0.1
_TOKEN = re.compile(r"[!-~]{1,8192}")  # what can stand in a header


@final
class TokenSource:
    """Gives the token of an account: from memory, from the other containers, or from the vendor."""

    def __init__(self, *, base_url: str, http: Transport, tokens: TokenStore, clock: Clock) -> None:
        self._url = f"{base_url}/auth/v1/authentication/token"
        self._http = http
        self._tokens = tokens
        self._clock = clock
        self._held: dict[str, SharedToken] = {}
        self._refused = ""

    def get(self, account: MessageCentralAccount, *, deadline: Deadline) -> str:
        """A token that the vendor has not refused here.

        Raises:
            CredentialsRefusedError: the vendor does not accept the account.
            NotSentError: there is no token to be had in time, for whatever reason.
        """
        name = share_name(account)
        held = self._held.get(name)
        if not self._usable(held):
            held = self._held[name] = self._shared_or_fetched(name, account=account, deadline=deadline)
        assert held is not None
        return held.token

    def refuse(self, token: str) -> None:
        """The vendor answered 401 to this token: never give it out again."""
        self._refused = token

    def _usable(self, token: SharedToken | None) -> bool:
        return (
            token is not None
            and token.token != self._refused
            and token.expires_at - self._clock.now() > REFRESH_BEFORE_SECONDS
        )

    def _shared_or_fetched(
        self, name: str, *, account: MessageCentralAccount, deadline: Deadline
    ) -> SharedToken:
        try:
            while True:
                shared = self._tokens.load(name)
                if shared is not None and self._usable(shared):
                    return shared
                if self._tokens.begin_refresh(name, lease_seconds=LEASE_SECONDS):
                    return self._refreshed(name, account=account, deadline=deadline)
                if deadline.remaining() <= _WAIT_SECONDS:
                    raise NotTriedError("token is being fetched elsewhere")
                self._clock.sleep(_WAIT_SECONDS)
        except CountersignError:
            raise NotTriedError("token store out of reach") from None

    def _refreshed(self, name: str, *, account: MessageCentralAccount, deadline: Deadline) -> SharedToken:
        """Fetch as the holder of the lease, and end the lease either way."""
        saved = False
        try:
            # Another holder may have saved one between our look and our lease.
            token = self._tokens.load(name)
            if token is None or not self._usable(token):
                token = self._fetch(account, deadline=deadline)
                self._tokens.save(name, token=token)
                saved = True
            return token
        finally:
            if not saved:
                self._tokens.abandon_refresh(name)

    def _fetch(self, account: MessageCentralAccount, *, deadline: Deadline) -> SharedToken:
        query = {
            "customerId": account.customer_id,
            "key": base64.b64encode(account.password.encode("utf-8")).decode("ascii"),
            "scope": "NEW",
        }
        if account.country is not None:
            query["country"] = account.country
        if account.email is not None:
            query["email"] = account.email
        try:
            answer = self._http.send(get(self._url, query=query), deadline=deadline)
            return self._read(answer)
        except MaybeSentError:  # a login sends no message
            raise NotSentError("token call failed") from None

    def _read(self, answer: VendorAnswer) -> SharedToken:
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise CredentialsRefusedError
        if answer.status != HTTPStatus.OK:
            raise NotSentError("token call failed")
        body = answer.json_object()
        status, token = code_of(body.get("status")), body.get("token")
        if status == "400":
            raise CredentialsRefusedError
        if status != "200" or not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise NotSentError("token call failed")
        return SharedToken(token, expires_at=expires_at(token, now=self._clock.now()))


def share_name(account: MessageCentralAccount) -> str:
    """Under which name containers share the token: one per account, and no credential in it."""
    return f"message_central#{hashlib.sha256(account.customer_id.encode('utf-8')).hexdigest()[:16]}"


def expires_at(token: str, *, now: int) -> int:
    """When the token stops being good: its own `exp`, at most a week; soon where it cannot be read."""
    try:
        payload = token.split(".")[1]
        exp = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"]
        if type(exp) not in (int, float):
            raise TypeError("exp is not a number")
        return min(int(exp), now + LONGEST_LIFE_SECONDS)
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
        return now + UNREADABLE_LIFE_SECONDS
