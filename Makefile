# Thin: every target calls the program that does the work. `make help` lists them.
SHELL := /bin/sh
STACK ?= local
CLI = node --import tsx local/cli.ts

.DEFAULT_GOAL := help
.PHONY: help up down open preview tools clean-tools build lint typecheck test test-unit test-engine \
  test-policies test-dataplane test-cluster bench node

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: build ## Deploy the whole stack, to an embedded cluster unless KUBECONFIG is set; NODES=simulated runs no container
	@NODES="$(NODES)" $(CLI) up

down: build ## Remove everything that `make up` created
	@$(CLI) down

open: build ## Open or print the pages of what `make up` brought up; ARGS=--passwords prints the logins
	@$(CLI) open $(ARGS)

preview: build ## Changes, cost and policy results of STACK (default local); REPORT=FILE for Markdown, BASE=REF to compare
	@$(CLI) preview $(STACK) "$(REPORT)" "$(BASE)"

tools: node_modules/.package-lock.json ## Find or build every tool, and print where it is
	@$(CLI) tools

clean-tools: node_modules/.package-lock.json ## Remove the tools that were built from source
	@$(CLI) clean-tools

lint: node_modules/.package-lock.json ## ESLint and Prettier
	@npm run --silent lint

typecheck: node_modules/.package-lock.json ## The TypeScript compiler
	@npm run --silent typecheck

# Tests wait for programs, not for compilers: tools are there before the first one.
test: build tools ## Lint, types and every suite; ends with one line of totals
	@node --import tsx test/run.ts lint typecheck unit package policies engine dataplane cluster

test-unit: build ## Unit tests
	@node --import tsx test/run.ts unit

test-engine: build ## Tests with the real engine and API server
	@node --import tsx test/run.ts engine

test-policies: build ## Tests of the policy pack
	@node --import tsx test/run.ts policies

test-dataplane: build ## Tests with real Fluentd, InfluxDB, Alertmanager; what is missing is skipped and reported
	@node --import tsx test/run.ts dataplane

test-cluster: build ## Tests on a real node (Linux, root; else skipped with the reason), or in the cluster of KUBECONFIG
	@node --import tsx test/run.ts cluster

bench: build ## Measurements, or the one named: ARGS=aggregator|dashboards|helper|latency|preview|rollups|year
	@npm run --silent bench -- $(ARGS)

# Bundles of the program, its policies, and what runs outside of it.
build: dist/.built

dist/.built: node_modules/.package-lock.json scripts/build.mjs $(shell find index.ts local/plugins local/mail local/dashboardReader local/shipper local/node viewer cli components config contract dashboards examples policies -name '*.ts' -o -name '*.json')
	@npm run --silent build
	@touch $@

node_modules/.package-lock.json: package-lock.json | node
	npm ci --no-audit --no-fund
	@touch $@

node:
	@command -v node >/dev/null || { echo "error: Node.js is not on PATH. Install version 20 or newer (https://nodejs.org)."; exit 1; }
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' \
	  || { echo "error: Node.js $$(node --version) is too old. Install version 20 or newer (https://nodejs.org)."; exit 1; }
