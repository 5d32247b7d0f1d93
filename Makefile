# Parley: `make run` starts everything on this machine, `make test` runs every test. Both set up what they need.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run check test bench fuzz-api deploy-local lock clean tools chromium

VENV := .venv
BIN := $(VENV)/bin
RUN_REQUIREMENTS := requirements.txt media_node/requirements.txt infra/local/requirements.txt
ALL_REQUIREMENTS := $(RUN_REQUIREMENTS) infra/requirements.txt tests/requirements.txt
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
NPM_CI := npm ci --no-audit --no-fund --loglevel=error
WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path '*/tests/*' 2>/dev/null)
# Stamps: a second `make run` finds them newer than what they were made from, and only starts.
RUN_STAMP := $(VENV)/.stamp-run
ALL_STAMP := $(VENV)/.stamp-all
LOCAL_NPM_STAMP := infra/local/node_modules/.stamp
WEB_NPM_STAMP := web/node_modules/.stamp

help: ## Show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16
	@echo
	@echo 'Settings of run, as in `make run PARLEY_PORT=8001`: PARLEY_PORT PARLEY_MEDIA_PORT PARLEY_MEDIA_ADDRESS'
	@echo 'PARLEY_BIND PARLEY_DATA_DIR. docs/running.md explains them.'

run: tools $(RUN_STAMP) $(LOCAL_NPM_STAMP) web/dist/index.html ## Start everything on http://localhost:8000 until Ctrl-C
	@exec $(BIN)/python -m infra.local

check: tools $(ALL_STAMP) $(LOCAL_NPM_STAMP) $(WEB_NPM_STAMP) ## Lint, types, unit tests, architecture: under a minute
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	npm --prefix web run --silent check
	$(BIN)/python -m pytest tests/test_architecture.py tests/unit

test: tools chromium $(ALL_STAMP) $(LOCAL_NPM_STAMP) web/dist/index.html ## Every test there is, on a fresh clone too
	npm --prefix web --silent test
	CHROMIUM="$$($(FIND_CHROMIUM))" $(BIN)/python -m pytest $(PYTEST_ARGS)

fuzz-api: tools $(ALL_STAMP) $(LOCAL_NPM_STAMP) ## 20,000 and more generated calls against the API's own description
	PARLEY_FUZZ_CASES=$${PARLEY_FUZZ_CASES:-120} $(BIN)/python -m pytest -s --timeout 3600 tests/fuzz/test_openapi.py

bench: tools $(ALL_STAMP) $(LOCAL_NPM_STAMP) ## The figures of the README (bench.join needs a running installation: see its help)
	$(BIN)/python -m bench.fanout
	$(BIN)/python -m bench.forward
	$(BIN)/python -m bench.control_plane

deploy-local: tools $(ALL_STAMP) ## Deploy the packaged app to an AWS emulator on this machine, until Ctrl-C
	@exec $(BIN)/python -m infra.deploy_local

lock: $(ALL_STAMP) ## Write constraints.txt: every version, transitive ones too
	@set -e; fresh=$$(mktemp -d); trap 'rm -rf "$$fresh"' EXIT; \
	$(BIN)/python -m venv "$$fresh"; \
	"$$fresh/bin/pip" install --quiet --disable-pip-version-check $(addprefix -r ,$(ALL_REQUIREMENTS)); \
	{ echo '# Every version of the development environment, transitive ones too: `make lock` writes it. Use with pip -c.'; \
	  "$$fresh/bin/pip" freeze; } > constraints.txt

clean: ## Remove everything that is built or installed; your data in .parley stays
	rm -rf $(VENV) web/node_modules web/dist infra/local/node_modules cdk.out chalice.out build
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .chalice/deployments
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One line that says what to do, before anything is installed or started.
tools:
	@command -v node >/dev/null || { echo 'parley: Node.js is missing: install version 20 or later (https://nodejs.org)' >&2; exit 1; }
	@major=$$(node -p 'process.versions.node.split(".")[0]'); [ "$$major" -ge 20 ] || \
	{ echo "parley: Node.js $$(node --version) is too old: install version 20 or later (https://nodejs.org)" >&2; exit 1; }
	@command -v npm >/dev/null || { echo 'parley: npm is missing: install it (it comes with Node.js; Debian: apt-get install npm)' >&2; exit 1; }

# The version of the Lambda's runtime first; any later one does. An order-only prerequisite: its time says nothing.
$(BIN)/python:
	@for python in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; done; \
	[ -n "$$found" ] || { echo 'parley: Python 3.11 or later is missing: install it (Debian: apt-get install python3 python3-venv)' >&2; exit 1; }; \
	echo "making $(VENV) with $$found"; \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); echo "parley: $$found cannot make virtual environments (Debian: apt-get install python3-venv)" >&2; exit 1; }

$(RUN_STAMP): $(RUN_REQUIREMENTS) constraints.txt | $(BIN)/python
	@echo 'installing what running needs into $(VENV)'
	@$(PIP_INSTALL) $(addprefix -r ,$(RUN_REQUIREMENTS))
	@touch $@

$(ALL_STAMP): $(ALL_REQUIREMENTS) constraints.txt | $(BIN)/python
	@echo 'installing what running, testing and deploying need into $(VENV)'
	@$(PIP_INSTALL) $(addprefix -r ,$(ALL_REQUIREMENTS))
	@touch $@ $(RUN_STAMP)

# The lock file names no registry, so that the one npm is set to is used; the hashes hold for any of them.
$(LOCAL_NPM_STAMP): infra/local/package.json infra/local/package-lock.json
	@echo 'installing the local database'
	@cd infra/local && $(NPM_CI)
	@touch $@

$(WEB_NPM_STAMP): web/package.json web/package-lock.json
	@echo 'installing what the web pages need'
	@cd web && $(NPM_CI)
	@touch $@

web/dist/index.html: $(WEB_NPM_STAMP) $(WEB_SOURCES)
	@echo 'building the web pages'
	@npm --prefix web run --silent build
	@touch $@

FIND_CHROMIUM := for name in "$$CHROMIUM" chromium chromium-browser google-chrome; do \
  [ -n "$$name" ] && command -v "$$name" && break; done

chromium:
	@[ -n "$$($(FIND_CHROMIUM))" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo 'installing Chromium for the browser tests'; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0; fi; \
	echo 'parley: the browser tests need Chromium: install it (Debian: sudo apt-get install chromium), or set CHROMIUM=/path/to/chrome' >&2; exit 1
