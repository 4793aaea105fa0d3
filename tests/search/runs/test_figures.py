"""A run keeps the figures that its networks are planned by."""

import pytest

from compiler.planning.calibration import current, using
from compiler.planning.cost import CPU, CUDA, FIRST
from neurograph.errors import FileError
from search.runs import continued_run, started_run

OURS, THEIRS = CPU.with_rates("ours", dense_call=1.0), CPU.with_rates("theirs")
DEVICE = CUDA.with_rates("a device", dense_call=1.0)


def test_figures_are_kept_when_first_asked_for_and_hold_when_the_run_goes_on(tmp_path):
    with using(lambda outer: OURS):
        with started_run(tmp_path / "run", {"command": "train"}):
            pass
        assert not (tmp_path / "run" / "calibration.json").exists()
        with continued_run(tmp_path / "run"):
            assert current() == OURS
    with using(lambda outer: THEIRS):
        with continued_run(tmp_path / "run"):
            assert current() == OURS
        assert current() == THEIRS
        with started_run(tmp_path / "run", {"command": "train"}, force=True):
            assert current() == THEIRS


def test_runs_from_before_figures_were_kept_are_planned_as_they_were(tmp_path):
    with started_run(tmp_path / "run", {"command": "train"}) as run:
        run.update_config(calibration=None)
    with using(lambda outer: THEIRS), continued_run(tmp_path / "run"):
        assert current() == FIRST
    assert FIRST.held_call == 0.0 and FIRST.conv_sparse_call == 1e6  # as if there were no such terms, and no such way


def test_damaged_figures_are_refused_when_they_are_asked_for(tmp_path):
    with started_run(tmp_path / "run", {"command": "train"}):
        current()
    path = tmp_path / "run" / "calibration.json"
    path.write_text('{"figures": {"dense_call": 1}}')
    with (
        continued_run(tmp_path / "run"),
        pytest.raises(FileError, match=r"calibration.json is damaged: it does not hold"),
    ):
        current()


def test_a_device_s_figures_are_kept_beside_those_of_the_processor(tmp_path):
    with using(lambda outer: OURS), using(lambda outer: DEVICE, "cuda"), started_run(tmp_path / "run", {}):
        assert current("cuda") == DEVICE and current() == OURS
    with continued_run(tmp_path / "run") as run:
        assert current() == OURS and current("cuda") == DEVICE
        run.update_config(calibration_cuda=None)  # as runs from before were
    with using(lambda outer: DEVICE, "cuda"), continued_run(tmp_path / "run"):
        assert current("cuda") == CUDA and current() == OURS
