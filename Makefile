# SPDX-FileCopyrightText: 2026 bitbucket.datacenter contributors
# SPDX-License-Identifier: GPL-3.0-or-later

PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
COLLECTIONS := .build/collections

REQUIREMENTS := tests/requirements.txt $(wildcard tests/simulator/requirements.txt)
# Directories are listed too: their time of change tells when a file was taken away.
SOURCES := $(shell find galaxy.yml README.md CHANGELOG.md LICENSE LICENSES meta plugins roles playbooks changelogs \
             -not -path '*/__pycache__*' 2>/dev/null)

.DEFAULT_GOAL := help

.PHONY: help
help:  ## Show this list.
	@echo 'make TARGET [PYTHON=python3]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: $(VENV)/.ready  ## Make .venv with all that tests and demo need.

.PHONY: collection
collection: $(COLLECTIONS)/.ready  # Build the collection and install it into .build/collections.

.PHONY: demo
demo: setup collection  ## Upgrade a simulated cluster and provision branches, from start to end.
	@ANSIBLE_COLLECTIONS_PATH=$(CURDIR)/$(COLLECTIONS) $(BIN)/python tests/demo/demo.py

.PHONY: simulator
simulator: setup  ## Run the simulated cluster in the foreground, data in .build/simulator.
	@PYTHONPATH=tests $(BIN)/python -m simulator --data-dir .build/simulator

.PHONY: clean
clean:  ## Take away everything that make has written.
	rm -rf .build .nox .venv tests/output .*_cache .ansible .hypothesis

$(VENV)/.ready: $(REQUIREMENTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "$(PYTHON) is $$($(PYTHON) -V 2>&1); Python 3.11 or newer is needed. Name one: make PYTHON=/path/to/python3.12"; \
	  exit 1; } >&2
	@echo 'Setting up .venv, a minute or two ...'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet $(REQUIREMENTS:%=-r %)
	@touch $@

$(COLLECTIONS)/.ready: $(VENV)/.ready $(SOURCES)
	@mkdir -p .build/dist
	@$(BIN)/ansible-galaxy collection build --force --output-path .build/dist >/dev/null
	@ANSIBLE_COLLECTIONS_PATH=$(COLLECTIONS) $(BIN)/ansible-galaxy collection install --force --no-deps --offline \
	  -p $(COLLECTIONS) \
	  .build/dist/bitbucket-datacenter-*.tar.gz >/dev/null
	@touch $@
