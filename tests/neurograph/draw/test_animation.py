"""The film of a journal: what each step holds, and that the file plays."""

import os
import stat

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from neurograph.builders import mlp
from neurograph.draw import animation
from neurograph.draw.replay import replay_steps
from neurograph.draw.style import NEWBORN
from neurograph.edits import Proliferate, SplitEdge
from neurograph.errors import FileError, OptionError


def grown(epochs=True):
    g = mlp([3, 3, 2], seed=0)
    for at, edit in enumerate((Proliferate("hidden1", 2, seed=0), Proliferate("hidden1", 1, seed=1), SplitEdge(0, 3))):
        result = g.apply(edit)
        if epochs:
            result.entry.details["event"] = {"epoch": (4, 4, 9)[at]}
    g.remove_neurons([g.population("hidden1")[0]])
    assert len(g.journal) == 4
    return g


ROWS = [{"epoch": e, "validation_error": 50.0 / e} for e in range(1, 13)]


def test_steps_are_the_networks_that_were():
    g = grown()
    steps = replay_steps(g, 40)
    assert [len(step.arrays) for step in steps] == [8, 11, 12, 11]
    assert [step.epoch for step in steps] == [None, 4, 9, None]
    assert steps[1].description == "Proliferate: 3 neurons born, 15 synapses born"
    assert steps[3].description.startswith("by hand: 1 neuron died")
    assert set(steps[0].arrays.names) == set(mlp([3, 3, 2]).nodes)
    assert sorted(steps[3].arrays.names, key=str) == sorted(g.nodes, key=str)
    assert len({tuple(step.layout.labels) for step in steps}) == 1
    assert steps[0].layout.counts.sum() == 8
    assert len(g.journal) == 4 and len(g) == 11  # the graph is left as it is


def test_entries_without_epochs_are_steps_of_their_own_and_may_be_joined():
    g = grown(epochs=False)
    assert [len(step.arrays) for step in replay_steps(g, 40)] == [8, 10, 11, 12, 11]
    joined = replay_steps(g, 2)
    assert [len(step.arrays) for step in joined] == [8, 11, 11]
    assert len(replay_steps(g, 1)) == 2


def test_entries_that_change_nothing_are_no_steps():
    g = mlp([2, 2, 1], seed=0)
    g.nodes[2]["activation"] = "tanh"
    assert len(g.journal) == 1 and len(replay_steps(g, 40)) == 1
    g.apply(SplitEdge(0, 2))
    g.nodes[3]["activation"] = "tanh"
    assert len(g.journal) == 3
    first, last = replay_steps(g, 40)
    assert (len(first.arrays), len(last.arrays)) == (5, 6)
    assert last.description.startswith("SplitEdge: 1 neuron born")


def test_a_gif_plays_the_growth(tmp_path):
    path = tmp_path / "film.gif"
    assert animation(grown(), path, rows=ROWS, title="Growing", max_steps=2) == path
    film = Image.open(path)
    assert film.format == "GIF" and film.n_frames > 10 and film.info["loop"] == 0
    green, white, times = [], [], []
    for at in range(film.n_frames):
        film.seek(at)
        pixels = np.asarray(film.convert("RGB"), float) / 255
        green.append(int((np.abs(pixels - to_rgb(NEWBORN)).max(axis=2) < 0.1).sum()))
        white.append(float((pixels == 1).all(axis=2).mean()))
        times.append(film.info["duration"])
    assert green[0] == 0 and max(green) > 100  # newborns, and what is said of them
    assert min(white) > 0.5
    assert times[0] > 1000 < times[-1] and min(times) < 100
    assert [p.name for p in tmp_path.iterdir()] == ["film.gif"]


def test_the_same_film_each_time(tmp_path):
    for name in ("a.gif", "b.gif"):
        animation(grown(epochs=False), tmp_path / name, max_steps=1, max_synapses=5)
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_what_cannot_be_filmed_is_refused(tmp_path, monkeypatch):
    with pytest.raises(OptionError, match="no birth and no death"):
        animation(mlp([2, 1]), tmp_path / "a.gif")
    with pytest.raises(FileError, match=r"\.gif.*\.mp4"):
        animation(grown(), tmp_path / "a.avi")
    for option in ({"max_steps": 0}, {"max_synapses": True}):
        with pytest.raises(OptionError, match="whole number"):
            animation(grown(), tmp_path / "a.gif", **option)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileError, match="ffmpeg, which is not installed; a .gif needs nothing"):
        animation(grown(), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def fake_ffmpeg(folder, script):
    folder.mkdir()
    program = folder / "ffmpeg"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return os.pathsep.join([str(folder), os.environ["PATH"]])


def test_an_mp4_is_what_ffmpeg_makes_of_the_frames(tmp_path, monkeypatch):
    script = f'echo "$@" > {tmp_path}/asked; for last; do :; done; cat > "$last"'
    monkeypatch.setenv("PATH", fake_ffmpeg(tmp_path / "bin", script))
    animation(grown(), tmp_path / "a.mp4", max_steps=1)
    asked = (tmp_path / "asked").read_text().split()
    width, height = map(int, asked[asked.index("-s") + 1].split("x"))
    assert width % 2 == height % 2 == 0  # or the codec refuses
    frames, rest = divmod((tmp_path / "a.mp4").stat().st_size, width * height * 3)
    assert rest == 0 and frames > 60


def test_what_ffmpeg_says_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", fake_ffmpeg(tmp_path / "bin", "cat > /dev/null; echo no such codec >&2; exit 1"))
    with pytest.raises(FileError, match="no such codec"):
        animation(grown(), tmp_path / "a.mp4", max_steps=1)
    assert not (tmp_path / "a.mp4").exists()
