"""Settings for every test: hypothesis without deadlines, since no test depends on time; CUDA tests only with CUDA."""

import os

import pytest
import torch
from hypothesis import HealthCheck, settings

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # read when a kernel is defined: they run on the processor

os.environ.setdefault("NEUROGRAPH_CALIBRATION", "shipped")  # choices do not depend on where the tests run

collect_ignore = ["plugin_example"]  # another package's tests, run where it is installed

torch.set_num_threads(1)  # the networks here are small: a second thread costs more than it brings

settings.register_profile("default", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("soak", settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_modifyitems(items):
    if torch.cuda.is_available():
        return
    for item in items:
        if item.get_closest_marker("gpu"):
            item.add_marker(pytest.mark.skip(reason="no CUDA device here"))
