import pytest

from neurograph import draw
from neurograph.builders import mlp
from neurograph.draw.reading import fan_out_of_inputs
from neurograph.errors import OptionError


@pytest.mark.parametrize("inputs", [16, 7])  # an image, and no image
def test_what_is_read_is_drawn(inputs, tmp_path):
    g = mlp([inputs, 12, 3], density=0.4, seed=0)
    assert draw.reading(g, tmp_path / "reading.png").stat().st_size > 2000
    assert fan_out_of_inputs(g).tolist() == [g.out_degree(n) for n in g.population("input")]


def test_too_few_inputs_make_no_picture(tmp_path):
    with pytest.raises(OptionError, match="4 inputs at least, and there are 3"):
        draw.reading(mlp([3, 2]), tmp_path / "reading.png")
