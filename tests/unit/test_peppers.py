"""Which peppers the clients' secret knows, and when it is looked at again for one."""

from __future__ import annotations

import pytest

from countersign.codes import Keyring, Keys
from countersign.errors import ConfigurationError, ServiceUnavailableError
from tests.support.aws import client_error
from tests.support.builders import PEPPER
from tests.support.door import SECRETS, Door
from tests.support.peppers import NEXT_PEPPER

DEMO = {"demo": {"secrets": SECRETS}}
OLD, NEW, STRANGE = (Keys(pepper).name for pepper in (PEPPER, NEXT_PEPPER, "x" * 32))


def names(ring: Keyring) -> list[str]:
    return [keys.name for keys in ring.all]


def rotate(door: Door) -> None:
    door.write(pepper=NEXT_PEPPER, previous=PEPPER, **DEMO)


def test_without_a_previous_pepper_there_is_one() -> None:
    assert names(Door().peppers.ring()) == [OLD]


def test_while_it_is_rotated_there_are_two() -> None:
    door = Door()
    rotate(door)
    assert names(door.peppers.ring()) == [NEW, OLD]


def test_a_ring_is_made_once() -> None:
    door = Door()
    assert door.peppers.ring() is door.peppers.ring()


def test_a_rotation_is_seen_when_the_secret_is_read_again() -> None:
    door = Door()
    door.peppers.ring()
    rotate(door)
    door.clock.advance(299)
    assert names(door.peppers.ring()) == [OLD]
    door.clock.advance(1)
    assert names(door.peppers.ring()) == [NEW, OLD]
    door.write(pepper=NEXT_PEPPER, **DEMO)
    door.clock.advance(300)
    assert names(door.peppers.ring()) == [NEW]


@pytest.mark.parametrize("pepper", [None, "", 7, "x" * 31, ["x" * 32]])
def test_a_pepper_that_is_none_is_said(pepper: object) -> None:
    door = Door()
    door.write(pepper=pepper, **DEMO)
    with pytest.raises(ConfigurationError, match=r"^clients secret: pepper must have 32 characters or more$"):
        door.peppers.ring()
    door = Door()
    door.write(previous=pepper, **DEMO)
    with pytest.raises(ConfigurationError, match=r"^clients secret: previous_pepper must have 32 characters"):
        door.peppers.ring()


def test_a_pepper_of_32_characters_is_long_enough() -> None:
    door = Door()
    door.write(pepper="x" * 32, previous="y" * 32, **DEMO)
    assert len(names(door.peppers.ring())) == 2


# A pepper that this container does not know ---------------------------------------------------


def test_what_is_known_needs_no_look() -> None:
    door = Door()
    rotate(door)
    for name in (OLD, NEW, None):
        assert door.peppers.of(name) is not None
    assert door.manager.calls == 1


def test_a_new_pepper_is_found_with_one_fresh_look() -> None:
    door = Door()
    door.peppers.ring()
    rotate(door)
    door.clock.advance(1)
    found = door.peppers.of(NEW)
    assert found is not None
    assert found.name == NEW
    assert door.peppers.of(NEW) is found
    assert door.manager.calls == 2


def test_a_secret_that_was_read_this_very_second_may_be_a_moment_old() -> None:
    door = Door()
    door.peppers.ring()
    with pytest.raises(ServiceUnavailableError) as refused:
        door.peppers.of(NEW)
    assert refused.value.retry_after_seconds == 1
    rotate(door)
    door.clock.advance(1)
    assert door.peppers.of(NEW) is not None


def test_a_pepper_that_is_gone_is_looked_for_once() -> None:
    door = Door()
    door.peppers.ring()
    for _ in range(20):
        door.clock.advance(1)
        assert door.peppers.of(STRANGE) is None
    assert door.manager.calls == 2


def test_a_pepper_that_comes_back_is_found() -> None:
    door = Door()
    door.peppers.ring()
    door.clock.advance(1)
    assert door.peppers.of(NEW) is None
    rotate(door)
    door.clock.advance(300)
    assert door.peppers.of(NEW) is not None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (client_error("ThrottlingException"), ServiceUnavailableError),
        (client_error("AccessDeniedException"), ConfigurationError),
    ],
)
def test_while_the_secret_cannot_be_read_nobody_is_told_that_a_pepper_is_gone(
    error: Exception, kind: type[Exception]
) -> None:
    door = Door()
    door.peppers.ring()
    for _ in range(3):
        door.clock.advance(1)
        door.manager.says = error
        with pytest.raises(kind):
            door.peppers.of(NEW)
    rotate(door)
    door.clock.advance(1)
    assert door.peppers.of(NEW) is not None


def test_a_ring_is_renewed_where_there_is_another_one() -> None:
    door = Door()
    known = door.peppers.ring()
    door.clock.advance(1)
    assert door.peppers.renewed(known) is None
    rotate(door)
    assert door.peppers.renewed(known) is None  # this very second
    door.clock.advance(1)
    ring = door.peppers.renewed(known)
    assert ring is not None
    assert names(ring) == [NEW, OLD]
    assert door.peppers.ring() is ring
    assert door.peppers.renewed(known) is ring  # which needs no look
    assert door.manager.calls == 3
