"""What the build insists on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

REQUIREMENTS = ROOT / "layers" / "countersign" / "requirements.txt"
OF_DECRYPTING = ROOT / "functions" / "cognito_sms" / "requirements.txt"


@pytest.mark.parametrize(
    ("folder", "target"),
    [
        ("layers/countersign", "build-CountersignLayer"),
        ("functions/send", "build-SendFunction"),
        ("functions/verify", "build-VerifyFunction"),
        ("functions/count", "build-CountFunction"),
        ("functions/publish", "build-PublishFunction"),
        ("functions/webhook", "build-WebhookFunction"),
        ("functions/receipts", "build-ReceiptsFunction"),
        ("functions/cognito_sms", "build-CognitoSmsFunction"),
        ("functions/cognito_challenge", "build-CognitoChallengeFunction"),
    ],
)
@pytest.mark.parametrize("interpreter", ["missing", "another version"])
def test_a_build_without_python_313_says_what_to_do(
    interpreter: str, folder: str, target: str, tmp_path: Path
) -> None:
    fake = tmp_path / "python3.13"
    if interpreter == "another version":
        fake.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")  # its version check says no
        fake.chmod(0o755)
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    result = subprocess.run(
        ["make", target],
        cwd=ROOT / folder,
        env=os.environ | {"PYTHON": str(fake), "ARTIFACTS_DIR": str(artifacts)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode != 0
    assert "needs Python 3.13" in result.stderr
    assert "python3.13 on PATH" in result.stderr
    assert list(artifacts.iterdir()) == []


def test_a_function_builds_with_an_interpreter_named_outright(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler() -> None: ...\n", encoding="utf-8")
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir()
    subprocess.run(
        ["make", "--makefile", str(ROOT / "functions" / "send" / "Makefile"), "build-SendFunction"],
        cwd=tmp_path,
        env=os.environ | {"PYTHON": sys.executable, "ARTIFACTS_DIR": str(artifacts)},
        timeout=30,
        check=True,
    )
    assert {path.name for path in artifacts.iterdir()} == {"app.py", "__pycache__"}


@pytest.mark.parametrize("requirements", [REQUIREMENTS, OF_DECRYPTING], ids=lambda path: path.parent.name)
def test_dependencies_are_pinned_by_hash_and_name_no_index(requirements: Path) -> None:
    text = requirements.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    entries = re.split(r"\n(?=\S)", "\n".join(lines))
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[0-9.]+ \\\n    --hash=sha256:[0-9a-f]{64}", entry), entry
    assert re.search(r"://|--index-url|--find-links|file:", text) is None


def test_dependencies_are_the_three_and_what_they_need() -> None:
    text = REQUIREMENTS.read_text(encoding="utf-8")
    names = set(re.findall(r"^([a-z0-9-]+)==", text, flags=re.MULTILINE))
    assert {"aws-lambda-powertools", "phonenumbers", "requests"} <= names
    assert names.isdisjoint({"boto3", "botocore", "pydantic", "aws-xray-sdk", "pyjwt", "cryptography"})
    assert len(names) == 9


def test_the_libraries_of_decrypting_are_the_sdk_and_what_it_needs_beyond_lambdas_own() -> None:
    text = OF_DECRYPTING.read_text(encoding="utf-8")
    names = set(re.findall(r"^([a-z0-9-]+)==", text, flags=re.MULTILINE))
    assert names == {"attrs", "aws-encryption-sdk", "cffi", "cryptography", "pycparser", "wrapt"}
