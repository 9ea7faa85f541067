"""Vendors' delivery reports over an emulated AWS: who is believed, what is kept, what is answered."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from botocore.session import Session

from countersign.bootstrap import receipts_function
from functions.receipts import app
from tests.support.aws import client_error
from tests.support.callbacks import (
    CALLBACK_URL,
    ENGAGELAB_KEYS,
    MESSAGE_ID,
    SECRET,
    SEGMENT,
    SMS_ID,
    callback_id,
    row,
    send_status,
    sms_query,
)
from tests.support.clock import NOON
from tests.support.gateway import VENDORS, Context, Gateway, http_event
from tests.support.receipts import Receipts
from tests.support.samples import EVENTS
from tests.support.stream import items
from tests.support.vendors import ESMS_URL, Vendors, unreachable

from .conftest import Aws

STATUS = f"{ESMS_URL}/GetSendStatus"
TOLD: dict[str, Any] = deepcopy(VENDORS)
TOLD["engagelab"] |= ENGAGELAB_KEYS
TOLD["esms"]["callback_url"] = CALLBACK_URL
NAMES = ["http_receipt_engagelab", "http_receipt_engagelab_test", "http_receipt_esms"]


@pytest.fixture
def receipts(aws: Aws, environment: dict[str, str], vendors: Vendors, session: Session) -> Receipts:
    """The function with what the template gives it, and no more."""
    aws.put_vendors(TOLD)
    vendors.wire.add("GET", STATUS, json=send_status())
    names = ("TABLE_NAME", "VENDORS_SECRET_ARN", "ESMS_URL", "SECRET_TTL_SECONDS")
    return Receipts({name: environment[name] for name in names}, session=session)


def measured(output: str) -> list[tuple[str, str, str]]:
    """Name, country and vendor of every text that was counted."""
    found = []
    for line in output.splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        for name in ("TextsDelivered", "TextsUndelivered"):
            if name in entry:
                assert entry[name] == [1.0]
                found.append((name, entry["country"], entry["provider"]))
    return found


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


# EngageLab ------------------------------------------------------------------------------


def test_a_delivered_text_is_shown_by_the_native_api_and_counted(
    receipts: Receipts, gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    started = gateway.start("+6591234567", client="demo-gateway")
    receipts.link("esms", SMS_ID, started.id, client="demo-gateway")
    receipts.clock.advance(7)
    assert receipts.esms().status == 200
    read = gateway.read(started.id, client="demo-gateway").body
    assert (read["receipt"], read["receipt_at"]) == ("delivered", "2025-06-15T15:06:47Z")
    assert {**started.body, "receipt": read["receipt"], "receipt_at": read["receipt_at"]} == read
    assert measured(capsys.readouterr().out) == [("TextsDelivered", "VN", "esms")]


def test_a_batch_is_kept_and_answered(receipts: Receipts, aws: Aws) -> None:
    told = [row("sent", "1"), row("delivered", "2"), row("delivered_failed", "3"), row("plan", "4")]
    answer = receipts.engagelab(body=json.dumps({"total": 4, "rows": told}))
    assert (answer.status, answer.text) == (200, "{}")
    kept = {pk: item["receipt"]["S"] for pk, item in items(aws.dynamodb, "R#").items()}
    assert kept == {"R#engagelab#1": "sent", "R#engagelab#2": "delivered", "R#engagelab#3": "undelivered"}


@pytest.mark.parametrize("body", ["{}", "", " {} \n"])
def test_the_vendors_test_of_the_url_is_answered_without_a_signature_and_touches_nothing(
    receipts: Receipts, aws: Aws, body: str
) -> None:
    aws.put_vendors({})  # it comes before anything is set up
    assert receipts.engagelab(body=body, header="").status == 200
    assert items(aws.dynamodb) == {}


@pytest.mark.parametrize(
    "header",
    ["", "nonsense", callback_id(secret="another secret of some length"), callback_id(at=NOON - 301)],
)
def test_what_nobody_signed_is_refused_and_not_kept(receipts: Receipts, aws: Aws, header: str) -> None:
    answer = receipts.engagelab("delivered", header=header)
    assert (answer.status, answer.json["code"]) == (403, "permission_denied")
    assert items(aws.dynamodb) == {}


def test_a_captured_header_is_worthless_after_five_minutes(receipts: Receipts) -> None:
    captured = callback_id()
    assert receipts.engagelab("sent", header=captured).status == 200
    receipts.clock.advance(301)
    assert receipts.engagelab("delivered", header=captured).status == 403


def test_a_changed_secret_is_found_without_waiting(receipts: Receipts, aws: Aws) -> None:
    assert receipts.engagelab("sent").status == 200
    changed = deepcopy(TOLD)
    changed["engagelab"]["callback_secret"] = "another-secret-of-some-length"
    aws.put_vendors(changed)
    receipts.clock.advance(20)
    header = callback_id(at=receipts.clock.now(), secret="another-secret-of-some-length")
    assert receipts.engagelab("delivered", header=header).status == 200
    assert receipts.engagelab("delivered").status == 403


def test_without_keys_there_is_no_such_path(receipts: Receipts, aws: Aws) -> None:
    aws.put_vendors(VENDORS)
    assert receipts.engagelab("delivered").status == 404
    assert receipts.esms().status == 404
    assert receipts.lines() == []


def test_half_a_pair_of_keys_is_said_to_the_operator(receipts: Receipts, aws: Aws) -> None:
    half = deepcopy(TOLD)
    del half["engagelab"]["callback_username"]
    aws.put_vendors(half)
    assert receipts.engagelab("delivered").status == 503
    [line] = receipts.lines("configuration fault")
    assert line["fault"] == "the vendors' secret: engagelab.callback_username must be a text"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[]", 400),
        ("null", 400),
        ("{", 400),
        ('{"rows":{}}', 400),
        ('{"rows":"all"}', 400),
        ('{"rows":[],"rows":[]}', 400),
        ('{"rows":[' + ",".join(["{}"] * 501) + "]}", 413),
        ('{"rows":["' + "x" * 524_288 + '"]}', 413),
        ("[" * 100_000, 400),
    ],
    ids=range(9),
)
def test_a_signed_body_that_is_no_batch_is_refused(receipts: Receipts, body: str, status: int) -> None:
    assert receipts.engagelab(body=body).status == status


@pytest.mark.parametrize("body", ['{"total":0}', '{"rows":[]}', '{"total":1,"rows":[{"x":1}],"more":1}'])
def test_a_batch_without_news_is_taken(receipts: Receipts, aws: Aws, body: str) -> None:
    assert receipts.engagelab(body=body).status == 200
    assert items(aws.dynamodb) == {}


def test_rows_that_nobody_understands_are_said_in_one_line(receipts: Receipts) -> None:
    told = [row("opened"), row("clicked"), row("delivered", "a b")]
    assert receipts.engagelab(body=json.dumps({"rows": told})).status == 200
    [line] = receipts.lines("ReportRowsIgnored")
    assert (line["provider"], line["rows"]) == ("engagelab", 3)


def test_the_vendors_word_that_a_code_was_right_approves_nothing(
    receipts: Receipts, gateway: Gateway, vendors: Vendors
) -> None:
    vendors.now_answers("GET", f"{ESMS_URL}/SendMessageAutoGenCode_V4_get", {"CodeResult": "103"})
    started = gateway.start()
    assert started.body["provider"] == "engagelab"
    receipts.link("engagelab", MESSAGE_ID, started.id)
    assert receipts.engagelab("sent", "verified", "delivered").status == 200
    read = gateway.read(started.id).body
    assert (read["status"], read["receipt"], read["attempts_left"]) == ("pending", "delivered", 5)


def test_a_table_that_is_away_is_503_and_the_same_batch_again_is_kept(
    receipts: Receipts, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [None, client_error("InternalServerError")]
    real = receipts.container.dynamodb.update_item

    def update_item(**arguments: Any) -> Any:
        error = failing.pop(0) if failing else None
        if error is not None:
            raise error
        return real(**arguments)

    monkeypatch.setattr(receipts.container.dynamodb, "update_item", update_item)  # the wire, not ours
    body = json.dumps({"rows": [row("delivered", "1"), row("delivered", "2")]})
    answer = receipts.engagelab(body=body)
    assert (answer.status, answer.json["code"]) == (503, "service_unavailable")
    assert len(items(aws.dynamodb)) == 1  # of the two, for the batch is begun anywhere
    assert receipts.engagelab(body=body).status == 200
    assert set(items(aws.dynamodb)) == {"R#engagelab#1", "R#engagelab#2"}


def test_a_batch_that_the_time_does_not_suffice_for_is_503(receipts: Receipts, aws: Aws) -> None:
    event = http_event(
        "POST",
        "/receipts/engagelab",
        body=json.dumps({"rows": [row("delivered")]}),
        headers={"x-callback-id": callback_id()},
    )
    assert receipts.event(event, context=Context(milliseconds=2_500)).status == 503
    assert items(aws.dynamodb) == {}


# eSMS -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "segment",
    ["x", SEGMENT[:-1], SEGMENT + "A", SEGMENT.lower(), "%C3%A9", "\u00e9", "\ud800", "a/b", ".."],
)
def test_whoever_does_not_know_the_path_finds_nothing_there(
    receipts: Receipts, aws: Aws, vendors: Vendors, segment: str
) -> None:
    answer = receipts.esms(segment=segment)
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    assert receipts.lines() == []
    assert vendors.urls == []


def test_a_claim_that_the_vendor_does_not_confirm_is_not_believed(
    receipts: Receipts, aws: Aws, vendors: Vendors
) -> None:
    vendors.now_answers("GET", STATUS, send_status(success=0, failed=1))
    assert receipts.esms(sms_query(success="1")).status == 200
    [entry] = items(aws.dynamodb, "R#").values()
    assert entry["receipt"] == {"S": "undelivered"}


def test_a_text_that_the_vendor_does_not_know_is_not_kept(
    receipts: Receipts, aws: Aws, vendors: Vendors
) -> None:
    vendors.now_answers("GET", STATUS, {"CodeResponse": "99", "ErrorMessage": "RefId is not exist"})
    assert receipts.esms(sms_query("forged", status="2")).status == 200
    assert items(aws.dynamodb) == {}


def test_where_the_vendors_books_lag_behind_its_call_it_has_to_call_again(
    receipts: Receipts, aws: Aws, vendors: Vendors
) -> None:
    vendors.now_answers("GET", STATUS, send_status(status=7, success=0))
    assert receipts.esms().status == 503
    assert receipts.lines("ReportUnconfirmed")
    assert receipts.esms(sms_query(status="7")).status == 200
    vendors.now_answers("GET", STATUS, send_status())
    assert receipts.esms().status == 200
    [entry] = items(aws.dynamodb, "R#").values()
    assert entry["receipt"] == {"S": "delivered"}


def test_a_vendor_that_cannot_be_asked_has_to_call_again(
    receipts: Receipts, aws: Aws, vendors: Vendors
) -> None:
    vendors.now_answers("GET", STATUS, unreachable())
    answer = receipts.esms()
    assert (answer.status, answer.json["code"]) == (503, "vendor_unavailable")
    assert answer.headers["Retry-After"] == "30"
    assert items(aws.dynamodb) == {}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "SMSID=",
        "SMSID=a%20b",
        "SMSID=a%23b",
        f"SMSID={'x' * 65}",
        "SMSID=a&SMSID=b",
        "SMSID=%ff",
        "SMSID=a&x=" + "y" * 9000,
        "&".join(f"a{place}=1" for place in range(65)),
    ],
)
def test_a_query_without_a_text_is_refused_and_the_vendor_is_not_asked(
    receipts: Receipts, vendors: Vendors, query: str
) -> None:
    assert receipts.esms(query).status == 400
    assert vendors.urls == []


@pytest.mark.parametrize("name", ["smsid", "SMSID", "SmsId"])
def test_the_case_of_a_parameter_does_not_matter(receipts: Receipts, aws: Aws, name: str) -> None:
    assert receipts.esms(f"{name}={SMS_ID}&sendstatus=5").status == 200
    assert list(items(aws.dynamodb)) == [f"R#esms#{SMS_ID}"]


# Both -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/receipts/engagelab", 405),
        ("POST", f"/receipts/esms/{SEGMENT}", 405),
        ("POST", "/receipts/engagelab/x", 404),
        ("GET", "/receipts/esms", 404),
        ("GET", "/receipts/esms/", 404),
        ("POST", "/receipts/message_central", 404),
        ("POST", "/receipts/", 404),
        ("POST", "/", 404),
    ],
)
def test_there_are_two_paths_with_one_method_each(
    receipts: Receipts, method: str, path: str, status: int
) -> None:
    assert receipts.event(http_event(method, path, headers={})).status == status


@pytest.mark.parametrize(
    "event", [None, [], {}, {"Records": []}, {"requestContext": {"http": {"path": 1}}}, {"rawPath": "/"}]
)
def test_any_event_is_answered_with_a_refusal(receipts: Receipts, event: object) -> None:
    assert receipts.event(event).status in {400, 404}


def test_no_secret_and_no_number_is_logged_or_answered(receipts: Receipts, vendors: Vendors) -> None:
    receipts.engagelab("delivered", "unheard-of")
    receipts.engagelab("delivered", header="signature=x")
    receipts.esms()
    vendors.now_answers("GET", STATUS, unreachable())
    receipts.esms()
    receipts.esms(segment="wrong")
    text = receipts.log.getvalue() + "".join(receipts.answers)
    for hidden in (SECRET, SEGMENT, "canary", "84901888484", "0901888484", "unheard-of"):
        assert hidden not in text
    assert {line["message"] for line in receipts.lines()} == {"ReportRowsIgnored", "ReportRefused"}


# The samples ----------------------------------------------------------------------------


@pytest.fixture
def entry_point(aws: Aws, entry_points: None, vendors: Vendors, monkeypatch: pytest.MonkeyPatch) -> None:
    told = deepcopy(TOLD)
    told["engagelab"]["callback_secret"] = "sample-callback-secret"
    aws.put_vendors(told)
    vendors.wire.add("GET", STATUS, json=send_status())


def test_there_is_a_sample_of_each_callback() -> None:
    assert sorted(path.stem for path in EVENTS.glob("http_receipt_*.json")) == NAMES


@pytest.mark.usefixtures("entry_point")
@pytest.mark.parametrize(
    ("name", "status", "kept"),
    [
        ("http_receipt_engagelab", 403, {}),  # signed years ago, by the real clock
        ("http_receipt_engagelab_test", 200, {}),
        ("http_receipt_esms", 200, {f"R#esms#{SMS_ID}"}),
    ],
)
def test_the_samples_are_answered_by_the_function_itself(
    aws: Aws, name: str, status: int, kept: set[str]
) -> None:
    answer: Any = app.handler(sample(name), Context())
    assert answer["statusCode"] == status
    assert set(items(aws.dynamodb)) == set(kept)
    assert receipts_function() is receipts_function()


def test_the_sample_of_a_batch_is_taken_at_its_own_time(receipts: Receipts, aws: Aws) -> None:
    told = deepcopy(TOLD)
    told["engagelab"]["callback_secret"] = "sample-callback-secret"
    aws.put_vendors(told)
    assert receipts.event(sample("http_receipt_engagelab")).status == 200
    assert items(aws.dynamodb)[f"R#engagelab#{MESSAGE_ID}"]["receipt"] == {"S": "delivered"}


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_a_whole_event(name: str) -> None:
    event = sample(name)
    http = event["requestContext"]["http"]
    assert (event["version"], event["isBase64Encoded"], http["path"]) == ("2.0", False, event["rawPath"])
    assert event["routeKey"] == event["requestContext"]["routeKey"]
    assert event["routeKey"].startswith(http["method"])
    if "body" in event:
        assert str(len(event["body"].encode())) == event["headers"]["content-length"]
