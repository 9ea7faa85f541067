"""Rules of template.yaml on the stream, the function that counts, and the dashboard; see rules.py."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from countersign.counting import Step
from countersign.model import Receipt
from countersign.reports import metric_of

from .reading import Template, resources
from .rules import COUNT, Rule

DAY_SECONDS = 86_400
# Each bounds how late a count can be, what a batch may cost, or what becomes of one that fails.
READING: dict[str, object] = {
    "Stream": {"Fn::GetAtt": ["Table", "StreamArn"]},
    "StartingPosition": "TRIM_HORIZON",
    "BatchSize": 100,
    "MaximumBatchingWindowInSeconds": 1,
    "BisectBatchOnFunctionError": True,
    "MaximumRetryAttempts": 8,
    "MaximumRecordAgeInSeconds": 3600,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "DestinationConfig": {
        "OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": ["CountDeadLetters", "Arn"]}}
    },
}
FILTER = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "V#"}]}}}}
LONGEST_BATCH_SECONDS = 60
SEARCH = re.compile(r"""SEARCH\('\{([^}]*)\} MetricName="(\w+)"', 'Sum'\)""")


def the_table_streams_both_images(template: Template) -> Iterator[str]:
    table = template["Resources"]["Table"]["Properties"]
    if table.get("StreamSpecification") != {"StreamViewType": "NEW_AND_OLD_IMAGES"}:
        yield "the stream does not tell what was there before a change and after it"


def the_count_function_reads_the_stream_within_bounds(template: Template) -> Iterator[str]:
    function = template["Resources"][COUNT]["Properties"]
    if list(function["Events"]) != ["Changes"] or function["Events"]["Changes"].get("Type") != "DynamoDB":
        yield f"events are {sorted(function['Events'])}"
    reading = dict(function["Events"]["Changes"]["Properties"])
    filters = reading.pop("FilterCriteria", {}).get("Filters", [])
    if [json.loads(entry.get("Pattern", "null")) for entry in filters] != [FILTER]:
        yield "something else than changes of verifications invokes it"
    if reading != READING:
        yield f"it reads by {sorted(name for name in READING.keys() | reading if _differs(reading, name))}"
    if not function["Timeout"] <= LONGEST_BATCH_SECONDS:
        yield "one batch can hold up the others for minutes"


def _differs(reading: Template, name: str) -> bool:
    return reading.get(name) != READING.get(name)


def what_is_given_up_is_kept_encrypted(template: Template) -> Iterator[str]:
    for name, queue in resources(template, "AWS::SQS::Queue").items():
        if queue.get("SqsManagedSseEnabled") is not True:
            yield f"{name} is not encrypted"
        if queue.get("MessageRetentionPeriod") != 14 * DAY_SECONDS:
            yield f"{name} forgets before anybody has looked"


def the_dashboard_shows_what_is_measured(template: Template) -> Iterator[str]:
    shown = {(dimensions, metric) for _, dimensions, metric in searches(template)}
    measured = {step.value for step in Step} | {metric_of(receipt) for receipt in Receipt} - {None}
    if shown != {("Countersign,country,provider,service", metric) for metric in measured}:
        yield f"the dashboard shows {sorted(shown)}"


def searches(template: Template) -> Iterator[tuple[str, str, str]]:
    """Title, schema and metric of everything that the dashboards search for."""
    for dashboard in resources(template, "AWS::CloudWatch::Dashboard").values():
        for widget in json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]:
            for entry in widget["properties"]["metrics"]:
                expression = entry[0].get("expression", "") if isinstance(entry[0], dict) else ""
                for schema, metric in SEARCH.findall(expression):
                    yield widget["properties"]["title"], schema, metric


STREAM_RULES: tuple[Rule, ...] = (
    the_table_streams_both_images,
    the_count_function_reads_the_stream_within_bounds,
    what_is_given_up_is_kept_encrypted,
    the_dashboard_shows_what_is_measured,
)
