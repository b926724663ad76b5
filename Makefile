# Everything needs only python3 (3.11 or newer), make and the package registries.
# PYTHON=... chooses the interpreter for the virtual environment, PORT=... the port, ARGS=... goes on to pytest.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV_PYTHON := .venv/bin/python
# Workers take whole files, in the order of tests/selection.py.
PYTEST := $(VENV_PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=20
LAUNCH := $(VENV_PYTHON) -m lightly_platform.launch
COMPILE := $(VENV_PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url $(if $(UPGRADE),--upgrade) pyproject.toml

export PYTHON

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

.PHONY: demo
demo: .venv/demo.stamp ## Try it: dashboard, a local S3 server with images, and sample datasets in every state
	@exec $(LAUNCH) demo

.PHONY: run
run: .venv/run.stamp ## Run the dashboard: web, workers, scheduler and Redis; data lives in ./var
	@exec $(LAUNCH) run

.PHONY: worker
worker: .venv/run.stamp ## Run more workers, with DATABASE_URL and REDIS_URL or beside `make run` (QUEUES=checks,patient CONCURRENCY=8 NAME=...)
	@exec $(LAUNCH) worker

.PHONY: traces
traces: .venv/traces.stamp ## Install what LIGHTLY_TRACES=1 needs, and start nothing

.PHONY: test
test: .venv/dev.stamp tests/node_modules/.package-lock.json ## Run all tests: real servers, a real browser, SQLite, then PostgreSQL
	@$(VENV_PYTHON) scripts/ceph.py
	@LIGHTLY_TEST_CHROMIUM="$$($(VENV_PYTHON) scripts/chromium.py)" && export LIGHTLY_TEST_CHROMIUM && \
	$(PYTEST) $(ARGS) && $(PYTEST) --postgres $(ARGS)

.PHONY: test-quick
test-quick: .venv/dev.stamp ## Run the tests that start no server, no browser and not the product itself
	@$(PYTEST) --quick $(ARGS)

.PHONY: lint
lint: .venv/dev.stamp ## Check style, format, templates, import rules and types
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .
	git ls-files -z -- '*.html' | xargs -0 .venv/bin/djade --target-version 5.2 --check
	.venv/bin/lint-imports
	$(VENV_PYTHON) -m mypy .

.PHONY: format
format: .venv/dev.stamp ## Format code and templates
	$(VENV_PYTHON) -m ruff check --fix-only .
	$(VENV_PYTHON) -m ruff format .
	git ls-files -z -- '*.html' | xargs -0 .venv/bin/djade --target-version 5.2 || true

.PHONY: migrations
migrations: .venv/run.stamp ## Write database migrations for changed models
	$(VENV_PYTHON) manage.py makemigrations

.PHONY: messages
messages: .venv/run.stamp ## Collect the words people see into locale/, for translators
	@command -v xgettext >/dev/null && command -v msgfmt >/dev/null || \
	  { echo "make messages needs GNU gettext (xgettext, msgmerge, msgfmt): install the package gettext." >&2; exit 1; }
	$(VENV_PYTHON) -m scripts.messages

.PHONY: bench
bench: .venv/dev.stamp ## Measure speed (QUICK=1: little, to see that it runs; FULL=1: all sizes, for half an hour; ONLY=word)
	@$(VENV_PYTHON) -m bench $(if $(QUICK),--quick) $(if $(FULL),--full) $(if $(ONLY),--only $(ONLY))

.PHONY: profile
profile: .venv/dev.stamp ## Write flame graphs of check, home, list, index and selection into var/profiles (ONLY=home)
	@$(VENV_PYTHON) -m bench.profiles $(if $(ONLY),--only $(ONLY))

.PHONY: chaos
chaos: .venv/dev.stamp ## Kill, freeze, empty and throttle parts of an installation at work; prints what was lost
	@$(if $(filter 0,$(shell id -u)),,unshare --map-root-user --mount) $(VENV_PYTHON) -m pytest -q chaos $(ARGS)

.PHONY: lock
lock: .venv/dev.stamp ## Pin the dependencies again after a change in pyproject.toml (UPGRADE=1: newest versions)
	$(COMPILE) --extra worker --output-file requirements.lock
	$(COMPILE) --extra demo --constraint requirements.lock --output-file requirements-demo.lock
	$(COMPILE) --extra worker --extra traces --constraint requirements.lock --output-file requirements-traces.lock
	$(COMPILE) --extra dev --constraint requirements-demo.lock --constraint requirements-traces.lock --output-file requirements-dev.lock
	$(COMPILE) --extra audit --constraint requirements.lock --output-file requirements-audit.lock

.PHONY: audit
audit: .venv-audit/.stamp ## Ask whether a vulnerability is known of anything in the lock files (needs the internet)
	for set in requirements requirements-demo requirements-traces requirements-dev; do \
	  .venv-audit/bin/pip-audit --disable-pip --require-hashes --progress-spinner off --strict -r $$set.lock || exit 1; done

.PHONY: sbom
sbom: .venv-audit/.stamp ## Write var/sbom.cdx.json, a CycloneDX list of what an installation consists of
	@mkdir -p var
	.venv-audit/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --mc-type application \
	  --output-reproducible --output-file var/sbom.cdx.json
	@echo "Written to var/sbom.cdx.json."

# Not in .venv: an installation does not need them, and their dependencies must not bend its.
.venv-audit/.stamp: requirements-audit.lock .venv/dev.stamp
	.venv/bin/uv venv --quiet --clear .venv-audit
	.venv/bin/uv pip install --quiet --python .venv-audit --require-hashes -r requirements-audit.lock
	@touch $@

# A richer set contains the smaller ones, so installing it marks them as done too.
.venv/run.stamp: requirements.lock
	@sh scripts/install.sh requirements.lock
	@touch $@

.venv/demo.stamp: requirements-demo.lock
	@sh scripts/install.sh requirements-demo.lock
	@touch .venv/run.stamp $@

.venv/dev.stamp: requirements-dev.lock
	@sh scripts/install.sh requirements-dev.lock
	@touch .venv/run.stamp .venv/demo.stamp .venv/traces.stamp $@

.venv/traces.stamp: requirements-traces.lock
	@sh scripts/install.sh requirements-traces.lock
	@touch .venv/run.stamp $@

# Azurite and axe-core, with the Node.js of the virtual environment.
tests/node_modules/.package-lock.json: tests/package-lock.json .venv/dev.stamp
	@echo "Installing Azurite and axe-core into tests/node_modules ..."
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm ci --prefix tests --no-audit --no-fund --loglevel=error
	@touch $@
