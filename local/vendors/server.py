"""All simulators and their control port, started and ended together."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from aiohttp import web

from local.vendors.control import Control
from local.vendors.engagelab import EngageLab, EngageLabAccount
from local.vendors.esms import Esms, EsmsAccount
from local.vendors.handset import Handset, WallClock
from local.vendors.listener import HOST, VendorListener, quiet_aborted_connections
from local.vendors.message_central import MessageCentral, MessageCentralAccount

VENDORS = (MessageCentral.name, Esms.name, EngageLab.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The credentials that the simulators accept; the same as in the local vendors secret."""

    message_central: MessageCentralAccount = field(default_factory=MessageCentralAccount)
    esms: EsmsAccount = field(default_factory=EsmsAccount)
    engagelab: EngageLabAccount = field(default_factory=EngageLabAccount)


class VendorServers:
    """One listener per vendor, one handset, one control port."""

    def __init__(self, *, clock: WallClock = time.time, accounts: Accounts | None = None) -> None:
        accounts = accounts or Accounts()
        self.handset = Handset(clock=clock)
        simulators = (
            MessageCentral(handset=self.handset, clock=clock, account=accounts.message_central),
            Esms(handset=self.handset, clock=clock, account=accounts.esms),
            EngageLab(handset=self.handset, clock=clock, account=accounts.engagelab),
        )
        self.listeners = {simulator.name: VendorListener(simulator) for simulator in simulators}
        self.control_url = ""
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on free ports of the loopback."""
        quiet_aborted_connections()
        for listener in self.listeners.values():
            await listener.open()
        control = Control(handset=self.handset, listeners=self.listeners)
        self._runner = web.AppRunner(
            control.app(), access_log=None, handler_cancellation=True, shutdown_timeout=0.1
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, 0).start()
        self.control_url = f"http://{HOST}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every port and connection."""
        for listener in self.listeners.values():
            await listener.close()
            await listener.reporter.stop()
        if self._runner is not None:
            await self._runner.cleanup()

    def addresses(self) -> dict[str, object]:
        """Where everything listens: the ready line of the process."""
        vendors = {name: listener.base_url for name, listener in self.listeners.items()}
        return {"control": self.control_url, "vendors": vendors}
