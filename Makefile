# make demo   watch a small network grow on real data          make bench   the figures of the README
# make test   all tests                                        make soak    the tests that take their time, with more examples
# make lint   ruff and pyright                                 make wheel   build the package and look inside
# make docs   the site, in build/site; warnings are errors, and the tutorial is executed
#   and growth in the loops of Lightning, Hugging Face, skorch and Optuna, in .venv-loops (two gigabytes)
# make soak-loops   the last of these alone
# make soak PART=tests/robustness   a part of them; counts are in .soak.json, and what was stopped goes on from there
# make test-lowest   the tests in .venv-lowest, with the lowest versions that pyproject.toml allows
# make test-torch-sparse   builds torch-sparse from source into .venv (ten minutes or more) and runs its tests
#
# Each works alone on a fresh clone: it makes .venv, installs what it needs into it and runs.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
WORKERS ?= 2  # processes that run the tests

# Both names: older pips hand PIP_CONSTRAINT to the isolated environment of a build, newer ones PIP_BUILD_CONSTRAINT.
# Relative, since pip splits the value at blanks and a clone may lie anywhere.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test test-lowest test-torch-sparse lint docs bench soak soak-loops wheel clean

demo: .venv/installed
	$(BIN)/python examples/demo.py

test: .venv/installed-dev
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile

test-lowest: .venv-lowest/installed
	.venv-lowest/bin/python -m pytest -q -p no:cacheprovider --ignore=tests/test_wheel.py

test-torch-sparse: .venv/installed-torch-sparse
	$(BIN)/python -m pytest -q -rs tests/compiler/test_lowerings.py tests/compiler/lowering

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: .venv/installed-docs
	$(BIN)/python -m pytest -q tests/docs
	$(BIN)/python -m mkdocs build --quiet --strict

bench: .venv/installed
	for name in graph training following sparse kernels sparse_conv evolution; do $(BIN)/python -m benchmarks.$$name || exit 1; done

soak: .venv/installed-dev $(if $(PART),,soak-loops)
	HYPOTHESIS_PROFILE=soak $(BIN)/python -m pytest -q $(PART)

soak-loops: .venv-loops/installed
	.venv-loops/bin/python -m pytest -q -rs -p no:cacheprovider tests/search/loops tests/docs/test_code.py

wheel: .venv/installed-dev
	rm -rf build dist
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	rm -rf build
	$(BIN)/python -m zipfile -l dist/*.whl

clean:
	rm -rf .soak.json .venv .venv-lowest .venv-loops build dist *.egg-info .pytest_cache .hypothesis .ruff_cache compiler/lowering/kernels/_*.so

.venv/bin/python:
	"$(PYTHON)" -m venv .venv

# The stamps: installed again when the requirements or the native kernels change, and only then (the checkout is installed
# in place). Without a C compiler the kernels are left out, with a warning when they are missed.
KERNELS := setup.py $(wildcard compiler/lowering/kernels/csrc/*)

.venv/installed: pyproject.toml constraints.txt $(KERNELS) | .venv/bin/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	touch $@

.venv/installed-dev: pyproject.toml constraints.txt $(KERNELS) | .venv/bin/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev,onnx,dask]"
	touch .venv/installed $@

.venv/installed-docs: .venv/installed-dev
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev,docs]"
	touch $@

# Extras that have no test of their own stay out: their tests are skipped where they are missing.
.venv-lowest/installed: pyproject.toml constraints-lowest.txt
	"$(PYTHON)" -m venv .venv-lowest
	PIP_CONSTRAINT= PIP_BUILD_CONSTRAINT= .venv-lowest/bin/python -m pip install --quiet -c constraints-lowest.txt -e . pytest hypothesis
	touch $@

# What grows in other people's loops: none of them is needed otherwise.
.venv-loops/installed: pyproject.toml constraints.txt
	"$(PYTHON)" -m venv .venv-loops
	.venv-loops/bin/python -m pip install --quiet -c constraints.txt -e ".[loops]" pytest hypothesis pandas
	touch $@

# Its setup.py imports torch, so it is built with what is installed here.
.venv/installed-torch-sparse: .venv/installed-dev
	$(BIN)/python -m pip install --quiet --no-build-isolation -c constraints.txt -e ".[dev,torch-sparse]"
	touch $@
