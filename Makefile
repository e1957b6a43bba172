# Dreiklang. `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export DREIKLANG_HOME ?= $(CURDIR)/data
export PYTHONDONTWRITEBYTECODE := 1
# companies often look into TLS with a certificate of their own: trust what the system trusts, as pip does
export UV_SYSTEM_CERTS ?= true

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo run serve test lint types architecture unit dbt-build integration security browser bench nightly mutations clean system

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(BIN)/uv:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: no command '$(PYTHON)'. Set PYTHON=/path/to/python3.11."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==0.13.9

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@touch $@

install: $(VENV)/.installed ## install the product into .venv
install-dev: $(VENV)/.installed-dev

demo: install ## the whole product on a demo channel: generate, load, build, serve, and say how to log in
	$(BIN)/dreiklang demo --serve

run: install ## load a delivery: make run PROFILE=iowa SOURCE=/path/to/files
	$(BIN)/dreiklang run --profile "$(PROFILE)" --source "$(SOURCE)"

serve: install ## serve what is published
	$(BIN)/dreiklang serve

test: install-dev system ## lint, types, architecture, unit, dbt build, integration, security, browser
	$(MAKE) --no-print-directory lint types
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

system: install-dev ## what the tests need from the system: Chromium (and says what is missing)
	@bash tests/support/system.sh

lint: install-dev ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install-dev ## mypy, strict
	$(BIN)/mypy

architecture unit integration security browser: install-dev ## one part of the tests
	$(BIN)/python -m pytest tests/$@

bench: install-dev ## benchmarks, as ratios against the bare engine in the same run
	$(BIN)/python -m tests.benchmarks

nightly: install-dev mutations ## 50 random kill -9 of runs, 100,000 operations on ledgers beside their auditor, and every seeded bug
	$(BIN)/python -m tests.support.ledger_runs 1000 1000 100 $$(nproc)
	DREIKLANG_TEST_KILLS=50 $(BIN)/python -m pytest tests/integration/unattended/test_kill_loop.py -s

mutations: install-dev ## every seeded bug in a copy of the ledger: each must be found
	$(BIN)/python -m tests.mutations

clean: ## remove the environment and all state of the local instance (asks first)
	@read -r -p "Remove .venv and everything under $(DREIKLANG_HOME) except samples? [y/N] " answer; \
	if [ "$$answer" = y ]; then rm -rf $(VENV) dbt/target && find "$(DREIKLANG_HOME)" -mindepth 1 -maxdepth 1 ! -name sample ! -name README.md -exec rm -rf {} +; else echo "Nothing removed."; fi
