"""How much a network computes for one image, counted from the shapes of its layers as papers count it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import keras


def multiply_adds(network: keras.Model) -> int:
    """Return the multiplications, each with its addition, that one image costs: convolutions and matrix products.

    Normalisation, activation, pooling and sums are left out, as in the papers. What papers call FLOPs is this number or
    twice it. Resizing inside the network counts, since it is a matrix product.
    """
    return sum(_cost(operation, output) for operation, output in _operations(network))


def _operations(network: keras.Model) -> Iterator[tuple[Any, Any]]:
    graph = network._functional if isinstance(network, keras.Sequential) else network
    for node in (node for nodes in graph._nodes_by_depth.values() for node in nodes):
        if isinstance(node.operation, keras.Model):
            yield from _operations(node.operation)
        else:
            yield node.operation, node.output_tensors[0]


def _cost(operation: Any, output: Any) -> int:
    shape = output.shape[1:]
    if isinstance(operation, keras.layers.Conv2D | keras.layers.DepthwiseConv2D):
        return math.prod(shape[:-1]) * math.prod(operation.kernel.shape)
    if isinstance(operation, keras.layers.SeparableConv2D):
        kernels = operation.depthwise_kernel, operation.pointwise_kernel
        return math.prod(shape[:-1]) * sum(math.prod(kernel.shape) for kernel in kernels)
    if isinstance(operation, keras.layers.Dense | keras.layers.EinsumDense):
        # Both multiply by a matrix whose first side is summed over.
        return math.prod(shape) * operation.kernel.shape[0]
    return 0
