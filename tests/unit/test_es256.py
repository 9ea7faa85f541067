"""Keys and signatures in JOSE's form, against a library that is not ours; and every other form refused."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from hypothesis import given
from hypothesis import strategies as st

from countersign.es256 import PublicKey, raw_signature
from tests.support.signing import HeldKey

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
KEY = HeldKey()
SCALARS = st.one_of(
    st.integers(1, ORDER - 1),
    st.integers(0, 255).map(lambda bits: (ORDER - 1) >> bits),  # of every length
    st.sampled_from([1, 0x7F, 0x80, 0xFF, 0x100, 1 << 247, 1 << 248, 1 << 255, ORDER - 1]),
)
# RFC 6979, A.2.5: the key of the examples for P-256.
X = "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
Y = "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"


def spki(curve: ec.EllipticCurve, *, compressed: bool = False) -> bytes:
    public = ec.generate_private_key(curve).public_key()
    if not compressed:
        return public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    return bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point


@given(r=SCALARS, s=SCALARS)
def test_r_and_s_are_what_another_reader_of_der_finds(r: int, s: int) -> None:
    raw = raw_signature(utils.encode_dss_signature(r, s))
    assert raw == r.to_bytes(32, "big") + s.to_bytes(32, "big")


@given(message=st.binary(max_size=99))
def test_a_signature_is_still_one_once_it_is_der_again(message: bytes) -> None:
    raw = KEY.sign(message)
    assert len(raw) == 64
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    KEY.private.public_key().verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))


MALFORMED = {
    "nothing": "",
    "a tag alone": "30",
    "no sequence": "3106020101020101",
    "no integers": "3006030101030101",
    "one integer": "3003020101",
    "three integers": "3009020101020101020101",
    "bytes behind it": "300602010102010100",
    "bytes in it behind the second": "300702010102010100",
    "shorter than it says": "3007020101020101",
    "an integer longer than the sequence": "3006020101020501",
    "a length in the long form": "308106020101020101",
    "a length without end": "3080020101020101",
    "a long length with as many bytes": f"3081{'00' * 125}020101020101",
    "a number with a long length": f"30060281{'01' * 129}020101",
    "r empty": "30050200020101",
    "r zero": "3006020100020101",
    "s zero": "3006020101020100",
    "r negative": "3006020181020101",
    "r padded for nothing": "300702020001020101",
    "s padded twice": "30080201010203000080",
    "r the order": f"3026022100{ORDER:064x}020101",
    "r beyond the order": f"3026022100{'ff' * 32}020101",
    "s of 33 bytes": f"3026020101022101{'00' * 32}",
}


@pytest.mark.parametrize("der", MALFORMED.values(), ids=MALFORMED)
def test_every_other_encoding_is_refused(der: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        raw_signature(bytes.fromhex(der))


@given(der=st.binary(max_size=80))
def test_whatever_is_taken_for_a_signature_is_its_only_encoding(der: bytes) -> None:
    try:
        raw = raw_signature(der)
    except ValueError:
        return
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    assert utils.encode_dss_signature(r, s) == der


@given(r=SCALARS, s=SCALARS, place=st.integers(0, 71), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_another_signature(r: int, s: int, place: int, bit: int) -> None:
    der = bytearray(utils.encode_dss_signature(r, s))
    der[place % len(der)] ^= 1 << bit
    try:
        raw = raw_signature(bytes(der))
    except ValueError:
        return
    assert raw != r.to_bytes(32, "big") + s.to_bytes(32, "big")


def test_a_public_key_is_read_and_named_by_its_thumbprint() -> None:
    key = PublicKey.from_spki(bytes.fromhex(f"3059301306072a8648ce3d020106082a8648ce3d03010703420004{X}{Y}"))
    assert key.jwk() == {
        "kty": "EC",
        "crv": "P-256",
        "x": "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y",
        "y": "eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk",
        "use": "sig",
        "alg": "ES256",
        "kid": key.key_id,
    }
    assert key.key_id == "DOvxvJiAdIqVWIkFt5hDtCunXLF0BV4-JGv4f-ALSm0"


def test_coordinates_keep_their_leading_zeros() -> None:
    prefix = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
    key = PublicKey.from_spki(prefix + bytes(31) + b"\x07" + bytes(32))
    assert (key.x, key.y) == ("A" * 42 + "c", "A" * 43)


@pytest.mark.parametrize(
    "der",
    [
        b"",
        spki(ec.SECP384R1()),
        spki(ec.SECP256K1()),
        spki(ec.SECP256R1(), compressed=True),
        KEY.spki[:-1],
        KEY.spki + b"\x00",
        KEY.spki[:26] + b"\x02" + KEY.spki[27:],
    ],
    ids=["nothing", "P-384", "secp256k1", "compressed", "short", "long", "another form"],
)
def test_every_other_key_is_refused(der: bytes) -> None:
    with pytest.raises(ValueError, match="P-256"):
        PublicKey.from_spki(der)
