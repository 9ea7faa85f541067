"""The dashboard: metrics and log lines that the code writes, every queue, no overlap."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from countersign.counting import Step
from countersign.model import Delivery
from countersign.providers.registry import _VENDORS

from .reading import ROOT, read_template, resources
from .stream import PROMISED, searches

PACKAGE = ROOT / "layers" / "countersign" / "countersign"
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in sorted(Path(PACKAGE).rglob("*.py")))
# What has a line of its own in the log, and a metric of the same name, is told by such words; a delivery's is
# put together.
EVENTS = set(re.findall(r'"((?:[A-Z][a-z]+){2,})"', SOURCE)) | {
    f"Delivery{one.value.capitalize()}" for one in Delivery
}
LINES = {"country", "provider", "milliseconds", "outcome", "dialect", "message"}
WIDE = 24


def widgets() -> list[dict[str, Any]]:
    [dashboard] = resources(read_template(), "AWS::CloudWatch::Dashboard").values()
    found: list[dict[str, Any]] = json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
    return found


def plain_metrics() -> list[tuple[str, str, dict[str, str]]]:
    """Namespace, name and dimensions of every metric that is named and not searched for."""
    found = []
    for widget in widgets():
        for entry in widget["properties"].get("metrics", []):
            if isinstance(entry[0], str):
                namespace, name, *rest = [part for part in entry if isinstance(part, str)]
                found.append((namespace, name, dict(zip(rest[::2], rest[1::2], strict=True))))
    return found


def queries() -> list[str]:
    return [widget["properties"]["query"] for widget in widgets() if widget["type"] == "log"]


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "width"), ("y", "height"))
    )


def test_widgets_do_not_overlap_and_stay_on_the_page() -> None:
    for one, other in combinations(widgets(), 2):
        assert not overlap(one, other), (one["properties"]["title"], other["properties"]["title"])
    assert all(widget["x"] + widget["width"] <= WIDE for widget in widgets())
    one = widgets()[0]
    assert overlap(one, {**one, "x": one["x"] + 1})


def test_every_title_is_another_one() -> None:
    titles = [widget["properties"]["title"] for widget in widgets()]
    assert len(set(titles)) == len(titles)


def test_a_metric_of_ours_is_one_that_the_code_writes() -> None:
    ours = [
        (name, dimensions) for namespace, name, dimensions in plain_metrics() if namespace == "Countersign"
    ]
    assert ours
    for name, dimensions in ours:
        assert name in EVENTS, name
        assert dimensions.pop("service") == "countersign"
        assert dimensions.keys() == ({"provider"} if name == "VendorFailure" else set()), name
        assert set(dimensions.values()) <= set(_VENDORS)


def test_what_is_searched_for_is_what_the_code_writes_or_will() -> None:
    shown = {metric for _, _, metric in searches(read_template())}
    assert {step.value for step in Step} <= shown <= {step.value for step in Step} | PROMISED


@pytest.mark.parametrize("query", queries())
def test_a_query_looks_for_lines_and_fields_that_the_code_writes(query: str) -> None:
    named = [
        name for names in re.findall(r"message (?:in \[([^\]]*)\]|= (\"\w+\"))", query) for name in names
    ]
    events = {name for part in named for name in re.findall(r'"(\w+)"', part)}
    assert events
    assert events <= EVENTS
    made = set(re.findall(r" as (\w+)", query))
    by = {name.strip() for part in re.findall(r" by ([\w, ]+?)(?: \||$)", query) for name in part.split(",")}
    assert by <= LINES
    assert {name.split()[0] for name in re.findall(r"sort (\w+ \w+)", query)} <= made
    groups = set(re.findall(r"SOURCE '\$\{(\w+)\}'", query))
    assert groups <= resources(read_template(), "AWS::Logs::LogGroup").keys()


def test_a_query_names_fields_that_the_lines_have() -> None:
    for field in LINES - {"message"}:
        assert re.search(rf"\b{field}=", SOURCE), field


@pytest.mark.parametrize("metric", ["ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"])
def test_every_queue_is_shown(metric: str) -> None:
    """A new queue needs a line in both widgets: `["AWS/SQS","…","QueueName","${ItsName.QueueName}"]`."""
    shown = {dimensions["QueueName"] for _, name, dimensions in plain_metrics() if name == metric}
    queues = resources(read_template(), "AWS::SQS::Queue")
    assert shown == {f"${{{name}.QueueName}}" for name in queues}


def test_every_function_that_reads_the_stream_is_shown() -> None:
    """A new one needs a line: `["AWS/Lambda","IteratorAge","FunctionName","${ItsName}"]`."""
    shown = {dimensions["FunctionName"] for _, name, dimensions in plain_metrics() if name == "IteratorAge"}
    functions = resources(read_template(), "AWS::Serverless::Function")
    assert shown == {
        f"${{{name}}}"
        for name, function in functions.items()
        if any(event["Type"] == "DynamoDB" for event in function.get("Events", {}).values())
    }


def test_the_spend_is_what_the_operator_says_a_text_costs() -> None:
    [spend] = [widget for widget in widgets() if "Spend" in widget["properties"]["title"]]
    assert spend["properties"]["metrics"][0][0]["expression"].startswith("${PricePerText} * SEARCH(")
