# Everything needs only make and Python 3.11 to 3.13 (on Debian and Ubuntu also python3-venv).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
UPLOT := src/underwatch/web/page/vendor/uPlot.iife.min.js
LETTERS := src/underwatch/texts/font/korean.woff

.DEFAULT_GOAL := help
.PHONY: help run test test-deep wheel check bench bench-peers studio example pictures study referee format lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || \
		{ echo "Underwatch needs Python 3.11 to 3.13 and found $$($(PYTHON) --version 2>&1); name another one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python cannot make a virtual environment here; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	@echo "setting up $(VENV) (once; about 1 GB on the disk)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The charts' library of the studio, pinned by its sha512; fetched once, never committed.
$(UPLOT): vendor/package-lock.json vendor/placed.sha256 vendor/place.py | $(READY)
	@$(BIN)/python vendor/place.py
	@touch $@

# The Korean letters of the texts, of a font that is pinned likewise; made anew when a text has another letter.
$(LETTERS): vendor/package-lock.json vendor/placed.sha256 vendor/place.py $(wildcard src/underwatch/texts/*/*.json) | $(READY)
	@$(BIN)/python vendor/place.py letters && touch $@ || echo "going on without them" >&2

run: $(READY) $(LETTERS) ## set up, then simulate Hoeryong and write runs/hoeryong-NNN with its report
	@$(BIN)/underwatch run hoeryong

# Each run compiles the kernels afresh, once for all of its workers. The order of the files is that of tests/conftest.py.
# Python keeps what it compiles of sources, even where the environment says otherwise: tests begin a hundred programs.
PYTEST = mkdir -p build && cache=$$(mktemp -d build/numba-XXXXXX) && trap "rm -rf $$cache" EXIT && \
	OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= NUMBA_CACHE_DIR=$$PWD/$$cache $(BIN)/pytest -q -n auto --dist loadfile --no-loadscope-reorder

test: $(READY) $(UPLOT) $(LETTERS) ## run the tests (compiles the kernels afresh)
	@$(PYTEST) tests

test-deep: $(READY) $(UPLOT) $(LETTERS) ## the tests that take long, every reader fuzzed and Hypothesis in depth among them
	@$(PYTEST) -m "deep or hypothesis" --hypothesis-profile=deep tests

wheel: $(READY) $(UPLOT) $(LETTERS) ## build dist/underwatch-*.whl, whole: the studio's chart library is in it
	@$(BIN)/python -m hatchling build --directory dist --target wheel

check: $(READY) ## lint, format, types, and the direction of imports
	@mkdir -p build
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --cache-dir build/import-linter

bench: $(READY) ## speed and memory of the engine, and what hostile files cost
	@$(BIN)/python benchmarks/bench.py
	@$(BIN)/python benchmarks/hostile.py

bench-peers: $(READY) ## the same toy model in other frameworks
	@$(BIN)/python benchmarks/bench_peers.py

studio: $(READY) $(UPLOT) $(LETTERS) ## open the local page
	@$(BIN)/underwatch studio

example: $(READY) ## make the finished example of the studio anew (when the model or its ensemble has changed)
	@$(BIN)/python benchmarks/studio_example.py

pictures: $(READY) $(UPLOT) $(LETTERS) ## make the pictures of the documents anew (wants Chromium)
	@$(BIN)/python benchmarks/pictures.py

study: $(READY) ## the long studies whose tables are committed (some 90 minutes)
	@$(BIN)/python benchmarks/ensemble_study.py
	@$(BIN)/python benchmarks/study.py
	@$(BIN)/python benchmarks/forms_study.py
	@$(BIN)/python benchmarks/estimate_study.py
	@$(BIN)/python benchmarks/release_study.py
	@$(BIN)/python benchmarks/exposure_study.py
	@$(BIN)/python benchmarks/synthetic_world.py
	@$(BIN)/python benchmarks/known_truth.py
	@$(BIN)/python benchmarks/cluster.py

referee: $(READY) ## our estimator beside sbi, in a throw-away environment (some 20 minutes)
	@$(BIN)/python benchmarks/referee.py

format: $(READY) ## put the code into the house style
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format

lock: ## remake requirements.lock from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --extra cluster --extra sensitivity --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock

clean: ## remove what make made, but no run
	rm -rf $(VENV) build dist
	find src tests benchmarks examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
