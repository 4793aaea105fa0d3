"""A search whose individuals are evaluated by Ray: any ordered `map` will do, and this makes one of Ray.

    pip install ray
    python examples/nhn_ray.py

A task holds no network and no data, only which importable function builds them. So what travels is genes, and the few
shared weights that an individual uses; each of Ray's workers builds network and data for itself, once.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from neurograph.search.datasets import hold_out, load
from neurograph.search.executors import Failed
from neurograph.search.nhn.addons import AddOnOptions
from neurograph.search.nhn.locations import BatchOptions, EvolutionOptions, add_on_task, make_toolbox, search
from neurograph.search.training import Trainer, TrainingOptions

from neurograph import compiler
from neurograph.builders import enas_macro


def evaluated(evaluate, turn):
    return evaluate(turn)


def ray_map(evaluate, turns):
    """Results in the order of turns; an individual whose worker was lost, after Ray's own retries, has failed."""
    import ray

    remote = ray.remote(evaluated)
    waiting = [remote.remote(evaluate, turn) for turn in turns]
    results = []
    for one in waiting:
        try:
            results.append(ray.get(one))
        except ray.exceptions.RayError as error:
            results.append(Failed(str(error)))
    return results


def main(data="digits", cycles=10):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "base.safetensors"
        graph = enas_macro([["conv3"], ["conv3", 0], ["conv3", 0, 1]], channels=8, segments=1, size=8, inputs=1)
        net = compiler.compile(graph)
        Trainer(net, hold_out(load(data).standardised(), 0.1), TrainingOptions(epochs=3)).run()
        graph.save(path)

        batches = BatchOptions(batch_size=50, evaluation_batch=67, crop=1, flip=False)
        task = add_on_task(path, data, addons=AddOnOptions(sparsity=0.25), batches=batches)
        options = EvolutionOptions(cycles=cycles, train_batches=5, sharing="synchronous")
        toolbox = make_toolbox(task.built().space, options)
        toolbox.register("map", ray_map)
        found = search(task, options, toolbox=toolbox, progress=True)
        print(f"add-ons {found.best.genome}: {found.best.error:.2f}% of the held-out digits wrong")
        return found


if __name__ == "__main__":
    main()
