"""`sam build`, skipped when nothing that goes into the build has changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.process import interpreter_first, run_step

INPUTS = ("template.yaml", "functions", "layers")
BUILD_SECONDS = 600.0
# Inside the build folder, which every `sam build` empties: a build by hand makes the mark disappear.
_MARK = "countersign-inputs.sha256"

type Say = Callable[[str], None]


def inputs_digest(root: Path) -> str:
    """A digest over the names and contents of everything that `sam build` reads."""
    digest = hashlib.sha256()
    for path in sorted(_files(root)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    for name in INPUTS:
        start = root / name
        found = [start] if start.is_file() else start.rglob("*")
        yield from (path for path in found if path.is_file() and "__pycache__" not in path.parts)


def build(root: Path, *, logs: Path, say: Say) -> Path:
    """Build the application if it changed. The folder of the built template.

    Raises StackError.
    """
    build_dir = root / ".aws-sam" / "build"
    mark = build_dir / _MARK
    with _alone(root / ".aws-sam"):
        digest = inputs_digest(root)
        if mark.is_file() and mark.read_text() == digest:
            say("Build is up to date")
            return build_dir
        say("Building the application (sam build)")
        command = ["sam", "build", "--parallel", "--template-file", str(root / "template.yaml")]
        command += ["--build-dir", str(build_dir), "--config-file", str(empty_config(logs))]
        # The emulator runs the functions on this machine's interpreter, not on the template's processor.
        wheels = f"manylinux2014_{platform.machine()}"
        environment = interpreter_first(os.environ) | {"SAM_CLI_TELEMETRY": "0", "WHEELS": wheels}
        log = logs / "build.log"
        run_step("sam build", command, log=log, env=environment, cwd=root, seconds=BUILD_SECONDS)
        mark.write_text(digest)
    return build_dir


def empty_config(folder: Path) -> Path:
    """A samconfig without settings, so that the project's deploy defaults stay out of the local stack."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "samconfig.toml"
    config.write_text("version = 0.1\n")
    return config


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One build at a time in this checkout, whoever started it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "countersign.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
