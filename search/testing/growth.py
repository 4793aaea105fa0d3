"""The contracts of metrics of synapses and of the ways in which a network changes while it trains."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurograph.builders import mlp
from neurograph.errors import OptionError
from neurograph.network import NeuronGraph
from neurograph.testing import state_of

from .. import cli, resume
from ..growth.expansion.metrics import METRICS, Traits
from ..methods import METHODS


class MetricContract:
    """What every metric keeps; a subclass says its name."""

    name: str

    def traits(self, count: int = 7) -> Traits:
        """What is known of some synapses, every number positive."""
        rng = np.random.default_rng(0)
        return Traits(*(rng.uniform(0.1, 1.0, count) for _ in Traits.__dataclass_fields__))

    def test_it_gives_a_finite_number_a_synapse(self) -> None:
        found = METRICS[self.name].measure(self.traits())
        assert found.shape == (7,) and found.dtype == np.float64 and np.isfinite(found).all()

    def test_it_has_a_reverse_and_copes_with_nothing(self) -> None:
        assert METRICS[f"{self.name}_reversed"].reverse
        assert METRICS[self.name].measure(self.traits(0)).shape == (0,)


class MethodContract:
    """What every method keeps; a subclass says its command, and settings with which two epochs are enough."""

    name: str
    settings: dict[str, Any]
    data: str = "digits"
    edits: bool = True  # whether the network is another after these epochs

    def graph(self) -> NeuronGraph:
        """A network for the digits that the method can begin with."""
        return mlp([64, 8, 10], "relu", seed=0)

    def test_it_trains_and_its_run_can_be_gone_on_with(self, tmp_path: Path) -> None:
        method = METHODS[self.name]
        made = method(self.graph(), self.data, run=tmp_path / "run", **self.settings)
        assert made.rows and np.isfinite(made.test_error)
        assert bool(len(made.graph.journal)) == self.edits, "nothing was edited: say settings in which something is"
        again = resume(tmp_path / "run")
        assert again.test_error == made.test_error and state_of(again.graph) == state_of(made.graph)

    def test_the_same_seed_gives_the_same_numbers(self) -> None:
        one, two = (METHODS[self.name](self.graph(), self.data, **self.settings) for _ in range(2))
        assert state_of(one.graph) == state_of(two.graph) and one.test_loss == two.test_loss

    def test_the_command_line_has_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            cli.main([self.name, "--help"])
        assert ended.value.code == 0 and f"neurograph {self.name}" in capsys.readouterr().out

    def test_an_unknown_option_is_refused(self) -> None:
        with pytest.raises(OptionError):
            METHODS[self.name](self.graph(), self.data, no_such_option=1)
