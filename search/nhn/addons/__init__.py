"""Where add-on neurons could go, and one supernet that trains and evaluates every choice of places.

    locations = Locations(graph)                  # one gene for each existing layer and kernel size
    locations.gene_count                          # how many genes
    locations.genes[i]                            # (layer, kernel size): ("layer2", 3); all of 3 x 3, then all of 5 x 5
    locations.choices(i)                          # populations it may read: ("stem", "layer0", "layer1")
    genome = (-1, 0, -1, 2, ...)                  # a tuple of ints: -1 for no add-ons, else an index into choices(i)
    locations.check(genome)                       # OptionError for what is no genome of these
    locations.places(genome)                      # [("layer0", "layer2", 5), ...]: (read, fed, kernel size)

    net = AddOnSupernet(graph, locations, AddOnOptions(seed=0))
    losses = net.train(genomes, batches, lr=0.05)
    losses, errors = net.evaluate(genomes, (x, y))
    state = net.state()
    net.load(state)
    grown = net.build(genome)

`train(genomes, batches, lr, directions=None)`: `batches` holds for each genome a list of M pairs (x, y); all lists are
equally long, and their M-th batches equally large. `lr` is a number, or one for each of the M steps. Genomes are taken
in order, `options.together` of them at a time: 1 is the paper's way, one individual after the other; where some of a
group have the very same tensor x, what lies before their add-ons is computed once. The optimizer is made anew for every
such group, so what training does depends on the shared weights and the arguments alone. Returns
(n,) float64: the mean training loss of each individual, NaN where a loss was not finite (such a step is not taken).

`evaluate(genomes, batch, directions=None)`: `batch` is one pair (x, y) for all, or a list of pairs, one a genome.
Returns two (n,) float64 arrays: losses, and errors in percent; both NaN for an individual whose outputs are not finite.

`state()` is a dict of tensors on the CPU, `load(state)` takes it back; a tensor's name is its place, so the difference
of two states can be taken and added name by name.

`build(genome, directions=None)` is a copy of the graph with the add-ons of that genome as `AddOnNeurons` edits, the
shared weights in them.

`directions` says, for each genome (in `build`: for the one), whom its add-ons read and feed: None for the supernet's
own (from `options.seed`), a whole number for those drawn from that seed, or what `net.sensitive(genome)` returns: for
each place the connections whose shared weights deviate most. A connection's weights are shared by all directions that
hold it.
"""

from .locations import Genome, Locations, Place
from .memory import Memory, estimate
from .options import AddOnOptions
from .supernet import AddOnSupernet

__all__ = ["AddOnOptions", "AddOnSupernet", "Genome", "Locations", "Memory", "Place", "estimate"]
