"""The RSA key in a service account's key file, read by ourselves.

OpenSSL tests whether the key's primes are primes, for minutes where somebody made a huge key, and no other thread of
the process runs meanwhile. So the numbers are read from the file first, and judged: by their sizes, and by what has to
hold between them. That takes less than a millisecond. Primes are not tested then: whoever brings false ones gets
signatures that Google refuses. The arithmetic that signs ends with all odd numbers of these sizes.

Forms of the file: RFC 5958 (PKCS #8), RFC 8017 appendix A.1.2 (PKCS #1), RFC 7468 (PEM).
"""

import base64
import binascii
import re
from dataclasses import dataclass

MOST_FILE_BYTES = 8 * 1024
LEAST_BITS, MOST_BITS = 1024, 4096
# Google makes keys with 65537; more than 32 bits are of no use.
MOST_EXPONENT_BITS = 32
_PEM = re.compile(r"-----BEGIN (?P<kind>(?:RSA )?PRIVATE KEY)-----(?P<data>[A-Za-z0-9+/=\s]*)-----END (?P=kind)-----")
_OTHER_PEM = re.compile(r"-----BEGIN (?P<kind>[A-Z0-9 ]{1,40})-----")
_RSA = bytes.fromhex("06092a864886f70d010101")  # the algorithm's name: 1.2.840.113549.1.1.1
_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04


class WrongKeyError(ValueError):
    """This is no key that can be used. The text is a sentence for people, and quotes nothing of the key."""


@dataclass(frozen=True, repr=False)
class PrivateNumbers:
    """As RFC 8017 names them."""

    n: int
    e: int
    d: int
    p: int
    q: int
    d_p: int
    d_q: int
    q_inverse: int


def read_private_key(pem: str) -> PrivateNumbers:
    """The numbers of an RSA key of a usual size. Raises WrongKeyError. Takes less than a millisecond for any text."""
    if len(pem) > MOST_FILE_BYTES:
        raise WrongKeyError(f"The private_key has more than {MOST_FILE_BYTES:,} characters.")
    found = _PEM.search(pem)
    if not found:
        other = _OTHER_PEM.search(pem)
        if other and "PRIVATE" in other["kind"]:
            raise WrongKeyError("The private_key is no RSA key without a password, which is what Google makes.")
        raise WrongKeyError("The private_key is no key in PEM form. Download the key anew.")
    try:
        data = base64.b64decode("".join(found["data"].split()), validate=True)
        numbers = _numbers(data if found["kind"].startswith("RSA") else _inside(data))
    except (binascii.Error, IndexError):
        raise WrongKeyError("The private_key is cut off or damaged. Download the key anew.") from None
    _judge(numbers)
    return numbers


def _inside(data: bytes) -> bytes:
    """The RSA key in an envelope that names the kind of key."""
    _version, algorithm, key = _parts(_only(data), [_INTEGER, _SEQUENCE, _OCTETS])
    if not algorithm.startswith(_RSA):
        raise WrongKeyError("The private_key is no RSA key, which is what Google makes.")
    return key


def _numbers(data: bytes) -> PrivateNumbers:
    version, *rest = _parts(_only(data), [_INTEGER] * 9)
    if any(version):
        raise WrongKeyError("The private_key has more than two primes, which Google's keys don't have.")
    return PrivateNumbers(*(int.from_bytes(each, "big", signed=True) for each in rest))


def _judge(key: PrivateNumbers) -> None:
    bits = key.n.bit_length()
    if not LEAST_BITS <= bits <= MOST_BITS:
        raise WrongKeyError(
            f"The private_key is an RSA key of {bits:,} bits. Only {LEAST_BITS:,} to {MOST_BITS:,} are accepted; "
            "Google makes keys of 2,048."
        )
    if not (key.e.bit_length() <= MOST_EXPONENT_BITS and key.e >= 3 and key.e % 2):
        raise WrongKeyError("The private_key has an unusual public exponent. Google's keys have 65537.")
    of_primes = all(prime % 2 and prime.bit_length() > bits // 4 for prime in (key.p, key.q))
    if not (
        of_primes
        and key.p > 1 < key.q
        and key.p * key.q == key.n
        and 0 < key.d < key.n
        and 0 < key.d_p < key.p
        and 0 < key.d_q < key.q
        and 0 < key.q_inverse < key.p
        and (key.e * key.d_p) % (key.p - 1) == (key.e * key.d) % (key.p - 1) == 1
        and (key.e * key.d_q) % (key.q - 1) == (key.e * key.d) % (key.q - 1) == 1
        and (key.q * key.q_inverse) % key.p == 1
    ):
        raise WrongKeyError("The numbers of the private_key don't belong together. Download the key anew.")


def _only(data: bytes) -> bytes:
    """The content of the sequence that the data consists of."""
    (content,) = _parts(data, [_SEQUENCE])
    return content


def _parts(data: bytes, tags: list[int]) -> list[bytes]:
    """The contents of the first elements of DER, which must have these tags. Raises IndexError where they don't."""
    at, contents = 0, []
    for tag in tags:
        if data[at] != tag:
            raise IndexError
        size, at = data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            if not 1 <= count <= 2:  # no file of MOST_FILE_BYTES has an element that needs more
                raise IndexError
            size, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + size > len(data):
            raise IndexError
        contents.append(data[at : at + size])
        at += size
    return contents
