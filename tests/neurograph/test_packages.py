"""`neurograph.compiler` and `neurograph.search` are reached whatever modules of the same plain names lie about."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OWN = "mine = True\n"


def python(folder: Path, *words: str) -> str:
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ran = subprocess.run([sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def script(folder: Path, source: str) -> str:
    (folder / "script.py").write_text(textwrap.dedent(source), encoding="utf-8")
    return python(folder, "script.py")


@pytest.fixture
def shadowed(tmp_path):
    """A folder with a search and a compiler of its own, one a module and one a package."""
    (tmp_path / "search.py").write_text(OWN, encoding="utf-8")
    (tmp_path / "compiler").mkdir()
    (tmp_path / "compiler" / "__init__.py").write_text(OWN, encoding="utf-8")
    return tmp_path


def test_the_command_line_runs_in_a_folder_with_modules_of_these_names(shadowed):
    python(shadowed, "-m", "neurograph", "train", "--data", "digits", "--hidden", "4", "--epochs", "1", "--run", "run")
    assert (shadowed / "run" / "config.json").exists()


def test_both_are_had_side_by_side_and_spawned_workers_find_ours(shadowed):
    out = script(
        shadowed,
        """
        import search, compiler, neurograph
        from neurograph import compiler as c, search as s
        from neurograph.builders import mlp
        from neurograph.search.executors import ProcessPool, Task

        assert search.mine and compiler.mine
        assert c is neurograph.compiler and s is neurograph.search and s.train
        assert isinstance(neurograph.compile(mlp([2, 3, 1], activation="relu", seed=0)), c.CompiledNetwork)
        import search as again
        assert again is search and again.mine

        if __name__ == "__main__":
            with ProcessPool(workers=1) as pool:
                print(list(pool.map(Task("neurograph.search.executors.task:scaling", {"factor": 3}), [7])))
        """,
    )
    assert out.strip() == "[21]"


@pytest.mark.parametrize("first", ["import compiler.lowering.dense", "import search", "import neurograph.search.cli"])
def test_each_module_is_loaded_once_under_both_names(tmp_path, first):
    out = script(
        tmp_path,
        f"""
        {first}
        import sys, pickle, importlib.util
        import compiler, search, compiler.build, search.runs.run
        from neurograph import compiler as c, search as s
        assert c is compiler and s is search
        assert compiler.build.__spec__.name == "neurograph.compiler.build"
        for name, module in list(sys.modules.items()):
            if name.split(".")[0] in ("compiler", "search"):
                assert sys.modules["neurograph." + name] is module, name
        files = [m.__file__ for n, m in sys.modules.items() if n.startswith("neurograph.")]
        assert len(files) == len(set(files))
        assert pickle.loads(b"ccompiler.compiled\\nCompiledNetwork\\n.") is c.CompiledNetwork  # of an older version
        function = c.reference
        import compiler.reference, compiler.statistics.record
        assert c.reference is function and callable(c.record)  # names of modules too, which these do not take back
        assert importlib.util.find_spec("compiler.nothing") is None
        print("once")
        """,
    )
    assert out.strip() == "once"


def test_the_graph_alone_loads_no_torch(tmp_path):
    script(tmp_path, "import sys, neurograph\nassert 'torch' not in sys.modules and 'compiler' not in sys.modules")


def test_an_attribute_that_is_not_there_says_so():
    import neurograph

    with pytest.raises(AttributeError, match="module 'neurograph' has no attribute 'serch'"):
        _ = neurograph.serch  # pyright: ignore[reportAttributeAccessIssue]
