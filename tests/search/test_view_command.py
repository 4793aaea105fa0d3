"""`neurograph view` on files and run directories."""

import pytest

import search
from neurograph.builders import mlp
from search import cli


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "digits"
    options = {"epochs": 4, "first_cycle": 1, "cycle": 1, "slope": 1.0, "newborns": 2, "measured": 0}
    search.metabolize(mlp([64, 6, 10], seed=0), "digits", run=path, **options)
    return path


def test_a_run_becomes_a_page_in_its_directory(run, capsys):
    assert cli.main(["view", str(run), "--force"]) == 0
    page = run / "view.html"
    assert f"wrote {page}" in capsys.readouterr().out
    assert "<title>metabolize on digits</title>" in page.read_text(encoding="utf-8")


def test_a_page_that_is_there_stays_unless_forced(run, capsys, tmp_path):
    out = tmp_path / "page.html"
    out.write_text("mine")
    assert cli.main(["view", str(run), "--out", str(out)]) == 2
    assert "--force" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert cli.main(["view", str(run), "--out", str(out), "--force", "--title", "Ours"]) == 0
    assert "<title>Ours</title>" in out.read_text(encoding="utf-8")


def test_gradients_come_from_the_runs_own_data_or_from_what_is_named(run, monkeypatch, tmp_path, capsys):
    seen = []
    monkeypatch.setattr("search.commands.view.view", lambda graph, out, **options: seen.append((graph, options)) or run)
    assert cli.main(["view", str(run), "--gradients"]) == 0
    graph, options = seen[0]
    assert sorted(options["observations"].ids) == sorted(graph.arrays().ids)
    assert options["observations"].gradient_mean_absolute.max() > 0
    assert [row["epoch"] for row in options["metrics"]] == [1, 2, 3, 4]
    mlp([64, 3, 10], seed=0).save(tmp_path / "net.safetensors")
    words = ["view", str(tmp_path / "net.safetensors"), "--gradients"]
    assert cli.main(words) == 2
    assert "--data" in capsys.readouterr().err
    assert cli.main([*words, "--data", "digits"]) == 0
    assert len(seen[1][1]["observations"].ids) == 64 * 3 + 30


@pytest.mark.parametrize("change", ["standardise", "whiten"])
def test_gradients_are_taken_on_the_data_as_the_run_saw_them(monkeypatch, tmp_path, change):
    search.train(mlp([64, 4, 10], seed=0), "digits:200", run=tmp_path / "run", epochs=1, **{change: True})
    asked = []
    monkeypatch.setattr(
        "search.commands.view.fitting", lambda data, graph, **changes: asked.append(changes) or data.flat()
    )
    assert cli.main(["view", str(tmp_path / "run"), "--gradients"]) == 0
    assert asked == [{"standardise": False, "whiten": False, change: True}]


def test_a_file_becomes_a_page_beside_it(tmp_path, capsys):
    mlp([3, 2], seed=0).save(tmp_path / "net.safetensors")
    assert cli.main(["view", str(tmp_path / "net.safetensors"), "--max-synapses", "4"]) == 0
    assert (tmp_path / "net.html").exists()
    assert cli.main(["view", str(tmp_path / "elsewhere")]) == 2
    assert "elsewhere" in capsys.readouterr().err


def test_gradients_are_of_data_that_fit_the_network(tmp_path, capsys):
    mlp([64, 6, 7], seed=0).save(tmp_path / "graph.safetensors")
    assert cli.main(["view", str(tmp_path / "graph.safetensors"), "--gradients", "--data", "digits"]) == 2
    assert "population 'output' answers with 7 numbers" in capsys.readouterr().err
    assert not (tmp_path / "graph.html").exists()


def test_two_runs_stand_side_by_side_under_their_names(run, tmp_path, capsys):
    search.train(mlp([64, 4, 10], seed=0), "digits:200", run=tmp_path / "fixed", epochs=2)
    words = ["view", str(run), "--against", str(tmp_path / "fixed"), "--out", str(tmp_path / "two.html")]
    assert cli.main(words) == 0
    text = (tmp_path / "two.html").read_text(encoding="utf-8")
    assert "<title>digits beside fixed</title>" in text and text.count('class="frame"') == 2
    assert cli.main([*words[:4], "--force"]) == 0
    assert str(run / "beside.html") in capsys.readouterr().out


def test_every_kind_of_page_is_opened_when_asked(run, monkeypatch, tmp_path, capsys):
    from search.evolution import EvolutionOptions, evolve

    evolve(mlp([2, 1]), lambda one: 1.0, EvolutionOptions(3, 1), run=tmp_path / "evolved")
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    graph = tmp_path / "g.safetensors"
    mlp([2, 1]).save(graph)
    for place in ([run], [graph], [run, "--against", run], [tmp_path / "evolved"]):
        out = tmp_path / f"{len(opened)}.html"
        assert cli.main(["view", *map(str, place), "--out", str(out), "--open"]) == 0
        assert opened[-1] == out.as_uri()
    assert len(opened) == 4


@pytest.mark.parametrize("flags", [["--data", "digits"], ["--gradients"], ["--against"]])
def test_what_is_shown_of_one_network_is_refused_for_a_search(flags, run, tmp_path, capsys):
    from search.evolution import EvolutionOptions, evolve

    evolve(mlp([64, 10]), lambda one: 1.0, EvolutionOptions(3, 1), run=tmp_path / "evolved")
    given = [*flags, str(run)] if flags == ["--against"] else flags
    assert cli.main(["view", str(tmp_path / "evolved"), *given, "--out", str(tmp_path / "p.html")]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"neurograph: {flags[0]} is for one network") and "graph.safetensors, its best" in said
    assert not (tmp_path / "p.html").exists()
