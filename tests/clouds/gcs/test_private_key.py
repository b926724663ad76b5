"""Keys that would hold the interpreter, or are none: refused when saved, and never loaded where they are stored."""

from __future__ import annotations

import base64
import functools
import itertools
import json
import math
import secrets
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from clouds import Cause, Deadline, Endpoints, StoreError, open_store, parse_config
from clouds.gcs import store as gcs
from clouds.gcs.private_key import MOST_FILE_BYTES, PrivateNumbers, WrongKeyError, read_private_key
from tests.clouds.examples import example, service_account

NOW = datetime(2026, 11, 28, tzinfo=UTC)
PKCS8, PKCS1 = serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL


@functools.cache
def key(bits: int = 2048, exponent: int = 65537) -> rsa.RSAPrivateKey:
    # Two kinds of exponents are all that the generator makes.
    return rsa.generate_private_key(public_exponent=exponent, key_size=bits)


def pem(made: Any, form: serialization.PrivateFormat = PKCS8, password: bytes = b"") -> str:
    locked = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return str(made.private_bytes(serialization.Encoding.PEM, form, locked).decode())


def element(tag: int, content: bytes) -> bytes:
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def written(*numbers: int, version: int = 0, kind: str = "RSA PRIVATE KEY") -> str:
    """A key file of these numbers, whatever they are."""
    parts = [element(2, each.to_bytes(each.bit_length() // 8 + 1, "big", signed=True)) for each in (version, *numbers)]
    data = base64.encodebytes(element(0x30, b"".join(parts))).decode()
    return f"-----BEGIN {kind}-----\n{data}-----END {kind}-----\n"


def numbers(**changes: int) -> tuple[int, ...]:
    found = key().private_numbers()
    right = {"n": found.public_numbers.n, "e": found.public_numbers.e, "d": found.d, "p": found.p, "q": found.q}
    right |= {"d_p": found.dmp1, "d_q": found.dmq1, "q_inverse": found.iqmp}
    return tuple((right | changes).values())


def huge(bits: int) -> str:
    """The size is that of a key of so many bits; nobody waits until its primes are found."""
    n = secrets.randbits(bits) | 1 | 1 << (bits - 1)
    half = [secrets.randbits(bits // 2) | 1 | 1 << (bits // 2 - 1) for _ in range(5)]
    return written(n, 65537, n >> 1, *half)


def padded(bits: int) -> str:
    """A huge modulus in a small file."""
    n = 1 << (bits - 1) | 1
    return written(n, 65537, 3, 5, 7, 1, 1, 1)


WRONG = {
    "no key": ("x", "no key in PEM form"),
    "nothing": ("", "no key in PEM form"),
    "cut off": (pem(key())[:900] + "\n-----END PRIVATE KEY-----\n", "cut off or damaged"),
    "no base64": ("-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----", "cut off or damaged"),
    "empty": ("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----", "cut off or damaged"),
    "no bytes left": ("-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----", "cut off or damaged"),
    "two kinds": (pem(key()).replace("BEGIN PRIVATE", "BEGIN RSA PRIVATE"), "no RSA key without"),
    "16,384 bits": (huge(16384), "more than 8,192 characters"),
    "9,000 bits": (huge(9000), "RSA key of 9,000 bits"),
    "4,104 bits": (huge(4104), "RSA key of 4,104 bits"),
    "a huge modulus alone": (padded(40_000), "RSA key of 40,000 bits"),
    "512 bits": (huge(512), "RSA key of 512 bits"),
    "an elliptic curve": (pem(ec.generate_private_key(ec.SECP256R1())), "no RSA key"),
    "the older form of it": (pem(ec.generate_private_key(ec.SECP256R1()), PKCS1), "no RSA key"),
    "another curve": (pem(ed25519.Ed25519PrivateKey.generate()), "no RSA key"),
    "a password": (pem(key(), password=b"long enough"), "without a password"),
    "a public key": ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "no key in PEM form"),
    "three primes": (written(*numbers(), version=1), "more than two primes"),
    "a negative modulus": (written(*numbers(n=-(1 << 2047) - 1)), "belong together"),
    "a modulus of zero": (written(*numbers(n=0)), "RSA key of 0 bits"),
    "an exponent of one": (written(*numbers(e=1)), "public exponent"),
    "an even exponent": (written(*numbers(e=65536)), "public exponent"),
    "a huge exponent": (written(*numbers(e=(1 << 2000) + 1)), "public exponent"),
    "a negative exponent": (written(*numbers(e=-65537)), "public exponent"),
    "a prime of one": (written(*numbers(p=1, q=numbers()[0])), "belong together"),
    "an even prime": (written(*numbers(p=numbers()[3] + 1)), "belong together"),
    "a negative prime": (written(*numbers(p=-numbers()[3], q=-numbers()[4])), "belong together"),
    "another prime": (written(*numbers(q=numbers()[4] + 2)), "belong together"),
    "another secret exponent": (written(*numbers(d=numbers()[2] + 2)), "belong together"),
    "a huge secret exponent": (written(*numbers(d=numbers()[2] + numbers()[0] * 8)), "belong together"),
    "another remainder": (written(*numbers(d_p=numbers()[5] + 2)), "belong together"),
    "another coefficient": (written(*numbers(q_inverse=numbers()[7] + 1)), "belong together"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_refused_at_once_when_it_is_saved(what: str) -> None:
    text, sentence = WRONG[what]
    began = time.process_time()
    with pytest.raises(WrongKeyError, match=sentence):
        read_private_key(text)
    assert time.process_time() - began < 0.05
    config = parse_config(example("GCS", gcsCredentials=service_account(private_key=text or "-")))
    assert set(config.unusable(NOW)) == {"credentials"}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_stored_is_never_loaded(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that was stored before keys were judged."""

    def loaded(_: object) -> None:
        raise AssertionError("it was loaded")

    monkeypatch.setattr(gcs, "_loaded", loaded)
    monkeypatch.setattr(serialization, "load_pem_private_key", loaded)
    config = parse_config(example("GCS", gcsCredentials=service_account(private_key=WRONG[what][0] or "-")))
    with pytest.raises(StoreError) as caught:
        open_store(config, Endpoints(), Deadline(5))
    assert caught.value.failure.cause is Cause.MALFORMED_CREDENTIAL


@pytest.mark.parametrize(
    "made",
    [
        pem(key()),
        pem(key(), PKCS1),
        pem(key()).replace("\n", "\r\n"),
        f"Bag Attributes\n  friendlyName: x\n{pem(key())}",
        pem(key(1024)),
        pem(key(4096)),
        pem(key(2048, 3)),
        written(*numbers()),
    ],
)
def test_usual_keys_are_read_and_sign_as_they_do_elsewhere(made: str) -> None:
    begun = time.process_time()
    numbers_read = read_private_key(made)
    ours = gcs._loaded(numbers_read)
    assert time.process_time() - begun < 0.05
    assert len(made) < MOST_FILE_BYTES
    theirs = serialization.load_pem_private_key(made[made.index("-----BEGIN") :].encode(), None)
    assert isinstance(theirs, rsa.RSAPrivateKey)
    assert ours.private_numbers() == theirs.private_numbers()
    theirs.public_key().verify(ours.sign(b"text", padding.PKCS1v15(), hashes.SHA256()), b"text", *_signed())


def _signed() -> tuple[padding.AsymmetricPadding, hashes.HashAlgorithm]:
    return padding.PKCS1v15(), hashes.SHA256()


def test_false_primes_cost_no_time_either() -> None:
    """Numbers that fit together and are no primes: nothing here looks for that, and signing ends."""
    threes = (3 * number for number in itertools.count(1 << 1022 | 1, 2))
    p = next(number for number in threes if math.gcd(65537, number - 1) == 1)
    q = next(
        number
        for number in threes
        if math.gcd(65537, number - 1) == 1 and math.gcd(p - 1, number - 1) == 2 and math.gcd(p, number) == 3
    )
    p = p // 3  # so that they have no divisor in common
    while math.gcd(p, q) > 1 or math.gcd(65537, p - 1) > 1 or math.gcd(p - 1, q - 1) > 2 or p % 5:
        p += 2
    d = pow(65537, -1, (p - 1) * (q - 1) // 2)
    read = read_private_key(written(p * q, 65537, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)))
    began = time.process_time()
    loaded = gcs._loaded(read)
    signature = loaded.sign(b"text", *_signed())
    with pytest.raises(InvalidSignature):
        loaded.public_key().verify(signature, b"text", *_signed())
    assert time.process_time() - began < 0.1


def test_no_number_is_in_its_repr() -> None:
    read = read_private_key(pem(key()))
    assert isinstance(read, PrivateNumbers)
    assert str(read.p) not in repr(read)


def test_a_key_file_that_is_a_deep_nest_is_no_crash() -> None:
    nest = '{"type": ' + "[" * 4000 + "]" * 4000 + "}"
    with pytest.raises(ValueError, match="not JSON"):
        parse_config(example("GCS", gcsCredentials=nest))
    assert json.loads(service_account())["type"] == "service_account"
