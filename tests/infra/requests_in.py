"""Rules of template.yaml on requests by the queue and the bus; see rules.py. And how to break them."""

from __future__ import annotations

from collections.abc import Iterator

from countersign.dialects.native_messages import LONGEST_AGE_SECONDS, REQUESTED
from countersign.intake import LEAST_SECONDS, MOST_RECEIVES, SETTLING_SECONDS

from .reading import DELETE, Template, resources
from .rules import SEND, Rule

DAY_SECONDS = 86_400
READING: dict[str, object] = {
    "Queue": {"Fn::GetAtt": ["Requests", "Arn"]},
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "ScalingConfig": {"MaximumConcurrency": 10},
}
TLS_ALONE = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sqs:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
ACCOUNT = {
    "Effect": "Allow",
    "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}},
    "Action": "sqs:SendMessage",
}
BUS = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["RequestedRule", "Arn"]}}},
}
POLICIES = {"Requests": [TLS_ALONE, ACCOUNT, BUS], "RequestsDeadLetters": [TLS_ALONE, BUS]}
PATTERN = {"account": [{"Ref": "AWS::AccountId"}], "detail-type": [REQUESTED]}


def the_send_function_reads_the_queue_within_bounds(template: Template) -> Iterator[str]:
    function = template["Resources"][SEND]["Properties"]
    batches = {name: event for name, event in function["Events"].items() if event["Type"] == "SQS"}
    if list(batches) != ["Requests"]:
        yield f"it reads {sorted(batches)}"
    reading = dict(batches["Requests"]["Properties"])
    # Whatever a message takes, the last one of a batch still has its time.
    if not 1 <= reading.pop("BatchSize", 10) * LEAST_SECONDS <= function["Timeout"] - SETTLING_SECONDS:
        yield "a batch can have more messages than there is time for"
    if reading != READING:
        yield f"it reads by {reading}"


def messages_come_back_when_the_function_has_surely_ended(template: Template) -> Iterator[str]:
    queue = resources(template, "AWS::SQS::Queue")["Requests"]
    if not queue.get("VisibilityTimeout", 30) >= 6 * template["Resources"][SEND]["Properties"]["Timeout"]:
        yield "a message is handed on again while it is being served"


def requests_that_nobody_can_serve_are_dead_letters(template: Template) -> Iterator[str]:
    queue = resources(template, "AWS::SQS::Queue")["Requests"]
    redrive = queue.get("RedrivePolicy", {})
    if redrive.get("deadLetterTargetArn") != {"Fn::GetAtt": ["RequestsDeadLetters", "Arn"]}:
        yield "they go nowhere"
    if redrive.get("maxReceiveCount") != MOST_RECEIVES:
        yield "the function gives them up before the queue does, or after it"
    if not LONGEST_AGE_SECONDS < queue.get("MessageRetentionPeriod", 4 * DAY_SECONDS) <= DAY_SECONDS:
        yield "they vanish before they are given up, or numbers lie on the queue for days"


def queues_take_messages_of_the_account_and_its_rule_alone(template: Template) -> Iterator[str]:
    found: dict[str, list[Template]] = {}
    for policy in resources(template, "AWS::SQS::QueuePolicy").values():
        for queue in policy["Queues"]:
            if queue["Ref"] not in POLICIES:
                continue
            statements = [dict(entry) for entry in policy["PolicyDocument"]["Statement"]]
            found[queue["Ref"]] = statements
            if {str(entry.pop("Resource")) for entry in statements} != {
                str({"Fn::GetAtt": [queue["Ref"], "Arn"]})
            }:
                yield f"a policy of {queue} says something of another"
    for queue, wanted in POLICIES.items():
        given = [
            {key: value for key, value in entry.items() if key != "Sid"} for entry in found.get(queue, [])
        ]
        if given != wanted:
            yield f"{queue}: {given}"


def requests_on_the_bus_and_nothing_else_reach_the_queue(template: Template) -> Iterator[str]:
    rules = [
        rule
        for rule in resources(template, "AWS::Events::Rule").values()
        if any(target["Arn"] == READING["Queue"] for target in rule["Targets"])
    ]
    if [rule.get("EventBusName") for rule in rules] != [{"Ref": "Bus"}]:
        yield f"{len(rules)} rules lead to the queue, or one of another bus"
    for rule in rules:
        if rule.get("EventPattern") != PATTERN:
            yield f"{rule.get('EventPattern')} starts verifications"
        for target in rule["Targets"]:
            if target.get("DeadLetterConfig") != {"Arn": {"Fn::GetAtt": ["RequestsDeadLetters", "Arn"]}}:
                yield "what cannot be put on the queue is lost"
            retries = target.get("RetryPolicy", {})
            if retries.get("MaximumEventAgeInSeconds") != LONGEST_AGE_SECONDS:
                yield "the bus tries for longer than a request is good for"
            if {"Input", "InputPath", "InputTransformer"} & target.keys():
                yield "the message is not the whole event"


QUEUE_RULES: tuple[Rule, ...] = (
    the_send_function_reads_the_queue_within_bounds,
    messages_come_back_when_the_function_has_surely_ended,
    requests_that_nobody_can_serve_are_dead_letters,
    queues_take_messages_of_the_account_and_its_rule_alone,
    requests_on_the_bus_and_nothing_else_reach_the_queue,
)

REQUESTS = "Resources/Requests/Properties"
EVENTS = "Resources/SendFunction/Properties/Events"
POLICY = "Resources/RequestsPolicy/Properties/PolicyDocument/Statement"
LETTERS_POLICY = "Resources/RequestsDeadLettersPolicy/Properties/PolicyDocument/Statement"
RULE = "Resources/RequestedRule/Properties"
ANOTHER_QUEUE = {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": ["CountDeadLetters", "Arn"]}}}

QUEUE_MUTATIONS: tuple[tuple[Rule, str, object], ...] = (
    (the_send_function_reads_the_queue_within_bounds, f"{EVENTS}/More", ANOTHER_QUEUE),
    (the_send_function_reads_the_queue_within_bounds, f"{EVENTS}/Requests/Properties/BatchSize", 3),
    (the_send_function_reads_the_queue_within_bounds, f"{EVENTS}/Requests/Properties/BatchSize", DELETE),
    (
        the_send_function_reads_the_queue_within_bounds,
        f"{EVENTS}/Requests/Properties/FunctionResponseTypes",
        DELETE,
    ),
    (the_send_function_reads_the_queue_within_bounds, f"{EVENTS}/Requests/Properties/ScalingConfig", DELETE),
    (
        the_send_function_reads_the_queue_within_bounds,
        f"{EVENTS}/Requests/Properties/MaximumBatchingWindowInSeconds",
        300,
    ),
    (messages_come_back_when_the_function_has_surely_ended, f"{REQUESTS}/VisibilityTimeout", 149),
    (messages_come_back_when_the_function_has_surely_ended, f"{REQUESTS}/VisibilityTimeout", DELETE),
    (requests_that_nobody_can_serve_are_dead_letters, f"{REQUESTS}/RedrivePolicy", DELETE),
    (requests_that_nobody_can_serve_are_dead_letters, f"{REQUESTS}/RedrivePolicy/maxReceiveCount", 6),
    (requests_that_nobody_can_serve_are_dead_letters, f"{REQUESTS}/MessageRetentionPeriod", 600),
    (requests_that_nobody_can_serve_are_dead_letters, f"{REQUESTS}/MessageRetentionPeriod", DELETE),
    (queues_take_messages_of_the_account_and_its_rule_alone, "Resources/RequestsPolicy", DELETE),
    (queues_take_messages_of_the_account_and_its_rule_alone, f"{POLICY}/0", DELETE),
    (queues_take_messages_of_the_account_and_its_rule_alone, f"{POLICY}/1/Principal", "*"),
    (queues_take_messages_of_the_account_and_its_rule_alone, f"{POLICY}/2/Condition", DELETE),
    (queues_take_messages_of_the_account_and_its_rule_alone, f"{POLICY}/0/Resource", "*"),
    (queues_take_messages_of_the_account_and_its_rule_alone, f"{LETTERS_POLICY}/0", DELETE),
    (requests_on_the_bus_and_nothing_else_reach_the_queue, "Resources/RequestedRule", DELETE),
    (requests_on_the_bus_and_nothing_else_reach_the_queue, f"{RULE}/EventBusName", DELETE),
    (
        requests_on_the_bus_and_nothing_else_reach_the_queue,
        f"{RULE}/EventPattern/detail-type",
        [{"prefix": "Verification"}],
    ),
    (requests_on_the_bus_and_nothing_else_reach_the_queue, f"{RULE}/EventPattern/account", DELETE),
    (requests_on_the_bus_and_nothing_else_reach_the_queue, f"{RULE}/Targets/0/DeadLetterConfig", DELETE),
    (requests_on_the_bus_and_nothing_else_reach_the_queue, f"{RULE}/Targets/0/RetryPolicy", DELETE),
    (requests_on_the_bus_and_nothing_else_reach_the_queue, f"{RULE}/Targets/0/InputPath", "$.detail"),
)
