"""The weights of a run's past: read back as they were, thinned within their bytes, and never trusted."""

import errno
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurograph.analysis.past import PastWeights, thinned, weights_of
from neurograph.builders import metanet_cnn, mlp
from neurograph.edits import Proliferate, RemoveNeurons
from neurograph.errors import FileError
from search.runs import weights


def moments(seed: int, count: int, dtype: str = "float32"):
    """A network's weights while they move and it grows and shrinks."""
    rng, g = np.random.default_rng(seed), mlp([4, 6, 5, 3], seed=seed)
    for epoch in range(count):
        if epoch % 3 == 1:
            g.apply(Proliferate("hidden1", 2, seed=epoch))
        if epoch % 4 == 2 and len(g.population("hidden2")) > 2:
            g.apply(RemoveNeurons([g.population("hidden2")[0]]))
        for _, _, data in g.edges(data=True):
            data["weight"] = float(np.float32(data["weight"] + 0.1 * rng.normal()))
        yield weights_of(g, epoch, dtype)


def same(a: PastWeights, b: PastWeights) -> bool:
    arrays = [(a.ids, b.ids), (a.sizes, b.sizes), (a.numbers, b.numbers), (a.keys, b.keys)]
    arrays += [(a.values[name], b.values[name]) for name in a.values]
    return (
        a.epoch == b.epoch
        and a.values.keys() == b.values.keys()
        and all(x.dtype == y.dtype and np.array_equal(x, y, equal_nan=x.dtype.kind == "f") for x, y in arrays)
    )


def test_a_full_disk_leaves_no_part_of_a_record(tmp_path, monkeypatch):
    first, second = moments(0, 2)
    path = written(tmp_path / "weights.log", [first])
    held, write = path.read_bytes(), os.write

    def full(number, data):
        if len(data) < 12:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(number, data[:10])

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(FileError, match=r"cannot write .*weights\.log: No space left"):
        weights.WeightLog(path, 10**9).add(second, False)
    assert path.read_bytes() == held


def written(path, every, limit=10**9):
    log = weights.WeightLog(path, limit)
    for at, some in enumerate(every):
        log.add(some, event=at % 3 == 1)
    return path


@given(st.integers(0, 20), st.integers(1, 7), st.sampled_from(["float32", "float16"]))
@settings(max_examples=15, deadline=None)
def test_what_is_read_is_what_was_written(tmp_path_factory, seed, count, dtype):
    every = list(moments(seed, count, dtype))
    path = written(tmp_path_factory.mktemp("w") / "weights.log", every)
    assert all(same(a, b) for a, b in zip(weights.read(path), every, strict=True))
    weights.cut(path, count // 2)
    assert [some.epoch for some in weights.read(path)] == list(range(count // 2 + 1))[:count]
    log = weights.WeightLog(path, 10**9)  # goes on from what is there
    for some in every[count // 2 + 1 :]:
        log.add(some, False)
    assert all(same(a, b) for a, b in zip(weights.read(path), every, strict=True))


def test_kernels_are_kept_whole_and_shown_by_their_norm(tmp_path):
    g = metanet_cnn(3, seed=0, inputs=1)
    (found,) = weights.read(written(tmp_path / "weights.log", [weights_of(g, 0)]))
    assert same(found, weights_of(g, 0))
    ends = dict(zip(g.table.keys().tolist(), g, strict=True))
    for number, size in zip(found.ids.tolist(), found.signed_sizes(), strict=True):
        row = g.table.rows_of(np.array([number]))[0]
        data = g[ends[int(g.table.src[row])]][ends[int(g.table.dst[row])]]
        if data.get("weight") is not None:
            kernel = np.asarray(data["weight"])
            assert abs(size) == pytest.approx(np.linalg.norm(kernel), rel=1e-5)
        else:
            assert np.isnan(size)


def test_beyond_its_bytes_it_is_thinned_and_events_stay_longest(tmp_path):
    every = list(moments(0, 24))
    whole = written(tmp_path / "whole.log", every).stat().st_size
    path = written(tmp_path / "weights.log", every, limit=whole // 2)
    assert path.stat().st_size <= whole // 2
    found = list(weights.read(path))
    assert all(same(some, every[some.epoch]) for some in found)
    assert 4 < len(found) < 24
    assert found[-1].epoch == 23
    assert sum(some.epoch % 3 == 1 for some in found) > len(found) / 3


def test_which_are_kept_when_there_are_too_many():
    kept = thinned(range(100), [13, 55], 6)
    assert len(kept) == 6 and {0, 13, 55, 99} <= set(kept)
    assert thinned([3, 5], [], 1) == [5]


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_damage_is_named_and_never_read_as_weights(tmp_path_factory, data):
    path = written(tmp_path_factory.mktemp("w") / "weights.log", moments(1, 3))
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    every = list(moments(1, 3))
    try:
        found = list(weights.read(path))
    except FileError as error:
        assert str(path) in str(error)
        found = []
    assert all(same(a, b) for a, b in zip(found, every, strict=False))
    weights.cut(path, 9)  # a run goes on all the same
    assert all(same(a, b) for a, b in zip(weights.read(path), every, strict=False))


def test_a_header_that_asks_for_more_than_its_body_can_hold_is_refused(tmp_path):
    import json
    import zlib

    head = json.dumps(
        {"epoch": 0, "event": False, "dtype": "float32", "new": True, "ids": 10**15, "numbers": 10**15, "keys": 1,
         "values": []}
    ).encode()  # fmt: skip
    body = zlib.compress(bytes(1000))
    path = tmp_path / "weights.log"
    path.write_bytes(weights._HEAD.pack(b"NGW1", len(head), len(body), zlib.crc32(head + body)) + head + body)
    with pytest.raises(FileError, match="is not what its header says"):
        list(weights.read(path))


def test_a_run_keeps_the_weights_of_each_checkpoint_and_resumes_them_alike(tmp_path):
    import search

    how = {"epochs": 5, "first_cycle": 2, "cycle": 2, "slope": 1.0, "newborns": 2, "checkpoint": 2, "cool_down": 0}
    whole = search.metabolize(mlp([64, 6, 10], seed=0), "digits", run=tmp_path / "whole", **how)
    kept = list(search.runs.open_run(whole.run).past())
    events = [row["epoch"] for row in whole.rows if row["event"]]
    assert [some.epoch for some in kept] == sorted({0, 2, 4, 5, *events})
    assert same(kept[-1], weights_of(whole.graph, 5))
    none = search.metabolize(mlp([64, 6, 10], seed=0), "digits", run=tmp_path / "none", keep_weights="none", **how)
    assert not (tmp_path / "none" / "weights.log").exists()
    assert none.test_error == whole.test_error
