import numpy as np
import pytest
from matplotlib.figure import Figure

from neurograph.draw.axes import label_ends


@pytest.mark.parametrize(
    "heights", [[0.5], [0.99, 1.0, 1.0, 0.98], [0.0, 0.01, 0.02], [0.5, 0.2, 0.5, 0.9, 0.5], [0.3] * 12]
)
def test_labels_stand_by_their_lines_apart_and_inside(heights):
    figure = Figure(figsize=(5, 3))
    axes = figure.subplots()
    axes.set_ylim(0, 1)
    label_ends(axes, 1.0, [(height, str(number), "black") for number, height in enumerate(heights)])
    points = 72 / figure.dpi
    frame, placed = axes.get_window_extent(), {}
    for text in axes.texts:
        line = axes.transData.transform(text.xy)[1]
        placed[int(text.get_text())] = (line + text.xyann[1] / points) * points
    order = sorted(range(len(heights)), key=lambda at: (heights[at], at))
    y = np.array([placed[at] for at in order])
    assert (np.diff(y) > 11.5 - 1e-6).all()
    assert y[0] > frame.y0 * points - 1e-6
    assert y[-1] < frame.y1 * points + 1e-6
    if len(heights) == 1:
        assert y[0] == pytest.approx(axes.transData.transform((1, heights[0]))[1] * points)
