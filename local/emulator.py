"""MiniStack, the AWS emulator, as a child process of the stack."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from local.process import Child, StackError, interpreter_first, tail

HOST = "127.0.0.1"
REGION = "us-east-1"
START_SECONDS = 60.0

# MiniStack takes the access key "test" for the account's root, whom AUTH=true lets do everything.
# They open nothing but an emulator on the loopback.
ACCESS_KEY = SECRET_KEY = "test"
# Only these of the caller's variables reach the emulator, and through it the functions.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "COVERAGE_PROCESS_START")


def free_port() -> int:
    """A port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def aws_environment(endpoint: str) -> dict[str, str]:
    """Variables that point every AWS tool at the emulator, and away from the user's own account."""
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
    }


class Emulator:
    """A MiniStack on a free port with a state folder of its own and IAM enforced."""

    def __init__(self, *, state: Path, log: Path, cwd: Path) -> None:
        self.port = free_port()
        self.endpoint = f"http://{HOST}:{self.port}"
        for name in ("state", "s3", "tmp"):
            (state / name).mkdir(parents=True, exist_ok=True)
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment = interpreter_first(inherited) | {
            "AUTH": "true",
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(self.port),
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_HOST": "localhost",
            "MINISTACK_REGION": REGION,
            "STATE_DIR": str(state / "state"),
            "S3_DATA_DIR": str(state / "s3"),
            "TMPDIR": str(state / "tmp"),  # functions and layers are unpacked here, once per container
            "PYTHONUNBUFFERED": "1",
            "LOG_LEVEL": "INFO",
        }
        command = [sys.executable, "-P", str(Path(__file__).with_name("tethered.py")), "ministack"]
        self.child = Child("MiniStack", command, log=log, env=environment, cwd=cwd, tethered=True)

    def wait(self) -> None:
        """Until it answers.

        Raises StackError.
        """
        deadline = time.monotonic() + START_SECONDS
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while self.child.alive and time.monotonic() < deadline:
            try:
                with direct.open(f"{self.endpoint}/_ministack/health", timeout=2):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        raise StackError(f"MiniStack did not start (log {self.child.log})\n{tail(self.child.log)}")
