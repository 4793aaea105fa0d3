"""Every file of a run directory with bits flipped, cut off, or gone: seen and named, or gone on from bit-equal."""

import shutil

import pytest
from killed_commands import COMMANDS, leftovers, numbers_of

from tests.robustness.tally import SOAK, repeat

FILES = (
    "checkpoint.safetensors",
    "checkpoint.previous.safetensors",
    "config.json",
    "graph.safetensors",
    "journal.jsonl",
    "metrics.jsonl",
    "start.safetensors",
)


@pytest.fixture(scope="module")
def stopped(forge, whole, tmp_path_factory):
    """A run killed late, with all files there."""
    _, _, done = whole("metabolize")
    for share in (0.95, 0.9, 0.85, 0.8, 0.7):
        run = tmp_path_factory.mktemp("stopped") / "run"
        forge.run(COMMANDS["metabolize"](run, forge.folder), at=int(share * done["operations"]))
        if all((run / name).exists() and (run / name).stat().st_size for name in FILES):
            return run
    raise AssertionError("no run was stopped between two checkpoints")


def flipped(content, rng):
    at = int(rng.integers(len(content)))
    return content[:at] + bytes([content[at] ^ 1 << int(rng.integers(8))]) + content[at + 1 :]


DAMAGES = {
    "flipped": flipped,
    "cut off": lambda content, rng: content[: int(rng.integers(len(content)))],
    "zeros": lambda content, rng: content[: len(content) // 2] + bytes(len(content) - len(content) // 2),
    "gone": lambda content, rng: None,
}


@pytest.mark.parametrize("damage", DAMAGES if SOAK else ["flipped"])
@pytest.mark.parametrize("name", FILES if SOAK else ["checkpoint.safetensors", "journal.jsonl"])
def test_damage_is_named_or_does_no_harm(forge, whole, stopped, name, damage, tmp_path):
    _, numbers, _ = whole("metabolize")

    def trial(number, rng):
        run = tmp_path / str(number)
        shutil.copytree(stopped, run)
        content = DAMAGES[damage]((run / name).read_bytes(), rng)
        (run / name).unlink()
        if content is not None:
            (run / name).write_bytes(content)
        done = forge.run(["resume", run])
        assert done["status"] in (0, 2) and "TRACEBACK" not in done["said"], done["said"]
        if done["status"] == 2:
            assert name in done["said"]
        else:
            found = numbers_of(run)
            assert all(found[key] == value for key, value in numbers.items()) and not leftovers(run)
        shutil.rmtree(run)
        return "refused by name" if done["status"] else "bit-equal"

    repeat(f"{name} {damage} in a run", trial, 1, 20 if damage in ("flipped", "cut off") else 1)
