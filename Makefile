# Commands of the product; `make help` lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime-installed
TESTING := $(VENV)/.test-installed
LOCK_OPTIONS := -q --no-config --generate-hashes --strip-extras --allow-unsafe --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

.DEFAULT_GOAL := help
.PHONY: run test check bench faults simulate pictures golden lock help

run: $(RUNTIME)  ## install, migrate, and run everything in the foreground until Ctrl-C
	@exec $(BIN)/python -m app.run

test: $(TESTING)  ## the whole test suite, with its own set-up
	@tests/system-packages
	@$(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -q

check: $(TESTING)  ## format, lint, types, conventions, translations, drift of migrations
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/conventions tests/core/test_catalogue.py

bench: $(TESTING)  ## measure speed and memory, print JSON
	@$(BIN)/python -m tests.benchmarks

faults: $(TESTING)  ## the long form of every fault-injection case, and their table (build/faults.md)
	@tests/system-packages
	@FAULTS=long $(BIN)/python -m pytest -q -p tests.faults.table tests

simulate: $(RUNTIME)  ## a fleet of machines that publishes to the broker of `make run`
	@exec $(BIN)/python -m mqtt simulate

pictures: $(TESTING)  ## take the pictures of README from the running product
	@$(BIN)/python -m tests.browser.pictures

golden: $(TESTING)  ## write the golden catalogues of both databases anew (read the difference before committing it)
	@$(BIN)/python -m pytest -q tests/core/test_catalogue.py --golden

lock:  ## write requirements.txt and tests/requirements.txt anew from pyproject.toml
	@test -x build/lock/bin/pip-compile || { $(PYTHON) -m venv build/lock && build/lock/bin/pip install -q pip-tools==7.6.2; }
	@build/lock/bin/pip-compile $(LOCK_OPTIONS) -o requirements.txt pyproject.toml
	@build/lock/bin/pip-compile $(LOCK_OPTIONS) --extra test -c requirements.txt -o tests/requirements.txt pyproject.toml

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.txt | $(BIN)/python
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(TESTING): tests/requirements.txt | $(BIN)/python
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r tests/requirements.txt
	@touch $@
