"""Rules of template.yaml on the stream and the queues, their functions, and the dashboard; see rules.py."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from countersign.counting import Step
from countersign.model import Receipt
from countersign.reports import metric_of

from .reading import Template, resources
from .rules import COUNT, PUBLISH, Rule

DAY_SECONDS = 86_400
# Each bounds how late a count can be, what a batch may cost, or what becomes of one that fails.
_READING: dict[str, object] = {
    "Stream": {"Fn::GetAtt": ["Table", "StreamArn"]},
    "StartingPosition": "TRIM_HORIZON",
    "BatchSize": 100,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}


def _given_up_to(queue: str) -> dict[str, object]:
    return {"OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": [queue, "Arn"]}}}


# Counts may lag a second, and be lost after an hour; events should be soon, and outlast an outage.
READINGS: dict[str, dict[str, object]] = {
    COUNT: {
        **_READING,
        "MaximumBatchingWindowInSeconds": 1,
        "MaximumRetryAttempts": 8,
        "MaximumRecordAgeInSeconds": 3600,
        "DestinationConfig": _given_up_to("CountDeadLetters"),
    },
    PUBLISH: {
        **_READING,
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRetryAttempts": 20,
        "MaximumRecordAgeInSeconds": 21_600,
        "DestinationConfig": _given_up_to("PublishDeadLetters"),
    },
}
READERS = 2  # of one shard; DynamoDB throttles a third
LOOKING: dict[str, object] = {
    "Queue": {"Fn::GetAtt": ["Expiries", "Arn"]},
    "BatchSize": 10,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}
FILTER = {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "V#"}]}}}}
LONGEST_BATCH_SECONDS = 60
SEARCH = re.compile(r"""SEARCH\('\{([^}]*)\} MetricName="(\w+)"(?: provider="\w+")?', 'Sum'\)""")
PROMISED = frozenset({"TextsDelivered", "TextsUndelivered"})  # as vendors report it


def the_table_streams_both_images(template: Template) -> Iterator[str]:
    table = template["Resources"]["Table"]["Properties"]
    if table.get("StreamSpecification") != {"StreamViewType": "NEW_AND_OLD_IMAGES"}:
        yield "the stream does not tell what was there before a change and after it"


def the_count_function_reads_the_stream_within_bounds(template: Template) -> Iterator[str]:
    yield from _reads_within_bounds(template, COUNT, events={"Changes": "DynamoDB"})


def the_publish_function_reads_the_stream_within_bounds(template: Template) -> Iterator[str]:
    yield from _reads_within_bounds(template, PUBLISH, events={"Changes": "DynamoDB", "Expiries": "SQS"})


def _reads_within_bounds(template: Template, name: str, *, events: dict[str, str]) -> Iterator[str]:
    function = template["Resources"][name]["Properties"]
    if {event: source["Type"] for event, source in function["Events"].items()} != events:
        yield f"events are {sorted(function['Events'])}"
    reading = dict(function["Events"]["Changes"]["Properties"])
    filters = reading.pop("FilterCriteria", {}).get("Filters", [])
    if [json.loads(entry.get("Pattern", "null")) for entry in filters] != [FILTER]:
        yield "something else than changes of verifications invokes it"
    wanted = READINGS[name]
    differing = sorted(at for at in wanted.keys() | reading if reading.get(at) != wanted.get(at))
    if differing:
        yield f"it reads by {differing}"
    if not function["Timeout"] <= LONGEST_BATCH_SECONDS:
        yield "one batch can hold up the others for minutes"


def no_more_read_the_stream_than_a_shard_serves(template: Template) -> Iterator[str]:
    functions = resources(template, "AWS::Serverless::Function")
    readers = [
        name
        for name, function in functions.items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "DynamoDB"
    ]
    if len(readers) > READERS:
        yield f"{readers} read the stream"


def looks_come_back_until_they_are_given_up(template: Template) -> Iterator[str]:
    function = template["Resources"][PUBLISH]["Properties"]
    if function["Events"].get("Expiries", {}).get("Properties") != LOOKING:
        yield "the queue of looks is not read as it should be"
    queue = resources(template, "AWS::SQS::Queue")["Expiries"]
    if queue.get("VisibilityTimeout") != 6 * function["Timeout"]:
        yield "a look may come again while it is being done"
    redrive = {"deadLetterTargetArn": {"Fn::GetAtt": ["ExpiriesDeadLetters", "Arn"]}, "maxReceiveCount": 10}
    if queue.get("RedrivePolicy") != redrive:
        yield "a look that fails comes back for ever, or is lost"


def what_is_given_up_is_kept_encrypted(template: Template) -> Iterator[str]:
    for name, queue in resources(template, "AWS::SQS::Queue").items():
        if queue.get("SqsManagedSseEnabled") is not True:
            yield f"{name} is not encrypted"
        if name.endswith("DeadLetters") and queue.get("MessageRetentionPeriod") != 14 * DAY_SECONDS:
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
            for entry in widget["properties"].get("metrics", []):
                expression = entry[0].get("expression", "") if isinstance(entry[0], dict) else ""
                for schema, metric in SEARCH.findall(expression):
                    yield widget["properties"]["title"], schema, metric


STREAM_RULES: tuple[Rule, ...] = (
    the_table_streams_both_images,
    the_count_function_reads_the_stream_within_bounds,
    the_publish_function_reads_the_stream_within_bounds,
    no_more_read_the_stream_than_a_shard_serves,
    looks_come_back_until_they_are_given_up,
    what_is_given_up_is_kept_encrypted,
    the_dashboard_shows_what_is_measured,
)
