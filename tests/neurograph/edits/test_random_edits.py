"""Random sequences of edits, undos and redos on random networks: what must hold after each of them."""

from contextlib import suppress
from tempfile import TemporaryDirectory

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neurograph.edits import (
    EDITS,
    AddNeuron,
    AddOnNeurons,
    Autophagy,
    Connect,
    Expand,
    InsertLayer,
    LowRepresentationalPower,
    Proliferate,
    Prune,
    PruneKernels,
    Reinitialize,
    RemoveNeurons,
    RemoveSynapses,
    "SetValues": _set_values,
