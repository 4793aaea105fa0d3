"""The commands that are killed, small; and what is compared of the runs they leave."""

import json

from neurograph.builders import enas_macro, mlp
from neurograph.files import container

DATA = ["--data", "digits:200"]
HIDDEN = ["--hidden", "8", "6"]
SMALL = ["--epochs", "6", "--learning-rate", "0.01", "--batch-size", "64"]
GROW = ["--first-cycle", "2", "--cycle", "1", "--cool-down", "0", "--slope", "100", "--newborns", "2"]
STREAM = ["--about", "tasks=4", "--about", "images=64", "--about", "passes=2", "--rate", "100", "--age", "4"]
PIPELINE = {
    "kernels": "[3]", "hierarchy.epochs": 1, "hierarchy.batch_size": 64, "hierarchy.layers": 3, "hierarchy.segments": 1,
    "hierarchy.channels": 4, "hierarchy.steps": 1, "hierarchy.asked": 2, "hierarchy.crop": 1,
    "hierarchy.operations": '["conv3"]', "hierarchy.finalists": 2, "hierarchy.rated_on": 16, "train.epochs": 2,
    "prune.epochs": 2, "prune.settle": 1, "prune.ratio": 0.5, "prune.measured": 0, "retrain.epochs": 1,
    "batches.batch_size": 32, "batches.evaluation_batch": 30, "batches.crop": 1, "batches.flip": "false",
    "locations.population": 10, "locations.survivors": 5, "locations.recombined": 3, "locations.cycles": 2,
    "locations.train_batches": 1, "locations.absent": 0.3, "locations.racing": 0, "directions.racing": 0,
    "directions.population": 10, "directions.survivors": 5,
    "directions.recombined": 3, "directions.cycles": 1, "directions.train_batches": 1, "final.epochs": 2,
}  # fmt: skip


def _network(folder):
    path = folder / "network.safetensors"
    if not path.exists():
        enas_macro([["conv3"], ["conv3", 0]], channels=4, segments=1, size=8, inputs=1, initializer="he_normal").save(
            path
        )
    return str(path)


COMMANDS = {
    "train": lambda run, _: ["train", *HIDDEN, *DATA, *SMALL, "--run", str(run)],
    "metabolize": lambda run, _: ["metabolize", *HIDDEN, *DATA, *SMALL, *GROW, "--run", str(run)],
    "expand": lambda run, _: ["expand", *HIDDEN, *DATA, *SMALL, "--run", str(run)],
    "morph": lambda run, _: ["morph", "--hidden", "8", *DATA, *SMALL, "--run", str(run)],
    "prune": lambda run, _: ["prune", *HIDDEN, *DATA, *SMALL, "--run", str(run)],
    "prune-network": lambda run, folder: [
        "prune-network", "--graph", _network(folder), *DATA, "--epochs", "4", "--settle", "1", "--run", str(run),
    ],
    "rewire": lambda run, _: [
        "rewire", *HIDDEN, *DATA, *SMALL, "--density", "0.5", "--settle", "2", "--run", str(run),
    ],
    "metabolize-stream": lambda run, _: [
        "metabolize-stream", "--hidden", "8", "--data", "digits:200", "--run", str(run), *STREAM,
    ],
    "evolve": lambda run, _: ["evolve", str(run)],
    "search": lambda run, _: [
        "search", "--preset", "digits", "--data", "digits:300", "--run", str(run),
        *(word for name, value in PIPELINE.items() for word in ("--set", f"{name}={value}")),
    ],
}  # fmt: skip
OTHERWISE = ("seconds", "event_seconds", "crc32", "checksum", "origin")  # in equal runs
ONCE = ("metabolize-stream", "evolve", "search")  # no single network that is trained on a data set
TRAINING = [name for name in COMMANDS if name not in ONCE]
WRITERS = {  # the words, and the file that each leaves
    "export": (["export", "net.safetensors", "--to", "json", "--out", "out", "--force"], "out"),
    "view": (["view", "net.safetensors", "--out", "out", "--force"], "out"),
    "import": (["import", "net.json", "--out", "out", "--force"], "out"),
    "save": (["save", "net.safetensors", "out"], "out"),
    "history": (["history", "net.safetensors", "out"], "out"),
    "draw": (["draw", "net.safetensors", "out.png"], "out.png"),
    "calibrate": (["calibrate"], "neurograph/calibration-*.json"),
}


def write_networks(folder):
    """What the writers read."""
    graph = mlp([4, 3, 2], seed=0)
    graph.remove_node(4)
    graph.save(folder / "net.safetensors")
    graph.export(folder / "net.json")


class Forge:
    """Runs commands in the other process; see forge.py."""

    def __init__(self, process):
        self.process = process

    def run(self, words, **how):
        self.process.stdin.write(json.dumps({"words": [str(word) for word in words], **how}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def numbers_of(run):
    """All that a run and the runs in it have found out, but for the time it took."""
    found = {}
    for path in sorted(run.rglob("*")):
        name = str(path.relative_to(run))
        if path.suffix == ".jsonl":
            found[name] = [_timeless(json.loads(line)) for line in path.read_text().splitlines()]
        elif path.name in ("config.json", "result.json"):
            content = json.loads(path.read_text())
            found[name] = _timeless(content.get("result") if path.name == "config.json" else content)
        elif path.name == "graph.safetensors":
            content = container.read(path)
            found[name] = {key: array.tobytes() for key, array in content.arrays.items()}, content.digest
    return found


def _timeless(value):
    if isinstance(value, dict):
        return {name: _timeless(item) for name, item in value.items() if name not in OTHERWISE}
    return [_timeless(item) for item in value] if isinstance(value, list) else value


def leftovers(run):
    """What only a run that is under way may have."""
    return [str(path) for path in run.rglob("*") if path.name == "lock" or path.name.endswith(".part")]


def refused(words, done):
    """Whether an error of ours ended it, and no other did; an evolution is called, and raises its errors."""
    ours = done["status"] == 2 and "neurograph: " in done["said"]
    ours |= words[0] == "evolve" and any(f"TRACEBACK {kind}" in done["said"] for kind in ("FileError", "OptionError"))
    assert ours or (not done["status"] and "TRACEBACK" not in done["said"]), done["said"]
    return ours


def resumed(forge, words, run, **how):
    """Go on with a run, or begin it again where it was killed before its first checkpoint."""
    if words[0] == "evolve":
        return forge.run(words, **how)
    done = forge.run(["resume", run], **how)
    none = "has no checkpoint" in done["said"] or "is not a run directory" in done["said"]
    return forge.run([*words, "--force"], **how) if none and done["status"] == 2 else done
