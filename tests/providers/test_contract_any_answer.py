"""No answer that a vendor could give verifies a code, but the one that is documented."""

from __future__ import annotations

from collections.abc import Mapping

import responses
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countersign.model import Delivery, Verdict
from countersign.providers.transport import VendorHttp

from .cases import MESSAGE_ID, Case, CheckCase, Json
from .contract import answered, check, every_check, every_send, send, with_login

_NAMES = [
    *("responseCode", "data", "verificationStatus", "verificationId", "verficationId"),
    *("CodeResult", "ErrorMessage", "error", "message_id", "verified", "verify_code", "code", "status"),
]
_VALUES = st.one_of(
    st.sampled_from(
        [200, "200", 200.0, 100, "100", "100 ", True, False, 1, None, "true", "Success!", 702, "117", 3003]
    ),
    st.sampled_from(["VERIFICATION_COMPLETED", MESSAGE_ID, int(MESSAGE_ID), float(MESSAGE_ID), 506, "800"]),
    st.text(max_size=4),
    st.floats(allow_nan=False, allow_infinity=False),
)
_OBJECTS = st.recursive(
    st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=6),
    lambda inner: st.dictionaries(
        st.sampled_from(_NAMES), _VALUES | inner | st.lists(inner, max_size=2), max_size=6
    ),
    max_leaves=4,
)


def is_documented_success(vendor: str, status: int, body: Json) -> bool:
    """The page of each vendor, read once more and written down without the adapters' help."""
    if status != 200:
        return False
    if vendor == "esms":
        return body.get("CodeResult") == "100"
    if vendor == "engagelab":
        return body.get("verified") is True and body.get("message_id") == MESSAGE_ID
    data = body.get("data")
    if not isinstance(data, dict):
        return False
    codes = [body.get("responseCode"), data.get("responseCode", "200")]
    ids = [data[name] for name in ("verificationId", "verficationId") if name in data]
    return (
        all(type(code) in (int, str) and str(code) == "200" for code in codes)
        and len(ids) > 0
        and all(type(each) in (int, str) and str(each) == MESSAGE_ID for each in ids)
        and data.get("verificationStatus") == "VERIFICATION_COMPLETED"
    )


@every_check
def test_no_answer_but_the_documented_success_verifies(case: CheckCase, http: VendorHttp) -> None:
    mutations = st.one_of(
        _OBJECTS,
        _OBJECTS.map(lambda noise: {**case.verified, **noise}),
        st.sampled_from(sorted(case.verified)).map(
            lambda name: {key: value for key, value in case.verified.items() if key != name}
        ),
        st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=2).map(
            lambda noise: {**case.verified, "data": {**_inner(case), **noise}}
        ),
    )

    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(body=mutations, status=st.sampled_from([200, 200, 200, 201, 400, 404, 500]))
    def verifies_only_that(body: Json, status: int) -> None:
        with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
            answered(wire, case, body, status=status)
            with_login(wire)
            verified = check(case, http).verdict is Verdict.VERIFIED
        assert verified == is_documented_success(case.id, status, body)

    verifies_only_that()


def _inner(case: CheckCase) -> Mapping[str, object]:
    data = case.verified.get("data")
    return data if isinstance(data, dict) else {}


@every_send
def test_any_json_answer_gives_a_result_and_no_exception(case: Case, http: VendorHttp) -> None:
    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(body=_OBJECTS, status=st.sampled_from([200, 201, 400, 401, 403, 404, 409, 429, 500]))
    def gives_a_result(body: Json, status: int) -> None:
        with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
            answered(wire, case, body, status=status)
            with_login(wire)
            result = send(case, http)
        assert result.outcome in (Delivery.ACCEPTED, Delivery.REJECTED, Delivery.UNKNOWN)

    gives_a_result()
