"""Every file of a run directory with bits flipped, cut off, or gone: seen and named, or gone on from bit-equal."""

import shutil

import pytest
from killed_commands import COMMANDS, leftovers, numbers_of, refused

from tests.robustness.tally import SOAK, repeat

UNREAD = (".png", ".lock")  # nobody goes on from a picture


@pytest.fixture(scope="module")
def stopped(forge, whole, tmp_path_factory):
    """Name of a command -> a run of it killed late, and the paths of its files, but for those that nobody reads."""
    made = {}

    def of(name):
        for share in (0.95, 0.9, 0.85, 0.8, 0.7) if name not in made else ():
            run = tmp_path_factory.mktemp("stopped") / "run"
            forge.run(COMMANDS[name](run, forge.folder), at=int(share * whole(name)[2]["operations"]))
            found = [path.relative_to(run) for path in sorted(run.rglob("*")) if path.is_file()]
            held = [
                path for path in found if path.suffix not in UNREAD and path.name != "lock" and ".part" not in path.name
            ]
            if any(path.name == "checkpoint.safetensors" for path in held):
                made[name] = run, held
                break
        return made[name]

    return of


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
@pytest.mark.parametrize("name", COMMANDS if SOAK else ["metabolize"])
def test_damage_is_named_or_does_no_harm(forge, whole, stopped, name, damage, tmp_path):
    _, numbers, _ = whole(name)
    before, files = stopped(name)

    def trial(number, rng):
        run, file = tmp_path / str(number), files[number % len(files)]
        shutil.copytree(before, run)
        content = (run / file).read_bytes()
        content = DAMAGES[damage](content, rng) if content else b"\0"
        (run / file).unlink()
        if content is not None:
            (run / file).write_bytes(content)
        done = forge.run(["evolve", run] if name == "evolve" else ["resume", run])
        if refused([name], done):
            assert file.name in done["said"], (str(file), done["said"])
        else:
            if len(file.parts) > 1 and (run / file).exists() and (run / file).read_bytes() == content:
                shutil.copy(before / file, run / file)  # of a stage that has ended: nobody read it again
            found = numbers_of(run)
            assert not [key for key, value in numbers.items() if found[key] != value], str(file)
            assert not leftovers(run)
        shutil.rmtree(run)
        return "refused by name" if done["status"] else "bit-equal"

    least = len(files) * (2 if damage in ("flipped", "cut off") else 1)
    repeat(f"files {damage} of {name}", trial, 2, least)
