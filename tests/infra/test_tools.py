"""What the tools of the trade say of template.yaml."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .reading import ROOT

BIN = Path(sys.prefix, "bin")


def run(tool: str, *arguments: str, folder: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool of this environment on a project folder, no telemetry, no look for updates."""
    home.mkdir(exist_ok=True)
    settings = {"telemetryEnabled": False, "lastVersionCheck": time.time()}
    (home / "metadata.json").write_text(json.dumps(settings), encoding="utf-8")
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(home),
    }
    command = [str(BIN / tool), *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A project folder whose template has a property that does not exist."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    (tmp_path / "template.yaml").write_text(text.replace("BillingMode:", "BilingMode:"), encoding="utf-8")
    shutil.copy(ROOT / "samconfig.toml", tmp_path)
    return tmp_path


def test_sam_validates_and_lints_the_template(tmp_path: Path) -> None:
    result = run("sam", "validate", folder=ROOT, home=tmp_path / "home")  # samconfig.toml turns linting on
    assert result.returncode == 0, result.stdout + result.stderr
    assert "is a valid SAM Template" in result.stdout


def test_cfn_lint_has_no_complaint(tmp_path: Path) -> None:
    arguments = (
        "--include-checks",
        "I",
        "--",
        "template.yaml",
    )  # its hints too, not errors and warnings alone
    result = run("cfn-lint", *arguments, folder=ROOT, home=tmp_path / "home")
    assert (result.returncode, result.stdout) == (0, "")


def test_both_tools_see_a_misspelt_property(broken: Path) -> None:
    sam = run("sam", "validate", folder=broken, home=broken / "home")
    lint = run("cfn-lint", "template.yaml", folder=broken, home=broken / "home")
    assert sam.returncode != 0
    assert "BilingMode" in sam.stdout + sam.stderr
    assert lint.returncode != 0
    assert "BilingMode" in lint.stdout
