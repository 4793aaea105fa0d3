import pytest

from compiler.planning import calibration, measuring
from compiler.planning.cost import CPU
from search.cli import main


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(measuring, "measured", lambda name, device="cpu": CPU.with_rates(name, dense_call=0.5))
    calibration.forget()
    yield
    calibration.forget()


def test_it_measures_anew_and_says_what_it_found(capsys, monkeypatch):
    monkeypatch.delenv(calibration.SWITCH, raising=False)
    calibration.of_this_machine()
    monkeypatch.setattr(measuring, "measured", lambda name, device="cpu": CPU.with_rates(name, dense_call=0.25))
    assert main(["calibrate"]) == 0
    shown = capsys.readouterr().out
    assert str(calibration.kept_at()) in shown and "dense_call" in shown and "0.25 s, shipped 1.5e-05 s" in shown
    assert "onednn_call" not in shown
    assert calibration.of_this_machine().dense_call == 0.25


def test_a_cache_that_cannot_be_written_to_is_an_error(capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert main(["calibrate"]) == 2
    assert "figures cannot be kept in" in capsys.readouterr().err
