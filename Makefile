SHELL := /bin/bash
.DEFAULT_GOAL := help

# Any Python from 3.11 on will do: make test PYTHON=python3.12
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
COUNCIL ?= northumberland
PAPER ?= retention

# Bytecode halves the start of every kernel; some machines switch it off.
export PYTHONDONTWRITEBYTECODE :=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests run side by side: threads of the linear algebra would fight over the same cores.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1

# A file's tests stay together for its fixtures; files in the order that tests/conftest.py gives.
SUITE := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

.PHONY: help paper test suite golden coverage slow lint style types floors docstrings check lab \
	bench data constraints clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("rpcstats needs Python 3.11 or later; say which: make PYTHON=python3.12" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.has-%: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[$*]"
	$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/.has-rpcstats: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	$(BIN)/python -m compileall -q src
	@touch $@

paper: $(VENV)/.has-rpcstats ## Make a paper: PAPER=retention COUNCIL=northumberland; COUNCIL= for none
	$(BIN)/rpcstats paper $(PAPER) $(if $(COUNCIL),--council $(COUNCIL))

test: suite golden ## Run the tests and the golden notebook

suite: $(VENV)/.has-test
	$(SUITE) -m "not slow"

golden: $(VENV)/.has-test
	$(BIN)/python -m pytest --nbval --nbval-current-env -p no:cacheprovider tests/notebooks/golden notebooks/guides

coverage: $(VENV)/.has-test ## Run the tests and list the lines they do not reach
	$(SUITE) -m "not slow" --cov --cov-report=term:skip-covered

slow: $(VENV)/.has-test ## Run the simulation studies, which take minutes
	$(SUITE) -m slow

lint: style types floors docstrings ## Check style, types, floors and docstrings

style: $(VENV)/.has-dev
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/ruff check src tests benchmarks

types: $(VENV)/.has-dev
	$(BIN)/mypy

floors: $(VENV)/.has-dev
	$(BIN)/lint-imports --no-cache

docstrings: $(VENV)/.has-dev
	$(BIN)/numpydoc lint $$(git ls-files 'src/*.py')

check: lint test ## Everything that must hold before a commit

lab: $(VENV)/.has-lab ## Open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir .

bench: $(VENV)/.has-test ## Time the paper and the estimators against other engines
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet -e . glmm mixedlm lifelines scikit-survival \
		survival SurPyval comprisk edi-kernels glum
	$(BIN)/python benchmarks/paper.py
	$(BIN)/python benchmarks/audit.py --json build/audit.json
	$(BIN)/python benchmarks/goals.py --json build/goals.json
	.venv-bench/bin/python benchmarks/survival.py --json build/survival.json
	.venv-bench/bin/python benchmarks/mixed.py --json build/mixed.json

data: $(VENV)/.has-rpcstats ## Make the synthetic extracts and the data dictionary again
	$(BIN)/rpcstats simulate herts_pws --to data/councils/hertfordshire --overwrite
	$(BIN)/rpcstats simulate northumberland_digital --to data/councils/northumberland --overwrite
	$(BIN)/rpcstats simulate northumberland_getting_on_better \
		--to data/councils/northumberland_getting_on_better --overwrite
	$(BIN)/rpcstats simulate nottinghamshire_family_days --to data/councils/nottinghamshire --overwrite
	$(BIN)/python -m rpcstats.data.dictionary data/dictionary.md

constraints: $(BIN)/python ## Resolve the dependencies again into constraints.txt
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv lock --quiet
	$(BIN)/uv export --quiet --no-hashes --no-annotate --no-header --no-emit-project --all-extras -o constraints.txt
	rm -f uv.lock

clean: ## Remove what was made: papers, caches, environments
	rm -rf build dist $(VENV) .venv-bench .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
