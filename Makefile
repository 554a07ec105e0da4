# Every target does its own set-up. `make` alone lists them.
PYTHON ?= python3
HISTORIES ?= 500
BENCH ?=
ENGINE ?=
ARGS ?=

BIN := .venv/bin
SETUP = @command -v $(PYTHON) >/dev/null || { echo "Enid needs Python 3.11 or \
newer, and $(PYTHON) is not on this machine. Debian: apt-get install python3 \
python3-venv" >&2; exit 2; }; $(PYTHON) tools/setup.py
NPM = @cd pwa && PATH="$(CURDIR)/$(BIN):$$PATH" npm run -s

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help run test check sim bench engines shots lock clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 16

run: ## build app and demo, and serve them at http://localhost:8000
	$(SETUP) run
	@exec $(BIN)/python -m server.demo

test: ## run every test (ARGS="-k name" for some of them)
	$(SETUP) dev
	@$(BIN)/python -m pytest $(ARGS)

check: ## format, lint, types, floors, sizes and the quick tests
	$(SETUP) dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) types
	@$(BIN)/python tools/lines.py
	$(NPM) quick
	@$(BIN)/python -m pytest -q -m "not slow" tests/sync tests/server

sim: ## run the fault simulator (HISTORIES=20000 before a release)
	$(SETUP) dev
	@$(BIN)/python tests/sim/run.py --histories $(HISTORIES)

bench: ## measure against the goals (BENCH=app, or one part)
	$(SETUP) dev
	@$(BIN)/python tools/bench.py $(BENCH)

engines: ## the core stories in Firefox and WebKitGTK (ENGINE=webkit for one)
	$(SETUP) dev
	@$(BIN)/python -m tools.engines $(ENGINE)

shots: ## take pictures of every screen and state (ARGS="today" for some)
	$(SETUP) dev
	@$(BIN)/python tools/shots.py $(ARGS)

lock: ## write both lock files from pyproject.toml (UPGRADE=1: newest versions)
	$(SETUP) lock $(if $(UPGRADE),--upgrade)

clean: ## remove the environment, caches and measurements, never data
	rm -rf .venv build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
