# SPDX-FileCopyrightText: The Tranship authors
# SPDX-License-Identifier: Apache-2.0

.DEFAULT_GOAL := help

# Passed on to `swift test`, as in: make test TEST_ARGS="--filter ChecksumTests"
TEST_ARGS ?=

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Move images between two real clouds, kill the run half-way and resume it
	@scripts/demo

.PHONY: build
build: ## Build the release binary, .build/release/tranship
	@scripts/install-dependencies
	swift build -c release --product tranship --static-swift-stdlib

.PHONY: package
package: ## Build the packages for Debian and Red Hat, .build/packages
	@scripts/package

.PHONY: package-test
package-test: ## Build the .deb, install it into a new Debian without Swift, and copy images there
	@scripts/package-test

.PHONY: test
test: ## Build everything and run all tests, including those against the lab
	@scripts/test $(TEST_ARGS)

.PHONY: test-release
test-release: ## Build the release binary and test what is promised of it alone: its memory
	@scripts/test-release

.PHONY: simulate
simulate: ## Play whole runs against simulated clouds: SEEDS=100000, or one with SEED=N
	@scripts/simulate $(if $(SEED),--seed $(SEED),--from $(or $(FROM),1) --seeds $(or $(SEEDS),100000))

.PHONY: nights
nights: ## Play months of a nightly mirror against simulated clouds: SEEDS=1000, or one with SEED=N
	@scripts/simulate --nights true \
		$(if $(SEED),--seed $(SEED),--from $(or $(FROM),1) --seeds $(or $(SEEDS),1000))

.PHONY: fuzz
fuzz: ## Fuzz the parsers with libFuzzer: MINUTES=10 for each, RUNS=N, or one TARGET=name
	@scripts/fuzz $(if $(RUNS),--runs $(RUNS),--minutes $(or $(MINUTES),1)) $(TARGET)

.PHONY: lie
lie: ## Play whole runs against services that lie: SEEDS=50000, or one with SEED=N
	@scripts/simulate --lying true \
		$(if $(SEED),--seed $(SEED),--from $(or $(FROM),1) --seeds $(or $(SEEDS),50000))

.PHONY: sanitize
sanitize: ## Test the code with threads and raw memory under the sanitizers
	@scripts/sanitize

.PHONY: soak
soak: ## Kill runs at every commit, at random and in 2 GiB; 1000 images at once (an hour)
	@TRANSHIP_SOAK=$${TRANSHIP_SOAK:-300} TRANSHIP_SPOOL_MIB=$${TRANSHIP_SPOOL_MIB:-2048} \
		scripts/test --filter 'KillTests|SpoolTests/killed|ThousandTests|CanaryTests|LyingTests'

.PHONY: bench
bench: ## Measure beside other tools, half an hour; writes docs/benchmarks.md (QUICK=1: guard the CPU)
	@scripts/bench $(if $(QUICK),--quick)

.PHONY: lint
lint: ## Check the formatting of the Swift code
	swift format lint --strict --parallel -r Sources Tests Examples/Sources Examples/Package.swift Package.swift

.PHONY: docs
docs: ## Generate the pages that come from the source
	@scripts/docs

.PHONY: format
format: ## Format the Swift code in place
	swift format --in-place --parallel -r Sources Tests Examples/Sources Examples/Package.swift Package.swift

.PHONY: lab-up
lab-up: ## Install and start the lab: two clouds on this machine
	@scripts/install-dependencies --without-swift
	@scripts/lab up

.PHONY: lab-down
lab-down: ## Stop the lab
	@scripts/lab down

.PHONY: docker
docker: ## Build the container image `tranship`
	docker build -t tranship .

.PHONY: clean
clean: ## Stop the lab, and remove it and all build products
	@scripts/lab down
	rm -rf .build .build-tsan .build-asan .build-fuzz .lab
