# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

PYTHON ?= python3
# Gates that run at the same time. Each waits now and then, so one more than there are processors.
JOBS ?= $(shell expr $$(nproc) + 1)
# What make test runs; all when empty.
GATES ?=
# Set: the nodes of simulated clusters have names of their own, which most real clusters do not configure.
NODES_NAMED ?= $(BITBUCKET_TEST_NODES_NAMED)
export BITBUCKET_TEST_NODES_NAMED := $(NODES_NAMED)
# What make conformance-integration runs; all when empty.
TARGETS ?=
# What make benchmark measures; all when empty.
CASES ?=

# Images of containers often set it. Nothing is compiled on installation, so every process would compile all it imports.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
COLLECTIONS := .build/collections
COMMUNITY := .build/community
REPORTS := .build/reports

REQUIREMENTS := tests/requirements.txt $(shell sed -n 's|^-r |tests/|p' tests/requirements.txt)
# Directories are listed too: their time of change tells when a file was taken away.
SOURCES := $(shell find galaxy.yml README.md requirements.txt CHANGELOG.md LICENSE LICENSES docs meta plugins roles playbooks changelogs \
             -not -path '*/__pycache__*' 2>/dev/null)

# Evaluated where it is used, that is, once .venv is there.
ALL_GATES = $(shell $(BIN)/nox --list-sessions --json | \
              $(BIN)/python -c 'import json, sys; print(*(each["session"] for each in json.load(sys.stdin)))')
WITHOUT_TESTS = $(filter-out units-% integration-% tests-% variables-%,$(ALL_GATES))

.DEFAULT_GOAL := help

.PHONY: help
help:  ## Show this list.
	@echo 'make TARGET [PYTHON=python3] [JOBS=$(JOBS)]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-24s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: $(VENV)/.ready  ## Make .venv with all that the demo and the tests need.

.PHONY: demo
demo: setup collection  ## Upgrade a simulated cluster and provision branches, from start to end.
	@ANSIBLE_COLLECTIONS_PATH=$(CURDIR)/$(COLLECTIONS) $(BIN)/python tests/demo/demo.py

.PHONY: test
test: setup collection community  ## Run every test and every gate; GATES='ruff mypy' for some of them, NODES_NAMED=1 with named nodes.
	@rm -rf $(REPORTS)
	@set -- $(or $(GATES),$(ALL_GATES)); \
	$(MAKE) --no-print-directory --keep-going --jobs=$(JOBS) --output-sync=target $$(printf 'gate-%s ' "$$@") || true; \
	PYTHONPATH=tests $(BIN)/python -m gates.report table "$$@"

.PHONY: test-long
test-long: export BITBUCKET_TEST_LONG = 1
test-long: test  ## As make test, with the tests that take minutes each.

.PHONY: gates
gates: setup  ## Run the official gates only: sanity, linters, types, licences.
	@$(MAKE) --no-print-directory test GATES='$(WITHOUT_TESTS)'

.PHONY: simulator
simulator: setup  ## Run the simulated cluster in the foreground, data in .build/simulator.
	@PYTHONPATH=tests $(BIN)/python -m simulator --data-dir .build/simulator --administrator-password rehearsal-only

.PHONY: conformance
conformance: setup  ## Check that the simulator, or a server of yours, answers as documented.
	@$(BIN)/python -m pytest --basetemp=.build/conformance tests/conformance

.PHONY: conformance-integration
conformance-integration: setup  ## Run the integration targets against a server of yours; TARGETS='branch tag' for some.
	@PYTHONPATH=tests $(BIN)/python -m conformance.integration $(TARGETS)

.PHONY: benchmark
benchmark: setup collection $(VENV)/.benchmark  ## Measure on this machine, report in .build/benchmark.
	@PYTHONPATH=tests $(BIN)/python -m benchmark $(CASES)

.PHONY: clean
clean:  ## Take away everything that make has written.
	rm -rf .build .nox .venv tests/output .*_cache .ansible .hypothesis

# One gate, for example gate-ruff; the end of its output is shown when it fails.
gate-%: setup collection community
	@mkdir -p $(REPORTS)
	@$(BIN)/nox --session $* --report $(REPORTS)/$*.json >$(REPORTS)/$*.log 2>&1 </dev/null || failed=1; \
	if test "$$failed"; then tail -n 150 $(REPORTS)/$*.log; fi; \
	PYTHONPATH=tests $(BIN)/python -m gates.report line $*; \
	test -z "$$failed"

# The collection as users get it: built, then installed where the demo and the tests find it.
.PHONY: collection
collection: $(COLLECTIONS)/.ready

$(VENV)/.ready: $(REQUIREMENTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "$(PYTHON) is $$($(PYTHON) -V 2>&1); Python 3.11 or newer is needed. Name one: make PYTHON=/path/to/python3.12"; \
	  exit 1; } >&2
	@echo 'Setting up .venv, a minute or two ...'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile --requirement tests/requirements.txt
	@touch $@

$(VENV)/.benchmark: $(VENV)/.ready tests/benchmark/requirements.txt
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile --requirement tests/benchmark/requirements.txt
	@touch $@

$(COLLECTIONS)/.ready: $(VENV)/.ready $(SOURCES)
	@rm -rf .build/dist
	@mkdir -p .build/dist
	@ANSIBLE_HOME=.build/ansible $(BIN)/ansible-galaxy collection build --output-path .build/dist >/dev/null
	@ANSIBLE_HOME=.build/ansible ANSIBLE_COLLECTIONS_PATH=$(COLLECTIONS) \
	  $(BIN)/ansible-galaxy collection install --force --no-deps --offline \
	  -p $(COLLECTIONS) .build/dist/*.tar.gz >/dev/null
	@touch $@

# What tests use of other people's collections.
.PHONY: community
community: $(COMMUNITY)/.ready

$(COMMUNITY)/.ready: $(VENV)/.ready tests/community/requirements.txt tests/community/unpack.py
	@rm -rf $(COMMUNITY)
	@mkdir -p $(COMMUNITY)/wheels
	@$(BIN)/python -m pip --disable-pip-version-check download --quiet --no-deps --only-binary :all: \
	  --dest $(COMMUNITY)/wheels --requirement tests/community/requirements.txt
	@$(BIN)/python tests/community/unpack.py $(COMMUNITY)/wheels $(COMMUNITY)
	@rm -rf $(COMMUNITY)/wheels
	@touch $@
