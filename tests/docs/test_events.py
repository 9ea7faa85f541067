"""docs/events.md and its schema say what the code publishes."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import jsonschema
import pytest
import yaml

from countersign.changes import Change
from countersign.lifecycle import _ENDINGS, Happening, events
from countersign.model import Channel, Delivery, Reason, Status
from tests.docs.markdown import DOCS, README, blocks, names, read, table
from tests.infra.reading import read_template
from tests.support.builders import verification
from tests.support.lifecycle import SCHEMA, valid

PAGE = DOCS / "events.md"
ROWS = table(PAGE, "detail-type")
[EXAMPLE] = [json.loads(block.text) for block in blocks(PAGE, "json")]


def test_the_page_and_the_schema_name_every_event_there_is() -> None:
    there_are = [happening.value for happening in Happening]
    assert [names(row["detail-type"])[0] for row in ROWS] == there_are
    assert SCHEMA["properties"]["detail-type"]["enum"] == there_are


def test_the_schema_names_every_value_there_is() -> None:
    members = SCHEMA["$defs"]["detail"]["properties"]
    assert members["status"]["enum"] == list(Status)
    assert members["reason"]["enum"] == [*Reason, None]
    assert members["channel"]["enum"] == list(Channel)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["detail-type"])
def test_the_page_and_the_schema_give_an_event_the_same_status_and_reasons(row: dict[str, str]) -> None:
    [name], [status], reasons = names(row["detail-type"]), names(row["status"]), names(row["reason"])
    endings = {happening: status for status, happening in _ENDINGS.items()}
    assert status == endings.get(Happening(name), Status.PENDING)
    for reason in (*Reason, None):
        told = EXAMPLE | {"detail-type": name}
        told["detail"] = EXAMPLE["detail"] | {"status": status, "reason": reason}
        is_valid = jsonschema.Draft202012Validator(SCHEMA).is_valid(told)
        assert is_valid == (reason in reasons) or not reasons


def test_the_example_is_an_event_as_the_schema_has_it() -> None:
    valid(EXAMPLE)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert set(SCHEMA["$defs"]["detail"]["required"]) == SCHEMA["$defs"]["detail"]["properties"].keys()


@pytest.mark.parametrize("member", SCHEMA["$defs"]["detail"]["required"])
def test_the_schema_refuses_an_event_that_lacks_a_member_or_has_nonsense_there(member: str) -> None:
    [event] = events(Change(verification(), replace(verification(), delivery=Delivery.ACCEPTED), 1, "7"))
    whole = {"source": "countersign", "detail-type": event.happening.value, "detail": event.detail()}
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert validator.is_valid(whole)
    lacking = {name: value for name, value in event.detail().items() if name != member}
    assert not validator.is_valid(whole | {"detail": lacking})
    assert not validator.is_valid(whole | {"detail": event.detail() | {member: ["nonsense"]}})


def test_the_rule_on_the_page_listens_to_the_endings() -> None:
    class Loader(yaml.SafeLoader):
        """Reads CloudFormation's short forms as text."""

    Loader.add_multi_constructor("!", lambda loader, _, node: loader.construct_scalar(node))
    [block] = blocks(PAGE, "yaml")
    pattern = yaml.load(block.text, Loader)["Resources"]["EndingsRule"]["Properties"]["EventPattern"]
    assert pattern["source"] == [SCHEMA["properties"]["source"]["const"]]
    assert pattern["detail-type"] == [happening.value for happening in _ENDINGS.values()]
    assert pattern["detail"].keys() <= SCHEMA["$defs"]["detail"]["properties"].keys()


def test_every_row_of_the_events_sum_is_what_its_factors_make() -> None:
    *terms, total = table(README, "events", under="Cost")
    for quantity, column in (("a million a month", "USD"), ("100 a second", "then USD")):
        costs = []
        for row in terms:
            price = re.search(r"([0-9.]+) per (.*)$", row["events"])
            assert price is not None
            amount, unit = row[quantity].split(maxsplit=1)
            assert unit == price[2], row["events"]
            costs.append(float(amount) * float(price[1]))
            assert row[column] == f"{costs[-1]:.2f}", row["events"]
        assert total[column] == f"**{sum(round(cost, 2) for cost in costs):.2f}**"


def test_the_bounds_on_the_page_are_the_templates() -> None:
    events_of = read_template()["Resources"]["PublishFunction"]["Properties"]["Events"]
    reading = events_of["Changes"]["Properties"]
    assert (reading["MaximumRecordAgeInSeconds"], "up to six hours" in read(PAGE)) == (6 * 3600, True)
    assert (reading["MaximumRetryAttempts"], "twenty tries" in read(PAGE)) == (20, True)
