"""What the permissions on the key of proofs are for; using.py says what a row is."""

from __future__ import annotations

from collections.abc import Mapping

from tests.end_to_end.calling import fresh_number
from tests.end_to_end.using import Scene, Use, done


def a_proof(scene: Scene) -> bool:
    """Of an approval, which is not made where it cannot be proved."""
    caller, to = scene.caller, fresh_number("VN")
    started = caller.start(to)
    assert started.status == 201, started
    path, body = f"/otp/v1/verifications/{started.body['id']}/check", {"audience": "https://shop.example"}
    return done(caller.call("POST", path, {**body, "code": caller.code_for(to)}), 200)


def the_keys(scene: Scene) -> bool:
    return done(scene.caller.call("GET", "/.well-known/jwks.json"), 200)


PROOF_USES: Mapping[str, Use] = {
    "VerifyRole/Proofs/kms:GetPublicKey": Use(the_keys, cold=True),
    "VerifyRole/Proofs/kms:Sign": Use(a_proof),
    "ProofKey/Signing/kms:GetPublicKey": Use(the_keys, cold=True),
    "ProofKey/Signing/kms:Sign": Use(a_proof),
}
PROOF_UNSEEN: Mapping[str, str] = {
    "ProofKey/Administration/kms:*": (
        "No function uses it: with it the account administers its key, and nobody else could;"
        " the emulator's root asks no policy."
    ),
}
