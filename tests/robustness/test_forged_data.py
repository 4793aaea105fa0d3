"""Users' data with anything in it: refused in words that name the file, or a data set that can be learned from."""

import gzip
import json
import struct
import zipfile

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from neurograph.errors import DataError, OptionError
from search.datasets import Dataset, hold_out
from search.datasets.files import read_cifar, read_idx
from search.datasets.tables import read_file
from tests.robustness.file_forgers import forge_npz, forge_table, pick
from tests.robustness.forger import damaged
from tests.robustness.tally import repeat

ROWS = 12
SHAPES = ((), (2,), (3, 2), (2**31, 2**10), (2**40,), (2**62, 4), (-1,), (0,), (0, 3), (2**32 + 6, 2))


def table(path):
    lines = [f"{at},{at / 7:.3f},-{at}e-2,{'yes' if at % 3 else 'no'}" for at in range(ROWS)]
    path.write_text("a,b,c,answer\n" + "\n".join(lines) + "\n")


def arrays(path):
    x = np.arange(3.0 * ROWS).reshape(ROWS, 3)
    np.savez(path, x=x, y=np.arange(ROWS) % 3, test_x=x[:4], test_y=np.arange(4) % 3)


def columns(path):
    parquet = pytest.importorskip("pyarrow.parquet")
    from pyarrow import table

    held = {"a": np.arange(ROWS), "b": np.linspace(0, 1, ROWS), "c": np.arange(ROWS) % 2 > 0, "y": ["u", "v"] * 6}
    parquet.write_table(table(held), path)


def forge_arrays(path, rng):
    """As another, or with an array that claims to be of another shape or type than its bytes are."""
    if rng.random() < 0.7:
        forge_npz(path, rng)
        return
    with zipfile.ZipFile(path) as file:
        held = {name: file.read(name) for name in file.namelist()}
    name = pick(sorted(held), rng)
    descr = pick(["<f8", "<i8", "|O", "<U3", ">f2", "<M8[s]", "|V8", "<c16", "|b1"], rng)
    claim = str({"descr": descr, "fortran_order": bool(rng.integers(2)), "shape": pick(SHAPES, rng)}).encode() + b"\n"
    start = 10 + struct.unpack("<H", held[name][8:10])[0]
    held[name] = held[name][:8] + struct.pack("<H", len(claim)) + claim + held[name][start:]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for each, content in held.items():
            file.writestr(each, content)


def forge_columns(path, rng):
    """Values changed to missing, infinite, nested, dates, texts, and of other types."""
    import pyarrow
    from pyarrow import parquet

    found = parquet.read_table(path)
    at = int(rng.integers(found.num_columns))
    some = [
        [None] * ROWS, [float("inf")] * ROWS, [[1, 2]] * ROWS, [{"x": 1}] * ROWS, ["1"] * ROWS, [b"x"] * ROWS,
        [True] * ROWS, [2**62] * ROWS, pyarrow.array([1] * ROWS, pyarrow.timestamp("s")), [1.5, None] * 6,
        pyarrow.array(["u", "v"] * 6).dictionary_encode(), [""] * ROWS, ["u", None] * 6, [-1] * ROWS, [False, None] * 6,
        pyarrow.array([1] * ROWS, pyarrow.decimal128(5, 2)), pyarrow.nulls(ROWS),
    ]  # fmt: skip
    name = pick([*found.column_names, "", "y:z", "new"], rng)
    found = found.set_column(at, name, pyarrow.chunked_array([pick(some, rng)]))
    if rng.random() < 0.3:
        found = found.slice(0, int(rng.integers(2)))
    parquet.write_table(found, path)


FILES = {"csv": (table, forge_table), "npz": (arrays, forge_arrays), "parquet": (columns, forge_columns)}


def learn(data):
    """What every training does with a data set."""
    assert isinstance(data, Dataset)
    assert json.dumps(data.name) and data.fingerprint() >= 0
    assert torch.isfinite(data.train_x).all() and len(data.train_x) == len(data.train_y) > 0
    flat = hold_out(data.flat(), 0.0)
    out = flat.train_x.new_zeros(len(flat.train_x), data.classes)
    if not data.train_y.is_floating_point():
        assert torch.isfinite(F.cross_entropy(out, flat.train_y))
    else:
        assert F.mse_loss(out, flat.train_y.reshape(out.shape)) >= 0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FILES)
def test_forged_data_is_refused_or_learned_from(kind, tmp_path):
    make, forge = FILES[kind]
    path = tmp_path / f"mine.{kind}"
    make(path)
    whole = path.read_bytes()
    learn(read_file(str(path)))

    def trial(_, rng):
        path.write_bytes(damaged(whole, rng) if rng.random() < 0.2 else whole)
        if path.read_bytes() == whole:
            try:
                forge(path, rng)
            except (ValueError, TypeError, UnicodeEncodeError):
                return "cannot be written"
        try:
            data = read_file(str(path) + pick(["", "", "", ":c", ":a,b"] if kind != "npz" else [""], rng))
        except (DataError, OptionError) as error:
            assert str(path) in str(error)
            return "refused"
        learn(data)
        return "used"

    repeat(f"forged data of {kind}", trial, 60, 10_000)


def forge_idx(content, rng):
    """Other counts in the header."""
    at = int(rng.integers(len(content[:16])))
    sizes = [0, 1, ROWS - 1, ROWS, 2**31, 2**32 - 1]
    made = content[:at] + bytes([int(rng.integers(256))]) + content[at + 1 :]
    return made[:4] + struct.pack(">I", pick(sizes, rng)) + made[8:] if rng.random() < 0.5 else made


def test_forged_images_are_refused_or_read(tmp_path):
    images = bytes([0, 0, 8, 3]) + struct.pack(">3I", ROWS, 2, 2) + bytes(range(4 * ROWS))
    rows = bytes(range(256)) * 13 * 12 + bytes(3073 * ROWS)

    def trial(_, rng):
        kind = rng.integers(3)
        path = tmp_path / ("images", "images.gz", "batch.bin")[kind]
        made = damaged(images, rng) if rng.random() < 0.3 else forge_idx(images, rng)
        packed = gzip.compress(made, 1)
        path.write_bytes((made, packed if rng.random() < 0.5 else damaged(packed, rng), damaged(rows, rng))[kind])
        try:
            found = read_cifar(path, ROWS)[0] if kind == 2 else read_idx(path)
        except DataError as error:
            assert str(path) in str(error)
            return "refused"
        assert found.dtype == np.uint8 and found.nbytes <= len(rows)
        return "used"

    repeat("forged images", trial, 60, 10_000)
