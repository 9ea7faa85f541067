"""Parameters of eSMS's protocol, read from a query or a body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.dialects.esms_parameters import Parameters
from countersign.dialects.http import HttpRequest
from countersign.errors import CountersignError, InvalidRequestError, UnauthenticatedError
from countersign.policy import Bound

NAMES = ("ApiKey", "Phone", "TimeAlive")


def of(body: object = None, *, query: str = "", method: str = "POST") -> Parameters:
    data = json.dumps(body).encode() if body is not None else b""
    return Parameters.of(HttpRequest(method=method, path="/", headers={}, body=data, raw_query=query))


@pytest.mark.parametrize("name", ["Phone", "phone", "PHONE", "pHoNe"])
def test_a_name_is_found_in_any_letter_case(name: str) -> None:
    assert of({name: "1"}).text("Phone") == of(query=f"{name}=1").text("PHONE") == "1"


def test_what_is_not_given_is_empty() -> None:
    for parameters in (of(), of({}), of({"Phone": None}), of({"Phone": ""}), of(query="Phone=")):
        assert parameters.text("Phone") == parameters.whole("Phone") == ""
        assert parameters.bounded_whole("Phone", bound=Bound(1, 2)) is None


def test_a_get_has_its_query_alone() -> None:
    assert of({"Phone": "1"}, method="GET").text("Phone") == ""
    assert of({"Phone": "1"}, query="TimeAlive=5", method="POST").text("TimeAlive") == "5"


@pytest.mark.parametrize("value", [5, True, 5.5, ["5"], {"a": 1}])
def test_a_text_is_a_string(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="`Phone` must be a string"):
        of({"Phone": value}).text("Phone")


@pytest.mark.parametrize("value", [True, 5.0, ["5"], {"a": 1}])
def test_a_whole_number_is_no_other_thing_of_json(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="`Type` must be a string"):
        of({"Type": value}).whole("Type")


@pytest.mark.parametrize("value", [5, "5", "05"])
def test_a_whole_number_may_be_a_string(value: object) -> None:
    assert of({"TimeAlive": value}).bounded_whole("TimeAlive", bound=Bound(2, 10)) == 5


@pytest.mark.parametrize(
    "value", [1, 11, "1", "11", "5.0", "+5", " 5", "٥", "0005", "five", 10**30, True, 5.0]
)
def test_a_whole_number_is_within_its_bounds(value: object) -> None:
    with pytest.raises(InvalidRequestError, match="`TimeAlive` must be") as refused:
        of({"TimeAlive": value}).bounded_whole("TimeAlive", bound=Bound(2, 10))
    assert refused.value.field == "TimeAlive"


def test_where_no_number_is_left_none_can_be_chosen() -> None:
    with pytest.raises(InvalidRequestError, match="`TimeAlive` cannot be chosen"):
        of({"TimeAlive": "2"}).bounded_whole("TimeAlive", bound=Bound(2, 1))


@pytest.mark.parametrize("value", [None, 5, ["a"], "\ud800"])
def test_a_credential_that_cannot_be_one_is_no_error_of_ours(value: object) -> None:
    with pytest.raises(UnauthenticatedError):
        Parameters([("ApiKey", value)]).credential("ApiKey")


def test_names_in_another_script_are_nobodys() -> None:
    parameters = of({"Api\u212aey": "1", "ApiKey": "2"})  # the Kelvin sign is a `k` in lower case
    assert parameters.credential("ApiKey") == "2"


_VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())


@given(
    st.dictionaries(st.sampled_from(NAMES) | st.text(), _VALUES), st.text(), st.sampled_from(["GET", "POST"])
)
def test_whatever_arrives_is_read_or_refused(members: dict[str, Any], query: str, method: str) -> None:
    def each(parameters: Parameters) -> None:
        for read in (parameters.text, parameters.whole, parameters.credential):
            for name in NAMES:
                try:
                    assert isinstance(read(name), str)
                except CountersignError as error:
                    assert error.status in {400, 401}

    try:
        each(of(members, query=query, method=method))
    except InvalidRequestError as error:
        assert error.detail.isprintable()
