"""What moves the parameters is chosen within the same bounds wherever it is chosen."""

from dataclasses import fields

import pytest

from search.growth.metabolism.streaming.options import StreamOptions
from search.options import read_options
from search.training import TrainingOptions
from search.training.moving import _TEXTS
from tests.search.test_bounds import FOUND

PAST = {"keep_weights", "weights_limit"}  # of runs that keep the weights of their past
BOUNDS = ("least", "above", "most", "below", "reach", "choices")


@pytest.mark.parametrize(
    "cls", sorted(FOUND & {*TrainingOptions.__subclasses__(), TrainingOptions, StreamOptions}, key=str)
)
def test_shared_options_have_the_same_bounds(cls):
    own = {field.name: field for field in fields(cls)}
    assert own.keys() >= _TEXTS.keys() - PAST
    for name in own.keys() & _TEXTS.keys():
        text = _TEXTS[name]
        found = {bound: own[name].metadata[bound] or None for bound in BOUNDS}
        assert found == {bound: text.get(bound) or None for bound in BOUNDS}, name


def test_a_rate_beyond_all_sense_is_refused_on_streams_too():
    for cls in (TrainingOptions, StreamOptions):
        with pytest.raises(Exception, match="learning_rate must be .*above 0, at most"):
            read_options(cls, settings={"learning_rate": 1e7})
