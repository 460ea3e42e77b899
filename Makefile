# make run    builds everything and opens a working product with sample data
# make test   sets itself up and runs every check
SHELL := /usr/bin/env bash
GO    ?= go
NPM   ?= npm

# Packages that link the Temporal server are tested without the race detector: it would compile the server twice.
SERVER_PKGS := ./internal/engine/... ./internal/app/... ./internal/cli/... ./internal/e2e/... ./cmd/...
# Packages of functions from text to text start no goroutine: the detector finds nothing there and takes minutes over it.
PURE_PKGS := ./playbooks ./playbooks/cacao ./playbooks/diff ./playbooks/format ./playbooks/library

.PHONY: run build web data test setup check go-test race e2e bench clean

run: build
	bin/picket serve --demo --data picket-data

build: web data
	$(GO) build -o bin/picket ./cmd/picket

web: web/dist/index.html

web/node_modules/.package-lock.json: web/package-lock.json
	cd web && $(NPM) ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(shell find web/src web/public web/index.html web/vite.config.ts -type f 2>/dev/null)
	cd web && $(NPM) run build

# Country data for geoip.lookup, from npm (PDDL): see docs/adr.
data: internal/connector/geoip/data/country.mmdb

internal/connector/geoip/data/country.mmdb:
	internal/connector/geoip/fetch.sh

setup:
	deploy/test-setup.sh

test: setup check go-test race e2e
	@echo "everything passed"

check: build
	test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run --timeout 10m --allow-parallel-runners
	$(GO) run go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0 -config workflowcheck.config.yaml ./workflows/...
	cd web && $(NPM) run types:check && $(NPM) run lint && $(NPM) test

go-test: build
	PICKET_BIN=$(CURDIR)/bin/picket $(GO) test -timeout 20m $(SERVER_PKGS) $(PURE_PKGS)

race:
	$(GO) test -race -timeout 20m $$($(GO) list ./... | grep -v -x -F "$$($(GO) list $(SERVER_PKGS) $(PURE_PKGS))")

e2e: build
	PICKET_BIN=$(CURDIR)/bin/picket node web/e2e/run.mjs

bench: build
	deploy/bench/run.sh

clean:
	rm -rf bin web/dist/assets web/dist/index.html
