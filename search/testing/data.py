"""The contract of a data set: one and the same each time, and what a network can train on."""

from pathlib import Path
from typing import Any

import pytest
import torch

from neurograph.builders import mlp
from neurograph.errors import DataError, OptionError

from ..datasets import Dataset, hold_out, load
from ..growth.train import train


class DatasetContract:
    """What every data set keeps; a subclass says its name, and writes its files where it is read from some."""

    name: str

    def write(self, directory: Path) -> None:
        """Write the files that it is read from into a data directory; there are none, unless a subclass has some."""

    def data(self, directory: Path) -> Dataset:
        """The data set."""
        self.write(directory)
        return load(self.name, directory, download=False)

    def test_it_is_a_data_set_of_that_name(self, tmp_path: Path) -> None:
        data = self.data(tmp_path)
        assert isinstance(data, Dataset) and data.name == self.name and len(data.train_y)
        if len(data.input_shape) == 3:
            assert data.train_x.min() >= 0.0 and data.train_x.max() <= 1.0  # pixels
        assert data.train_y.is_floating_point() or int(data.train_y.max()) < data.classes

    def test_it_is_the_same_each_time(self, tmp_path: Path) -> None:
        assert self.data(tmp_path).fingerprint() == load(self.name, tmp_path, download=False).fingerprint()

    def test_a_part_of_it_is_always_the_same_examples(self, tmp_path: Path) -> None:
        whole = self.data(tmp_path)
        count = max(whole.classes, len(whole.train_y) // 2)
        one, two = (load(f"{self.name}:{count}", tmp_path, download=False) for _ in range(2))
        assert len(one.train_y) == count and one.fingerprint() == two.fingerprint()
        assert torch.equal(one.test_x, whole.test_x)
        with pytest.raises(OptionError, match="training examples"):
            load(f"{self.name}:{len(whole.train_y) + 1}", tmp_path, download=False)

    def test_a_network_trains_on_it(self, tmp_path: Path) -> None:
        data = self.data(tmp_path).flat()
        graph = mlp([data.input_shape[0], 4, data.classes], seed=0)
        options: dict[str, Any] = {"epochs": 1, "seed": 0}
        assert len(hold_out(data, 0.2).train_y) < len(data.train_y)
        assert torch.tensor(train(graph, data, **options).rows[-1]["train_loss"]).isfinite()

    def test_where_its_files_are_missing_or_torn_is_said(self, tmp_path: Path) -> None:
        self.write(tmp_path)
        files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
        for path in files[:2]:
            whole = path.read_bytes()
            for kept in (whole[: len(whole) // 2], whole[:3]):
                path.write_bytes(kept)
                with pytest.raises(DataError, match=path.name):
                    load(self.name, tmp_path, download=False)
            path.unlink()
            with pytest.raises(DataError):
                load(self.name, tmp_path, download=False)
            path.write_bytes(whole)
