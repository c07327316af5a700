# Every target sets up what is missing, builds what has changed, and does its job. `make help` lists them.
#
#   make demo ARGS="--seed 2"          arguments for `grove demo`
#   make test FILTER=GroveTensorTests  only the tests whose names match

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GROVE := .build/release/grove
SOURCES := Sources Tests Package.swift
SCRIPTS := scripts/setup scripts/build-docs scripts/parity-environment scripts/check-parity scripts/fetch-models scripts/fuzz scripts/gpu-check scripts/slurm-local Benchmarks/run .ci/run

.PHONY: help demo test build setup format check parity models bench docs clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 10

demo: build ## Train, resume, evaluate and sample a small model; writes report.html
	$(GROVE) demo $(ARGS)

test: setup ## Build and run all tests, or those that match FILTER
	swift build -c release --build-tests
	swift test -c release --skip-build $(if $(FILTER),--filter '$(FILTER)')

build: setup ## Build the CLI and the bridge to libtorch
	swift build -c release

setup: ## Install what is missing: zstd, zlib, libtorch
	@scripts/setup

format: ## Format the Swift sources
	swift format -i -r $(SOURCES)

check: setup ## Check the format, the scripts and the house rules
	swift format lint --strict -r $(SOURCES)
	@if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); else bash -n $(SCRIPTS); fi
	swift build -c release --build-tests
	swift test -c release --skip-build --filter ProjectTests

parity: build ## Compare with transformers, tokenizers, TensorBoard, a reader of shards and mergekit
	@scripts/parity-environment
	scripts/check-parity $(ARGS)

models: ## Fetch two small real models into .deps/models: SmolLM2 135M and Gemma 3 270M, as GGUF files
	@scripts/fetch-models

bench: build ## Measure Grove beside its peers on this machine
	@scripts/parity-environment
	Benchmarks/run $(ARGS)

docs: build ## Build the DocC pages of the libraries
	scripts/build-docs

clean: ## Remove what was built, but not .deps
	rm -rf .build
