"""What a late stage would refuse is refused before the first one begins."""

import warnings

import pytest

from neurograph.errors import OptionError
from search import neuron_hierarchy
from search.neuron_hierarchy import PRESETS, read_stage_options

BAD = {
    "addons.device=abacus": "addons: device 'abacus' cannot be used here",
    "final.device=meta": "final: device 'meta' holds no numbers",
    "batches.batch_size=5000": "batches: batch_size=5000 is more than the",
    "batches.crop=9": "batches: crop=9 is more than the images have",
    "retrain.cutout=20": "retrain: cutout=20 is more than the images have",
    "hierarchy.examples=9999": "hierarchy: examples=9999 is more than the 1346",
}


@pytest.mark.parametrize("setting", BAD)
def test_late_stages_are_asked_first(setting, tmp_path):
    options = read_stage_options(settings=[setting], preset=PRESETS["digits"])
    with pytest.raises(OptionError, match=BAD[setting]):
        neuron_hierarchy("digits", options, run=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_executor_that_brings_another_sharing_says_so(tmp_path):
    told = ["executor.executor=processes", "directions.sharing=sequential"]
    with pytest.warns(UserWarning, match="executor=processes goes with locations.sharing=synchronous: ") as warned:
        options = read_stage_options(settings=told, preset=PRESETS["digits"])
    assert len(warned) == 1 and options.locations.sharing == "synchronous"
    with pytest.raises(OptionError, match="directions: sharing=sequential .* executor=processes needs sharing=sync"):
        neuron_hierarchy("digits", options, run=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        said = [f"{name}.sharing=synchronous" for name in ("locations", "directions")]
        read_stage_options(settings=[told[0], *said])
        read_stage_options(settings=options.plain())
        assert read_stage_options().locations.sharing == "sequential"
