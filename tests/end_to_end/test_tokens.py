"""Message Central's access token on the deployed template: one for all containers, renewed once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from local.stack import Stack
from tests.end_to_end.calling import Caller, fresh_number

TOKEN_PATH = "/auth/v1/authentication/token"


def _token_calls(stack: Stack) -> int:
    return sum(request["path"] == TOKEN_PATH for request in stack.vendor_requests("message_central"))


def _forget_tokens(stack: Stack) -> None:
    """As on the first day: nothing in the table, nothing in any container that sends."""
    table = stack.client("dynamodb")
    for item in table.scan(TableName=stack.table_name)["Items"]:
        if item["pk"]["S"].startswith("T#"):
            table.delete_item(TableName=stack.table_name, Key={"pk": item["pk"]})
    stack.recycle("send")


def test_many_cold_containers_fetch_one_token_between_them(stack: Stack) -> None:
    _forget_tokens(stack)
    before = _token_calls(stack)
    caller, numbers = Caller(stack, "demo"), [fresh_number("IN") for _ in range(8)]
    with ThreadPoolExecutor(len(numbers)) as pool:
        answers = list(pool.map(caller.start, numbers))
    assert {(answer.status, answer.body["provider"]) for answer in answers} == {(201, "message_central")}
    assert _token_calls(stack) - before == 1


def test_a_token_that_the_vendor_refuses_is_renewed_once_and_the_call_repeated(stack: Stack) -> None:
    caller = Caller(stack, "demo")
    caller.start(fresh_number("IN"))
    before = _token_calls(stack)
    stack.vendor("message_central", mode="unauthorized")
    to = fresh_number("IN")
    started = caller.start(to)
    assert (started.status, started.body["provider"], len(stack.messages(to))) == (201, "message_central", 1)
    assert _token_calls(stack) - before == 1


def test_the_token_is_not_readable_in_the_table(stack: Stack) -> None:
    Caller(stack, "demo").start(fresh_number("IN"))
    items = stack.client("dynamodb").scan(TableName=stack.table_name)["Items"]
    [token] = [item["token"]["S"] for item in items if item["pk"]["S"].startswith("T#")]
    assert not token.startswith("ey")  # how every JWT begins


def test_no_whole_number_and_no_code_lie_in_the_table(stack: Stack) -> None:
    caller, to = Caller(stack, "demo-gateway"), fresh_number("SG")
    caller.start(to)
    code = caller.code_for(to)
    values = [
        str(value)
        for item in stack.client("dynamodb").scan(TableName=stack.table_name)["Items"]
        for attribute in item.values()
        for value in attribute.values()
    ]
    assert not [value for value in values if to.lstrip("+") in value or value == code]
