"""Rules of template.yaml on webhooks: from the bus over the queue to the function; see rules.py."""

from __future__ import annotations

from collections.abc import Iterator

from countersign.webhooks.message import TYPES
from countersign.webhooks.schedule import ATTEMPTS, LONGEST_WAIT_SECONDS

from .reading import DELETE, Template
from .rules import WEBHOOK, Rule

QUEUE, DEAD_LETTERS = {"Fn::GetAtt": ["Webhooks", "Arn"]}, {"Fn::GetAtt": ["WebhooksDeadLetters", "Arn"]}
HIDES_SECONDS = 12 * 3_600  # at most, of SQS
BATCHES_IN_SIX = 6  # AWS's advice: a batch may be tried again before the queue shows it to somebody else
RULE_ALONE = {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["WebhooksRule", "Arn"]}}}
READING = {
    "Queue": QUEUE,
    "BatchSize": 10,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "ScalingConfig": {"MaximumConcurrency": 20},
}


def the_bus_copies_every_lifecycle_event_of_ours_into_the_queue(template: Template) -> Iterator[str]:
    rule = template["Resources"]["WebhooksRule"]["Properties"]
    if rule.get("EventBusName") != {"Ref": "Bus"}:
        yield "the rule does not listen to the bus"
    pattern = {name: sorted(values) for name, values in rule["EventPattern"].items()}
    ours = {"account": [{"Ref": "AWS::AccountId"}], "source": ["countersign"]}
    if pattern != ours | {"detail-type": sorted(TYPES)}:
        yield f"it listens to {pattern}"
    targets = [(target["Arn"], target.get("DeadLetterConfig")) for target in rule["Targets"]]
    if targets != [(QUEUE, {"Arn": DEAD_LETTERS})]:
        yield f"its targets are {targets}"


def events_are_copied_unless_somebody_switches_it_off(template: Template) -> Iterator[str]:
    rule = template["Resources"]["WebhooksRule"]["Properties"]
    if rule.get("State") != {"Fn::If": ["DeliversWebhooks", "ENABLED", "DISABLED"]}:
        yield "the rule does not follow DeliversWebhooks"
    if template["Conditions"].get("DeliversWebhooks") != {"Fn::Equals": [{"Ref": "WebhookDelivery"}, "on"]}:
        yield "DeliversWebhooks does not follow WebhookDelivery"
    parameter = template["Parameters"]["WebhookDelivery"]
    if (parameter["Default"], parameter.get("AllowedValues")) != ("on", ["on", "off"]):
        yield "off by default, or something else than on and off"


def nobody_but_the_rule_writes_into_the_queues(template: Template) -> Iterator[str]:
    policy = template["Resources"]["WebhooksPolicy"]["Properties"]
    if policy.get("Queues") != [{"Ref": "Webhooks"}, {"Ref": "WebhooksDeadLetters"}]:
        yield "the policy is that of other queues"
    statements = policy["PolicyDocument"]["Statement"]
    if [statement.get("Resource") for statement in statements] != [QUEUE, DEAD_LETTERS]:
        yield "the rule may write somewhere else"
    for statement in statements:
        who = (statement.get("Effect"), statement.get("Principal"), statement.get("Condition"))
        if who != ("Allow", {"Service": "events.amazonaws.com"}, RULE_ALONE):
            yield f"{statement.get('Sid')} is for {who}"
        if statement.get("Action") != "sqs:SendMessage":
            yield f"{statement.get('Sid')} allows {statement.get('Action')}"


def the_webhook_function_takes_its_queue_in_small_batches(template: Template) -> Iterator[str]:
    events = template["Resources"][WEBHOOK]["Properties"]["Events"]
    found = [(event["Type"], event["Properties"]) for event in events.values()]
    if found != [("SQS", READING)]:
        yield f"it is invoked by {found}"


def the_queue_hides_a_message_until_its_next_attempt_and_then_gives_it_up(
    template: Template,
) -> Iterator[str]:
    queue = template["Resources"]["Webhooks"]["Properties"]
    seconds = template["Resources"][WEBHOOK]["Properties"]["Timeout"]
    if not BATCHES_IN_SIX * seconds <= queue.get("VisibilityTimeout", 30):
        yield "a batch may come again while it is at work"
    if LONGEST_WAIT_SECONDS + seconds > HIDES_SECONDS:
        yield "the longest wait and a batch are more than SQS hides a message for"
    if queue.get("RedrivePolicy") != {"deadLetterTargetArn": DEAD_LETTERS, "maxReceiveCount": ATTEMPTS}:
        yield "it gives up before the last attempt, or does not"


def webhooks_leave_for_the_internet_alone_unless_somebody_switches_it(template: Template) -> Iterator[str]:
    parameter = template["Parameters"].get("WebhookLoopback", {})
    if (parameter.get("Default"), parameter.get("AllowedValues")) != ("off", ["off", "on"]):
        yield "WebhookLoopback is not off by default, or takes something else than off and on"
    variables = template["Resources"][WEBHOOK]["Properties"].get("Environment", {}).get("Variables", {})
    if variables.get("WEBHOOK_LOOPBACK") != {"Ref": "WebhookLoopback"}:
        yield "the webhook function does not follow WebhookLoopback"


WEBHOOK_RULES: tuple[Rule, ...] = (
    the_bus_copies_every_lifecycle_event_of_ours_into_the_queue,
    events_are_copied_unless_somebody_switches_it_off,
    nobody_but_the_rule_writes_into_the_queues,
    the_webhook_function_takes_its_queue_in_small_batches,
    the_queue_hides_a_message_until_its_next_attempt_and_then_gives_it_up,
    webhooks_leave_for_the_internet_alone_unless_somebody_switches_it,
)

FUNCTION = "Resources/WebhookFunction/Properties"
RULE = "Resources/WebhooksRule/Properties"
POLICY = "Resources/WebhooksPolicy/Properties"
STATEMENT = f"{POLICY}/PolicyDocument/Statement"
WAITING = f"{FUNCTION}/Events/Waiting"
HIDING = "Resources/Webhooks/Properties"
ANYBODY = {"Effect": "Allow", "Action": "sqs:SendMessage", "Principal": "*", "Resource": QUEUE}

_BUS = the_bus_copies_every_lifecycle_event_of_ours_into_the_queue
_SWITCH = events_are_copied_unless_somebody_switches_it_off
_WRITERS = nobody_but_the_rule_writes_into_the_queues
_BATCHES = the_webhook_function_takes_its_queue_in_small_batches
_HIDING = the_queue_hides_a_message_until_its_next_attempt_and_then_gives_it_up
_LOOPBACK = webhooks_leave_for_the_internet_alone_unless_somebody_switches_it

WEBHOOK_MUTATIONS: tuple[tuple[Rule, str, object], ...] = (
    (_BUS, f"{RULE}/EventBusName", DELETE),
    (_BUS, f"{RULE}/EventPattern/source/0", "shop"),
    (_BUS, f"{RULE}/EventPattern/account", DELETE),
    (_BUS, f"{RULE}/EventPattern/detail-type/3", DELETE),
    (_BUS, f"{RULE}/EventPattern/detail-type/7", "VerificationRequested"),
    (_BUS, f"{RULE}/Targets/0/DeadLetterConfig", DELETE),
    (_BUS, f"{RULE}/Targets/0/Arn/Fn::GetAtt/0", "WebhooksDeadLetters"),
    (_SWITCH, f"{RULE}/State", "DISABLED"),
    (_SWITCH, "Conditions/DeliversWebhooks/Fn::Equals/1", "off"),
    (_SWITCH, "Parameters/WebhookDelivery/Default", "off"),
    (_SWITCH, "Parameters/WebhookDelivery/AllowedValues/2", "yes"),
    (_WRITERS, f"{POLICY}/Queues/1", DELETE),
    (_WRITERS, f"{STATEMENT}/0/Condition", DELETE),
    (_WRITERS, f"{STATEMENT}/0/Principal", "*"),
    (_WRITERS, f"{STATEMENT}/1/Action", "sqs:*"),
    (_WRITERS, f"{STATEMENT}/1/Resource", "*"),
    (_WRITERS, f"{STATEMENT}/2", ANYBODY),
    (_BATCHES, f"{WAITING}/Properties/BatchSize", 10_000),
    (_BATCHES, f"{WAITING}/Properties/FunctionResponseTypes", DELETE),
    (_BATCHES, f"{WAITING}/Properties/ScalingConfig", DELETE),
    (_BATCHES, f"{WAITING}/Properties/MaximumBatchingWindowInSeconds", 300),
    (_HIDING, f"{HIDING}/VisibilityTimeout", 60),
    (_HIDING, f"{HIDING}/RedrivePolicy/maxReceiveCount", 3),
    (_HIDING, f"{HIDING}/RedrivePolicy", DELETE),
    (_HIDING, f"{FUNCTION}/Timeout", 900),
    (_HIDING, f"{FUNCTION}/Timeout", 7_200),
    (_LOOPBACK, "Parameters/WebhookLoopback/Default", "on"),
    (_LOOPBACK, "Parameters/WebhookLoopback/AllowedValues/2", "yes"),
    (_LOOPBACK, f"{FUNCTION}/Environment/Variables/WEBHOOK_LOOPBACK", "on"),
)
