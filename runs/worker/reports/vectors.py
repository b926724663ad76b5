"""What embeddings tell for the report: how far samples are from each other, and a flat picture of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.worker.reports.distributions import Json, Sets, numeric_of

Vectors = NDArray[np.float32]
# Distances are told of so many samples of a set, drawn by lot: all of a large set would take minutes.
MOST_COMPARED = 2_000
# Points of the report's plot.
MOST_POINTS = 5_000
_ROWS = 256


def unit(vectors: NDArray[Any], *, is_wanted: bool) -> Vectors:
    """At length 1 if wanted; zeros stay zeros."""
    found = np.array(vectors, dtype=np.float32)
    if is_wanted and found.size:
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        np.divide(found, lengths, out=found, where=lengths > 0)
    return found


def finite_rows(vectors: NDArray[Any]) -> NDArray[np.bool_]:
    """(n,) which rows have vectors of finite numbers."""
    if not vectors.shape[1]:
        return np.zeros(len(vectors), np.bool_)
    return np.asarray(np.isfinite(vectors).all(axis=1), np.bool_)


def principal(vectors: Vectors) -> Vectors:
    """(n, 2) the two directions of the largest variance (PCA), each with a sign that does not depend on chance.

    Rows that are not finite are put into the middle.
    """
    flat = np.zeros((len(vectors), 2), np.float32)
    usable = finite_rows(vectors)
    if usable.sum() < 2:
        return flat
    known = vectors[usable].astype(np.float64)
    known -= known.mean(axis=0)
    # Of the smaller of the two matrices whose eigenvectors tell it.
    if known.shape[1] <= len(known):
        _, directions = np.linalg.eigh(known.T @ known)
        axes = directions[:, ::-1][:, :2]
        points = known @ axes
    else:
        sizes, directions = np.linalg.eigh(known @ known.T)
        points = directions[:, ::-1][:, :2] * np.sqrt(np.maximum(sizes[::-1][:2], 0.0))
    signs = np.sign(points[np.abs(points).argmax(axis=0), np.arange(points.shape[1])])
    flat[usable, : points.shape[1]] = points * np.where(signs == 0, 1.0, signs)
    return flat


def embedding_information(vectors: Vectors, sets: Sets, names: Sequence[str], *, seed: int) -> Json:
    """EmbeddingInformation of the report. `vectors`: (n + h, d)."""
    finite = finite_rows(vectors)
    some = {name: _some(places[finite[places]], seed) for name, places in sets.named().items()}
    looked = some["input"]
    nearest = {name: _nearest(vectors, places, places) for name, places in some.items()}
    covering = {name: places[finite[places]] for name, places in sets.named().items() if name != "input"}
    cover = {name: _nearest(vectors, looked, places) for name, places in covering.items()}
    return {
        "distanceToNearestNeighborInSet": numeric_of(nearest),
        "distanceToCoverInput": numeric_of(cover),
        "scatterPlotData": _scatter(vectors, sets, names, seed),
    }


def _some(places: NDArray[np.intp], seed: int, most: int = MOST_COMPARED) -> NDArray[np.intp]:
    if len(places) <= most:
        return places
    return np.sort(np.random.default_rng(seed).permutation(places)[:most])


def _nearest(vectors: Vectors, rows: NDArray[np.intp], centres: NDArray[np.intp]) -> NDArray[Any]:
    """Of each row the distance to the nearest of the centres; nobody is his own neighbour."""
    others = vectors[centres]
    if len(others) < 2 or not len(rows):
        return np.zeros(0)
    lengths = np.square(others).sum(axis=1)
    is_same_set = rows is centres or np.array_equal(rows, centres)
    found = np.empty(len(rows))
    for at in range(0, len(rows), _ROWS):
        some = vectors[rows[at : at + _ROWS]]
        squared = lengths - 2.0 * (some @ others.T) + np.square(some).sum(axis=1)[:, None]
        if is_same_set:
            squared[np.arange(len(some)), np.arange(at, at + len(some))] = np.inf
        found[at : at + _ROWS] = np.sqrt(np.maximum(squared.min(axis=1), 0.0))
    return found


def _scatter(vectors: Vectors, sets: Sets, names: Sequence[str], seed: int) -> Json:
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


def near_pairs(vectors: Vectors, sets: Sets, names: Sequence[str], most: int = 5) -> list[Json]:
    """Selected samples with a sample that was left out, the nearest pairs first."""
    selected = set(sets.selected.tolist())
    left = np.array([at for at in sets.input.tolist() if at not in selected], dtype=np.intp)
    finite = finite_rows(vectors)
    left = _some(left[finite[left]], seed=0)
    chosen = sets.selected[finite[sets.selected]]
    if not len(left) or not len(chosen):
        return []
    best: list[tuple[float, str, str]] = []
    lengths = np.square(vectors[chosen]).sum(axis=1)
    for at in range(0, len(left), _ROWS):
        rows = left[at : at + _ROWS]
        squared = lengths - 2.0 * (vectors[rows] @ vectors[chosen].T) + np.square(vectors[rows]).sum(axis=1)[:, None]
        nearest = squared.argmin(axis=1)
        for row, column, value in zip(rows, nearest, squared.min(axis=1), strict=True):
            best.append((max(0.0, float(value)) ** 0.5, names[int(chosen[column])], names[int(row)]))
    pairs = sorted(best)[:most]
    return [{"selectedImage": kept, "removedImage": gone, "distance": distance} for distance, kept, gone in pairs]
