"""Rules of template.yaml on the key of the proofs and their issuer; see rules.py. And how to break them."""

from __future__ import annotations

from collections.abc import Iterator

from .reading import DELETE, Template, takes
from .rules import Rule

ACCOUNT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
USES = {"kms:GetPublicKey", "kms:Sign"}
FORBIDDEN = {"kms:CreateGrant", "kms:ReplicateKey", "kms:ImportKeyMaterial", "kms:Verify"}
# What a policy must leave to the account for the key to be managed at all, and what CloudFormation calls:
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
MANAGES = {
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
}
OWN_NAME = {"Fn::Sub": "urn:countersign:${AWS::Region}:${AWS::StackName}"}
ISSUER = {"Fn::If": ["HasProofIssuer", {"Ref": "ProofIssuer"}, OWN_NAME]}
ISSUERS = ("", "https://otp.shop.example", "urn:shop:otp", "shop", "a" * 200)
NO_ISSUERS = (" ", "https://otp.example?x=1", 'a"b', "a\nb", "/otp", "ä", "a" * 201)


def the_proof_key_signs_with_p_256_and_goes_with_the_stack(template: Template) -> Iterator[str]:
    key = template["Resources"]["ProofKey"]
    properties = key["Properties"]
    if (properties.get("KeySpec"), properties.get("KeyUsage")) != ("ECC_NIST_P256", "SIGN_VERIFY"):
        yield "the key is of another kind"
    if (key.get("DeletionPolicy"), key.get("UpdateReplacePolicy")) != ("Delete", "Delete"):
        yield "the key is paid for after the stack"
    if properties.get("PendingWindowInDays") != 7 or "Enabled" in properties or "MultiRegion" in properties:
        yield "the key is gone at once or stays for long, is switched off, or lies in several regions"


def the_key_policy_leaves_the_key_to_the_account_by_named_actions(template: Template) -> Iterator[str]:
    found: set[str] = set()
    for statement in template["Resources"]["ProofKey"]["Properties"]["KeyPolicy"]["Statement"]:
        if (statement.get("Effect"), statement.get("Principal")) != ("Allow", ACCOUNT):
            yield f"somebody else than the account: {statement.get('Principal')}"
        if not statement.keys() <= {"Sid", "Effect", "Principal", "Action", "Resource"} or not statement.get(
            "Sid"
        ):
            yield "a statement is not said plainly"
        found |= set(statement.get("Action", ()))
    if not found >= USES | MANAGES:
        yield f"nobody may {sorted((USES | MANAGES) - found)}"
    if any("*" in action for action in found) or found & FORBIDDEN:
        yield "a wildcard, or an action that hands the key on"


def proofs_name_one_issuer_which_no_request_changes(template: Template) -> Iterator[str]:
    variables = template["Resources"]["VerifyFunction"]["Properties"]["Environment"]["Variables"]
    for value in (variables.get("PROOF_ISSUER"), template["Outputs"]["ProofIssuer"]["Value"]):
        if value != ISSUER:
            yield f"the issuer is {value}"
    condition = {"Fn::Not": [{"Fn::Equals": [{"Ref": "ProofIssuer"}, ""]}]}
    if template["Conditions"].get("HasProofIssuer") != condition:
        yield "HasProofIssuer does not follow ProofIssuer"
    yield from (f"{one} is refused" for one in ISSUERS if not takes(template, "ProofIssuer", value=one))
    yield from (f"{one} is taken" for one in NO_ISSUERS if takes(template, "ProofIssuer", value=one))


def a_proof_lives_for_minutes(template: Template) -> Iterator[str]:
    parameter = template["Parameters"]["ProofTtlSeconds"]
    bounds = (parameter.get("MinValue"), parameter.get("Default"), parameter.get("MaxValue"))
    if bounds != (30, 120, 600):
        yield f"a proof lives for {bounds}"


PROOF_RULES: tuple[Rule, ...] = (
    the_proof_key_signs_with_p_256_and_goes_with_the_stack,
    the_key_policy_leaves_the_key_to_the_account_by_named_actions,
    proofs_name_one_issuer_which_no_request_changes,
    a_proof_lives_for_minutes,
)

KEY = "Resources/ProofKey/Properties"
SIGNING = f"{KEY}/KeyPolicy/Statement/1"
VARIABLES = "Resources/VerifyFunction/Properties/Environment/Variables"

PROOF_MUTATIONS: tuple[tuple[Rule, str, object], ...] = (
    (the_proof_key_signs_with_p_256_and_goes_with_the_stack, f"{KEY}/KeySpec", "ECC_SECG_P256K1"),
    (the_proof_key_signs_with_p_256_and_goes_with_the_stack, f"{KEY}/KeyUsage", "KEY_AGREEMENT"),
    (the_proof_key_signs_with_p_256_and_goes_with_the_stack, "Resources/ProofKey/DeletionPolicy", "Retain"),
    (the_proof_key_signs_with_p_256_and_goes_with_the_stack, f"{KEY}/PendingWindowInDays", DELETE),
    (the_proof_key_signs_with_p_256_and_goes_with_the_stack, f"{KEY}/Enabled", False),
    (the_key_policy_leaves_the_key_to_the_account_by_named_actions, f"{SIGNING}/Principal", "*"),
    (the_key_policy_leaves_the_key_to_the_account_by_named_actions, f"{SIGNING}/Principal/AWS", "*"),
    (the_key_policy_leaves_the_key_to_the_account_by_named_actions, f"{SIGNING}/Action/0", "kms:*"),
    (the_key_policy_leaves_the_key_to_the_account_by_named_actions, f"{SIGNING}/Action/2", "kms:CreateGrant"),
    (the_key_policy_leaves_the_key_to_the_account_by_named_actions, f"{SIGNING}/Action/1", DELETE),
    (
        the_key_policy_leaves_the_key_to_the_account_by_named_actions,
        f"{KEY}/KeyPolicy/Statement/0/Action",
        [],
    ),
    (the_key_policy_leaves_the_key_to_the_account_by_named_actions, f"{SIGNING}/Effect", "Deny"),
    (
        the_key_policy_leaves_the_key_to_the_account_by_named_actions,
        f"{SIGNING}/Condition",
        {"Bool": {"aws:SecureTransport": "true"}},
    ),
    (proofs_name_one_issuer_which_no_request_changes, "Parameters/ProofIssuer/MaxLength", 20),
    (proofs_name_one_issuer_which_no_request_changes, f"{VARIABLES}/PROOF_ISSUER/Fn::If/2/Fn::Sub", "urn:x"),
    (proofs_name_one_issuer_which_no_request_changes, "Outputs/ProofIssuer/Value/Fn::If/0", "HasAlarmTopic"),
    (
        proofs_name_one_issuer_which_no_request_changes,
        "Conditions/HasProofIssuer/Fn::Not/0/Fn::Equals/1",
        "x",
    ),
    (proofs_name_one_issuer_which_no_request_changes, "Parameters/ProofIssuer/AllowedPattern", ".*"),
    (a_proof_lives_for_minutes, "Parameters/ProofTtlSeconds/MaxValue", 86_400),
    (a_proof_lives_for_minutes, "Parameters/ProofTtlSeconds/Default", 600),
)
