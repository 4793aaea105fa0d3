"""Feature maps in pictures: tiles with their strongest kernels, or squares where there is no room."""

import re

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from neurograph.builders import metanet_cnn, mlp
from neurograph.draw import topology
from neurograph.draw.style import NEWBORN
from neurograph.draw.tiles import draw_tiles, pitch_of, strongest_kernels


def groups(path, kind):
    """What matplotlib wrote of collections of a kind."""
    return path.read_text(encoding="utf-8").split(f'<g id="{kind}')[1:]


def test_the_kernel_of_a_map_is_the_one_of_the_largest_norm_that_leads_to_it():
    g = metanet_cnn((3, 4), seed=0, inputs=2)
    arrays = g.arrays()
    found = strongest_kernels(arrays, np.arange(len(arrays)))
    maps = [name for name in g if len(g.nodes[name].get("shape", ())) == 2 and g.in_degree(name)]
    assert len(maps) == 7
    for name in maps:
        kernels = [np.asarray(data["weight"]) for _, _, data in g.in_edges(name, data=True)]
        wanted = max(kernels, key=lambda kernel: float((kernel**2).sum()))
        assert np.array_equal(found[arrays.names.index(name)], wanted)


def test_cells_have_the_colours_of_the_numbers_and_stand_as_they_do():
    g = metanet_cnn((1, 1), seed=0, inputs=1)
    name = g.population("conv1")[0]
    ((source, _),) = g.in_edges(name)
    kernel = np.zeros((3, 3))
    kernel[0, 2], kernel[2, 0] = 2.0, -1.0
    g[source][name]["weight"] = kernel
    axes: Axes = Figure().subplots()
    arrays = g.arrays()
    at, side = np.zeros((len(arrays), 2)), np.zeros(len(arrays))
    side[arrays.names.index(name)] = 9.0
    draw_tiles(axes, arrays, at, side, np.zeros(len(arrays), bool))
    cells = axes.collections[1]
    colours = {tuple(path.vertices[0].round(6)): tuple(colour[:3].round(6)) for path, colour in
               zip(cells.get_paths(), cells.get_facecolor(), strict=True)}  # fmt: skip
    assert colours[(1.5, 1.5)] == tuple(np.round(to_rgb("#0072b2"), 6))  # above, to the right
    assert colours[(-4.5, -4.5)] == tuple(np.round(0.5 + 0.5 * np.array(to_rgb("#d55e00")), 6))
    assert colours[(-1.5, -1.5)] == (1.0, 1.0, 1.0)


def test_a_picture_draws_maps_as_tiles_and_newborn_ones_with_a_frame(tmp_path):
    g = metanet_cnn(3, seed=0, inputs=1)
    tiles, dots = topology(g, tmp_path / "a.svg"), topology(mlp([3, 2], seed=0), tmp_path / "b.svg")
    assert groups(tiles, "PolyCollection") and not groups(dots, "PolyCollection")
    assert NEWBORN not in tiles.read_text()
    assert NEWBORN in topology(g, tmp_path / "c.svg", newborn=[g.population("conv1")[0]]).read_text()


def test_where_there_is_no_room_the_column_is_a_bar(tmp_path):
    g = metanet_cnn((400, 3), seed=0, inputs=1)
    drawn = groups(topology(g, tmp_path / "a.svg", max_synapses=0), "PolyCollection")[0]
    assert len(re.findall(r"\bM ", drawn.split("</g>")[0])) == 1 + 3  # the input and the second, and none of the 400


@pytest.mark.parametrize("count", [1, 2, 7, 20, 50, 100, 513])
def test_tiles_are_apart_and_within_their_columns(count):
    heights = np.array([120.0])
    (pitch,), (abreast,) = pitch_of(np.array([count]), heights, np.array([True]), 93.0)
    if pitch:
        rows = -(-count // abreast)
        assert 7.0 <= pitch <= 24.0 and (rows - 1) * pitch <= 120.0 + 1e-9 and (abreast - 1) * pitch <= 46.5
    else:
        assert count > 60
    assert pitch_of(np.array([count]), heights, np.array([False]), 93.0)[0] == 0
