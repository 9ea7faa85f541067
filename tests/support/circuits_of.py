"""Stories about the circuits of a world's vendors, for numbers of Viet Nam."""

from __future__ import annotations

from countersign.circuits import OPEN_SECONDS, OUTAGES_THAT_OPEN, CircuitState
from tests.support.looks import circuits_in
from tests.support.world import World


def number(serial: int) -> str:
    """A number of its own, so that nothing but the circuit has a say."""
    return f"+8490188{serial:04}"


def circuit_state(world: World, vendor: str = "one") -> CircuitState:
    return circuits_in(world.memory, [vendor], country="VN")[vendor].state(world.clock.now())


def asked(world: World) -> list[str]:
    """Who has been asked to send, vendor by vendor."""
    return [vendor.name for vendor in world.vendors for _ in vendor.orders]


def opened(world: World, *, vendor: str = "one", times: int = OUTAGES_THAT_OPEN) -> None:
    """So many outages of a vendor, as other containers would record them."""
    for _ in range(times):
        world.memory.record_outage(vendor, country="VN", now=world.clock.now(), held_until=None)


def rested(world: World, *, vendor: str = "one") -> None:
    """The vendor's circuit is half-open: the next request may probe."""
    opened(world, vendor=vendor)
    world.clock.advance(OPEN_SECONDS)
    assert circuit_state(world, vendor) is CircuitState.HALF_OPEN


def probed_elsewhere(world: World, *, vendor: str = "one") -> None:
    """Another container takes the probe."""
    circuit = circuits_in(world.memory, [vendor], country="VN")[vendor]
    assert world.memory.begin_probe(circuit, now=world.clock.now()) is not None


def forget(world: World) -> None:
    """What has happened so far is not what a test looks at."""
    world.store.calls.clear()
    world.telemetry.outcomes.clear()
    world.telemetry.warnings.clear()
    for one in world.vendors:
        one.orders.clear()
