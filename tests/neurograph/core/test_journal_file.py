"""What journals in files of their own are called: files that there are go on being read, whatever moves in the code."""

import json

from neurograph.builders import mlp
from neurograph.core.journal import Journal
from neurograph.edits import AddNeuron


def test_a_journal_is_called_what_it_was_called_in_the_first_one(tmp_path):
    g = mlp([2, 3, 1], seed=0)
    g.apply(AddNeuron(incoming={0: 0.5}))
    g.journal.save(tmp_path / "some.journal")
    head = json.loads((tmp_path / "some.journal").read_text(encoding="utf-8").splitlines()[0])
    assert (head["format"], head["version"]) == ("neurograph.journal", 1)
    assert len(Journal.load(tmp_path / "some.journal")) == 1
