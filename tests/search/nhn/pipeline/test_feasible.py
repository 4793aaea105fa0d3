"""What a late stage would refuse is refused before the first one begins."""

import warnings

import pytest
import torch

import search
from neurograph import memory
from neurograph.errors import FileError, OptionError
from search import neuron_hierarchy
from search.datasets import Dataset, load
from search.executors import ExecutorOptions
from search.nhn.layers import HierarchyOptions
from search.nhn.pipeline import PRESETS, read_stage_options
from search.nhn.pipeline import run as pipeline
from search.nhn.pipeline.feasible import check_stages
from search.runs import started_run

BAD = {
    "addons.device=abacus": "addons: device 'abacus' cannot be used here",
    "final.device=meta": "final: device 'meta' holds no numbers",
    "batches.batch_size=5000": "batches: batch_size=5000 is more than the",
    "batches.crop=9": "batches: crop=9 is more than the images have",
    "retrain.cutout=20": "retrain: cutout=20 is more than the images have",
    "hierarchy.examples=9999": "hierarchy: examples=9999 is more than the 1346",
    "hierarchy.channels=60000": "hierarchy: training this supernet takes about .* GiB, and cpu has",
    "kernels=[]": "add-ons: kernels must be different sizes, one at least",
    "kernels=[3, 3]": "add-ons: kernels must be different sizes",
    "kernels=[2]": "add-ons: a 2 x 2 kernel has no middle",
    "kernels=[3, 17]": "of a kernel more than 15 wide, maps of 8 x 8 never meet the rim",
    "addons.memory=1e-6": "addons: memory=1e-06, which is 1e-06 GiB here, is less than together=",
    "addons.together=100000000": "addons: memory=0, which is .* GiB here, is less than together=100000000 individuals",
    "prune.ratio=1.0": "prune: ratio=1 takes kernels that every path from an input to an output leads through",
    "executor.address=tcp://127.0.0.1:9": "executor: no Dask scheduler answers at tcp://127.0.0.1:9",
    "executor.address=tcp://no.such.host.invalid:8786": "executor: no Dask scheduler answers at",
}
UNREADABLE = {
    "addons.activation=nope": "addons: activation must be one of ",
    "executor.address=nope": "executor: address must be that of a Dask scheduler",
    "executor.address=tcp://host:port": "executor: address must be that of a Dask scheduler",
    "executor.address=''": "executor: address must be that of a Dask scheduler",
    "hierarchy.layers=200": "hierarchy: layers must be",
    "hierarchy.sampler_options={hidden = 16384}": "hierarchy: sampler_options: hidden must be",
}


@pytest.mark.parametrize("setting", BAD)
def test_late_stages_are_asked_first(setting, tmp_path):
    dask = ["executor.executor=dask", *(f"{name}.sharing=synchronous" for name in ("locations", "directions"))]
    settings = [setting, *(dask if setting.startswith("executor") else [])]
    options = read_stage_options(settings=settings, preset=PRESETS["digits"])
    with pytest.raises(OptionError, match=BAD[setting]):
        neuron_hierarchy("digits", options, run=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("setting", UNREADABLE)
def test_options_that_no_stage_can_mean(setting):
    with pytest.raises(OptionError, match=UNREADABLE[setting]):
        read_stage_options(settings=[setting], preset=PRESETS["digits"])


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_pass(preset):
    check_stages(read_stage_options(preset=PRESETS[preset]), load("digits") if preset == "digits" else pictures(32))


def pictures(side):
    x, y = torch.rand(600, 3, side, side), torch.arange(600) % 10
    return Dataset("pictures", x, y, x[:100], y[:100], (3, side, side), 10)


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "10.0.0.1:8786", "tls://[::1]:1", "inproc://10.0.0.1/1/1"])
def test_addresses_of_schedulers(address):
    assert ExecutorOptions(executor="dask", address=address).address == address


def test_a_controller_that_no_memory_holds(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda: 2**30)
    with pytest.raises(OptionError, match="hidden=4096: the controller, .* take at least 2.5 GiB"):
        HierarchyOptions(sampler_options={"hidden": 4096})


def test_an_executor_that_brings_another_sharing_says_so(tmp_path):
    settings = ["executor.executor=processes", "directions.sharing=sequential"]
    with pytest.warns(UserWarning, match="executor=processes goes with locations.sharing=synchronous: ") as warned:
        options = read_stage_options(settings=settings, preset=PRESETS["digits"])
    assert len(warned) == 1 and options.locations.sharing == "synchronous"
    with pytest.raises(OptionError, match="directions: sharing=sequential .* executor=processes needs sharing=sync"):
        neuron_hierarchy("digits", options, run=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        message = [f"{name}.sharing=synchronous" for name in ("locations", "directions")]
        read_stage_options(settings=[settings[0], *message])
        read_stage_options(settings=options.plain())
        assert read_stage_options().locations.sharing == "sequential"


def test_a_directory_from_elsewhere_connects_to_no_scheduler(tmp_path, monkeypatch):
    options = read_stage_options(settings=["executor.executor=dask", "executor.address=tcp://10.1.2.3:8786"])
    with started_run(tmp_path / "run", {"command": "search", "data": "digits:300", "options": options.plain()}):
        pass
    monkeypatch.setattr(pipeline, "same_data", lambda config, data: None)
    monkeypatch.setattr(pipeline, "_finish", lambda kept, context: context.options.executor.address)
    with pytest.raises(
        FileError, match=r"names the Dask scheduler tcp://10.1.2.3:8786, .* --trust tcp://10.1.2.3:8786"
    ):
        search.resume(tmp_path / "run")
    with pytest.raises(FileError, match="names the Dask scheduler"):
        search.resume(tmp_path / "run", trust=["tcp://10.1.2.3"])
    assert search.resume(tmp_path / "run", trust="tcp://10.1.2.3:8786") == "tcp://10.1.2.3:8786"
