"""`inspect` and `pictures` on searches, finished and not: what they are, how far, what was found."""

import pytest
import torch
from neurograph.search import cli
from neurograph.search.commands.describing import summary_of
from neurograph.search.evolution import EvolutionOptions, evolve
from neurograph.search.nhn import locations
from neurograph.search.runs import Run

from neurograph import search
from neurograph.builders import enas_macro, mlp
from neurograph.errors import OptionError

SMALL = {
    "epochs": 2, "layers": 2, "channels": 4, "segments": 1, "crop": 1, "examples": 200, "steps": 1, "asked": 2,
    "finalists": 2, "operations": ("conv3",),
}  # fmt: skip


def genomes(run):
    graph = enas_macro([["conv3"], ["conv3", 0]], channels=4, segments=1, size=8, inputs=1, initializer="he_normal")
    graph.save(run.parent / "net.safetensors")
    batches = locations.BatchOptions(batch_size=20, evaluation_batch=6, crop=1, flip=False)
    task = locations.add_on_task(run.parent / "net.safetensors", "digits:60", kernels=(3,), batches=batches)
    options = locations.EvolutionOptions(population=10, survivors=5, recombined=3, cycles=2, train_batches=1)
    return locations.search(task, options, run=run)


def evolution(run):
    x = torch.tensor([[0.0], [1.0]])
    options = EvolutionOptions(population=4, generations=2, objectives={"error": -1.0})
    return evolve(mlp([1, 1]), lambda one, net: (net(x) - x).square().mean(), options, run=run)


def stream(run):
    about = {"tasks": 2, "images": 64, "passes": 2}
    return search.metabolize_stream(mlp([64, 8, 10], seed=0), "random_labels", "digits", about=about, run=run, age=4)


SEARCHES = {
    "hierarchy": (lambda run: search.find_hierarchy("digits", run=run, **SMALL), "hierarchy on digits: 2 of 2 epochs"),
    "genomes": (genomes, "search-evolution on digits:60: 2 of 2 cycles"),
    "evolution": (evolution, "evolve: 2 of 2 generations of 4 individuals"),
    "stream": (stream, "metabolize-stream on random_labels (digits): 2 of 2 rows"),
}


@pytest.mark.parametrize("name", SEARCHES)
def test_a_finished_search_is_read_rightly(name, tmp_path, capsys):
    begin, words = SEARCHES[name]
    begin(tmp_path / "run")
    assert cli.main(["inspect", str(tmp_path / "run")]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(words) and "no error is known" not in shown
    summary = summary_of(Run(tmp_path / "run"))
    if name in ("hierarchy", "genomes"):
        assert summary.finished and summary.errors and "best" in summary.notes[0]
    for old in (tmp_path / "run").glob("pictures/*"):
        old.unlink()
    assert cli.main(["pictures", str(tmp_path / "run")]) == 0
    assert list((tmp_path / "run" / "pictures").glob("*.png"))


def test_a_search_without_a_cycle_says_so(tmp_path):
    def stop(searching, row):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        search.find_hierarchy("digits", run=tmp_path / "run", callbacks=[stop], **SMALL)
    assert summary_of(Run(tmp_path / "run")).lines()[0] == "hierarchy on digits: 1 of 2 epochs"
    assert cli.main(["inspect", str(tmp_path / "run")]) == 0  # there is no network yet
    search.redraw(tmp_path / "run")
    assert (tmp_path / "run" / "pictures" / "search.png").exists()
    Run(tmp_path / "run").forget()
    with pytest.raises(OptionError, match="nothing yet"):
        search.redraw(tmp_path / "run")
