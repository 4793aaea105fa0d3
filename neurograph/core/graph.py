"""`EditableGraph`: a neuron graph with edits, a journal that undoes them, and copies; what the doors stand on."""

from collections.abc import Hashable
from typing import Any

import networkx as nx
import numpy as np

from neurograph.core import applying, copying
from neurograph.core import populations as grouping
from neurograph.core.arrays import GraphArrays
from neurograph.core.digest import wiring_digest
from neurograph.core.journal import Journal
from neurograph.core.mutations import deaths, neurons, owning, synapses, transactions, values
from neurograph.core.mutations import names as naming
from neurograph.core.mutations.parallel import refuse_several_weights
from neurograph.core.mutations.whole import in_turn, whole
from neurograph.core.numbering import structure, with_numbers
from neurograph.core.state import GraphState
from neurograph.schema.synapse import DELAY
from neurograph.storage import ArrayDiGraph

_update = whole(nx.DiGraph.update)


class EditableGraph(GraphState):
    """A neuron graph that edits change and that a journal remembers; `neurograph.NeuronGraph` is the one people hold.

    Whatever works on a graph, and does not make one, is written against this class. Its verbs are functions over a
    `GraphState`, each in the file of its subject; here they are put together. Those that take the place of a base's are
    declared as anything, since the base calls its first argument by another name.

    Parameters
    ----------
    incoming_graph_data
        Anything networkx takes. Edges become synapses, their "weight" the weight.
    attr
        Attributes of the graph.
    """

    def __init__(self, incoming_graph_data=None, **attr) -> None:
        refuse_several_weights(incoming_graph_data)
        self._journal = Journal()
        super().__init__(incoming_graph_data, **attr)

    # ------------------------------------------------------------------------------------- whose values they are
    def own(self, network: Any) -> None:
        applying.close_run(self)
        owning.own(self, network)

    own.__doc__ = owning.own.__doc__
    release = owning.release
    write_back = owning.write_back
    synchronise = owning.synchronise
    in_transaction = property(owning.in_transaction)
    owner = property(owning.owner)

    # ------------------------------------------------------------------------------------- networkx's mutators
    add_node: Any = neurons.add_node
    add_nodes_from = whole(ArrayDiGraph.add_nodes_from)
    add_edge = in_turn(ArrayDiGraph.add_edge)
    add_edges_from = whole(ArrayDiGraph.add_edges_from)
    add_edges_from_arrays = whole(ArrayDiGraph.add_edges_from_arrays)
    remove_node = whole(ArrayDiGraph.remove_node)
    remove_nodes_from = whole(ArrayDiGraph.remove_nodes_from)
    remove_edge: Any = synapses.remove_edge
    remove_edges_from = whole(ArrayDiGraph.remove_edges_from)
    clear = whole(ArrayDiGraph.clear)
    clear_edges = whole(ArrayDiGraph.clear_edges)

    def update(self, edges=None, nodes=None) -> None:
        """Add nodes and edges, or another graph, as `networkx.DiGraph.update`; multigraphs as the constructor does."""
        refuse_several_weights(edges)
        _update(self, edges, nodes)

    # ------------------------------------------------------------------------------------- what those come down to
    _abandon: Any = transactions.abandon
    _new_node: Any = neurons.new_node
    _set_node: Any = neurons.set_node
    _set_nodes = neurons.set_nodes
    _neuron_update = neurons.update_neuron
    _neuron_delete = neurons.delete_neuron_item
    _drop_nodes: Any = deaths.drop_nodes
    _new_edge: Any = synapses.new_edge
    _put_edge: Any = synapses.put_edge
    _add_edge_and_ends: Any = synapses.add_edge_and_ends
    _set_edge: Any = synapses.set_edge
    _add_rows: Any = synapses.add_rows
    update_edge = synapses.update_edge
    delete_edge_item = synapses.delete_edge_item
    drop_rows: Any = synapses.drop_rows

    # ------------------------------------------------------------------------------------- neurons and populations
    rename = naming.rename
    populations = property(grouping.populations)
    population = grouping.population
    population_keys = grouping.population_keys
    add_population = grouping.add_population
    add_neuron = grouping.add_neuron
    grow = grouping.grow
    resolve = grouping.resolve
    connect = grouping.connect
    remove_neurons = grouping.remove_neurons
    remove_synapses = grouping.remove_synapses

    # ------------------------------------------------------------------------------------- values, many at once
    read_weights = values.read_weights
    write_weights = values.write_weights
    read_values = values.read_values
    write_values = values.write_values
    renew = values.renew
    survivors = values.survivors

    # ------------------------------------------------------------------------------------- edits and the journal
    @property
    def journal(self) -> Journal:
        """What was done to the graph, oldest first; a run of raw mutations that is going on becomes an entry."""
        applying.close_run(self)
        self._journal.past = copying.past_of(self)
        return self._journal

    atomic = transactions.atomic
    apply = applying.apply
    undo = applying.undo
    redo = applying.redo
    replay = applying.replay
    restart_journal = applying.restart_journal
    shorten_journal = applying.shorten_journal
    compact = applying.compact

    # ------------------------------------------------------------------------------------- whole graphs
    def arrays(self) -> GraphArrays:
        """The whole network as arrays, neurons numbered topologically; see `GraphArrays`."""
        self.synchronise()
        numbered = structure(self, self._numbered)
        if self._savepoint is None:  # a transaction may yet be rolled back, and another reach the same version
            self._numbered = numbered
        return with_numbers(self, numbered)

    def topological_order(self) -> list[Hashable]:
        """The neurons in a topological order, read off the ranks: no synapse is visited."""
        keys = self.table.keys()
        return self.names_of(keys[np.lexsort((keys, self.ranks.rank[keys]))])

    def wiring_digest(self) -> str:
        """A hexadecimal digest of the wiring: kinds and connections by position, never names, ids or weights.

        Parameters saved for one graph fit another with the same digest.
        """
        return wiring_digest(self)

    def immediate(self) -> nx.DiGraph:
        """A view of the graph without the synapses that have a delay: acyclic, whatever these join."""
        if not self.table.forms.having(DELAY):
            return nx.subgraph_view(self)
        return nx.subgraph_view(self, filter_edge=lambda u, v: not self[u][v].get(DELAY))

    _copy_all: Any = copying.copy_all
    _copy_induced: Any = copying.copy_induced
    __getstate__: Any = copying.state_of
    __deepcopy__: Any = copying.deep_copy
    copy: Any = copying.copy_of
    reverse: Any = copying.reverse_of
