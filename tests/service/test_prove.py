"""Checks that ask for a proof: what it says, and that it comes with the approval or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt
import pytest

from countersign.client import Client
from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    ConfigurationError,
    CountersignError,
    ExpiredError,
    NotFoundError,
    PermissionDeniedError,
    ServiceUnavailableError,
    UndeliverableError,
    VendorUnavailableError,
    WrongCodeError,
)
from countersign.model import Custody, ProofSubject, Secret, Status, Verdict, Verification
from countersign.policy import Policy
from countersign.scripts import parse_scripts
from countersign.service.prove import Proved, Prover
from tests.support.builders import NUMBER, OTHER_NUMBER, client
from tests.support.clock import NOON
from tests.support.peppers import NEXT_PEPPER
from tests.support.providers import REFUSED
from tests.support.signing import HeldKey, verified
from tests.support.store import MemoryStore
from tests.support.world import GATEWAY, SECONDS, VENDOR, World, another, code_of

ISSUER = "urn:countersign:here:test"
AUDIENCE = "https://shop.example"


class ProvingWorld(World):
    """The use cases, and the one around proofs over a key that lies here."""

    def __init__(self, **wishes: Any) -> None:
        super().__init__(**wishes)
        self.key = HeldKey()
        self.prover = Prover(
            checker=self.checker,
            key=self.key,
            peppers=self.peppers,
            telemetry=self.telemetry,
            clock=self.clock,
            issuer=ISSUER,
            ttl_seconds=120,
        )

    def prove(self, id_: str, code: str, *, by: Client | None = None, audience: str = AUDIENCE) -> Proved:
        return self.prover.check(
            by or client(),
            verification_id=id_,
            code=Secret(code),
            audience=audience,
            deadline=self.deadline(SECONDS),
        )

    def claims(self, proved: Proved) -> dict[str, Any]:
        [key] = self.prover.public_keys()
        return verified(proved.proof, key=key.jwk(), audience=AUDIENCE, issuer=ISSUER)

    def proved(self, *, by: Client | None = None, to: str = NUMBER, purpose: str = "login") -> dict[str, Any]:
        """The claims of a proof for a number that has just been started."""
        made = self.start(by=by, to=to, purpose=purpose).verification
        return self.claims(self.prove(made.id, code_of(self.one), by=by))


# What a proof says ----------------------------------------------------------------------------


def test_a_proof_says_who_says_what_to_whom_of_whom_and_for_how_long() -> None:
    world = ProvingWorld()
    made = world.started()
    proved = world.prove(made.id, code_of(world.one))
    assert proved.verification.status(NOON)[0] is Status.APPROVED
    claims = world.claims(proved)
    assert len(claims.pop("jti")) == 26
    subject = claims.pop("sub")
    assert claims == {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "client_id": "demo",
        "purpose": "login",
        "verification_id": made.id,
        "iat": NOON,
        "exp": NOON + 120,
    }
    assert len(subject) == 32
    assert subject not in {made.number_key, made.slot, made.prefix_key}


def test_the_header_names_the_algorithm_and_the_key() -> None:
    world = ProvingWorld()
    made = world.started()
    header = jwt.get_unverified_header(world.prove(made.id, code_of(world.one)).proof)
    assert header == {"alg": "ES256", "typ": "JWT", "kid": world.key.public().key_id}


def test_two_proofs_of_one_number_have_one_subject_and_two_ids() -> None:
    world = ProvingWorld()
    first, second = world.proved(), world.proved(purpose="payment")
    assert first["sub"] == second["sub"]
    assert first["jti"] != second["jti"]


def test_another_number_and_another_client_have_another_subject() -> None:
    world = ProvingWorld()
    subjects = {
        world.proved()["sub"],
        world.proved(to=OTHER_NUMBER)["sub"],
        world.proved(by=client("other"))["sub"],
    }
    assert len(subjects) == 3


def test_the_subject_is_the_number_where_the_policy_says_so() -> None:
    by = client(proof_subject=ProofSubject.NUMBER)
    assert ProvingWorld().proved(by=by)["sub"] == NUMBER


def test_no_proof_by_key_holds_the_number() -> None:
    world = ProvingWorld()
    world.proved()
    [signed] = world.key.signed
    for part in signed.decode().split("."):
        assert NUMBER[1:] not in jwt.utils.base64url_decode(part).decode()


def test_a_new_pepper_makes_new_subjects_for_codes_of_the_old_one_too() -> None:
    world = ProvingWorld()
    before = world.proved()["sub"]
    made = world.start(purpose="payment").verification
    code = code_of(world.one)
    world.peppers.rotate(NEXT_PEPPER)
    of_an_old_code = world.claims(world.prove(made.id, code))["sub"]
    after = world.proved(purpose="signup")["sub"]
    assert before != of_an_old_code == after


def test_a_proof_of_a_test_number_says_so_and_no_other_does() -> None:
    scripts = parse_scripts(
        {NUMBER: {"outcome": "approved", "code": "135790", "until": "2026-12-31"}}, client_id="demo"
    )
    by = replace(client(), test_numbers=scripts)
    world = ProvingWorld()
    made = world.start(by=by).verification
    assert world.claims(world.prove(made.id, "135790", by=by))["test"] is True
    assert "test" not in world.proved(to=OTHER_NUMBER)


# With the approval, or not at all -------------------------------------------------------------


def test_a_proof_costs_a_read_and_one_signature_beside_the_check() -> None:
    world = ProvingWorld()
    made = world.started()
    world.store.calls.clear()
    world.prove(made.id, code_of(world.one))
    assert world.store.calls == ["get", "guess"]
    assert len(world.key.signed) == 1


def test_a_check_without_an_audience_signs_nothing() -> None:
    world = ProvingWorld()
    made = world.started()
    world.store.calls.clear()
    world.check(made.id, code_of(world.one))
    assert (world.store.calls, world.key.signed) == (["guess"], [])


@pytest.mark.parametrize(
    "fault", [ServiceUnavailableError(retry_after_seconds=1), ConfigurationError("the proof key is gone")]
)
def test_trouble_with_the_key_costs_no_attempt_and_the_same_code_is_right_afterwards(
    fault: Exception,
) -> None:
    world = ProvingWorld()
    made = world.started()
    code = code_of(world.one)
    world.key.fault = fault
    for _ in range(6):
        with pytest.raises(type(fault)):
            world.prove(made.id, code)
    assert (world.read(made.id).attempts, world.read(made.id).status(NOON)[0]) == (0, Status.PENDING)
    world.key.fault = None
    assert world.claims(world.prove(made.id, code))["verification_id"] == made.id


@pytest.mark.parametrize("route", [GATEWAY, VENDOR])
def test_after_a_slow_signature_nothing_is_counted_that_there_may_be_no_time_to_answer(
    route: tuple[str, ...],
) -> None:
    world = ProvingWorld(route=route)
    made = world.started()
    world.key.takes = lambda: world.clock.advance(14)
    with pytest.raises(ServiceUnavailableError) as refused:
        world.prove(made.id, "123456")
    assert refused.value.retry_after_seconds == 1
    assert (world.read(made.id).attempts, world.read(made.id).status(NOON)[0]) == (0, Status.PENDING)


def test_a_wrong_code_is_counted_and_its_proof_goes_nowhere() -> None:
    world = ProvingWorld()
    made = world.started()
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(WrongCodeError) as refused:
            world.prove(made.id, another(code_of(world.one)))
        assert refused.value.verification is not None
        assert refused.value.verification.attempts_left == left
    with pytest.raises(AttemptsExhaustedError):
        world.prove(made.id, code_of(world.one))


def _used(world: ProvingWorld, id_: str) -> None:
    world.check(id_, code_of(world.one))


def _exhausted(world: ProvingWorld, id_: str) -> None:
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            world.check(id_, another(code_of(world.one)))


def _replaced(world: ProvingWorld, id_: str) -> None:
    world.clock.advance(60)
    world.start()


ENDS: dict[str, tuple[Callable[[ProvingWorld, str], object], type[CountersignError]]] = {
    "approved": (_used, AlreadyApprovedError),
    "exhausted": (_exhausted, AttemptsExhaustedError),
    "expired": (lambda world, id_: world.clock.advance(300), ExpiredError),
    "canceled": (lambda world, id_: world.cancel(id_), CanceledError),
    "replaced": (_replaced, CanceledError),
}


@pytest.mark.parametrize("end", ENDS)
def test_of_what_has_ended_nothing_is_signed(end: str) -> None:
    happens, error = ENDS[end]
    world = ProvingWorld()
    made = world.started()
    code = code_of(world.one)
    happens(world, made.id)
    with pytest.raises(error):
        world.prove(made.id, code)
    assert world.key.signed == []


def test_of_what_was_never_sent_nothing_is_signed() -> None:
    world = ProvingWorld()
    for vendor in world.vendors:
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError) as refused:
        world.started()
    assert refused.value.verification is not None
    with pytest.raises(UndeliverableError):
        world.prove(refused.value.verification.id, "123456")
    assert world.key.signed == []


def test_another_clients_verification_is_not_there_and_nothing_is_signed() -> None:
    world = ProvingWorld()
    made = world.started()
    with pytest.raises(NotFoundError):
        world.prove(made.id, code_of(world.one), by=client("other"))
    assert (world.key.signed, world.read(made.id).attempts) == ([], 0)


def test_what_ends_while_it_is_signed_is_refused() -> None:
    world = ProvingWorld()
    made = world.started()
    code = code_of(world.one)
    world.store.meanwhile["guess"] = lambda: world.checker.cancel(client(), verification_id=made.id)
    with pytest.raises(CanceledError):
        world.prove(made.id, code)


def test_of_two_checks_at_once_one_gets_its_proof() -> None:
    world = ProvingWorld()
    made = world.started()
    code = code_of(world.one)
    proofs: list[Proved] = []
    world.store.meanwhile["guess"] = lambda: proofs.append(world.prove(made.id, code))
    with pytest.raises(AlreadyApprovedError):
        world.prove(made.id, code)
    assert [proved.verification.id for proved in proofs] == [made.id]


def test_a_pepper_that_is_gone_ends_the_verification_before_anything_is_signed() -> None:
    world = ProvingWorld()
    made = world.started()
    code = code_of(world.one)
    world.peppers.rotate(NEXT_PEPPER, previous=None)
    with pytest.raises(ExpiredError):
        world.prove(made.id, code)
    assert world.key.signed == []


def test_a_number_that_cannot_be_read_is_not_vouched_for() -> None:
    class Altered(MemoryStore):
        def get(self, client_id: str, verification_id: str) -> Verification | None:
            stored = super().get(client_id, verification_id)
            return None if stored is None else replace(stored, to_sealed="of.another.one")

    world = ProvingWorld(store=Altered())
    made = world.started()
    with pytest.raises(ServiceUnavailableError):
        world.prove(made.id, code_of(world.one))
    assert world.key.signed == []


# A code that a vendor holds -------------------------------------------------------------------


def test_a_vendors_approval_is_proved_too() -> None:
    world = ProvingWorld(route=VENDOR)
    made = world.started()
    assert made.custody is Custody.VENDOR
    world.one.will_say(Verdict.VERIFIED)
    assert world.claims(world.prove(made.id, "123456"))["verification_id"] == made.id


@pytest.mark.parametrize(
    ("verdict", "error"), [(Verdict.WRONG, WrongCodeError), (Verdict.UNKNOWN, VendorUnavailableError)]
)
def test_where_the_vendor_does_not_approve_there_is_no_proof(
    verdict: Verdict, error: type[CountersignError]
) -> None:
    world = ProvingWorld(route=VENDOR)
    made = world.started()
    world.one.will_say(verdict)
    with pytest.raises(error):
        world.prove(made.id, "123456")


# Whom proofs may be made out to ---------------------------------------------------------------


@pytest.mark.parametrize(
    "audience", ["https://other.example", "https://shop.example/", "HTTPS://SHOP.EXAMPLE"]
)
def test_an_audience_that_the_policy_lacks_is_refused_before_anything_else(audience: str) -> None:
    by = client(proof_audiences=frozenset({"https://shop.example"}))
    world = ProvingWorld()
    made = world.start(by=by).verification
    world.store.calls.clear()
    with pytest.raises(PermissionDeniedError):
        world.prove(made.id, code_of(world.one), by=by, audience=audience)
    assert (world.store.calls, world.key.signed) == ([], [])
    assert world.prove(made.id, code_of(world.one), by=by).proof


def test_a_client_without_audiences_gets_no_proofs() -> None:
    world = ProvingWorld()
    with pytest.raises(PermissionDeniedError):
        world.prove("v1", "123456", by=client(proof_audiences=frozenset[str]()))


def test_a_client_whose_policy_says_nothing_may_name_any_audience() -> None:
    assert Policy().may_prove_to("anybody")
    assert Policy.parse({"proof_audiences": ["a", "*"]}, client_id="shop").may_prove_to("b")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("proof_audiences", "shop"),
        ("proof_audiences", [""]),
        ("proof_audiences", ["a b"]),
        ("proof_audiences", [7]),
        ("proof_audiences", None),
        ("proof_subject", "hash"),
        ("proof_subject", None),
    ],
)
def test_a_policy_of_proofs_that_is_none_is_named(setting: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=f"client shop: policy.{setting} must be"):
        Policy.parse({setting: value}, client_id="shop")
