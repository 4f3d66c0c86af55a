# Papershelf: everything that a person or a machine runs. `make help` lists it.
#
# All tools come from .venv, which is made on first use from the hash-pinned locks. Where packages
# are fetched from is the business of your own pip configuration.

# PAPERSHELF_PORT and PAPERSHELF_DATA are read from the environment; the command line wins.
PORT = $(or $(PAPERSHELF_PORT),8000)
DATA = $(or $(PAPERSHELF_DATA),data)
# Any Python that can make the virtual environment: make run PYTHON=/usr/bin/python3.12
PYTHON =
SAMPLE = tests/data/daily-papers-2025-12-12.txt
UV_VERSION = 0.13.9

VENV = .venv
PY = $(VENV)/bin/python
PIP_INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check
INSTALL_SELF = $(PIP_INSTALL) --no-deps --no-build-isolation --editable .
# Where the interpreter is gone (removed, or replaced by a newer one), nothing counts as installed.
STALE := $(shell test -x $(PY) || rm -f $(VENV)/.*-stamp)
# One worker more than there are cores: tests of times and processes mostly wait.
WORKERS = $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
PYTEST = $(PY) -m pytest --numprocesses=$(WORKERS) --dist=worksteal

.DEFAULT_GOAL = help
.PHONY: help run test check-full check-image check-browser conformance lint format bench bench-load relevance soak assets lock clean

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile
	@echo "Options of run: PORT=8010 DATA=folder. Of conformance: BRIEF=1."
	@echo "Of all: PYTHON=/path/to/python3.12"

run: export PAPERSHELF_DATA := $(DATA)
run: export PAPERSHELF_PORT := $(PORT)
run: $(VENV)/.run-stamp  ## install, load the sample page into an empty shelf, and serve it
	@$(PY) -m api load --if-empty $(SAMPLE)
	@exec $(PY) -m api serve

test: $(VENV)/.dev-stamp  ## run the tests, with a seeded tenth of the heavy counts
	$(PYTEST) -m "not heavy"

check-full: export PAPERSHELF_TEST_SCALE := 1
check-full: $(VENV)/.dev-stamp  ## run all tests with the full counts, and print the seed
	@$(PY) -c 'from tests.scale import SCALE, SEED; print("scale", SCALE, "seed", SEED)'
	$(PYTEST)

check-image: $(VENV)/.dev-stamp  ## rehearse the steps of the Dockerfile without an engine
	$(PYTEST) --numprocesses=0 tests/docker

check-browser: export PAPERSHELF_TEST_BROWSER := 1
check-browser: $(VENV)/.dev-stamp  ## try the pages, and CORS, in the Chromium that is installed
	$(PYTEST) --numprocesses=0 tests/browser

conformance: $(VENV)/.dev-stamp  ## have the doors judged by suites and clients that others wrote
	$(PY) -m tests.conformance $(if $(BRIEF),,--full)

lint: $(VENV)/.dev-stamp  ## check style and types
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy

format: $(VENV)/.dev-stamp  ## put the code into its one layout
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

bench: $(VENV)/.dev-stamp  ## measure the time per request against a bare server
	$(PY) -m bench

bench-load: $(VENV)/.dev-stamp  ## measure the loading of 75,000 papers: time, memory, sizes
	$(PY) -m bench loading

relevance: $(VENV)/.dev-stamp  ## measure the order of results on judged collections
	$(PY) -m bench relevance

soak: $(VENV)/.dev-stamp  ## serve valid and hostile traffic for MINUTES=10, and judge
	$(PY) -m bench soak $(if $(MINUTES),--minutes $(MINUTES))

assets:  ## build GraphiQL and the page of the REST interface anew from web/, with Node
	cd web && npm ci && npm run --silent build

lock: $(VENV)/.lock-stamp  ## resolve all dependencies anew, for every Python and platform
	$(LOCK) --group pyproject.toml:build pyproject.toml --output-file requirements.lock
	$(LOCK) --group pyproject.toml:build --group pyproject.toml:dev \
		--constraint requirements.lock pyproject.toml --output-file requirements-dev.lock
	$(LOCK) --group pyproject.toml:conformance --output-file requirements-conformance.lock

LOCK = $(VENV)/lock/bin/uv pip compile --quiet --universal --upgrade --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --annotation-style line \
	--custom-compile-command 'make lock'

clean:  ## remove what was installed and all caches, never the data
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -rf tests/conformance/*/node_modules web/node_modules
	find api index schema tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.run-stamp: requirements.lock pyproject.toml | $(PY)
	@echo "Installing the pinned dependencies into $(VENV) ..."
	@$(PIP_INSTALL) --require-hashes --requirement requirements.lock
	@$(INSTALL_SELF)
	@touch $@

$(VENV)/.dev-stamp: requirements-dev.lock pyproject.toml | $(PY)
	@echo "Installing the pinned dependencies and the developers' tools into $(VENV) ..."
	@$(PIP_INSTALL) --require-hashes --requirement requirements-dev.lock
	@$(INSTALL_SELF)
	@touch $@

$(VENV)/.lock-stamp: Makefile | $(PY)
	@$(PY) -m venv $(VENV)/lock
	@$(VENV)/lock/bin/python -m pip install --quiet uv==$(UV_VERSION)
	@touch $@

# The first candidate that is new enough and can make environments (Debian splits ensurepip off).
$(PY):
	@for candidate in $(PYTHON) $(if $(PYTHON),,python3.13 python3.12 python3.11 python3 python); do \
		"$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
			2>/dev/null || continue; \
		fitting=$$candidate; \
		"$$candidate" -c 'import ensurepip, venv' 2>/dev/null || continue; \
		"$$candidate" -m venv --clear $(VENV) && exit 0; \
	done; \
	if [ -n "$$fitting" ]; then \
		echo "$$fitting cannot make a virtual environment." >&2; \
		echo "On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	else \
		echo "Papershelf needs Python 3.11, 3.12 or 3.13, and none was found$(if $(PYTHON), at $(PYTHON))." >&2; \
		echo "Name one with: make run PYTHON=/path/to/python3" >&2; \
	fi; exit 1
