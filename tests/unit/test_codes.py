"""Codes, hashes and sealed numbers."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.codes import Keyring, Keys, random_id, random_seed, slot_of
from countersign.model import Alphabet, Phone, Secret
from countersign.ports import SharedToken
from tests.support.builders import PEPPER, keys

SAMPLE = 20_000
# The 99.99th percentiles of chi-square with 9, 99 and 31 degrees of freedom. The sample is fixed,
# so this never flickers: it fails where somebody changes how codes are derived for the worse.
CHI_SQUARE_9 = 33.72
CHI_SQUARE_99 = 161.3
CHI_SQUARE_31 = 69.11
LETTERS_AND_DIGITS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def chi_square(counts: Counter[str], *, cells: int) -> float:
    expected = sum(counts.values()) / cells
    seen = sum((count - expected) ** 2 / expected for count in counts.values())
    return seen + (cells - len(counts)) * expected


def sample(length: int, *, alphabet: Alphabet = Alphabet.DIGITS) -> list[str]:
    maker = keys()
    return [
        maker.derive_code("v1", seed=str(number), length=length, alphabet=alphabet).reveal()
        for number in range(SAMPLE)
    ]


@pytest.mark.parametrize("length", [4, 6, 10])
def test_every_digit_is_equally_likely_at_every_place(length: int) -> None:
    codes = sample(length)
    for place in range(length):
        assert chi_square(Counter(code[place] for code in codes), cells=10) < CHI_SQUARE_9


def test_pairs_of_digits_are_equally_likely() -> None:
    codes = sample(6)
    for place in (0, 2, 4):
        pairs = Counter(code[place : place + 2] for code in codes)
        assert chi_square(pairs, cells=100) < CHI_SQUARE_99


def test_the_measure_would_notice_a_modulo_bias() -> None:
    biased = Counter(str(number % 64 % 10) for number in range(SAMPLE))
    assert chi_square(biased, cells=10) > CHI_SQUARE_9


@pytest.mark.parametrize("length", range(4, 11))
def test_a_code_has_its_length_leading_zeros_included(length: int) -> None:
    codes = [keys().derive_code("v", seed=str(n), length=length).reveal() for n in range(300)]
    assert all(re.fullmatch(rf"[0-9]{{{length}}}", code) for code in codes)
    assert any(code.startswith("0") for code in codes)


def test_a_code_belongs_to_its_verification_its_seed_its_length_and_the_pepper() -> None:
    code = keys().derive_code("v1", seed="s", length=10)
    assert code == keys().derive_code("v1", seed="s", length=10)
    assert code != keys().derive_code("v2", seed="s", length=10)
    assert code != keys().derive_code("v1", seed="t", length=10)
    assert code != Keys("another pepper, as long as it has to be").derive_code("v1", seed="s", length=10)
    shorter = keys().derive_code("v1", seed="s", length=6).reveal()
    assert not code.reveal().startswith(shorter)
    assert not code.reveal().endswith(shorter)


@pytest.mark.parametrize(
    ("id_", "seed", "length", "code"),
    [
        ("v1", "seed", 4, "1745"),
        ("v1", "seed", 6, "754558"),
        ("v2", "seed", 8, "30079218"),
        ("v1", "other", 10, "8785566747"),
    ],
)
def test_the_digits_of_a_seed_never_change(id_: str, seed: str, length: int, code: str) -> None:
    """A release that derived other codes would make a resend carry another code than the first send."""
    assert keys().derive_code(id_, seed=seed, length=length).reveal() == code


# Letters and digits ---------------------------------------------------------------------------


@pytest.mark.parametrize("length", [4, 6, 10])
def test_every_character_is_equally_likely_at_every_place(length: int) -> None:
    codes = sample(length, alphabet=Alphabet.LETTERS_AND_DIGITS)
    for place in range(length):
        counts = Counter(code[place] for code in codes)
        assert set(counts) == set(LETTERS_AND_DIGITS)
        assert chi_square(counts, cells=32) < CHI_SQUARE_31


@pytest.mark.parametrize("length", range(4, 11))
def test_a_code_of_letters_and_digits_has_its_length_and_nothing_that_looks_alike(length: int) -> None:
    for number in range(300):
        code = keys().derive_code("v", seed=str(number), length=length, alphabet=Alphabet.LETTERS_AND_DIGITS)
        assert re.fullmatch(rf"[2-9A-HJ-NP-Z]{{{length}}}", code.reveal())


def test_a_code_of_letters_and_digits_belongs_to_its_verification_and_its_seed() -> None:
    def code(id_: str, seed: str) -> Secret:
        return keys().derive_code(id_, seed=seed, length=10, alphabet=Alphabet.LETTERS_AND_DIGITS)

    assert code("v1", "s") == code("v1", "s")
    assert len({code("v1", "s"), code("v2", "s"), code("v1", "t")}) == 3
    assert code("v1", "s") != keys().derive_code("v1", seed="s", length=10)


# Keys of tokens -------------------------------------------------------------------------------


def test_a_tokens_key_has_64_bytes_and_belongs_to_use_client_secret_and_pepper() -> None:
    def key(use: str = "oauth2", client: str = "demo", secret: str = "s", pepper: str = PEPPER) -> bytes:
        return Keys(pepper).token_key(use, client_id=client, secret=secret)

    other_pepper = "another pepper, as long as it has to be"
    made = [
        key(),
        key("other"),
        key(client="d"),
        key(secret="t"),
        key(client="demos", secret=""),
        key(client="dem", secret="os"),
        key(pepper=other_pepper),
    ]
    assert key() == made[0]
    assert len(set(made)) == len(made)
    assert {len(one) for one in made} == {64}
    assert made[0][:32] != made[0][32:]


# Hashes ---------------------------------------------------------------------------------------


def test_a_guess_hashes_like_the_code_exactly_if_it_is_the_code() -> None:
    def hashed(client: str, id_: str, code: str) -> str:
        return keys().code_hash(client, verification_id=id_, code=Secret(code))

    right = hashed("demo", "v1", "012345")
    assert right == hashed("demo", "v1", "012345")
    for other in [
        hashed("demo", "v1", "12345"),
        hashed("demo", "v1", "0123450"),
        hashed("demo", "v2", "012345"),
        hashed("other", "v1", "012345"),
    ]:
        assert other != right
    assert "012345" not in right


PARTS = st.lists(st.text(max_size=4), min_size=1, max_size=4)


@given(PARTS, PARTS)
def test_no_two_splits_of_the_same_text_have_the_same_fingerprint(
    first: list[str], second: list[str]
) -> None:
    same = keys().fingerprint(*first) == keys().fingerprint(*second)
    assert same is (first == second)


def test_text_that_moves_from_one_part_to_the_next_makes_another_key() -> None:
    assert keys().fingerprint("ab", "c") != keys().fingerprint("a", "bc")
    assert keys().fingerprint("ab") != keys().fingerprint("ab", "")
    assert slot_of("ab", purpose="c") != slot_of("a", purpose="bc")
    first = keys().code_hash("ab", verification_id="c", code=Secret("1"))
    assert first != keys().code_hash("a", verification_id="bc", code=Secret("1"))


def test_every_use_has_a_key_of_its_own() -> None:
    number = Secret("+84901888484")
    made = [
        keys().number_key(number),
        keys().fingerprint(number.reveal()),
        keys().fingerprint("", number.reveal(), ""),
        keys().fingerprint(number.reveal(), ""),
        keys().verification_id(number.reveal(), idempotency_key=""),
        keys().code_hash("", verification_id="", code=number),
        keys().fingerprint("", "", number.reveal()),
    ]
    heads = {value[:16] for value in made}
    assert len(heads) == len(made)


def test_keys_hide_what_they_are_made_of() -> None:
    number = Secret("+84901888484")
    for value in (keys().number_key(number), keys().name, slot_of("demo", purpose="p")):
        assert re.fullmatch(r"[a-z2-7]+", value)
    assert len(keys().number_key(number)) == 32
    assert len(keys().name) == 8
    assert len(slot_of("demo", purpose="p")) == 16


def test_every_pepper_has_a_name_of_its_own_and_keeps_it() -> None:
    names = [Keys(f"{PEPPER}{place}").name for place in range(50)]
    assert len(set(names)) == 50
    assert names == [Keys(f"{PEPPER}{place}").name for place in range(50)]


def test_a_ring_knows_its_peppers_by_name_and_no_other() -> None:
    new, old = Keys(PEPPER), Keys("another pepper, as long as it has to be")
    assert Keyring(new, old).of(new.name) is Keyring(new, old).of(None) is new
    assert Keyring(new, old).of(old.name) is old
    assert Keyring(new).of(old.name) is None
    assert (Keyring(new, old).all, Keyring(new).all) == ((new, old), (new,))


def test_an_idempotency_key_stands_for_one_id_per_client() -> None:
    first = keys().verification_id("demo", idempotency_key="k")
    assert first == keys().verification_id("demo", idempotency_key="k")
    assert first != keys().verification_id("other", idempotency_key="k")
    assert first != keys().verification_id("demo", idempotency_key="l")
    assert re.fullmatch(r"[a-z2-7]{26}", first)


def test_ids_and_seeds_are_long_and_never_the_same() -> None:
    ids = {random_id() for _ in range(500)}
    seeds = {random_seed() for _ in range(500)}
    assert len(ids) == len(seeds) == 500
    assert all(re.fullmatch(r"[a-z2-7]{26}", one) for one in ids)
    assert all(re.fullmatch(r"[a-z2-7]{16}", one) for one in seeds)


# Sealing --------------------------------------------------------------------------------------

SEALED = keys().seal(Secret("+84901888484"), context="v1")
WRITABLE = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)


@given(WRITABLE, WRITABLE)
def test_what_was_sealed_is_unsealed(plain: str, context: str) -> None:
    sealed = keys().seal(Secret(plain), context=context)
    assert keys().unseal(sealed, context=context) == Secret(plain)


@given(st.integers(0, len(SEALED) - 1), st.sampled_from("abcXYZ234.-_=ü"))
def test_whatever_is_altered_is_not_unsealed(place: int, letter: str) -> None:
    altered = SEALED[:place] + letter + SEALED[place + 1 :]
    expected = Secret("+84901888484") if altered == SEALED else None
    assert keys().unseal(altered, context="v1") == expected


@pytest.mark.parametrize("sealed", ["", ".", "..", "...", "a.b.c", "sealed", "ü.ü.ü"])
def test_what_was_never_sealed_is_not_unsealed(sealed: str) -> None:
    assert keys().unseal(sealed, context="v1") is None


def test_a_seal_belongs_to_its_context_and_its_pepper() -> None:
    sealed = keys().seal(Secret("+84901888484"), context="v1")
    assert keys().unseal(sealed, context="v2") is None
    assert Keys("another pepper, as long as it has to be").unseal(sealed, context="v1") is None


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    made = {keys().seal(Secret("+84901888484"), context="v1") for _ in range(100)}
    assert len(made) == 100
    assert not any("84901888484" in one for one in made)


# Masks ----------------------------------------------------------------------------------------


def test_nothing_secret_is_printed() -> None:
    secret = Secret("CANARY")
    phone = Phone(e164=secret, country="VN", calling_code="84", masked="+84•••••8484")
    token = SharedToken("CANARY", 5)
    for value in (secret, phone, token, Keys(PEPPER), {"a": [secret]}):
        for shown in (repr(value), str(value), f"{value}", f"{value!r:>40}"):
            assert "CANARY" not in shown
            assert PEPPER not in shown


def test_secrets_are_equal_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("a"))
