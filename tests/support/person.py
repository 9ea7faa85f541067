"""Whoever holds the phone: gets the texts, and types what is in them."""

from __future__ import annotations

from dataclasses import dataclass

from countersign.model import Verdict
from countersign.orders import CheckOrder
from tests.support.world import World, another


@dataclass(frozen=True, slots=True)
class Received:
    """A text on the phone."""

    verification_id: str
    code: str


class Person:
    """Gets every text that a vendor may have sent. A vendor's own codes are good once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._burnt: set[str] = set()
        for vendor in world.vendors:
            vendor.says = self._verdict

    def newest(self, verification_id: str) -> str | None:
        """The code in the newest text of a verification; None where no text can have come."""
        codes = [one.code for one in self._texts() if one.verification_id == verification_id]
        return codes[-1] if codes else None

    def wrong(self, verification_id: str) -> str:
        """A code that is not right."""
        return another(self.newest(verification_id) or "123456")

    def _texts(self) -> list[Received]:
        texts = []
        for vendor in self._world.vendors:
            for serial, order in enumerate(vendor.orders):
                if (order.verification_id, order.send_number) in vendor.sent:
                    code = order.code.reveal() if order.code is not None else f"{vendor.name}-{serial}5"
                    texts.append((order.send_number, Received(order.verification_id, code)))
        return [text for _, text in sorted(texts, key=lambda one: one[0])]

    def _verdict(self, order: CheckOrder) -> Verdict:
        typed = order.code.reveal()
        codes = {text.code for text in self._texts() if text.verification_id == order.verification_id}
        if typed not in codes:
            return Verdict.WRONG
        if typed in self._burnt:
            return Verdict.USED
        self._burnt.add(typed)
        return Verdict.VERIFIED
