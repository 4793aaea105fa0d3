"""One process that has everything imported and forks a child for each command that is to be killed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from killed_commands import COMMANDS, Forge, numbers_of


@pytest.fixture(scope="session")
def forge():
    script = Path(__file__).with_name("forge.py")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "PYTHONHASHSEED": "0"}
    environment.pop("NEUROGRAPH_CALIBRATION", None)
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Forge(process)
        process.kill()


@pytest.fixture(scope="session")
def whole(forge, tmp_path_factory):
    """Name of a command -> its run directory, its numbers, and how it went, never interrupted; made when asked for."""
    folder, made = tmp_path_factory.mktemp("whole"), {}
    forge.folder = folder

    def of(name):
        if name not in made:
            done = forge.run(COMMANDS[name](folder / name, folder))
            assert done["status"] == 0, done["said"]
            made[name] = folder / name, numbers_of(folder / name), done
        return made[name]

    yield of
    shutil.rmtree(folder)
