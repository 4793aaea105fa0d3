"""`neurograph inspect --json`: the same numbers as the graph's, as one JSON object."""

import json

from neurograph.builders import mlp
from search.cli import main


def test_it_is_one_json_object_with_the_graphs_numbers(tmp_path, capsys):
    g = mlp([4, 3, 2], seed=0)
    g.save(tmp_path / "g.safetensors")
    assert main(["inspect", str(tmp_path / "g.safetensors"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["neurons"], found["synapses"]) == (len(g), g.number_of_edges())
    assert {one["name"]: one["neurons"] for one in found["populations"]} == {
        n: len(m) for n, m in g.populations.items()
    }
    assert [one["synapses"] for one in found["wiring"]] == [12, 6]
    assert found["refusal"] is None and found["program"]
    assert found["growth"]["entries"] == len(g.journal)
