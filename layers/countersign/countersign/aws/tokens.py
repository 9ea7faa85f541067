"""A vendor's access token, shared by every container through the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

from countersign.aws.items import number, text
from countersign.aws.table import ConditionFailedError, Table, Update
from countersign.clock import Clock
from countersign.codes import Keyring, random_seed
from countersign.model import Secret
from countersign.ports import SharedToken


@final
class DynamoTokenStore:
    """ports.TokenStore: one item per token, the token sealed, the refresh a lease."""

    def __init__(self, table: Table, *, ring: Callable[[], Keyring], clock: Clock) -> None:
        self._table = table
        self._ring = ring
        self._clock = clock
        self._lease = ""

    def load(self, name: str) -> SharedToken | None:
        """One GetItem. None also where the token was sealed under a pepper that is gone."""
        item = self._table.get(_pk(name))
        sealed = text(item, "token") if item is not None else None
        if item is None or sealed is None:
            return None
        # While the pepper is rotated, containers that know one of the two share a token all the same.
        opened = (keys.unseal(sealed, context=_pk(name)) for keys in self._ring().all)
        token = next((token for token in opened if token is not None), None)
        return None if token is None else SharedToken(token.reveal(), number(item, "expires_at"))

    def begin_refresh(self, name: str, *, lease_seconds: int) -> bool:
        """One UpdateItem; a lease that its holder never ended runs out by itself."""
        now = self._clock.now()
        lease = random_seed()
        nobody_refreshes = "attribute_not_exists(#lease) OR #lease_until <= :now"
        try:
            self._table.update(
                Update(
                    _pk(name),
                    expression="SET #lease = :lease, #lease_until = :until",
                    condition=nobody_refreshes,
                    values={"lease": lease, "until": now + lease_seconds, "now": now},
                ),
                returned="ALL_NEW",
            )
        except ConditionFailedError as error:
            stored = error.items[0]
            if stored is None or text(stored, "lease") != lease:
                return False
        self._lease = lease
        return True

    def save(self, name: str, *, token: SharedToken) -> None:
        """One UpdateItem."""
        sealed = self._ring().current.seal(Secret(token.token), context=_pk(name))
        self._table.update(
            Update(
                _pk(name),
                expression="SET #token = :token, #expires_at = :expires_at, #ttl = :expires_at"
                " REMOVE #lease, #lease_until",
                condition="",
                values={"token": sealed, "expires_at": token.expires_at},
            ),
            returned="ALL_NEW",
        )

    def abandon_refresh(self, name: str) -> None:
        """One UpdateItem; does nothing where the lease has passed to another caller."""
        try:
            self._table.update(
                Update(
                    _pk(name),
                    expression="REMOVE #lease, #lease_until",
                    condition="#lease = :lease",
                    values={"lease": self._lease},
                ),
                returned="ALL_NEW",
            )
        except ConditionFailedError:
            return


def _pk(name: str) -> str:
    return f"T#{name}"
