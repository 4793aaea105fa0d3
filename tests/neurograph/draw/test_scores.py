import pytest

from neurograph import draw
from neurograph.errors import OptionError


def bars(path):
    return path.read_text().count('id="patch_')


def test_a_picture_of_scores_has_a_panel_for_each_event(tmp_path):
    one = draw.scores([(4, [0.9, 0.5], [5, 3, 2, 1])], tmp_path / "one.svg")
    two = draw.scores([(4, [0.9, 0.5], [5, 3, 2, 1]), (9, [0.7])], tmp_path / "two.svg", threshold=0.4, title="Chosen")
    assert bars(two) > bars(one) >= 8  # a bar for each bin, of all and of the chosen


def test_who_was_chosen_shows(tmp_path):
    everyone = [9, 7, 5, 4]
    few = draw.scores([(4, [0.9], everyone)], tmp_path / "few.svg").read_text()
    many = draw.scores([(4, [0.9, 0.8, 0.3], everyone)], tmp_path / "many.svg").read_text()
    assert few != many


@pytest.mark.parametrize("events", [[], [(3, [])]])
def test_nothing_to_draw_is_said(events, tmp_path):
    with pytest.raises(OptionError, match="no scores"):
        draw.scores(events, tmp_path / "scores.svg")
