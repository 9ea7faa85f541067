"""The lines of docs/proof.md, as they stand there, against good proofs and forged ones."""

from __future__ import annotations

import base64
import hmac
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
import responses
from botocore.session import Session

from countersign.access_tokens import base64url, encoded
from tests.docs.markdown import DOCS, blocks, names, table
from tests.integration.conftest import Aws
from tests.support.aws import make_proof_key
from tests.support.clock import FakeClock
from tests.support.gateway import PROOF_ISSUER, VENDORS, Gateway, environment_of, policy
from tests.support.served import served
from tests.support.signing import HeldKey
from tests.support.vendors import Vendors

PAGE = DOCS / "proof.md"
NODE = shutil.which("node")
AUDIENCE = "https://shop.example"
RUN_ALL = """
let text = ""; for await (const part of process.stdin) text += part;
const outcomes = {};
for (const [name, proof] of Object.entries(JSON.parse(text))) {
  try { outcomes[name] = verified(proof); } catch { outcomes[name] = null; }
}
console.log(JSON.stringify(outcomes));
"""
SHOPS = {
    name: {"secrets": ["demo-secret"], "policy": policy(routes="gateway", cooldown_seconds=0)}
    for name in ("shop", "other")
}

type Outcomes = Mapping[str, Mapping[str, Any] | None]


class Town:
    """A gateway that gives out proofs at the present time, and forgers who know what everybody may know."""

    def __init__(self, aws: Aws, session: Session, vendors: Vendors) -> None:
        self._aws, self._session, self._vendors = aws, session, vendors
        self.gateway = self.another()
        self._numbers = iter(range(100_000))

    def another(self, *, ago_seconds: int = 0, **changes: str) -> Gateway:
        environment = environment_of(
            clients_arn=self._aws.clients_arn,
            vendors_arn=self._aws.vendors_arn,
            proof_key_arn=changes.pop("key", self._aws.proof_key_arn),
            **changes,
        )
        clock = FakeClock(int(time.time()) - ago_seconds)
        return Gateway(environment, clock=clock, session=self._session)

    def proof(
        self,
        *,
        by: str = "shop",
        audience: str = AUDIENCE,
        purpose: str = "login",
        at: Gateway | None = None,
    ) -> str:
        gateway, number = at or self.gateway, f"+84901{next(self._numbers):06d}"
        started = gateway.start(number, client=by, purpose=purpose)
        checked = gateway.check(started.id, self._vendors.code_sent(), client=by, audience=audience)
        return str(checked.body["proof"])


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def changed(proof: str, **claims: object) -> str:
    """The proof with other claims, under the signature that it had."""
    header, body, signature = proof.split(".")
    return f"{header}.{encoded(json.loads(decoded(body)) | claims)}.{signature}"


def under(proof: str, header: Mapping[str, object], *, sign: Callable[[bytes], bytes]) -> str:
    """The claims of a proof under another header, signed as a forger can."""
    text = f"{encoded(header)}.{proof.split('.')[1]}"
    return f"{text}.{base64url(sign(text.encode()))}"


def hs256(key: bytes) -> Callable[[bytes], bytes]:
    return lambda text: hmac.digest(key, text, "sha256")


def forged(town: Town) -> Iterator[tuple[str, str]]:
    good = town.proof()
    head, body, signature = good.split(".")
    name = jwt.get_unverified_header(good)["kid"]
    [published] = town.gateway.http("GET", "/.well-known/jwks.json").json["keys"]
    forger = HeldKey()
    yield "another purpose written in", changed(good, purpose="payment")
    yield "another number written in", changed(good, sub="+84901888484")
    yield "a later end written in", changed(good, exp=4_000_000_000)
    yield (
        "a flipped bit",
        f"{head}.{body}.{base64url(bytes([decoded(signature)[0] ^ 1]) + decoded(signature)[1:])}",
    )
    yield "no signature", f"{head}.{body}."
    yield "two parts", f"{head}.{body}"
    yield "a signature of zeros", f"{head}.{body}.{base64url(bytes(64))}"
    yield "another proof's signature", f"{head}.{body}.{town.proof().split('.')[2]}"
    for none in ("none", "None", "NONE"):
        yield f"alg {none}", under(good, {"alg": none, "kid": name}, sign=lambda _: b"")
    keys = {"JWK": json.dumps(published).encode(), "x": published["x"].encode(), "key of zero bytes": b""}
    for what, key in keys.items():
        yield f"HS256 by the public {what}", under(good, {"alg": "HS256", "kid": name}, sign=hs256(key))
    yield (
        "a forger's key under the name of ours",
        under(good, {"alg": "ES256", "kid": name}, sign=forger.sign),
    )
    yield (
        "a forger's key under its own name",
        under(good, {"alg": "ES256", "kid": forger.public().key_id}, sign=forger.sign),
    )
    yield (
        "a forger's key in the header",
        under(good, {"alg": "ES256", "jwk": forger.public().jwk()}, sign=forger.sign),
    )
    yield "made out to somebody else", town.proof(audience="https://other.example")
    yield "made out to a longer name", town.proof(audience=f"{AUDIENCE}.evil.example")
    yield "of another client", town.proof(by="other")
    yield "of another purpose", town.proof(purpose="payment")
    yield "of another issuer", town.proof(at=town.another(PROOF_ISSUER="urn:countersign:evil"))
    yield "of another stack that calls itself the same", town.proof(at=town.another(key=make_proof_key()))
    yield "over", town.proof(at=town.another(ago_seconds=3_600))
    yield (
        "an access token",
        town.gateway.http(
            "POST",
            "/oauth2/token",
            body="grant_type=client_credentials&client_id=shop&client_secret=demo-secret",
            headers={"content-type": "application/x-www-form-urlencoded"},
        ).json["access_token"],
    )
    yield "nothing", ""


@pytest.fixture(scope="module")
def town(aws_of_the_module: Aws, session: Session) -> Iterator[tuple[Town, str]]:
    aws_of_the_module.put_clients({"pepper": "p" * 40, "clients": SHOPS})
    aws_of_the_module.put_vendors(VENDORS)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        there = Town(aws_of_the_module, session, Vendors(wire))
        with served(there.gateway) as url:
            yield there, url


@pytest.fixture(scope="module")
def proofs(town: tuple[Town, str]) -> dict[str, str]:
    """Good ones first."""
    return {"good": town[0].proof(), "another good one": town[0].proof(), **dict(forged(town[0]))}


def _snippet(language: str, url: str) -> str:
    [block] = blocks(PAGE, language)
    assert PROOF_ISSUER in block.text
    assert AUDIENCE in block.text
    return block.text.replace("https://otp.example", url)


@pytest.fixture(scope="module")
def by_python(town: tuple[Town, str], proofs: dict[str, str]) -> Outcomes:
    lines = compile(_snippet("python", town[1]), str(PAGE), "exec")
    outcomes: dict[str, Mapping[str, Any] | None] = {}
    for name, proof in proofs.items():
        names: dict[str, Any] = {"proof": proof}
        try:
            exec(lines, names)
        except (jwt.PyJWTError, PermissionError):
            names["claims"] = None
        outcomes[name] = names["claims"]
    return outcomes


@pytest.fixture(scope="module")
def by_javascript(town: tuple[Town, str], proofs: dict[str, str], tmp_path_factory: Any) -> Outcomes:
    if NODE is None:
        pytest.skip("there is no Node.js on this machine")
    program: Path = tmp_path_factory.mktemp("node") / "lines.mjs"
    program.write_text(_snippet("js", town[1]) + RUN_ALL, encoding="utf-8")
    ran = subprocess.run(
        [NODE, str(program)],
        input=json.dumps(proofs),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    outcomes: Outcomes = json.loads(ran.stdout)
    return outcomes


@pytest.fixture(params=["by_python", "by_javascript"])
def outcomes(request: pytest.FixtureRequest) -> Outcomes:
    found: Outcomes = request.getfixturevalue(request.param)
    return found


def test_the_lines_take_good_proofs_and_refuse_forged_ones(outcomes: Outcomes) -> None:
    assert [name for name, claims in outcomes.items() if claims is not None] == ["good", "another good one"]
    assert len(outcomes) > 25


def test_the_lines_give_the_claims(outcomes: Outcomes) -> None:
    first, second = outcomes["good"], outcomes["another good one"]
    assert first is not None
    assert second is not None
    assert set(first) == {
        "iss", "aud", "sub", "client_id", "purpose", "verification_id", "jti", "iat", "exp",
    }  # fmt: skip
    assert first["jti"] != second["jti"]


@pytest.mark.parametrize(("language", "within"), [("python", None), ("js", "export function")])
def test_they_are_five_lines(language: str, within: str | None) -> None:
    [block] = blocks(PAGE, language)
    lines = [line for line in block.text.splitlines() if line and not line.startswith("import ")]
    if within is not None:
        begin = next(place for place, line in enumerate(lines) if line.startswith(within))
        lines = lines[begin + 1 : lines.index("}", begin)]
    assert len(lines) == 5


def test_the_claims_that_the_page_shows_and_explains_are_those_of_a_proof(proofs: dict[str, str]) -> None:
    given = set(jwt.decode(proofs["good"], options={"verify_signature": False}))
    [shown] = [json.loads(block.text) for block in blocks(PAGE, "json")]
    explained = {name for row in table(PAGE, "claim") for name in names(row["claim"])}
    assert set(shown) == given == explained - {"test"}
