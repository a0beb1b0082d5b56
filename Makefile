SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Test processes; pytest-xdist counts the cores itself when this says auto.
JOBS ?= auto
# Anything more for pytest: make test ARGS="-k storage -x"
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## Show what this file can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' \
	  | awk -F '\t' '{ printf "  %-18s %s\n", $$1, $$2 }'

.PHONY: setup
setup: $(READY) ## Make .venv from the hashed requirements and install the project into it
	@echo "$(VENV) is ready"

# Wheels only: a source package would fetch what builds it, and that has no hash here.
$(READY): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and neither python3.11 nor python3 is there"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Say which with PYTHON=..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the hashed requirements into $(VENV)"
	@$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: demo
demo: $(READY) ## Start the service on a free port, tell the story over HTTP, stop it again
	@$(BIN)/python examples/run_demo.py

.PHONY: serve
serve: $(READY) ## Migrate the database (var/netverdict.sqlite3) and serve on 127.0.0.1:8080 until Ctrl-C
	@mkdir -p var
	@$(BIN)/python -m service.cli upgrade-database
	@NETVERDICT_LOG_FORMAT=$${NETVERDICT_LOG_FORMAT:-console} exec $(BIN)/gunicorn

.PHONY: upgrade-database
upgrade-database: $(READY) ## Bring the database to the newest migration
	@mkdir -p var
	@$(BIN)/python -m service.cli upgrade-database

.PHONY: test
test: $(READY) ## Run every test that this machine can run
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

.PHONY: test-fast
test-fast: $(READY) ## Run the tests that take no more than moments
	@$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not slow" $(ARGS)

.PHONY: lint
lint: $(READY) ## Check style, formatting, types and the layers
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.PHONY: check
check: lint test ## Everything that must hold before a change goes in

.PHONY: format
format: $(READY) ## Format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

.PHONY: openapi
openapi: $(READY) ## Write openapi.yaml from the code
	@$(BIN)/python -m service.cli openapi --output openapi.yaml

.PHONY: bench
bench: $(READY) ## Measure, beside bounds and goals; ARGS="--only dump", --quick; --readme writes its table
	@$(BIN)/python -m benchmarks $(ARGS)

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
  --generate-hashes --no-header --no-annotate --no-emit-index-url

# Does not ask for an up-to-date .venv: what that is made from is written here.
.PHONY: requirements
requirements: ## Write the hashed requirements files again; UPGRADE=1 takes newer versions
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml --extra postgres --group dev -o requirements/dev.txt
	@$(COMPILE) -c requirements/dev.txt --group build -o requirements/build.txt
	@$(COMPILE) -c requirements/dev.txt pyproject.toml -o requirements/runtime.txt
	@$(COMPILE) -c requirements/dev.txt pyproject.toml --extra postgres -o requirements/postgres.txt

.PHONY: clean
clean: ## Remove the virtual environment, caches and build leavings; var/ stays
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
