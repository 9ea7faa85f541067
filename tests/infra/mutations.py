"""Broken templates: for every rule, what to change in a copy of template.yaml so that the rule is broken."""

from __future__ import annotations

from .access import (
    ACCESS_RULES,
    alarms_ring_and_stay_quiet_without_data,
    alarms_watch_what_is_measured,
    each_function_has_a_role_of_its_own,
    metrics_are_written_where_the_alarms_look,
    roles_are_lambdas_and_hold_no_managed_policy,
    roles_hold_single_actions_on_single_resources,
)
from .reading import DELETE
from .rules import (
    RULES,
    Rule,
    bundles_come_from_their_own_folders,
    each_function_gives_up_before_its_integration_does,
    environment_names_are_those_that_the_settings_read,
    every_log_is_deleted_in_time,
    every_output_is_described,
    every_parameter_is_described_bounded_and_grouped,
    functions_run_python_313_on_arm64_and_are_traced,
    no_secret_value_stands_in_the_template,
    routes_are_explicit_and_speak_payload_2,
    scripts_are_off_unless_somebody_switches_them_on,
    the_access_log_names_no_person,
    the_api_is_throttled,
    the_table_expires_items_and_can_be_restored,
    the_table_holds_items_by_pk_on_demand,
    the_table_is_protected_by_a_parameter_that_is_on,
    what_holds_state_outlives_the_stack,
)
from .stream import (
    STREAM_RULES,
    looks_come_back_until_they_are_given_up,
    no_more_read_the_stream_than_a_shard_serves,
    the_count_function_reads_the_stream_within_bounds,
    the_dashboard_shows_what_is_measured,
    the_publish_function_reads_the_stream_within_bounds,
    the_table_streams_both_images,
    what_is_given_up_is_kept_encrypted,
)

ALL_RULES = RULES + ACCESS_RULES + STREAM_RULES

TABLE = "Resources/Table/Properties"
SEND = "Resources/SendFunction/Properties"
VERIFY = "Resources/VerifyFunction/Properties"
API = "Resources/Api/Properties"
SEND_POLICY = "Resources/SendRole/Properties/Policies/0/PolicyDocument/Statement"
VERIFY_POLICY = "Resources/VerifyRole/Properties/Policies/0/PolicyDocument/Statement"
ALARM = "Resources/EsmsFailureAlarm/Properties"
RECEIPTS = "Resources/ReceiptsFunction/Properties"
RECEIPTS_POLICY = "Resources/ReceiptsRole/Properties/Policies/0/PolicyDocument/Statement"
COUNT = "Resources/CountFunction/Properties"
COUNT_POLICY = "Resources/CountRole/Properties/Policies/0/PolicyDocument/Statement"
CHANGES = f"{COUNT}/Events/Changes/Properties"
PUBLISH = "Resources/PublishFunction/Properties"
PUBLISH_POLICY = "Resources/PublishRole/Properties/Policies/0/PolicyDocument/Statement"
TOLD = f"{PUBLISH}/Events/Changes/Properties"
EXPIRIES = "Resources/Expiries/Properties"
DEAD_LETTERS = "Resources/CountDeadLetters/Properties"
CLIENTS = "Resources/ClientsSecret/Properties"
VENDORS = "Resources/VendorsSecret/Properties"
EVENTS = f"{VERIFY}/Events"
LOG_FORMAT = f"{API}/AccessLogSettings/Format"
ENVIRONMENT = "Globals/Function/Environment/Variables"

MUTATIONS: tuple[tuple[Rule, str, object], ...] = (
    (the_table_holds_items_by_pk_on_demand, f"{TABLE}/BillingMode", "PROVISIONED"),
    (the_table_holds_items_by_pk_on_demand, f"{TABLE}/KeySchema/0/AttributeName", "id"),
    (the_table_expires_items_and_can_be_restored, f"{TABLE}/TimeToLiveSpecification/Enabled", False),
    (
        the_table_expires_items_and_can_be_restored,
        f"{TABLE}/TimeToLiveSpecification/AttributeName",
        "expires_at",
    ),
    (the_table_expires_items_and_can_be_restored, f"{TABLE}/PointInTimeRecoverySpecification", DELETE),
    (the_table_expires_items_and_can_be_restored, f"{TABLE}/SSESpecification/SSEEnabled", False),
    (the_table_is_protected_by_a_parameter_that_is_on, f"{TABLE}/DeletionProtectionEnabled", False),
    (the_table_is_protected_by_a_parameter_that_is_on, "Parameters/DeletionProtection/Default", "false"),
    (the_table_is_protected_by_a_parameter_that_is_on, "Conditions/ProtectsTable/Fn::Equals/1", "false"),
    (what_holds_state_outlives_the_stack, "Resources/Table/DeletionPolicy", "Delete"),
    (what_holds_state_outlives_the_stack, "Resources/ClientsSecret/UpdateReplacePolicy", DELETE),
    (no_secret_value_stands_in_the_template, f"{VENDORS}/SecretString", '{"esms":{}}'),
    (no_secret_value_stands_in_the_template, f"{CLIENTS}/SecretString", "{}"),
    (no_secret_value_stands_in_the_template, f"{CLIENTS}/GenerateSecretString/PasswordLength", 16),
    (
        no_secret_value_stands_in_the_template,
        f"{CLIENTS}/GenerateSecretString/SecretStringTemplate",
        '{"clients":{"demo":{"secrets":["demo-secret"]}}}',
    ),
    (every_parameter_is_described_bounded_and_grouped, "Parameters/Routes/Description", DELETE),
    (every_parameter_is_described_bounded_and_grouped, "Parameters/EsmsUrl/AllowedPattern", DELETE),
    (every_parameter_is_described_bounded_and_grouped, "Parameters/ThrottleRate/MaxValue", DELETE),
    (every_parameter_is_described_bounded_and_grouped, "Parameters/New", {"Type": "String"}),
    (every_output_is_described, "Outputs/ApiId/Description", DELETE),
    (every_output_is_described, "Outputs/TableName", DELETE),
    (functions_run_python_313_on_arm64_and_are_traced, "Globals/Function/Tracing", DELETE),
    (functions_run_python_313_on_arm64_and_are_traced, f"{SEND}/Runtime", "python3.12"),
    (each_function_gives_up_before_its_integration_does, f"{SEND}/Timeout", 29),
    (each_function_gives_up_before_its_integration_does, f"{SEND}/Timeout", 900),
    (each_function_gives_up_before_its_integration_does, f"{EVENTS}/Check/Properties/TimeoutInMillis", 20000),
    (
        each_function_gives_up_before_its_integration_does,
        f"{EVENTS}/Unrouted/Properties/TimeoutInMillis",
        DELETE,
    ),
    (routes_are_explicit_and_speak_payload_2, f"{EVENTS}/Unrouted", DELETE),
    (routes_are_explicit_and_speak_payload_2, f"{SEND}/Events/Start/Properties/Method", "ANY"),
    (routes_are_explicit_and_speak_payload_2, f"{SEND}/Events/Start/Properties/PayloadFormatVersion", "1.0"),
    (routes_are_explicit_and_speak_payload_2, f"{SEND}/Events/Esms/Properties/Method", "GET"),
    (
        routes_are_explicit_and_speak_payload_2,
        f"{EVENTS}/EsmsCheck/Properties/Path",
        "/MainService.svc/json/",
    ),
    (routes_are_explicit_and_speak_payload_2, f"{EVENTS}/Token", DELETE),
    (routes_are_explicit_and_speak_payload_2, f"{EVENTS}/Token/Properties/ApiId/Ref", "AnotherApi"),
    (environment_names_are_those_that_the_settings_read, f"{ENVIRONMENT}/TABLE_NAME", DELETE),
    (environment_names_are_those_that_the_settings_read, f"{ENVIRONMENT}/EXTRA", "1"),
    (environment_names_are_those_that_the_settings_read, f"{SEND}/Environment", DELETE),
    (scripts_are_off_unless_somebody_switches_them_on, "Parameters/TestNumbers/Default", "on"),
    (scripts_are_off_unless_somebody_switches_them_on, "Parameters/TestNumbers/AllowedValues/2", "yes"),
    (
        scripts_are_off_unless_somebody_switches_them_on,
        f"{SEND}/Environment/Variables/TEST_NUMBERS",
        "on",
    ),
    (bundles_come_from_their_own_folders, f"{SEND}/CodeUri", "."),
    (bundles_come_from_their_own_folders, "Resources/CountersignLayer/Properties/ContentUri", "local"),
    (bundles_come_from_their_own_folders, "Resources/VerifyFunction/Metadata", DELETE),
    (bundles_come_from_their_own_folders, "Globals/Function/Layers", DELETE),
    (every_log_is_deleted_in_time, "Resources/ApiLogGroup/Properties/RetentionInDays", DELETE),
    (every_log_is_deleted_in_time, f"{SEND}/LoggingConfig/LogFormat", "JSON"),
    (every_log_is_deleted_in_time, f"{VERIFY}/LoggingConfig/LogGroup/Ref", "SendLogGroup"),
    (the_access_log_names_no_person, LOG_FORMAT, '{"ip":"$context.identity.sourceIp"}'),
    (
        the_access_log_names_no_person,
        LOG_FORMAT,
        '{"a":"$context.requestId","b":"$context.routeKey","c":"$context.status","d":"$context.path"}',
    ),
    (
        the_access_log_names_no_person,
        LOG_FORMAT,
        '{"a":"$context.requestId","b":"$context.routeKey","c":"$context.status $context.authorizer.claims"}',
    ),
    (the_access_log_names_no_person, f"{API}/AccessLogSettings", DELETE),
    (the_api_is_throttled, f"{API}/DefaultRouteSettings/ThrottlingRateLimit", DELETE),
    (the_api_is_throttled, f"{API}/DefaultRouteSettings/ThrottlingBurstLimit", 10000),
    (each_function_has_a_role_of_its_own, f"{VERIFY}/Role/Fn::GetAtt/0", "SendRole"),
    (each_function_has_a_role_of_its_own, f"{SEND}/Role", DELETE),
    (each_function_has_a_role_of_its_own, "Resources/SpareRole", {"Type": "AWS::IAM::Role"}),
    (each_function_has_a_role_of_its_own, f"{SEND}/Policies", ["AmazonDynamoDBFullAccess"]),
    (
        roles_are_lambdas_and_hold_no_managed_policy,
        "Resources/SendRole/Properties/ManagedPolicyArns",
        ["arn:aws:iam::aws:policy/AdministratorAccess"],
    ),
    (
        roles_are_lambdas_and_hold_no_managed_policy,
        "Resources/SendRole/Properties/AssumeRolePolicyDocument/Statement/0/Principal",
        "*",
    ),
    (roles_hold_single_actions_on_single_resources, f"{SEND_POLICY}/0/Resource", "*"),
    (roles_hold_single_actions_on_single_resources, f"{SEND_POLICY}/0/Action/0", "dynamodb:*"),
    (roles_hold_single_actions_on_single_resources, f"{SEND_POLICY}/0/Action/0", "dynamodb:DeleteItem"),
    (roles_hold_single_actions_on_single_resources, f"{VERIFY_POLICY}/0/Action/2", "dynamodb:PutItem"),
    (roles_hold_single_actions_on_single_resources, f"{VERIFY_POLICY}/1/Resource", "*"),
    (roles_hold_single_actions_on_single_resources, f"{VERIFY_POLICY}/3/Resource", "*"),
    (roles_hold_single_actions_on_single_resources, f"{VERIFY_POLICY}/3/Action/1", "kms:*"),
    (
        roles_hold_single_actions_on_single_resources,
        f"{VERIFY_POLICY}/6",
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
    ),
    (alarms_watch_what_is_measured, f"{ALARM}/Dimensions/1/Value", "esms_vn"),
    (alarms_watch_what_is_measured, f"{ALARM}/Dimensions/0", DELETE),
    (alarms_watch_what_is_measured, f"{ALARM}/Namespace", "countersign"),
    (alarms_watch_what_is_measured, "Resources/ConfigurationFaultAlarm", DELETE),
    (metrics_are_written_where_the_alarms_look, f"{ENVIRONMENT}/POWERTOOLS_SERVICE_NAME", "gateway"),
    (metrics_are_written_where_the_alarms_look, f"{ENVIRONMENT}/POWERTOOLS_METRICS_NAMESPACE", "countersign"),
    # 5XXError is what a REST API counts; an HTTP API never sends it.
    (alarms_watch_what_is_measured, "Resources/Api5xxAlarm/Properties/MetricName", "5XXError"),
    (alarms_ring_and_stay_quiet_without_data, f"{ALARM}/TreatMissingData", DELETE),
    (alarms_ring_and_stay_quiet_without_data, f"{ALARM}/AlarmActions", [{"Ref": "AlarmTopicArn"}]),
    (alarms_ring_and_stay_quiet_without_data, f"{ALARM}/ComparisonOperator", "LessThanThreshold"),
    (alarms_ring_and_stay_quiet_without_data, f"{ALARM}/AlarmDescription", DELETE),
    (alarms_ring_and_stay_quiet_without_data, "Resources/CountLagAlarm/Properties/Threshold", 600_000),
    (alarms_ring_and_stay_quiet_without_data, "Resources/CountLagAlarm/Properties/Statistic", "Sum"),
    (alarms_ring_and_stay_quiet_without_data, "Resources/CountDeadLettersAlarm/Properties/Threshold", 10),
    (alarms_ring_and_stay_quiet_without_data, "Resources/RequestsAgeAlarm/Properties/Threshold", 600),
    (alarms_watch_what_is_measured, "Resources/CountDeadLettersAlarm", DELETE),
    (alarms_watch_what_is_measured, "Resources/RequestsAgeAlarm", DELETE),
    (alarms_watch_what_is_measured, "Resources/RequestsDeadLettersAlarm", DELETE),
    (roles_hold_single_actions_on_single_resources, f"{SEND_POLICY}/3/Action/3", DELETE),
    (roles_hold_single_actions_on_single_resources, f"{SEND_POLICY}/3/Resource", "*"),
    (alarms_watch_what_is_measured, "Resources/CountErrorsAlarm", DELETE),
    (environment_names_are_those_that_the_settings_read, f"{ENVIRONMENT}/CLIENTS_SECRET_ARN", "arn"),
    (environment_names_are_those_that_the_settings_read, f"{COUNT}/Environment", {"Variables": {"X": "1"}}),
    (roles_hold_single_actions_on_single_resources, f"{COUNT_POLICY}/0/Action", "dynamodb:GetItem"),
    (roles_hold_single_actions_on_single_resources, f"{COUNT_POLICY}/1/Resource", "*"),
    (roles_hold_single_actions_on_single_resources, f"{COUNT_POLICY}/2", DELETE),
    (
        roles_hold_single_actions_on_single_resources,
        f"{COUNT_POLICY}/5",
        {
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": {"Fn::GetAtt": ["ClientsSecret", "Id"]},
        },
    ),
    (roles_hold_single_actions_on_single_resources, f"{RECEIPTS_POLICY}/0/Action", "dynamodb:PutItem"),
    (
        roles_hold_single_actions_on_single_resources,
        f"{RECEIPTS_POLICY}/1/Resource",
        {"Fn::GetAtt": ["ClientsSecret", "Id"]},
    ),
    (
        routes_are_explicit_and_speak_payload_2,
        f"{RECEIPTS}/Events/EsmsReceipt/Properties/Path",
        "/receipts/esms",
    ),
    (routes_are_explicit_and_speak_payload_2, f"{RECEIPTS}/Events/EngageLabReceipts", DELETE),
    (each_function_gives_up_before_its_integration_does, f"{RECEIPTS}/Timeout", 29),
    (environment_names_are_those_that_the_settings_read, f"{RECEIPTS}/Environment", DELETE),
    (every_log_is_deleted_in_time, f"{RECEIPTS}/LoggingConfig/LogGroup/Ref", "SendLogGroup"),
    (alarms_watch_what_is_measured, "Resources/ReceiptsErrorsAlarm", DELETE),
    (the_table_streams_both_images, f"{TABLE}/StreamSpecification", DELETE),
    (the_table_streams_both_images, f"{TABLE}/StreamSpecification/StreamViewType", "NEW_IMAGE"),
    (the_count_function_reads_the_stream_within_bounds, f"{CHANGES}/StartingPosition", "LATEST"),
    (the_count_function_reads_the_stream_within_bounds, f"{CHANGES}/BatchSize", 10_000),
    (the_count_function_reads_the_stream_within_bounds, f"{CHANGES}/MaximumBatchingWindowInSeconds", 300),
    (the_count_function_reads_the_stream_within_bounds, f"{CHANGES}/BisectBatchOnFunctionError", DELETE),
    (the_count_function_reads_the_stream_within_bounds, f"{CHANGES}/MaximumRetryAttempts", DELETE),
    (the_count_function_reads_the_stream_within_bounds, f"{CHANGES}/MaximumRecordAgeInSeconds", -1),
    (the_count_function_reads_the_stream_within_bounds, f"{CHANGES}/FunctionResponseTypes", []),
    (the_count_function_reads_the_stream_within_bounds, f"{CHANGES}/ParallelizationFactor", 10),
    (the_count_function_reads_the_stream_within_bounds, f"{CHANGES}/FilterCriteria", DELETE),
    (
        the_count_function_reads_the_stream_within_bounds,
        f"{CHANGES}/FilterCriteria/Filters/0/Pattern",
        '{"eventName":["INSERT","MODIFY"]}',
    ),
    (the_count_function_reads_the_stream_within_bounds, f"{CHANGES}/FilterCriteria/Filters/1", {}),
    (the_count_function_reads_the_stream_within_bounds, f"{CHANGES}/DestinationConfig", DELETE),
    (the_count_function_reads_the_stream_within_bounds, f"{COUNT}/Events/Api", {"Type": "HttpApi"}),
    (the_count_function_reads_the_stream_within_bounds, f"{COUNT}/Timeout", 900),
    (the_publish_function_reads_the_stream_within_bounds, f"{TOLD}/MaximumRecordAgeInSeconds", 60),
    (the_publish_function_reads_the_stream_within_bounds, f"{TOLD}/FilterCriteria", DELETE),
    (the_publish_function_reads_the_stream_within_bounds, f"{TOLD}/BisectBatchOnFunctionError", False),
    (
        the_publish_function_reads_the_stream_within_bounds,
        f"{TOLD}/DestinationConfig/OnFailure/Destination/Fn::GetAtt/0",
        "CountDeadLetters",
    ),
    (
        no_more_read_the_stream_than_a_shard_serves,
        f"{SEND}/Events/Changes",
        {"Type": "DynamoDB", "Properties": {}},
    ),
    (looks_come_back_until_they_are_given_up, f"{PUBLISH}/Events/Expiries/Properties/BatchSize", 1000),
    (
        looks_come_back_until_they_are_given_up,
        f"{PUBLISH}/Events/Expiries/Properties/FunctionResponseTypes",
        [],
    ),
    (looks_come_back_until_they_are_given_up, f"{EXPIRIES}/VisibilityTimeout", 30),
    (looks_come_back_until_they_are_given_up, f"{EXPIRIES}/RedrivePolicy", DELETE),
    (looks_come_back_until_they_are_given_up, f"{EXPIRIES}/RedrivePolicy/maxReceiveCount", 1),
    (what_is_given_up_is_kept_encrypted, f"{EXPIRIES}/SqsManagedSseEnabled", False),
    (alarms_watch_what_is_measured, "Resources/ExpiriesDeadLettersAlarm", DELETE),
    (alarms_watch_what_is_measured, "Resources/PublishLagAlarm", DELETE),
    (environment_names_are_those_that_the_settings_read, f"{PUBLISH}/Environment", DELETE),
    (roles_hold_single_actions_on_single_resources, f"{PUBLISH_POLICY}/3/Resource", "*"),
    (roles_hold_single_actions_on_single_resources, f"{PUBLISH_POLICY}/4/Action", "sqs:*"),
    (roles_hold_single_actions_on_single_resources, f"{PUBLISH_POLICY}/5/Action/0", "sqs:*"),
    (what_is_given_up_is_kept_encrypted, f"{DEAD_LETTERS}/SqsManagedSseEnabled", DELETE),
    (what_is_given_up_is_kept_encrypted, f"{DEAD_LETTERS}/MessageRetentionPeriod", DELETE),
    (what_is_given_up_is_kept_encrypted, "Resources/Requests/Properties/SqsManagedSseEnabled", False),
    (the_dashboard_shows_what_is_measured, "Resources/Dashboard", DELETE),
    (
        the_dashboard_shows_what_is_measured,
        "Resources/Dashboard/Properties/DashboardBody/Fn::Sub",
        '{"widgets":[]}',
    ),
)
