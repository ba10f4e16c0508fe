# make run    opens the dashboard on the demo servers        make test   runs the whole test suite
# Both make .venv on first use; afterwards they start at once. PYTHON=python3.12 picks another interpreter.

PYTHON ?= python3
# Tests mostly wait for other processes: more of them at once than there are cores. WORKERS=0 runs them one by one.
WORKERS ?= 4
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help run test check format interop conformance matrix screenshots bench bench-ui lock clean

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1\t/' | expand -t 22

run: $(READY) ## the dashboard on the demo servers
	@$(BIN)/mcpdeck demo

test: $(READY) interop ## the whole test suite (ARGS="-k name" for a part of it)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(READY) ## format, lint, types, import contracts, packaging
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/packaging

format: $(READY) ## put the code into the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

interop: $(READY) ## install the servers that the interop tests talk to
	@$(BIN)/python tests/interop/install.py

conformance: $(READY) interop ## the official conformance framework; writes docs/conformance.md
	@$(BIN)/python -m tests.interop.conformance.run

matrix: $(READY) interop ## every feature against every SDK; writes tests/interop/README.md
	@$(BIN)/python -m tests.interop.matrix

screenshots: $(READY) ## SVGs into screenshots/, from states and from real runs
	@$(BIN)/python -m tests.screenshots

bench: $(READY) ## start-up and call latency beside the official SDK's client
	@$(BIN)/python -m tests.bench $(ARGS)

bench-ui: $(READY) ## the dashboard in a real terminal, beside the official Inspector's
	-@$(BIN)/python tests/interop/install.py inspectors conformance
	@$(BIN)/python -m tests.bench.ui $(ARGS)

lock: $(READY) ## compile the pinned requirements from their ranges
	@$(BIN)/python -m pip install --quiet uv
	$(UV_COMPILE) --extra server --extra discovery --extra otel --output-file requirements-dev.txt pyproject.toml requirements-dev.in
	cd tests/interop && for name in sdk1 servers fastmcp3 fastmcp4; do \
		../../$(UV_COMPILE) --output-file requirements-$$name.txt requirements-$$name.in || exit 1; done

clean: ## remove the environments and everything built
	rm -rf $(VENV) tests/interop/.env build dist *.egg-info .pytest_cache .ruff_cache

# The environment: remade only when the pins or the package's metadata change.
$(READY): requirements-dev.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "mcpdeck needs Python 3.11 or newer ($(PYTHON) not found)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "mcpdeck needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: ensurepip is missing. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -c 'import pip' 2>/dev/null || { echo "Making $(VENV) ..."; $(PYTHON) -m venv --clear $(VENV); }
	@echo "Installing what requirements-dev.txt pins ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
