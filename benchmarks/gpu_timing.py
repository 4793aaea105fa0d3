"""Timing on a CUDA device by its own events, or on the processor where there is none."""

import gc
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

HERE = "cuda" if torch.cuda.is_available() else "cpu"


def medians_ms(variants: dict[str, Callable[[], object]], repeats: int = 15) -> dict[str, float]:
    """The median of each one's time by CUDA events, in ms; every round runs all of them in turn."""
    for run in variants.values():
        for _ in range(3):
            run()
    times: dict[str, list[float]] = {name: [] for name in variants}
    gc.collect()
    gc.disable()  # a collection in one variant's turn would be the other's garbage
    try:
        for _ in range(repeats):
            for name, run in variants.items():
                times[name].append(_elapsed(run))
    finally:
        gc.enable()
    return {name: float(np.median(found)) for name, found in times.items()}


def _elapsed(run: Callable[[], object]) -> float:
    if HERE == "cpu":
        begin = time.perf_counter()
        run()
        return (time.perf_counter() - begin) * 1e3
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    torch.cuda.synchronize()
    begin.record()
    run()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end)


def median_ms(run: Callable[[], object], repeats: int = 15) -> float:
    """The median of one call's time, in ms."""
    return medians_ms({"": run}, repeats)[""]


def graphed(run: Callable[[], object]) -> Callable[[], object]:
    """The same work replayed from a CUDA graph."""
    if HERE == "cpu":
        return run
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph.replay


def close(one: Tensor, other: Tensor) -> float:
    """The relative difference, in norm."""
    one, other = one.detach().double(), other.detach().double()
    return float((one - other).norm() / other.norm())
