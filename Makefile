# Copyright: (c) 2026, longrunning.tasks contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# `make` alone lists what there is. Everything is installed into .venv, .nox and .build, which git ignores.

PYTHON ?= python3
NOX := .venv/bin/nox --error-on-missing-interpreters -s

.DEFAULT_GOAL := help
.PHONY: help demo test unit pages faults lint types docsite sanity ansible-test molecule playbooks smoke real real-all bench awx eda build release clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/.ready ## Install the collection from its tarball and play longrunning.tasks.demo
	@$(NOX) demo

test: .venv/.ready ## Run everything below, three things at a time (what .ci/run calls)
	@.venv/bin/python tests/tooling/run_all.py

unit: .venv/.ready ## Unit tests, in random order, with branch coverage
	@$(NOX) unit

pages: .venv/.ready ## Write what the documentation has from the providers and definitions (not a part of test)
	@$(NOX) pages

faults: .venv/.ready ## Every fault at every vendor, over real sockets, as a table
	@$(NOX) faults

lint: .venv/.ready ## ruff, yamllint, ansible-lint, changelog, plugin documentation, licences by REUSE
	@$(NOX) lint ansible_lint

types: .venv/.ready ## mypy --strict
	@$(NOX) types

docsite: .venv/.ready ## The documentation's pages, into .build/docsite/build/html
	@$(NOX) docsite

sanity: .venv/.ready ## ansible-test sanity on the oldest, a middle, the newest and the next ansible-core
	@$(NOX) sanity-oldest sanity-middle sanity-newest sanity-2.22

ansible-test: .venv/.ready ## ansible-test units and integration, as in any collection
	@$(NOX) ansible_test_units ansible_test_integration

molecule: .venv/.ready ## Molecule scenarios of every role, against the simulator
	@$(NOX) molecule

playbooks: .venv/.ready ## Playbooks against the simulator on the oldest and the newest ansible-core
	@$(NOX) playbooks-oldest playbooks-newest

smoke: .venv/.ready ## A few playbooks on each ansible-core between the oldest and the newest, and on the next
	@$(NOX) smoke-2.17 smoke-2.18 smoke-2.19 smoke-2.20 smoke-2.22

real: .venv/.ready ## Real servers that start quickly: Glance, aptly, Pulp, Flower, Buildbot, Azure's test server
	@$(NOX) real_servers

real-all: .venv/.ready ## These and Ganeti, LXD, pygeoapi, sushy-tools, as root with ganeti and lxd installed (not a part of test)
	@$(NOX) real_servers -- -m ""

bench: .venv/.ready ## Measure task_wait against uri with until, some twelve minutes (not a part of test)
	@$(NOX) bench bench-oldest

awx: .venv/.ready ## Playbooks with ansible-runner as AWX runs them; credential types, surveys, execution environment
	@$(NOX) awx

eda: .venv/.ready ## The event source in a real ansible-rulebook (needs Java 17)
	@$(NOX) eda

build: .venv/.ready ## Build the collection's tarball into .build/dist
	@$(NOX) build

release: .venv/.ready ## The tarball's files and documentation, and galaxy-importer on what a release would be
	@$(NOX) tarball importer

clean: ## Remove all that was installed or built
	rm -rf .venv .nox .build

.venv/.ready: tests/requirements-nox.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "The tools need Python 3.11 or newer, and '$(PYTHON)' is not. Try: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { \
		echo "'$(PYTHON)' cannot make a virtual environment. On Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing nox into .venv ..."
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/requirements-nox.txt
	@.venv/bin/python tests/tooling/interpreters.py --fetch-missing
	@touch $@
