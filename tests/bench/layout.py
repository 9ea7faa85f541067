"""Where the measured things lie, and how a child sees them as a Lambda container would."""

from __future__ import annotations

import importlib.util
import json
import os
import py_compile
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
DEFAULT_BUILD: Final = ROOT / ".aws-sam" / "build"
FUNCTIONS: Final = ("verify", "send")
REGION: Final = "eu-west-1"

# What Lambda's own image brings, and what that in turn needs. Nothing else of this environment
# is seen by a child: botocore imports awscrt, for one, wherever it finds it.
_RUNTIME: Final = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six.py")
_MAGIC_BYTES: Final = 4


class CannotMeasureError(Exception):
    """Something that a measurement needs is missing; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The built folders, and a folder that stands for the site-packages of Lambda's image, with the rig."""

    build: Path
    runtime: Path

    def path(self, function: str | None) -> list[str]:
        """`sys.path` before the standard library: the function, the layer, the run-time; or that alone."""
        if function is None:
            return [str(self.runtime)]
        folder = self.build / f"{function.capitalize()}Function"
        return [str(folder), str(self.build / "CountersignLayer" / "python"), str(self.runtime)]


def lay_out(build: Path, *, scratch: Path) -> Layout:
    """Check the built folders and put the run-time's packages side by side in `scratch`.

    Raises CannotMeasureError where nothing is built, or something has no bytecode for this interpreter.
    """
    layout = Layout(build, scratch)
    for function in FUNCTIONS:
        handler, layer, _ = map(Path, layout.path(function))
        for source in (handler / "app.py", layer / "countersign" / "bootstrap" / "container.py"):
            if not source.is_file():
                raise CannotMeasureError(f"nothing is built in {build}: run make build first")
            _require_bytecode(source)
    for name in _RUNTIME:
        found = importlib.util.find_spec(name.removesuffix(".py"))
        if found is None or found.origin is None:
            raise CannotMeasureError(f"{name} is not installed beside this interpreter: run make bench")
        source = Path(found.origin)
        _require_bytecode(source)
        (scratch / name).symlink_to(source if name.endswith(".py") else source.parent)
    # Compiled ahead, for a child writes no bytecode, and would compile the rig at our expense every time.
    rig = Path(__file__).with_name("rig.py")
    py_compile.compile(str(rig), cfile=str(scratch / "rig.pyc"), doraise=True)
    return layout


def _require_bytecode(source: Path) -> None:
    """Both sides of a ratio must load bytecode, or the one without would look two times slower."""
    compiled = Path(importlib.util.cache_from_source(str(source)))
    magic = compiled.read_bytes()[:_MAGIC_BYTES] if compiled.is_file() else b""
    if magic != importlib.util.MAGIC_NUMBER:
        version = ".".join(map(str, sys.version_info[:2]))
        raise CannotMeasureError(f"{source} has no bytecode for Python {version}: run make build with it")


def environment() -> dict[str, str]:
    """What a function finds in Lambda: its settings, a role's credentials, a trace."""
    routes = {"default": {"*": {"*": ["esms:gateway", "engagelab:gateway"]}}}
    arn = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:"
    return {
        "TABLE_NAME": "countersign",
        "CLIENTS_SECRET_ARN": f"{arn}clients",
        "VENDORS_SECRET_ARN": f"{arn}vendors",
        "ROUTES": json.dumps(routes),
        "TEST_NUMBERS": "off",
        "MESSAGE_CENTRAL_URL": "https://cpaas.messagecentral.com",
        "ESMS_URL": "https://rest.esms.vn/MainService.svc/json",
        "ENGAGELAB_URL": "https://otp.api.engagelab.cc",
        "SECRET_TTL_SECONDS": "300",
        "DAILY_SENDS_WARNING": "10000",
        "DAILY_SENDS_LIMIT": "20000",
        "POWERTOOLS_SERVICE_NAME": "countersign",
        "POWERTOOLS_METRICS_NAMESPACE": "Countersign",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_SESSION_TOKEN": "e" * 600,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": "countersign",
        "_X_AMZN_TRACE_ID": "Root=1-6740f2a1-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "HOME": os.devnull,  # no ~/.aws of whoever runs this
    }
