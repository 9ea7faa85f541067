"""Use cases of which a test brings those that it needs."""

from __future__ import annotations

from countersign.service.check import Checker
from countersign.service.prove import Prover
from countersign.service.redelivery import Redeliverer
from countersign.service.resend import Resender
from countersign.service.start import Starter


class NoUseCases:
    """Nothing of it may be asked for; a test's own class says what may."""

    @property
    def starter(self) -> Starter:
        raise NotImplementedError

    @property
    def resender(self) -> Resender:
        raise NotImplementedError

    @property
    def redeliverer(self) -> Redeliverer:
        raise NotImplementedError

    @property
    def checker(self) -> Checker:
        raise NotImplementedError

    @property
    def prover(self) -> Prover:
        raise NotImplementedError
