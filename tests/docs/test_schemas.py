"""docs/schemas/ and the service agree about messages and direct answers."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from countersign.dialects.native_messages import Asked, Overdue, parse_message, read_record
from countersign.dialects.native_parsing import parse_start
from countersign.errors import CountersignError
from countersign.policy import Policy
from tests.docs.markdown import DOCS, blocks
from tests.docs.schemas import MAKERS, read, text_of
from tests.support.messages import by_the_bus, message, sample

REQUEST = jsonschema.Draft202012Validator(read("request"), format_checker=jsonschema.FormatChecker())
PLAIN: dict[str, Any] = {"client": "demo", "to": "+84901888484"}
EVERYTHING = PLAIN | {
    "channel": "voice",
    "purpose": "login",
    "locale": "vi",
    "code_length": 6,
    "ttl_seconds": 300,
    "reference": "order-17",
    "operation": "start",
    "idempotency_key": "k" * 250,
    "requested_at": "2026-11-22T01:02:03Z",
}
TAKEN: dict[str, Any] = {
    "the least": PLAIN,
    "everything": EVERYTHING,
    "the client as in a direct invocation": {"client_id": "demo", "to": "+84901888484"},
    "an event": by_the_bus(EVERYTHING),
    "the sample message": json.loads(sample("sqs_request")["Records"][0]["body"]),
    "the sample event": sample("eventbridge_request"),
}
REFUSED: dict[str, Any] = {
    "no object": [],
    "no client": {"to": "+84901888484"},
    "two names of the client": PLAIN | {"client_id": "demo"},
    "no number": {"client": "demo"},
    "an empty client": PLAIN | {"client": ""},
    "a member that is none": PLAIN | {"colour": "red"},
    "another operation": PLAIN | {"operation": "resend"},
    "an unknown channel": PLAIN | {"channel": "fax"},
    "a code of a letter": PLAIN | {"code_length": "6"},
    "a key that is too long": PLAIN | {"idempotency_key": "k" * 251},
    "a key with a space": PLAIN | {"idempotency_key": "a b"},
    "an event of another type": by_the_bus(PLAIN) | {"detail-type": "VerificationSent"},
    "an event without a time": {key: value for key, value in by_the_bus(PLAIN).items() if key != "time"},
    "an event without an id": {key: value for key, value in by_the_bus(PLAIN).items() if key != "id"},
    "an event without a detail": {key: value for key, value in by_the_bus(PLAIN).items() if key != "detail"},
    "an event in an event": by_the_bus(by_the_bus(PLAIN)),
}


def _takes_service(document: object) -> bool:
    try:
        asked = parse_message(read_record(message(document)))
        assert isinstance(asked, Asked)
        parse_start(asked.members, policy=Policy(), idempotency_key=asked.key)
    except CountersignError:
        return False
    return True


@pytest.mark.parametrize("name", MAKERS)
def test_a_schema_is_one_and_says_what_the_open_api_description_says(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(read(name))
    made = MAKERS[name]()
    assert text_of(read(name)) == text_of(made), "write it anew: python -m tests.docs.schemas"


@pytest.mark.parametrize("document", TAKEN.values(), ids=TAKEN)
def test_a_request_is_taken_by_both(document: object) -> None:
    assert (REQUEST.is_valid(document), _takes_service(document)) == (True, True)


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED)
def test_what_is_no_request_is_refused_by_both(document: object) -> None:
    assert (REQUEST.is_valid(document), _takes_service(document)) == (False, False)


def test_the_services_own_message_is_shown_and_is_no_request_of_anybodys() -> None:
    page = (DOCS / "events-in.md").read_text(encoding="utf-8")
    [shown] = re.findall(r'`({"client":"demo","resend":"<id>".*?})`', page)
    document = json.loads(shown) | {"resend": "k2v7xq4mzt3hw6ynpbc5jd7r2a"}
    assert isinstance(parse_message(read_record(message(document))), Overdue)
    assert not REQUEST.is_valid(document)


def test_every_request_that_is_shown_is_one() -> None:
    shown = [json.loads(block.text) for block in blocks(DOCS / "events-in.md", "json", under="The request")]
    assert shown
    for document in shown:
        assert (REQUEST.is_valid(document), _takes_service(document)) == (True, True)


def _called(heading: str, *, folder: Path) -> list[str]:
    """The arguments of the last call of `aws` that the commands under a heading make."""
    aws = folder / "aws"
    aws.write_text(f'#!/bin/sh\nprintf "%s\\0" "$@" > {folder}/arguments\necho answer\n', encoding="utf-8")
    aws.chmod(0o755)
    [block] = blocks(DOCS / "events-in.md", "sh", under=heading)
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["bash", "-euc", block.text], env=environment, check=True, timeout=10)
    return (folder / "arguments").read_text(encoding="utf-8").split("\0")


def test_the_command_that_puts_a_message_on_the_queue_sends_a_request(tmp_path: Path) -> None:
    arguments = _called("By queue", folder=tmp_path)
    assert arguments[:4] == ["sqs", "send-message", "--queue-url", "answer"]
    REQUEST.validate(json.loads(arguments[arguments.index("--message-body") + 1]))


def test_the_command_that_puts_an_event_on_the_bus_sends_a_request(tmp_path: Path) -> None:
    arguments = _called("By bus", folder=tmp_path)
    assert arguments[:2] == ["events", "put-events"]
    [entry] = json.loads(arguments[arguments.index("--entries") + 1])
    assert entry["EventBusName"] == "answer"
    event = by_the_bus(json.loads(entry["Detail"])) | {"detail-type": entry["DetailType"]}
    REQUEST.validate(event)
    assert _takes_service(event)
