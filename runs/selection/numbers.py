"""Strategies on one number for each sample: thresholds, weights, sums, random numbers."""

import hashlib
from collections.abc import Sequence

import numpy as np

from runs.selection.config import Operation, Weights
from runs.selection.samples import Flags, Floats

# A number of 0 has no logarithm: it counts as this part of the largest number, or as half of the smallest one above 0.
_ZERO = 1e-6
# A sample without a number comes after all that have one, by this factor for each unit of strength.
_MISSING = np.log(1000.0)


def passing(values: Floats, operation: Operation, threshold: float) -> Flags:
    """(n,) exact, in float64. A missing number passes no threshold."""
    compare = {
        Operation.SMALLER: np.less,
        Operation.SMALLER_EQUAL: np.less_equal,
        Operation.BIGGER: np.greater,
        Operation.BIGGER_EQUAL: np.greater_equal,
    }[operation]
    passes: Flags = compare(values, threshold) & np.isfinite(values)
    return passes


def random_numbers(names: Sequence[str], seed: int) -> Floats:
    """(n,) above 0, below 1: from seed and name alone, so that neither order nor other samples change it."""
    key = _key(str(seed).encode())
    encoded = (name.encode("utf-8", "surrogatepass") for name in names)
    hashes = b"".join(hashlib.blake2b(name, digest_size=8, key=key).digest() for name in encoded)
    numbers = np.frombuffer(hashes, dtype="<u8")
    return ((numbers >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def _key(seed: bytes) -> bytes:
    """Keys of blake2b have at most 64 bytes; seeds may have more digits."""
    return seed if len(seed) <= 64 else hashlib.blake2b(seed).digest()


def weight_logs(values: Floats, strength: float) -> Floats:
    """(n,) strength * log(objective) of WEIGHTS.

    The objective is the number itself. If one is negative, all are shifted so that the smallest is 0.
    """
    present = np.isfinite(values)
    found = values[present]
    if not found.size:
        return np.zeros(len(values))
    found = found / max(1.0, float(np.abs(found).max()))  # so that the difference of two large numbers is finite
    found = found - min(0.0, float(found.min()))
    top = float(found.max())
    logs = np.zeros(len(found))
    if top > 0:
        above = found > 0
        logs[above] = np.log(found[above]) - np.log(top)
        logs[~above] = min(np.log(_ZERO), float(logs[above].min()) - np.log(2.0))
    return _with_missing(logs * strength, present, strength)


def _with_missing(logs: Floats, present: Flags, strength: float) -> Floats:
    filled = np.full(len(present), float(logs.min()) - abs(strength) * _MISSING)
    filled[present] = logs
    return filled


class Budget:
    """The sum of a number over all chosen samples; missing numbers count as 0."""

    def __init__(self, values: Floats, maximum: float) -> None:
        self.values = np.where(np.isfinite(values), values, 0.0)
        self.maximum = maximum
        self.sum = 0.0

    def allows(self, row: int) -> bool:
        """Whether the sum stays at most at the maximum with this sample."""
        return self.sum + float(self.values[row]) <= self.maximum + 1e-9 * abs(self.maximum)

    def add(self, row: int) -> None:
        self.sum += float(self.values[row])


class Range:
    """WEIGHTS with a target range: samples whose numbers bring the final sum between two limits.

    With k samples still to choose, a number fits if k times the number brings the sum into the range. The objective is
    exp(-distance to what fits, in standard deviations).
    """

    def __init__(self, strategy: Weights, values: Floats, wanted: int) -> None:
        self.strategy = strategy
        self.wanted = wanted
        self.sum, self.count = 0.0, 0
        self._present = np.isfinite(values)
        self.values = np.where(self._present, values, 0.0)
        found = self.values[self._present]
        self._scale = float(found.std()) if found.size and found.std() > 0 else 1.0

    def logs(self) -> Floats:
        """(m,) strength * log(objective) of each sample as the next one."""
        left = max(1, self.wanted - self.count)
        low = -np.inf if self.strategy.range_from is None else (self.strategy.range_from - self.sum) / left
        high = np.inf if self.strategy.range_to is None else (self.strategy.range_to - self.sum) / left
        off = np.maximum(np.maximum(low - self.values, self.values - high), 0.0)
        logs: Floats = off * (-self.strategy.strength / self._scale)
        if self._present.all() or not self._present.any():
            return logs
        return _with_missing(logs[self._present], self._present, self.strategy.strength)

    def add(self, row: int) -> None:
        self.sum += float(self.values[row])
        self.count += 1
