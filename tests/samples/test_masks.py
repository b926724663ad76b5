"""Masks against Python's own sets, and as the official client reads them."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samples import masks

sets = st.sets(st.integers(0, 3000), max_size=40)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # two cores have other work too
@given(sets, sets)
def test_they_are_sets(one: set[int], other: set[int]) -> None:
    left, right = masks.of_positions(one), masks.of_positions(other)
    assert set(masks.positions_in(masks.union(left, right))) == one | other
    assert set(masks.positions_in(masks.intersection(left, right))) == one & other
    assert set(masks.positions_in(masks.difference(left, right))) == one - other
    assert list(masks.positions_in(left)) == sorted(one)
    assert masks.size_of(left) == len(one)
    assert masks.length_of(left) == max(one, default=-1) + 1
    assert not left.endswith(b"\0")
    assert all(masks.has(left, position) == (position in one) for position in range(0, 3100, 7))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # two cores have other work too
@given(sets)
def test_bit_k_from_the_right_is_sample_k(one: set[int]) -> None:
    text = masks.to_hex(masks.of_positions(one))
    assert int(text, 16) == sum(1 << position for position in one)
    assert masks.from_hex(text) == masks.of_positions(one)
    assert masks.from_hex("0x000" + text.removeprefix("0x")) == masks.of_positions(one)


@pytest.mark.parametrize("text", ["", "0x", "12", "0x1G", "0xAB", "0x1\n", " 0x1", "-0x1"])
def test_what_is_no_mask(text: str) -> None:
    with pytest.raises(masks.MaskError):
        masks.from_hex(text)


def test_spans() -> None:
    assert list(masks.positions_in(masks.span(5, 4))) == [5, 6, 7, 8]
    assert masks.span(3, 0) == b""
    assert masks.to_hex(b"") == "0x0"


def test_a_million_samples_take_no_time() -> None:
    begun = time.process_time()
    every = masks.span(0, 1_000_000)
    half = masks.of_positions(range(0, 1_000_000, 2))
    assert masks.size_of(masks.difference(every, half)) == 500_000
    assert masks.from_hex(masks.to_hex(half)) == half
    assert len(masks.positions_in(half)) == 500_000
    assert time.process_time() - begun < 5  # about half a second
