PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup check fix test test-all demo bench docs build clean

help:  ## show these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP)  ## create .venv with everything the project needs, and find or install Chromium

$(STAMP): pyproject.toml constraints.txt scripts/system_packages.sh
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	BIN=$(BIN) sh scripts/system_packages.sh
	touch $(STAMP)

check: $(STAMP)  ## formatting, lint, types, import direction
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache >/dev/null || $(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/write_cli_docs.py --check

fix: $(STAMP)  ## format and repair what can be repaired
	$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --fix --quiet .

# Compiled once, the browsers' driver starts a third faster, some 200 times.
test: check  ## static checks and the quick suite
	OMP_NUM_THREADS=1 NODE_COMPILE_CACHE=$(CURDIR)/$(VENV)/node $(BIN)/python -m pytest -m "not slow" -n 3 --dist worksteal

test-all: test  ## everything: soak, kills, packaging installs
	$(BIN)/python -m pytest -m slow

demo: $(STAMP)  ## drive the bundled web app in a real browser; writes demo-report/
	$(BIN)/focusagent demo --out demo-report

bench: $(STAMP)  ## what a step costs: the environment, the agent
	$(BIN)/python benchmarks/env_overhead.py
	$(BIN)/python benchmarks/agent_overhead.py

docs: $(STAMP)  ## write the command line's help into docs/cli.md
	$(BIN)/python scripts/write_cli_docs.py

build: $(STAMP)  ## build the wheel and prove that it installs
	$(BIN)/python -m build --wheel --no-isolation
	$(BIN)/python -m pytest tests/test_packaging.py

clean:  ## remove what the other targets made
	rm -rf $(VENV) build dist demo-report runs
