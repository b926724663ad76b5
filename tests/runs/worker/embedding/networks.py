"""Small networks for tests, and the default one computed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]
# As the paper's table has them: kernel, stride and blocks of each stage.
STAGES = [(3, 1, 1), (3, 2, 2), (5, 2, 2), (3, 2, 3), (5, 1, 3), (5, 2, 4), (3, 1, 1)]


def pictures(count: int, side: int = 224, seed: int = 0) -> list[NDArray[np.uint8]]:
    """Noise that gets rougher from one to the next, so that no two are alike."""
    chance = np.random.default_rng(seed)
    return [
        np.kron(
            chance.integers(0, 256, (side // cell, side // cell, 3), dtype=np.uint8), np.ones((cell, cell, 1))
        ).astype(np.uint8)
        for cell in ([32, 16, 8, 4, 2, 1] * count)[:count]
    ]


def write_mean_network(
    path: Path,
    *,
    shape: tuple[Any, ...] = ("N", 3, 16, 8),
    kind: int = TensorProto.FLOAT,
    metadata: Mapping[str, str] | None = None,
    location: str = "",
) -> Path:
    """Gives the mean of each channel. `location`: of a tensor that stands in another file."""
    axes = [2, 3][: len(shape) - 2] if shape[1] == 3 else [1, 2]
    weight = numpy_helper.from_array(np.ones((1, 3), np.float32), "factor")
    if location:
        weight.ClearField("raw_data")
        weight.data_location = TensorProto.EXTERNAL
        weight.external_data.add(key="location", value=location)
    nodes = [
        helper.make_node("Cast", ["pictures"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["numbers"], ["means"], axes=axes, keepdims=0),
        helper.make_node("Mul", ["means", "factor"], ["vector"]),
    ]
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("pictures", kind, list(shape))],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["N", 3])],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    for key, value in (metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    path.write_bytes(model.SerializeToString())
    return path


def by_hand(weights: Mapping[str, Array], picture: Array) -> Array:
    """The vector of one picture (3, h, w), layer by layer in float64, as the paper says it and without any folding."""
    at = clip(norm(weights, "_bn0", convolve(picture, weights["_conv_stem.weight"], 2)))
    number = 0
    for kernel, stride, blocks in STAGES:
        for place in range(blocks):
            name, came = f"_blocks.{number}", at
            if f"{name}._expand_conv.weight" in weights:
                at = clip(norm(weights, f"{name}._bn0", convolve(at, weights[f"{name}._expand_conv.weight"], 1)))
            depthwise = weights[f"{name}._depthwise_conv.weight"]
            assert depthwise.shape[2] == kernel
            step = stride if place == 0 else 1
            channels = [convolve(at[c : c + 1], depthwise[c : c + 1], step) for c in range(len(at))]
            at = clip(norm(weights, f"{name}._bn1", np.concatenate(channels)))
            at = norm(weights, f"{name}._bn2", convolve(at, weights[f"{name}._project_conv.weight"], 1))
            if came.shape == at.shape:
                at = at + came
            number += 1
    at = clip(norm(weights, "_bn1", convolve(at, weights["_conv_head.weight"], 1)))
    return np.asarray(at.mean(axis=(1, 2)))


def convolve(values: Array, kernel: Array, stride: int) -> Array:
    """(c, h, w) with (o, c, k, k); padded so that ceil(h / stride) rows come out, the odd one below and right."""
    size = kernel.shape[2]
    pads = []
    for side in values.shape[1:]:
        whole = max(0, (-(-side // stride) - 1) * stride + size - side)
        pads.append((whole // 2, whole - whole // 2))
    padded = np.pad(values.astype(np.float64), [(0, 0), *pads])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    return np.asarray(np.einsum("chwij,ocij->ohw", windows, kernel.astype(np.float64), optimize=True))


def norm(weights: Mapping[str, Array], name: str, values: Array) -> Array:
    mean, variance, scale, shift = (
        weights[f"{name}.{part}"].astype(np.float64)[:, None, None]
        for part in ("running_mean", "running_var", "weight", "bias")
    )
    return np.asarray((values - mean) / np.sqrt(variance + 1e-3) * scale + shift)


def clip(values: Array) -> Array:
    return np.clip(values, 0.0, 6.0)


def opened(path: Path) -> onnx.ModelProto:
    return onnx.load(str(path))
