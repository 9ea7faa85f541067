"""Links lead somewhere, examples are whole, and answers that are shown look like answers that are given."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from countersign.dialects.native_answers import problem_document, verification_document
from countersign.errors import CooldownError, CountersignError, InvalidRequestError
from countersign.model import Reason, Receipt, Status
from tests.docs.markdown import (
    DOCS,
    PAGES,
    README,
    Block,
    anchors,
    blocks,
    links,
    name_of,
    names,
    read,
    table,
)
from tests.support.builders import verification
from tests.support.clock import NOON

API = DOCS / "api.md"
EXAMPLES = {f"{name_of(page)} {n}": block for page in PAGES for n, block in enumerate(blocks(page, "json"))}
COMMANDS = {f"{name_of(page)} {n}": block for page in PAGES for n, block in enumerate(blocks(page, "sh"))}

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@every_page
def test_links_within_the_project_lead_to_files_and_headings(page: Path) -> None:
    for link in links(page):
        if link.startswith("https://"):
            continue
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not fragment or fragment in anchors(target), link


@every_page
def test_a_page_names_no_place_of_one_machine_and_no_fence_is_left_open(page: Path) -> None:
    text = read(page)
    assert not re.search(r"/home/|/root/|/tmp/|/Users/", text)
    assert len(re.findall(r"^```", text, re.MULTILINE)) % 2 == 0


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached, waiting = {README}, [README]
    while waiting:
        page = waiting.pop()
        for link in links(page):
            target = (page.parent / link.partition("#")[0]).resolve()
            if target in PAGES and target not in reached:
                reached.add(target)
                waiting.append(target)
    assert sorted(set(PAGES) - reached) == []


@pytest.mark.parametrize("block", EXAMPLES.values(), ids=EXAMPLES)
def test_json_parses_and_names_no_member_twice(block: Block) -> None:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    json.loads(block.text, object_pairs_hook=once)


@pytest.mark.parametrize("block", COMMANDS.values(), ids=COMMANDS)
def test_commands_are_shell(block: Block) -> None:
    checked = subprocess.run(["bash", "-n"], input=block.text, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def _shown(member: str) -> Iterator[dict[str, Any]]:
    """The answers in the documents that have this member."""
    for block in EXAMPLES.values():
        document = json.loads(block.text)
        if isinstance(document, dict) and isinstance(document.get("body"), dict):
            document = document["body"]
        if isinstance(document, dict) and member in document:
            yield document


def _explained(heading: str) -> set[str]:
    """The members in the table under a heading of the API's page."""
    return {name for row in table(API, "member", under=heading) for name in names(row["member"])}


def _given() -> set[str]:
    """The members that a verification can have."""
    pending = verification(reference="order-17", receipt=Receipt.DELIVERED, receipt_at=NOON)
    approved = verification(stored_status=Status.APPROVED, stored_reason=Reason.CORRECT_CODE, checked_at=NOON)
    documents = (
        verification_document(pending, now=NOON),
        verification_document(approved, now=NOON, proof="a.b.c"),
    )
    return {member for document in documents for member in document}


def test_the_verifications_that_are_shown_have_the_members_of_an_answer() -> None:
    shown = list(_shown("created_at"))
    assert shown
    always = set(verification_document(verification(), now=NOON)) - {"resend_at"}
    for document in shown:
        assert always <= set(document) <= _given()
        assert ("resend_at" in document) == (document["status"] == "pending")
        assert ("reason" in document) == (document["status"] != "pending")


def test_every_member_of_a_verification_is_explained() -> None:
    explained = {
        name for row in table(API, "member", under="The verification") for name in names(row["member"])
    }
    assert explained == _given()


def test_the_problems_that_are_shown_are_those_that_are_given() -> None:
    shown = list(_shown("trace_id"))
    assert shown
    errors = {error.code: error for error in _errors(CountersignError)}
    for document in shown:
        error = errors[document["code"]]
        assert (document["status"], document["title"]) == (error.status, error.title)
        assert document["type"] == f"urn:countersign:problem:{error.code}"
        assert set(document) <= _explained("Errors")


def test_every_member_of_a_problem_is_explained() -> None:
    errors = (
        CooldownError(live_id="v1", resend_at=NOON, retry_after_seconds=1),
        InvalidRequestError("detail", field="to"),
        CountersignError("detail", retry_after_seconds=1, verification=verification()),
    )
    given = {name for error in errors for name in problem_document(error, trace_id="trace", now=NOON)}
    assert _explained("Errors") == given


def _errors(base: type[CountersignError]) -> Iterator[type[CountersignError]]:
    yield base
    for child in base.__subclasses__():
        yield from _errors(child)


def test_the_picture_of_the_flow_has_the_parts_that_it_uses() -> None:
    [picture] = blocks(README, "mermaid")
    lines = [line.strip() for line in picture.text.splitlines()]
    assert lines[0] == "sequenceDiagram"
    parts = {line.split()[1] for line in lines if line.startswith("participant ")}
    arrows = [re.match(r"(\w+)--?>>(\w+): \S", line) for line in lines if ">>" in line]
    assert all(arrows)
    assert {name for arrow in arrows if arrow for name in arrow.groups()} == parts
    opened = sum(line.split()[0] in {"loop", "opt", "alt"} for line in lines)
    assert opened == lines.count("end")


def test_the_makefile_has_every_target_that_the_readme_names_and_the_readme_all_of_them() -> None:
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    rows = table(README, "target", under="Development")
    named = {names(row["target"])[0].split()[1] for row in rows}
    assert named <= set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", read(README))) <= named
