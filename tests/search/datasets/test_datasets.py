import gzip
import struct
from dataclasses import replace

import numpy as np
import pytest
import torch

from neurograph.errors import DataError, OptionError
from search.datasets import files, hold_out, load, sources
from search.datasets.dataset import stratified

IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def write_idx_set(folder, packed=False, train=12, test=5):
    """Four IDX files of random images; returns the train images and labels."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(0)
    images = [draw.integers(0, 256, (n, 28, 28)) for n in (train, test)]
    labels = [draw.integers(0, 10, n) for n in (train, test)]
    for name, array in zip(IDX, (images[0], labels[0], images[1], labels[1]), strict=True):
        data = idx(array)
        (folder / (name + ".gz" * packed)).write_bytes(gzip.compress(data) if packed else data)
    return images[0], labels[0]


def cifar(count: int) -> bytes:
    records = np.zeros((count, 3073), np.uint8)
    records[:, 0] = np.arange(count) % 10
    records[:, 1:] = np.arange(3072) // 1024  # the red plane is 0, the green 1, the blue 2
    return records.tobytes()


def test_digits_are_real_fixed_and_stratified():
    digits, again = load("digits"), load("digits")
    assert digits.train_x.shape == (1346, 1, 8, 8)
    assert digits.train_x.dtype == torch.float32
    assert digits.train_y.dtype == torch.int64
    assert 0.0 == digits.train_x.min() < digits.train_x.max() == 1.0
    assert torch.equal(digits.test_x, again.test_x)
    shares = torch.bincount(digits.test_y) / (torch.bincount(digits.test_y) + torch.bincount(digits.train_y))
    assert ((shares - 0.25).abs() < 0.005).all()
    together = torch.cat([digits.train_x, digits.test_x]).flatten(1)
    assert len(torch.unique(together, dim=0)) == 1797  # no image on both sides


def test_flat_keeps_the_examples():
    digits = load("digits")
    flat = digits.flat()
    assert flat.input_shape == (64,)
    assert torch.equal(flat.test_x.reshape(-1, *flat.image_shape), digits.test_x)
    assert hold_out(flat.flat(), 0.2).image_shape == (1, 8, 8)
    assert hold_out(digits, 0.2).image_shape == ()
    with pytest.raises(OptionError, match=r"images of \(1, 4, 4\) have 16 pixels, the examples 64 features"):
        hold_out(replace(flat, image_shape=(1, 4, 4)), 0.2)


def test_standardised_takes_mean_and_deviation_from_the_training_part():
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(70, 3, 4, 5, generator=generator) * torch.tensor([1.0, 2.0, 0.0])[:, None, None]
    train, test = pixels[:50], pixels[50:]
    digits = load("digits")
    labels = {"train_y": digits.train_y[:50], "test_y": digits.test_y[:20]}
    images = replace(digits, train_x=train, test_x=test, input_shape=(3, 4, 5), **labels).standardised()
    for channel in (0, 1):
        seen = train[:, channel].double()
        for made, given in ((images.train_x, train), (images.test_x, test)):
            expected = (given[:, channel].double() - seen.mean()) / seen.std(correction=0)
            assert (made[:, channel] - expected).abs().max() < 1e-5
    assert not images.train_x[:, 2].any() and not images.test_x[:, 2].any()
    rows = digits.flat().standardised().train_x
    varied = digits.flat().train_x.std(0) > 0
    assert (rows.mean(0).abs().max(), rows[:, varied].std(0, correction=0).max()) == pytest.approx((0, 1), abs=1e-5)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("folder", ["mnist", "MNIST/raw", "."])
def test_mnist_from_the_authors_files(tmp_path, packed, folder):
    images, labels = write_idx_set(tmp_path / folder, packed)
    data = load("mnist", tmp_path, download=False)
    assert data.train_x.shape == (12, 1, 28, 28)
    assert np.array_equal((data.train_x[:, 0] * 255).round().numpy(), images)
    assert data.train_y.tolist() == labels.tolist()
    assert len(data.test_y) == 5


def test_the_shared_directory_must_say_which_of_the_two_it_holds(tmp_path, monkeypatch):
    write_idx_set(tmp_path)
    monkeypatch.setenv("NEUROGRAPH_DATA", str(tmp_path))
    with pytest.raises(DataError, match="fashion-mnist was not found"):
        load("fashion-mnist", download=False)
    write_idx_set(tmp_path / "fashion-mnist", train=7)
    assert len(load("fashion-mnist", download=False).train_y) == 7


def test_cifar_from_the_authors_files(tmp_path, monkeypatch):
    monkeypatch.setattr(files.read_cifar, "__defaults__", (20,))
    for name in sources._CIFAR_FILES:
        (tmp_path / name).write_bytes(cifar(20))
    data = load("cifar10", tmp_path, download=False)
    assert data.train_x.shape == (100, 3, 32, 32)
    assert data.test_y.tolist() == [n % 10 for n in range(20)]
    assert (data.train_x * 255).round().mean(dim=(0, 2, 3)).tolist() == [0.0, 1.0, 2.0]


def test_missing_files_name_directory_files_and_way_out(tmp_path):
    with pytest.raises(DataError) as error:
        load("cifar10", tmp_path / "nowhere", download=False)
    for word in (str(tmp_path / "nowhere"), "data_batch_3.bin", "test_batch.bin", "NEUROGRAPH_DATA", "cs.toronto.edu"):
        assert word in str(error.value)
    assert isinstance(error.value, FileNotFoundError)


def test_a_partly_filled_folder_names_what_is_missing(tmp_path):
    write_idx_set(tmp_path / "mnist")
    (tmp_path / "mnist" / IDX[2]).unlink()
    with pytest.raises(DataError, match=f"for {IDX[2]} "):
        load("mnist", tmp_path, download=False)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("harm", ["cut", "cut in the header", "cut to nothing", "foreign", "scrambled", "longer"])
def test_damaged_idx_files_are_named(tmp_path, packed, harm):
    write_idx_set(tmp_path / "mnist", packed)
    path = tmp_path / "mnist" / (IDX[0] + ".gz" * packed)
    data = path.read_bytes()
    harmed = {"cut": data[:-30], "cut in the header": data[:7], "cut to nothing": b"", "foreign": b"GIF89a" * 9}
    harmed["scrambled"] = data[:4] + b"\xff" * (len(data) - 4)  # the magic numbers stand, what follows does not
    path.write_bytes(harmed.get(harm, data + b"\x01"))
    with pytest.raises(DataError) as error:
        load("mnist", tmp_path, download=False)
    assert str(path) in str(error.value)


def test_labels_must_belong_to_the_images(tmp_path):
    write_idx_set(tmp_path / "mnist")
    path = tmp_path / "mnist" / IDX[1]
    path.write_bytes(idx(np.zeros(11)))
    with pytest.raises(DataError, match=f"{IDX[1]} has 11 labels for 12 images"):
        load("mnist", tmp_path, download=False)
    path.write_bytes(idx(np.full(12, 10)))
    with pytest.raises(DataError, match="class 10"):
        load("mnist", tmp_path, download=False)


def test_a_truncated_cifar_file_is_named(tmp_path):
    path = tmp_path / "test_batch.bin"
    path.write_bytes(cifar(20)[:-3073])  # cut between two records, where only the length tells
    with pytest.raises(DataError, match=r"test_batch\.bin is damaged"):
        files.read_cifar(path, records=20)


def test_openml_is_asked_where_there_are_no_files(tmp_path, monkeypatch):
    import sklearn.datasets

    asked = {}

    def fetch(name, **how):
        asked.update(how, name=name)
        rows = np.zeros((8, 784), np.uint8)
        rows[6:] = 255
        return sklearn.utils.Bunch(data=rows, target=np.array(["7"] * 6 + ["3"] * 2))

    monkeypatch.setattr(sources, "_TEST", 2)
    monkeypatch.setitem(sources._SOURCES, "mnist", replace(sources._SOURCES["mnist"], training=6))
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    data = load("mnist", tmp_path)
    assert asked["name"] == "mnist_784"
    assert str(tmp_path) in asked["data_home"]
    assert data.train_x.shape == (6, 1, 28, 28)
    assert data.train_x.max() == 0.0
    assert data.test_x.min() == 1.0
    assert data.test_y.tolist() == [3, 3]
    monkeypatch.setattr(sources, "_TEST", 3)
    with pytest.raises(DataError, match="has 8 examples, not 9"):
        load("mnist", tmp_path)


def test_a_failure_of_openml_still_says_what_to_do(tmp_path, monkeypatch):
    import sklearn.datasets

    def fetch(name, **how):
        raise ConnectionError("no route")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    with pytest.raises(DataError, match="fashion-mnist was not found.*OpenML did not help: ConnectionError: no route"):
        load("fashion-mnist", tmp_path)


def test_unknown_names_are_refused():
    with pytest.raises(OptionError, match="no data set 'mnits'.*digits, mnist"):
        load("mnits")


def test_held_out_examples_are_seeded_stratified_and_apart():
    digits = load("digits")
    split, again, other = hold_out(digits, 0.2, seed=1), hold_out(digits, 0.2, seed=1), hold_out(digits, 0.2, seed=2)
    assert torch.equal(split.validation_x, again.validation_x)
    assert not torch.equal(split.validation_x, other.validation_x)
    assert len(split.train_y) + len(split.validation_y) == len(digits.train_y)
    counts = torch.bincount(split.validation_y).float() / torch.bincount(digits.train_y)
    assert ((counts - 0.2).abs() < 0.01).all()
    assert len(torch.unique(torch.cat([split.train_x, split.validation_x]).flatten(1), dim=0)) == len(digits.train_y)


def test_nothing_held_out_leaves_everything():
    kept, held = stratified(np.array([0, 1, 1]), 0.0, seed=0)
    assert kept.tolist() == [0, 1, 2]
    assert not len(held)


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 1.5, float("nan")])
def test_impossible_shares_are_refused(fraction):
    with pytest.raises(OptionError, match="share"):
        stratified(np.array([0, 1]), fraction, seed=0)


def test_a_share_that_takes_a_whole_class_is_refused():
    with pytest.raises(OptionError, match="class 1"):
        stratified(np.array([0, 0, 0, 0, 1]), 0.6, seed=0)


def test_fewer_training_examples_are_a_fixed_even_choice():
    whole, some = load("digits"), load("digits:200")
    assert some.name == "digits:200"
    assert len(some.train_y) == 200
    share = some.train_y.bincount() / whole.train_y.bincount()
    assert (share - 200 / len(whole.train_y)).abs().max() < 0.01
    assert torch.equal(some.test_x, whole.test_x)
    assert some.fingerprint() == load("digits:200").fingerprint() == some.flat().fingerprint() != whole.fingerprint()
    assert torch.equal(load(f"digits:{len(whole.train_y)}").train_x, whole.train_x)


@pytest.mark.parametrize("count", ["", "few", "9", "100000", "-3"])
def test_impossible_counts_of_examples_are_refused(count):
    with pytest.raises(OptionError, match=r"training examples to take, such as digits:\d+"):
        load(f"digits:{count}")


def test_a_data_set_of_another_package_is_loaded_by_name(monkeypatch):
    mine = replace(load("digits:200"), name="mine")
    monkeypatch.setitem(sources.DATASETS._own, "mine", lambda directory, download: mine)
    assert load("mine") is mine
    assert load("mine:100").name == "mine:100" and len(load("mine:100").train_y) == 100
    with pytest.raises(OptionError, match="there are digits, mnist, fashion-mnist, cifar10, mine"):
        load("yours")
