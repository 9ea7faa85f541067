# Every step of the project; CI runs the same ones. `make help` lists them.
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
PYTHON := $(BIN)/python
INSTALLED := $(VENV)/.installed
CHECKOV := .venv-checkov
PORT ?= 3000
WORKERS ?= 3
SHELL := /bin/bash

export PATH := $(BIN):$(PATH)
export SAM_CLI_TELEMETRY := 0

.DEFAULT_GOAL := help
.PHONY: help install run test check bench invoke build deploy clean format lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(INSTALLED): requirements-dev.txt
	@python=$$(local/find-python) && echo "Making $(VENV) with $$python (once; about a minute)" && "$$python" -m venv --clear $(VENV)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@touch $(INSTALLED)

$(CHECKOV)/.installed: tests/infra/checkov/requirements.txt
	@python=$$(local/find-python) && "$$python" -m venv --clear $(CHECKOV)
	@$(CHECKOV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

install: $(INSTALLED) ## make .venv, for tools/countersign

run: $(INSTALLED) ## the whole stack on this machine, with simulated vendors (PORT=3000)
	@exec $(PYTHON) -m local --port $(PORT)

test: $(INSTALLED) ## every level of tests (WORKERS=3; with 0 one after the other, in one process)
	@$(PYTHON) -m pytest -n $(WORKERS) --cov --cov-report=term $(ARGS)

check: $(INSTALLED) $(CHECKOV)/.installed ## format, lint, types, template rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy layers/countersign/countersign local tools tests
	@for function in send verify count publish webhook receipts cognito_sms cognito_challenge; do $(BIN)/mypy functions/$$function/app.py || exit 1; done
	@$(BIN)/sam validate --lint
	@$(BIN)/cfn-lint template.yaml
	@$(CHECKOV)/bin/checkov --config-file .checkov.yaml

format: $(INSTALLED) ## format, and mend what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: build ## cold and warm costs as ratios within one run
	@$(PYTHON) -m tests.bench $(ARGS)

build: $(INSTALLED) ## build the functions and the layer into .aws-sam/build
	@$(BIN)/sam build

invoke: $(INSTALLED) ## call a function of the running stack: FUNCTION=send EVENT=events/direct_start.json
	@test -n "$(FUNCTION)" -a -n "$(EVENT)" || { echo "usage: make invoke FUNCTION=send|verify|count|publish|webhook|receipts EVENT=events/….json" >&2; exit 2; }
	@$(PYTHON) -m local.invoke "$(FUNCTION)" "$(EVENT)"

deploy: build ## deploy to AWS (asks)
	@$(BIN)/sam deploy --guided

lock: ## renew requirements-dev.txt and the layer's requirements.txt (needs uv)
	uv pip compile --quiet --upgrade --generate-hashes --no-annotate --no-header --python-version 3.13 requirements-dev.in -o requirements-dev.txt

clean: ## remove what was built and installed
	rm -rf .aws-sam .local $(VENV) $(CHECKOV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov
