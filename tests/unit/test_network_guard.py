"""No test may reach another machine, whatever its code does with the error."""

from __future__ import annotations

import socket
from typing import Protocol

import pytest


class Guard(Protocol):
    """What the fixture of that name keeps."""

    elsewhere: list[str]


@pytest.mark.parametrize(
    ("family", "address"),
    [
        (socket.AF_INET, ("192.0.2.1", 443)),
        (socket.AF_INET, ("169.254.169.254", 80)),
        (socket.AF_INET6, ("2001:db8::1", 443, 0, 0)),
        (socket.AF_INET, ("dynamodb.eu-west-1.amazonaws.com", 443)),
    ],
)
def test_another_machine_is_out_of_reach_and_the_try_is_remembered(
    guard: Guard, family: int, address: tuple[str, int]
) -> None:
    with socket.socket(family) as sock, pytest.raises(ConnectionRefusedError, match="network guard"):
        sock.connect(address)
    with socket.socket(family) as sock, pytest.raises(ConnectionRefusedError, match="network guard"):
        sock.connect_ex(address)
    assert len(guard.elsewhere) == 2
    guard.elsewhere.clear()


def test_this_machine_is_in_reach(guard: Guard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    assert guard.elsewhere == []
