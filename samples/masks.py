"""Sets of samples as bits: bit `position % 8` of byte `position // 8`, without zero bytes at the end.

The official client writes such a set as `0x` and hexadecimal digits, in which bit k from the right is sample k.
Everything here takes time in proportion to the number of samples.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable

Bits = bytes | memoryview
"""As a tag's column gives them: PostgreSQL answers with a memoryview."""
_HEX = re.compile(r"0x[0-9a-f]+")
_IN_BYTE = [tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256)]


class MaskError(ValueError):
    """The text is no mask."""


def to_hex(bits: Bits) -> str:
    """As the client reads it. Nothing at all is `0x0`."""
    digits = bytes(bits)[::-1].hex()
    return f"0x{digits or '0'}"


def from_hex(text: str) -> bytes:
    """Raises MaskError."""
    if not _HEX.fullmatch(text):
        raise MaskError("not 0x and hexadecimal digits in lower case")
    digits = text.removeprefix("0x")
    return trimmed(bytes.fromhex("0" * (len(digits) % 2) + digits)[::-1])


def trimmed(bits: Bits) -> bytes:
    return bytes(bits).rstrip(b"\0")


def size_of(bits: Bits) -> int:
    return _number(bits).bit_count()


def length_of(bits: Bits) -> int:
    """One more than the last position in the set; 0 if it is empty."""
    return _number(bits).bit_length()


def union(one: Bits, other: Bits) -> bytes:
    return _bytes(_number(one) | _number(other))


def intersection(one: Bits, other: Bits) -> bytes:
    return _bytes(_number(one) & _number(other))


def difference(one: Bits, other: Bits) -> bytes:
    """What is in `one` and not in `other`."""
    return _bytes(_number(one) & ~_number(other))


def span(start: int, count: int) -> bytes:
    """The positions `start`, `start + 1` and so on, `count` of them."""
    return _bytes(((1 << count) - 1) << start)


def of_positions(positions: Iterable[int]) -> bytes:
    """In whatever order, also several times."""
    bits = bytearray()
    for position in positions:
        at = position >> 3
        if at >= len(bits):
            bits.extend(bytes(at + 1 - len(bits)))
        bits[at] |= 1 << (position & 7)
    return trimmed(bytes(bits))


def positions_in(bits: Bits) -> array[int]:
    """Of the samples in the set, in order."""
    found = array("I")
    for at, byte in enumerate(bytes(bits)):
        if byte:
            found.extend(at * 8 + bit for bit in _IN_BYTE[byte])
    return found


def has(bits: Bits, position: int) -> bool:
    at = position >> 3
    return at < len(bits) and bool(bytes(bits[at : at + 1])[0] >> (position & 7) & 1)


def _number(bits: Bits) -> int:
    return int.from_bytes(bytes(bits), "little")


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "little")
