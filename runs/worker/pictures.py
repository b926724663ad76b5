"""Lightly's metadata of a picture.

Sharpness, signal to noise ratio, means, deviations and sums are those of lightly-utils 0.0.2, but that the outermost
pixels don't count for sharpness: there, a picture without any edge would seem sharp. For luminance, rows and contrast
no formula is published; ours fit the ranges that the official client checks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from contents.media.pixels import Pixels

Floats = NDArray[np.float64]
_LEVELS = np.arange(256, dtype=np.float64)
# Of CIE 1976 L*: below this relative luminance it is a straight line.
_DARK = (6 / 29) ** 3
# Of a picture at once: the arrays of a large one would not fit into memory.
_ROWS = 256
# What selections may ask for, as `lightly.` and the name.
NUMBERS = (
    *("sharpness", "snr", "luminance", "sizeInBytes", "uniformRowRatio", "width", "height"),
    *("meanRed", "meanGreen", "meanBlue", "contrast"),
)


def metadata_of(pixels: Pixels, size: int) -> dict[str, Any]:
    """With the keys of the official client's SampleMetaData. `size`: of the file in bytes.

    What that model has no keys for stands in `dynamic`. All numbers are finite.
    """
    counts = np.array(pixels.values, dtype=np.float64).reshape(3, 256)
    count = max(1.0, float(counts[0].sum()))
    levels = _LEVELS / 255.0
    sums, squares = counts @ levels, counts @ levels**2
    mean = sums / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    return {
        "sharpness": _sharpness(pixels),
        "luminance": _luminance(pixels.small),
        "sizeInBytes": size,
        "snr": _signal_to_noise(counts.sum(axis=0)),
        "uniformRowRatio": _uniform_rows(pixels),
        "mean": _within(mean, 1.0),
        "shape": [pixels.height, pixels.width, 3],
        "std": deviation.tolist(),
        "sumOfValues": sums.tolist(),
        "sumOfSquares": squares.tolist(),
        "dynamic": {
            "width": pixels.width,
            "height": pixels.height,
            **dict(zip(("meanRed", "meanGreen", "meanBlue"), _within(mean, 1.0), strict=True)),
            "contrast": _contrast(pixels.shades),
        },
    }


def number_of(metadata: dict[str, Any], name: str) -> float:
    """One of NUMBERS; NaN for another name, and for a picture that could not be read."""
    value = metadata.get(name, metadata.get("dynamic", {}).get(name))
    return float(value) if isinstance(value, int | float) else float("nan")


def _within(values: Floats, most: float) -> list[float]:
    """Rounding must not lead out of the range that clients check."""
    return [float(each) for each in np.clip(values, 0.0, most)]


def _deviation(counts: Floats) -> float:
    """The standard deviation of values that come so often."""
    count = counts.sum()
    if not count:
        return 0.0
    mean = counts @ _LEVELS / count
    return float(np.sqrt(counts @ (_LEVELS - mean) ** 2 / count))


def _sharpness(pixels: Pixels) -> float:
    """The standard deviation of the gray picture's Laplacian (8 in the middle, -1 around), cut to 0 to 255."""
    gray = np.frombuffer(pixels.gray, np.uint8).reshape(pixels.height, pixels.width)
    if min(gray.shape) < 3:
        return 0.0
    count, total, squares = 0, 0, 0
    for start in range(0, pixels.height - 2, _ROWS):
        rows = gray[start : start + _ROWS + 2].astype(np.int16)
        around = rows[:-2] + rows[1:-1]
        around += rows[2:]
        sums = around[:, :-2] + around[:, 1:-1]
        sums += around[:, 2:]
        edges = rows[1:-1, 1:-1] * 9
        edges -= sums
        np.clip(edges, 0, 255, out=edges)
        count += edges.size
        total += int(edges.sum(dtype=np.int64))
        squares += int(np.square(edges, dtype=np.int32).sum(dtype=np.int64))
    mean = total / count
    return float(np.sqrt(max(0.0, squares / count - mean**2)))


def _signal_to_noise(counts: Floats) -> float:
    """Mean by standard deviation of all values of all channels; 0 where they are all the same."""
    noise = _deviation(counts)
    return float(counts @ _LEVELS / counts.sum() / noise) if noise else 0.0


def _luminance(small: bytes) -> float:
    """The mean of CIE 1976 L*, from 0 (black) to 100 (white), of the pixels of a picture in sRGB."""
    values = np.frombuffer(small, np.uint8).reshape(-1, 3).astype(np.float64) / 255.0
    if not len(values):
        return 0.0
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    cubic = np.where(luminance > _DARK, np.cbrt(luminance), luminance * (29 / 6) ** 2 / 3 + 4 / 29)
    return float(np.clip((116 * cubic - 16).mean(), 0.0, 100.0))


def _contrast(shades: list[int]) -> float:
    """The standard deviation of the gray values, from 0 to 0.5 (RMS contrast)."""
    return _deviation(np.array(shades, dtype=np.float64)) / 255.0


def _uniform_rows(pixels: Pixels) -> float:
    """The share of rows whose pixels are all equally bright: stripes of a picture that arrived in part."""
    rows = np.frombuffer(pixels.gray, np.uint8).reshape(pixels.height, pixels.width)
    return float((rows.min(axis=1) == rows.max(axis=1)).mean()) if rows.size else 0.0
