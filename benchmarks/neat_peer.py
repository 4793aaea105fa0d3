"""What neat-python is given to do in benchmarks: a configuration with the settings of its own XOR example."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

CONFIG = """
[NEAT]
fitness_criterion = max
fitness_threshold = {goal}
pop_size = {population}
reset_on_extinction = False
no_fitness_termination = False
[DefaultGenome]
activation_default = {activation}
activation_mutate_rate = 0.0
activation_options = {activation}
aggregation_default = sum
aggregation_mutate_rate = 0.0
aggregation_options = sum
bias_init_mean = 0.0
bias_init_stdev = 1.0
bias_init_type = gaussian
bias_max_value = 30.0
bias_min_value = -30.0
bias_mutate_power = 0.5
bias_mutate_rate = 0.7
bias_replace_rate = 0.1
compatibility_disjoint_coefficient = 1.0
compatibility_weight_coefficient = {weights}
conn_add_prob = {add}
conn_delete_prob = {cut}
enabled_default = True
enabled_mutate_rate = 0.01
enabled_rate_to_true_add = 0.0
enabled_rate_to_false_add = 0.0
feed_forward = True
initial_connection = {connect}
node_add_prob = 0.2
node_delete_prob = 0.2
num_hidden = {hidden}
num_inputs = {inputs}
num_outputs = {outputs}
response_init_mean = 1.0
response_init_stdev = 0.0
response_init_type = gaussian
response_max_value = 30.0
response_min_value = -30.0
response_mutate_power = 0.0
response_mutate_rate = 0.0
response_replace_rate = 0.0
single_structural_mutation = false
structural_mutation_surer = default
weight_init_mean = 0.0
weight_init_stdev = 1.0
weight_init_type = gaussian
weight_max_value = 30
weight_min_value = -30
weight_mutate_power = 0.5
weight_mutate_rate = 0.8
weight_replace_rate = 0.1
[DefaultSpeciesSet]
compatibility_threshold = 3.0
[DefaultStagnation]
species_fitness_func = max
max_stagnation = 20
species_elitism = 2
[DefaultReproduction]
elitism = 2
survival_threshold = 0.2
min_species_size = 2
"""


def config(neat: Any, **changes: Any) -> Any:
    """neat-python's configuration, with the sizes that are given."""
    plain = {
        "goal": 3.9,
        "population": 150,
        "inputs": 2,
        "outputs": 1,
        "hidden": 0,
        "activation": "sigmoid",
        "connect": "full",
        "add": 0.5,
        "cut": 0.5,
        "weights": 0.5,
    }
    kinds = neat.DefaultGenome, neat.DefaultReproduction, neat.DefaultSpeciesSet, neat.DefaultStagnation
    with TemporaryDirectory() as folder:
        path = Path(folder) / "config"
        path.write_text(CONFIG.format(**plain | changes).strip())
        return neat.Config(*kinds, str(path))
