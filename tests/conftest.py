"""What every test gets: nothing may connect to anything but this machine."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.emulated import running_emulator

# Neither a region, nor a profile, nor an instance's metadata may come from this machine.
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_EC2_METADATA_DISABLED="true",
    POWERTOOLS_METRICS_NAMESPACE="Countersign",
    POWERTOOLS_SERVICE_NAME="countersign",
)
for _name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
    os.environ.pop(_name, None)

# With several workers a file stays on one, and so do these folders: they have one build, or one stack, and
# the last file of `end_to_end` reads what all others there made the functions log.
_ON_ONE_WORKER = ("tests/artifact/", "tests/end_to_end/")

_INTERNET_FAMILIES = (socket.AF_INET, socket.AF_INET6)


def _is_this_machine(host: object) -> bool:
    if host in ("localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


class _Guard:
    """Stands in for socket.connect and keeps what went elsewhere."""

    def __init__(self) -> None:
        self.elsewhere: list[str] = []

    def check(self, sock: socket.socket, address: Any) -> None:
        if sock.family in _INTERNET_FAMILIES and not _is_this_machine(address[0]):
            self.elsewhere.append(f"{address[0]}:{address[1]}")
            raise ConnectionRefusedError(f"the network guard refuses {address[0]}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Which tests share a worker. Files are handed out in their order: the slow folders are not the last."""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # ships no types

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # its base has no types
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return next((folder for folder in _ON_ONE_WORKER if file.startswith(folder)), file)

    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def guard() -> Iterator[_Guard]:
    """Refuses every connection that would leave this machine, for the whole run."""
    watch = _Guard()
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded_connect(self: socket.socket, address: Any, /) -> None:
        watch.check(self, address)
        return connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any, /) -> int:
        watch.check(self, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        yield watch


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of an AWS in a process of its own; it starts with the first test that needs one."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as endpoint:
        yield endpoint


@pytest.fixture(autouse=True)
def nothing_leaves_this_machine(guard: _Guard) -> Iterator[None]:
    """Fails the test that tried, also where its code took the refusal for a network error."""
    guard.elsewhere.clear()
    yield
    if guard.elsewhere:
        pytest.fail(f"connections to other machines: {', '.join(guard.elsewhere)}")
