"""Runs commands in forks of itself, and kills them: a line of JSON in, a line of JSON out.

In: "words" of the command line, or of one of `DOORS`; "kill", seconds after which it is killed; "at", the number of the
file operation at which it kills itself (see OPERATIONS); "fault", an errno to raise there instead, and "on", whether at
all later ones too; "folder", where it runs and keeps what is the user's own. All but the first may be left out.
Out: "status" (-9 where it was killed), "seconds", "operations" (how many there were), "said" (its standard error).
"""

import json
import os
import select
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import torch
import torch._dynamo  # which the first optimizer imports

import search
from compiler.planning import measuring
from compiler.planning.cost import CPU
from neurograph import NeuronGraph, draw
from neurograph.builders import mlp
from search import cli
from search.evolution import EvolutionOptions, Learning, evolve

OPERATIONS = ("replace", "fsync", "link", "unlink", "write", "truncate")


class Counted:
    """File operations, counted; the one that is asked for does not happen."""

    def __init__(self, at, fault, on):
        self.count, self.at, self.fault, self.on = 0, at, fault, on

    def patch(self):
        for name in OPERATIONS:
            setattr(os, name, self.counted(getattr(os, name)))

    def counted(self, call):
        def wrapped(*args, **options):
            self.count += 1
            if self.count == self.at or (self.on and self.count > self.at):
                if self.fault is None:
                    os.kill(os.getpid(), signal.SIGKILL)
                raise OSError(self.fault, os.strerror(self.fault))
            return call(*args, **options)

        return wrapped


def evolved(run):
    """Evolve, or go on where an evolution was stopped."""
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    options = EvolutionOptions(population=8, generations=4, objectives={"error": -1.0, "synapses": -0.01})
    learning = Learning((x, x[:, :1]), torch.nn.functional.mse_loss, steps=2)
    score = lambda one, net: ((net(x) - x[:, :1]).square().mean(), one.graph.number_of_edges())  # noqa: E731
    evolve(mlp([2, 2, 1], seed=0), score, options, learning=learning, run=run, resume=True)


def history(graph, out):
    graph = NeuronGraph.load(graph)  # whose journal lives no longer than it
    graph.journal.save(out)


DOORS = {  # what has no command
    "evolve": evolved,
    "save": lambda graph, out: NeuronGraph.load(graph).save(out),
    "history": history,
    "draw": lambda graph, out: draw.topology(NeuronGraph.load(graph), out),
}


def status_of(words):
    if words[0] not in DOORS:
        return cli.main(words)
    DOORS[words[0]](*words[1:])
    return 0


def child(order, message, counts):
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.dup2(message, 2)
    if "folder" in order:
        os.chdir(order["folder"])
        os.environ["XDG_CACHE_HOME"] = order["folder"]
    counted = Counted(order.get("at"), order.get("fault"), order.get("on"))
    write = os.write
    counted.patch()
    try:
        status = status_of(order["words"])
    except BaseException as error:  # what a person would see as a traceback
        sys.stderr.write(f"TRACEBACK {type(error).__name__}: {error}\n")
        status = 99
    sys.stderr.flush()
    write(counts, str(counted.count).encode())
    os._exit(status)


def run(order):
    with tempfile.TemporaryFile() as message, tempfile.TemporaryFile() as counts:
        started, pid = time.monotonic(), os.fork()
        if not pid:
            child(order, message.fileno(), counts.fileno())
        watch = os.pidfd_open(pid)
        select.select([watch], [], [], order.get("kill"))
        seconds = time.monotonic() - started
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(watch, signal.SIGKILL)
        os.close(watch)
        _, status = os.waitpid(pid, 0)
        message.seek(0)
        counts.seek(0)
        shown = message.read().decode(errors="replace")
        count = int(counts.read() or b"0")
    return {"status": os.waitstatus_to_exitcode(status), "seconds": seconds, "operations": count, "said": shown[-2000:]}


def warm():
    """Import and draw what every command would, but train nothing: autograd and forks do not go together."""
    torch.set_num_threads(1)
    search.datasets.load("digits")
    draw.style.RESOLUTION = 20  # pictures are not compared
    measuring.measured = lambda *_, **__: CPU  # half a second of measuring; what is killed is the writing
    graph = mlp([2, 3, 1], seed=0)
    with tempfile.TemporaryDirectory() as folder:
        draw.before_and_after(graph, graph, Path(folder) / "picture.png")


def main():
    warm()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        answers.write(json.dumps(run(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
