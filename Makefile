# Everything a developer types. `make` alone lists it.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

PEOPLE   ?= 4000
SEED     ?= 7
PORT     ?= 3000

export GX_ANALYTICS_ENABLED := false

# The demo's data end on this day, so its runs are pinned to it. `make ui CDP_AS_OF=` follows the clock instead.
demo ui: export CDP_AS_OF ?= 2026-06-30T00:00:00Z

.DEFAULT_GOAL := help
.PHONY: help install demo ui test check format e2e soak bench lock clean _types _definitions _imports

help: ## Show this list
	@grep -hE '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(READY) ## Create .venv with the locked dependencies

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 14) else \
	  "Python 3.11 to 3.13 is needed, and $(PYTHON) is %d.%d; try for example: make PYTHON=python3.12" % v)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked packages into $(VENV): some minutes the first time."
	@total=$$(grep -c '==' requirements.lock); n=0; \
	$(BIN)/python -m pip install --disable-pip-version-check --progress-bar off \
	  --no-deps --require-hashes -r requirements.lock | while read -r verb package _; do \
	    test -t 1 || continue; \
	    case "$$verb" in \
	      Collecting|Processing) n=$$((n + 1)); printf '\r  %3d of %d  %-50.50s' "$$n" "$$total" "$$package" ;; \
	      Installing) printf '\r  %-63s' 'unpacking' ;; \
	      Successfully) printf '\r  %-63s\n' 'installed' ;; \
	    esac; \
	  done
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## Make a demo company's data, run the whole chain, deliver, report
	@$(BIN)/cdp demo run --people $(PEOPLE) --seed $(SEED)

ui: $(READY) ## Open Dagster's UI on this machine, port 3000 (PORT=...)
	@$(BIN)/cdp ui --port $(PORT)

test: $(READY) ## Run the test suite
	@$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

check: $(READY) ## Lint, format, types, definitions, who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory --jobs=2 _types _definitions _imports

_types:
	$(BIN)/mypy
_definitions:
	$(BIN)/dg check defs
_imports:
	$(BIN)/lint-imports

format: $(READY) ## Format the code and sort imports
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

e2e: $(READY) ## Drive the real UI, daemon and receiver in headless Chromium
	@$(BIN)/pytest -m e2e cdp_assets_tests/e2e

soak: $(READY) ## Look for hours at the properties that hold for all inputs, at new ones each time
	@CDP_SOAK=1 $(BIN)/pytest -n auto --dist load -m "hypothesis or soak or long" -o timeout=36000

bench: $(READY) ## Measure the bars, print them and write data/bench.json
	@$(BIN)/python -m cdp_assets_tests.bench

lock: ## Resolve the dependencies again into requirements.lock (needs uv)
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --custom-compile-command "make lock" --output-file requirements.lock

clean: ## Remove the environment and everything under data/
	rm -rf $(VENV) data .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
