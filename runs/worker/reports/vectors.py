"""What embeddings tell for the report: how far samples are from each other, and a flat picture of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.selection.samples import Matrix
from runs.worker.embedding.matrix import ROWS, pieces
from runs.worker.reports.distributions import Json, Sets, numeric_of

Vectors = NDArray[np.float32]
# Distances are told of so many samples of a set, drawn by lot: all of a large set would take minutes.
MOST_COMPARED = 2_000
# Of fewer where there are very many to compare them with, so that a slice has time for all of it.
MOST_PAIRS = 40_000_000
LEAST_COMPARED = 100
# So many rows tell the directions of a flat picture.
MOST_FITTED = 20_000
# Points of the report's plot.
MOST_POINTS = 5_000
_CENTRES = 1_024


def finite_rows(vectors: Matrix) -> NDArray[np.bool_]:
    """(n,) which rows have vectors of finite numbers."""
    found = np.zeros(len(vectors), np.bool_)
    if vectors.shape[1]:
        for start, some in pieces(vectors):
            found[start : start + len(some)] = np.isfinite(some).all(axis=1)
    return found


def principal(vectors: Matrix) -> Vectors:
    """(n, 2) the two directions of the largest variance (PCA), each with a sign that does not depend on chance.

    Rows that are not finite are put into the middle. Of more than MOST_FITTED rows, as many tell the directions, which
    are always the same ones; all are projected, some at a time.
    """
    flat = np.zeros((len(vectors), 2), np.float32)
    usable = np.flatnonzero(finite_rows(vectors))
    if len(usable) < 2:
        return flat
    fitted = usable[np.linspace(0, len(usable) - 1, min(len(usable), MOST_FITTED)).round().astype(np.intp)]
    middle = _sum(vectors, fitted) / len(fitted)
    axes = _axes(vectors, fitted, middle)
    for start in range(0, len(usable), ROWS):
        some = usable[start : start + ROWS]
        flat[some, : axes.shape[1]] = (np.asarray(vectors[some], np.float64) - middle) @ axes
    signs = np.sign(flat[np.abs(flat).argmax(axis=0), np.arange(2)])
    flat *= np.where(signs == 0, 1.0, signs).astype(np.float32)
    return flat


def _sum(vectors: Matrix, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """(d,)"""
    total = np.zeros(vectors.shape[1])
    for start in range(0, len(rows), ROWS):
        total += np.asarray(vectors[rows[start : start + ROWS]], np.float64).sum(axis=0)
    return total


def _axes(vectors: Matrix, rows: NDArray[np.intp], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """(d, 2 at most) of these rows around the middle, from the smaller one of the two matrices that tell it."""
    width = vectors.shape[1]
    if width <= len(rows):
        products = np.zeros((width, width))
        for start in range(0, len(rows), ROWS):
            some = np.asarray(vectors[rows[start : start + ROWS]], np.float64) - middle
            products += some.T @ some
        _, directions = np.linalg.eigh(products)
        return np.asarray(directions[:, ::-1][:, :2])
    known = np.asarray(vectors[rows], np.float64) - middle
    sizes, directions = np.linalg.eigh(known @ known.T)
    scales = np.sqrt(np.maximum(sizes[::-1][:2], 0.0))
    axes = known.T @ directions[:, ::-1][:, :2]
    flat: NDArray[np.float64] = np.zeros_like(axes)
    np.divide(axes, scales, out=flat, where=scales > 1e-9 * max(1.0, float(scales.max())))
    return flat


def embedding_information(vectors: Matrix, sets: Sets, names: Sequence[str], *, seed: int) -> Json:
    """EmbeddingInformation of the report. `vectors`: (n + h, d)."""
    finite = finite_rows(vectors)
    some = {name: _some(places[finite[places]], seed) for name, places in sets.named().items()}
    looked = some["input"]
    nearest = {name: _nearest(vectors, places, places) for name, places in some.items()}
    covering = {name: places[finite[places]] for name, places in sets.named().items() if name != "input"}
    cover = {
        name: _nearest(vectors, _some(looked, seed, _compared_with(len(places))), places)
        for name, places in covering.items()
    }
    return {
        "distanceToNearestNeighborInSet": numeric_of(nearest),
        "distanceToCoverInput": numeric_of(cover),
        "scatterPlotData": _scatter(vectors, sets, names, seed),
    }


def _some(places: NDArray[np.intp], seed: int, most: int = MOST_COMPARED) -> NDArray[np.intp]:
    if len(places) <= most:
        return places
    return np.sort(np.random.default_rng(seed).permutation(places)[:most])


def _compared_with(centres: int) -> int:
    return max(LEAST_COMPARED, min(MOST_COMPARED, MOST_PAIRS // max(1, centres)))


def _nearest(vectors: Matrix, rows: NDArray[np.intp], centres: NDArray[np.intp]) -> NDArray[Any]:
    """Of each row the distance to the nearest of the centres; nobody is his own neighbour."""
    if len(centres) < 2 or not len(rows):
        return np.zeros(0)
    found, _ = _neighbours(vectors, rows, centres, is_same_set=np.array_equal(rows, centres))
    return np.sqrt(np.maximum(found, 0.0))


def _neighbours(
    vectors: Matrix, rows: NDArray[np.intp], centres: NDArray[np.intp], *, is_same_set: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Of each of a few rows the squared distance to the nearest centre, and which that is. Centres may be many."""
    some = vectors[rows]
    lengths = np.square(some).sum(axis=1)[:, None]
    found, which = np.full(len(rows), np.inf), np.zeros(len(rows), np.intp)
    for at in range(0, len(centres), _CENTRES):
        others = vectors[centres[at : at + _CENTRES]]
        squared = lengths - 2.0 * (some @ others.T) + np.square(others).sum(axis=1)
        if is_same_set:
            own = np.arange(at, min(at + _CENTRES, len(rows)))
            squared[own, own - at] = np.inf
        nearest = squared.argmin(axis=1)
        values = squared[np.arange(len(rows)), nearest]
        is_nearer = values < found
        found[is_nearer], which[is_nearer] = values[is_nearer], nearest[is_nearer] + at
    return found, which


def _scatter(vectors: Matrix, sets: Sets, names: Sequence[str], seed: int) -> Json:
    """UMAP is not computed: its lists are empty."""
    shown = {name: _some(places, seed, MOST_POINTS) for name, places in sets.named().items()}
    everything = np.unique(np.concatenate([shown["input"], shown["selected"], shown.get("preselectedDatapool", [])]))
    everything = everything.astype(np.intp)
    points = principal(vectors[everything]).tolist()
    place = {int(at): point for at, point in zip(everything, points, strict=True)}

    def of(name: str) -> list[list[float]]:
        return [place[int(at)] for at in shown.get(name, ())]

    examples = [{"location": place[int(at)], "filename": names[int(at)]} for at in shown["selected"][:20]]
    pca: Json = {
        "input2dEmbeddings": of("input"),
        "selectedExcludingDatapool2dEmbeddings": of("selected"),
        "exampleImages": examples,
    }
    if sets.held is not None:
        pca["datapool2dEmbeddings"] = of("preselectedDatapool")
    nothing: Json = {"input2dEmbeddings": [], "selectedExcludingDatapool2dEmbeddings": [], "exampleImages": []}
    return {"pcaEmbeddingData": pca, "umapEmbeddingData": nothing}


def near_pairs(vectors: Matrix, sets: Sets, names: Sequence[str], most: int = 5) -> list[Json]:
    """Selected samples with a sample that was left out, the nearest pairs first."""
    selected = set(sets.selected.tolist())
    left = np.array([at for at in sets.input.tolist() if at not in selected], dtype=np.intp)
    finite = finite_rows(vectors)
    chosen = sets.selected[finite[sets.selected]]
    left = _some(left[finite[left]], seed=0, most=_compared_with(len(chosen)))
    if not len(left) or not len(chosen):
        return []
    squared, which = _neighbours(vectors, left, chosen)
    found = [
        (max(0.0, float(value)) ** 0.5, names[int(chosen[column])], names[int(row)])
        for row, column, value in zip(left, which, squared, strict=True)
    ]
    pairs = sorted(found)[:most]
    return [{"selectedImage": kept, "removedImage": gone, "distance": distance} for distance, kept, gone in pairs]
