import pytest

from neurograph import draw
from neurograph.errors import OptionError


def test_a_picture_of_scores_holds_a_dot_for_each_synapse(tmp_path):
    path = draw.scores([(4, [0.9, 0.5]), (9, [0.7])], tmp_path / "scores.svg", metric="weight_square", threshold=0.4)
    text = path.read_text()
    assert text.count("<use ") >= 3
    plain = draw.scores([(4, [0.9, 0.5])], tmp_path / "fewer.svg").read_text()
    assert plain.count("<use ") < text.count("<use ")


@pytest.mark.parametrize("events", [[], [(3, [])]])
def test_nothing_to_draw_is_said(events, tmp_path):
    with pytest.raises(OptionError, match="no scores"):
        draw.scores(events, tmp_path / "scores.svg")
