"""The runbook has a section for each alarm, and its queries look for what the functions write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import DOCS, ROOT, blocks, prose
from tests.infra.reading import read_template, resources
from tests.infra.test_dashboard import EVENTS
from tools.command import parser

RUNBOOK = DOCS / "runbook.md"
ALARMS = list(resources(read_template(), "AWS::CloudWatch::Alarm"))
COMMANDS = "\n".join(block.text for block in blocks(RUNBOOK, "sh"))
QUERIES = re.findall(r"^ *ask \d+ '([^']+)'$", COMMANDS, re.MULTILINE)
# Lines that are no outcome; the functions write them word for word.
PLAIN = ("unexpected failure", "configuration fault")
SOURCES = [path.read_text(encoding="utf-8") for path in Path(ROOT, "layers", "countersign").rglob("*.py")]


def sections() -> dict[str, str]:
    """The sections of the third level, by heading."""
    parts = re.split(r"^### (.+)$", prose(RUNBOOK), flags=re.MULTILINE)[1:]
    return {title: text.partition("\n## ")[0] for title, text in zip(parts[::2], parts[1::2], strict=True)}


def test_every_alarm_has_a_section_and_no_other_has_one() -> None:
    """A new alarm needs `### ItsName` in docs/runbook.md: **Means.**, **First.** and a command."""
    assert sorted(sections()) == sorted(ALARMS)


@pytest.mark.parametrize("alarm", ALARMS)
def test_a_section_says_what_it_means_what_to_do_first_and_where_to_look(alarm: str) -> None:
    text = sections()[alarm]
    assert re.search(r"^\*\*Means\.\*\* \S", text, re.MULTILINE)
    assert re.search(r"^\*\*First\.\*\* \S", text, re.MULTILINE)
    assert blocks(RUNBOOK, "sh", under=alarm)


def test_the_queries_look_for_lines_that_the_functions_write() -> None:
    assert len(QUERIES) == len(re.findall(r"^ *ask ", COMMANDS, re.MULTILINE))
    for query in QUERIES:
        for names in re.findall(r"message (?:in \[([^\]]*)\]|= (\"[^\"]*\"))", query):
            for name in re.findall(r'"([^"]+)"', "".join(names)):
                assert name in EVENTS or (name in PLAIN and f'"{name}"' in "\n".join(SOURCES)), name


def test_the_queries_look_at_fields_that_the_lines_have() -> None:
    for query in QUERIES:
        made = set(re.findall(r" as (\w+)", query))
        by = [
            name.strip()
            for part in re.findall(r" by ([\w, ()]+?)(?: \||$)", query)
            for name in part.split(",")
        ]
        written = _modules_that_write(query)
        for name in by:
            known = (
                name in made or name in {"message", "bin(5m)"} or re.search(rf'\b{name}=|"{name}"', written)
            )
            assert known, (name, query)


def _modules_that_write(query: str) -> str:
    """The text of the modules that write a query's lines; of all, where a name is put together."""
    names = re.findall(r'"([^"]+)"', "".join(re.findall(r"message (?:in|=) (\[[^\]]*\]|\"[^\"]*\")", query)))
    found = [text for text in SOURCES if any(f'"{name}"' in text for name in names)]
    return "\n".join(found or SOURCES)


def test_dead_letters_go_back_to_a_queue_that_is_named() -> None:
    """What EventBridge itself put there has no source that SQS knew, and would stop the others."""
    text = COMMANDS + "".join(block.text for block in blocks(DOCS / "webhooks.md", "sh"))
    assert text.count("start-message-move-task") == text.count("--destination-arn") == 3


@pytest.mark.parametrize("page", ["README.md", "docs/runbook.md", "docs/configuration.md"])
def test_the_commands_of_the_documents_are_commands(page: str) -> None:
    found = [
        line.split()[1:]
        for block in blocks(ROOT / page, "sh")
        for line in block.text.splitlines()
        if line.strip().startswith(("countersign ", "tools/countersign "))
    ]
    assert found
    for words in found:
        parser().parse_args([word for word in words if not word.startswith("#")])
