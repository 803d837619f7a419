# Everything that is done with this repository; `make help` lists it. Needed: Python 3.11 or newer, and make.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
PYTHON := $(VENV)/bin/python
# A copy of the lock that the environment was made from: it says which lock that was, and when.
READY := $(VENV)/requirements.lock

# A stage: dev, staging, prod or local. The shell has a variable of this name with another meaning: not that one.
ifeq ($(origin ENV),environment)
undefine ENV
endif
PORT ?= 4566
ALLOWED_TARGET_HOSTS ?=
SCOPES ?= read,write

.PHONY: help run test check lint types imports simulate bench synth synth-all deploy bootstrap destroy api-key log-level clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## Run the whole system on this machine [PORT=4566] [ALLOWED_TARGET_HOSTS=127.0.0.1:9000]
	@PORT='$(PORT)' ALLOWED_TARGET_HOSTS='$(ALLOWED_TARGET_HOSTS)' $(PYTHON) -m local.run

test: $(READY) ## Run all tests, two at a time [ARGS="-k name"]
	$(PYTHON) -m pytest -n 2 --dist loadgroup --no-loadscope-reorder $(ARGS)

check: lint types imports test synth-all ## Run every gate: lint, types, imports, tests, synthesis of all stages

lint: $(READY) ## Lint, and check the formatting
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types: $(READY) ## Check the types, strictly
	$(PYTHON) -m mypy

imports: $(READY) ## Check who imports whom
	$(PYTHON) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

simulate: $(READY) ## Try to lose a job: seeds, crash points, the model, the mutants [SEEDS=1000] [SEED=7 [RECURRING=1|AFTERMATH=1]]
	@$(PYTHON) -m tests.simulation --seeds '$(or $(SEEDS),1000)' $(if $(SEED),--seed '$(SEED)') $(if $(RECURRING),--recurring) $(if $(AFTERMATH),--aftermath)
ifndef SEED
	@$(PYTHON) -m tests.model_checking
	@$(PYTHON) -m tests.mutation
endif

bench: $(READY) ## Print what a job costs, and how long things take
	$(PYTHON) -m benchmarks

synth: $(READY) ## Synthesize a stage into cdk.out [ENV=dev]
	STAGE='$(or $(ENV),dev)' $(PYTHON) -m infra.app

synth-all: $(READY)
	@for stage in dev staging prod local; do \
		echo "synthesizing $$stage"; \
		STAGE=$$stage CDK_OUTDIR=build/cdk.out/$$stage $(PYTHON) -m infra.app; \
	done

deploy: synth ## Deploy a stage to the AWS account of your credentials [ENV=dev]
	$(PYTHON) -m infra.cdk deploy --app cdk.out --all

bootstrap: synth ## Prepare an AWS account for deployments, once per account and region [ENV=dev]
	$(PYTHON) -m infra.cdk bootstrap --app cdk.out

destroy: synth ## Remove a stage from the AWS account of your credentials ENV=dev
	$(PYTHON) -m infra.cdk destroy --app cdk.out 'punctual-$(or $(ENV),dev)'

api-key: $(READY) ## Make an API key TENANT=acme [SCOPES=read,write] [EXPIRES=90d] [ACTION=create|list|revoke] [KEY_ID=] [ENV=local]
	@$(PYTHON) -m cli.api_keys '$(or $(ACTION),create)' --stage '$(or $(ENV),local)' --tenant '$(TENANT)' \
		--scopes '$(SCOPES)' --expires '$(EXPIRES)' --key-id '$(KEY_ID)'

log-level: $(READY) ## Set a function's log level, without a deployment FUNCTION=executor LEVEL=DEBUG [ENV=local]
	@$(PYTHON) -m cli.log_level --stage '$(or $(ENV),local)' --function '$(FUNCTION)' --level '$(LEVEL)'

clean: ## Remove the environment, the local system's data, and everything that was built
	rm -rf $(VENV) .local cdk.out build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Made once; brought up to the lock when the lock's content changes (a checkout that only touches the file costs nothing).
$(READY): requirements.lock
	@if [ -x $(PYTHON) ] && cmp -s requirements.lock $(READY); then touch $(READY); exit 0; fi; \
	if ! $(PYTHON) -m pip --version >/dev/null 2>&1; then \
		for candidate in python3.13 python3.12 python3.11 python3; do \
			if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
				python=$$candidate; break; \
			fi; \
		done; \
		if [ -z "$${python:-}" ]; then \
			echo "Python 3.11 or newer is needed, and none of python3.13, python3.12, python3.11 and python3 is one." >&2; \
			exit 1; \
		fi; \
		echo "making the environment in $(VENV) with $$python"; \
		if ! $$python -m venv --clear $(VENV) >/dev/null; then \
			echo "$$python cannot make environments: install its venv module (Debian and Ubuntu: python3-venv)." >&2; \
			exit 1; \
		fi; \
	fi; \
	echo "installing what requirements.lock lists (the first time takes a minute or two)"; \
	if ! $(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; then \
		echo "The packages could not be installed: the reason is above." >&2; \
		exit 1; \
	fi; \
	cp requirements.lock $(READY)
