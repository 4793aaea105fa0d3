"""Layers that are inserted into a trained network: as few neurons as will do, the function as it was (CompNet).

Jun Lu, Wei Ma and Boi Faltings, "CompNet: Neural networks growing via the compact network morphism". Everything here is
numpy. CompNet's regressions work in float64 on sums over the data (means and covariances), never on the data itself;
the joint fit (`joint`) looks at recorded values too. `compiler.record` makes both. A new algorithm is a
function of `Problem` and a line in `algorithms.ALGORITHMS`.
"""

from neurograph.insertion.algorithms import ALGORITHMS
from neurograph.insertion.iilasso import Descent, descend, violation
from neurograph.insertion.layer import NewLayer
from neurograph.insertion.least_squares import least_squares
from neurograph.insertion.pair import Pair, find_pair
from neurograph.insertion.path import reach_count, reach_error
from neurograph.insertion.problem import Problem, Solution
from neurograph.insertion.similarity import similarity
from neurograph.insertion.sums import Recorded, Regression, Sums

__all__ = [
    "ALGORITHMS",
    "Descent",
    "NewLayer",
    "Pair",
    "Problem",
    "Recorded",
    "Regression",
    "Solution",
    "Sums",
    "descend",
    "find_pair",
    "least_squares",
    "reach_count",
    "reach_error",
    "similarity",
    "violation",
]
