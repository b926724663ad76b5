"""EfficientNet-Lite0 without its last layer, as an ONNX graph: a picture of 224 x 224 becomes 1,280 numbers.

Source: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite: ReLU6 everywhere, no squeeze
and excitation, padding as TensorFlow's SAME. The batch normalisation is folded into the convolutions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[Any]
SIDE, DIMENSIONS = 224, 1280
OPSET, IR_VERSION = 13, 8
_EPSILON = 1e-3


@dataclass(frozen=True)
class _Stage:
    """Blocks that follow each other: the first has the stride, the others have 1."""

    blocks: int
    kernel: int
    stride: int
    expands: bool


_STAGES = (
    _Stage(1, 3, 1, expands=False),
    _Stage(2, 3, 2, expands=True),
    _Stage(2, 5, 2, expands=True),
    _Stage(3, 3, 2, expands=True),
    _Stage(3, 5, 1, expands=True),
    _Stage(4, 5, 2, expands=True),
    _Stage(1, 3, 1, expands=True),
)


@dataclass
class _Graph:
    weights: Mapping[str, Array]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[TensorProto] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.constants += [
            numpy_helper.from_array(np.array(0, np.float32), "zero"),
            numpy_helper.from_array(np.array(6, np.float32), "six"),
        ]

    def convolved(self, source: str, name: str, norm: str, *, stride: int = 1, clipped: bool = True) -> str:
        """The output of a convolution with its normalisation, and of ReLU6 if `clipped`."""
        kernel, bias = folded(self.weights, name, norm)
        self.constants += [
            numpy_helper.from_array(kernel, f"{name}.kernel"),
            numpy_helper.from_array(bias, f"{name}.bias"),
        ]
        groups = kernel.shape[0] if "depthwise" in name else 1
        node = helper.make_node(
            "Conv",
            [source, f"{name}.kernel", f"{name}.bias"],
            [name],
            name=name,
            group=groups,
            strides=[stride, stride],
            kernel_shape=list(kernel.shape[2:]),
            auto_pad="SAME_UPPER",
        )
        self.nodes.append(node)
        if not clipped:
            return name
        self.nodes.append(helper.make_node("Clip", [name, "zero", "six"], [f"{name}.clipped"], name=f"{name}.clip"))
        return f"{name}.clipped"

    def block(self, source: str, number: int, stage: _Stage, stride: int) -> str:
        name = f"_blocks.{number}"
        at = source
        if stage.expands:
            at = self.convolved(at, f"{name}._expand_conv", f"{name}._bn0")
        at = self.convolved(at, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride)
        at = self.convolved(at, f"{name}._project_conv", f"{name}._bn2", clipped=False)
        return at

    def added(self, one: str, other: str) -> str:
        self.nodes.append(helper.make_node("Add", [one, other], [f"{other}.added"], name=f"{other}.add"))
        return f"{other}.added"


def folded(weights: Mapping[str, Array], name: str, norm: str) -> tuple[Array, Array]:
    """Kernel and bias of a convolution that does what it and its normalisation do together."""
    kernel = weights[f"{name}.weight"].astype(np.float64)
    factor = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"].astype(np.float64) + _EPSILON)
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * factor
    return (kernel * factor[:, None, None, None]).astype(np.float32), bias.astype(np.float32)


def make_graph(weights: Mapping[str, Array]) -> onnx.ModelProto:
    """Input `pixels` (N, 3, 224, 224) float32, (x - 127) / 128; output `embedding` (N, 1280). Raises KeyError."""
    graph = _Graph(weights)
    at = graph.convolved("pixels", "_conv_stem", "_bn0", stride=2)
    number = 0
    for stage in _STAGES:
        for place in range(stage.blocks):
            out = graph.block(at, number, stage, stage.stride if place == 0 else 1)
            # What a block leaves as large as it found it is added to what came in.
            at = out if place == 0 else graph.added(at, out)
            number += 1
    at = graph.convolved(at, "_conv_head", "_bn1")
    graph.nodes.append(helper.make_node("GlobalAveragePool", [at], ["pooled"], name="pool"))
    graph.nodes.append(helper.make_node("Flatten", ["pooled"], ["embedding"], name="flatten"))
    made = helper.make_graph(
        graph.nodes,
        "efficientnet-lite0",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", DIMENSIONS])],
        graph.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    return model
