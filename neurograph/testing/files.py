"""The contracts of exporters and importers: files appear whole, and torn ones are refused."""

from pathlib import Path

import pytest

from neurograph.builders import mlp
from neurograph.errors import FileError
from neurograph.files import EXPORTS, IMPORTS, export, import_graph
from neurograph.network import NeuronGraph
from neurograph.testing.edits import state_of


class ExporterContract:
    """What every exporter of one file keeps; a subclass says its name."""

    name: str

    def graph(self) -> NeuronGraph:
        """A network that the format can hold."""
        return mlp([4, 3, 2], seed=0)

    def path(self, folder: Path) -> Path:
        """A file with the format's usual ending."""
        return folder / f"net.{EXPORTS[self.name].endings[0]}"

    def test_it_writes_one_file_and_leaves_the_network_alone(self, tmp_path: Path) -> None:
        graph = self.graph()
        left_out = export(graph, self.path(tmp_path))
        assert [each.name for each in tmp_path.iterdir()] == [self.path(tmp_path).name]
        assert all(isinstance(line, str) and line for line in left_out)
        assert state_of(graph) == state_of(self.graph())

    def test_what_lies_there_is_written_over_on_request_alone(self, tmp_path: Path) -> None:
        path = self.path(tmp_path)
        path.write_text("mine")
        with pytest.raises(FileError, match="force=True"):
            export(self.graph(), path)
        assert path.read_text() == "mine"
        export(self.graph(), path, force=True)
        assert path.read_bytes() != b"mine"


class ImporterContract:
    """What every importer keeps; a subclass says its name, writes a file and says what is in it."""

    name: str

    def write(self, path: Path) -> None:
        """Write a file of the format."""
        raise NotImplementedError

    def graph(self) -> NeuronGraph:
        """The network that is in the file."""
        raise NotImplementedError

    def path(self, folder: Path) -> Path:
        """A file with one of the format's endings."""
        return folder / f"net.{IMPORTS[self.name].endings[0]}"

    def test_it_reads_the_network_in_the_file(self, tmp_path: Path) -> None:
        self.write(self.path(tmp_path))
        back = NeuronGraph.import_from(self.path(tmp_path))
        assert state_of(back) == state_of(self.graph()) and not len(back.journal)

    def test_it_is_taken_by_its_name_whatever_the_ending(self, tmp_path: Path) -> None:
        self.write(tmp_path / "net.other")
        assert state_of(NeuronGraph.import_from(tmp_path / "net.other", self.name)) == state_of(self.graph())

    def test_a_graph_that_is_not_empty_is_left_alone(self, tmp_path: Path) -> None:
        self.write(self.path(tmp_path))
        graph = mlp([2, 1])
        with pytest.raises(FileError, match="empty graph"):
            import_graph(self.path(tmp_path), graph)
        assert state_of(graph) == state_of(mlp([2, 1]))

    def test_a_file_of_nothing_of_the_kind_is_refused(self, tmp_path: Path) -> None:
        self.path(tmp_path).write_bytes(b"\x00\xff" * 20)
        with pytest.raises(FileError):
            NeuronGraph.import_from(self.path(tmp_path))
