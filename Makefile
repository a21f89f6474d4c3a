# Every command does its own set-up, and may be run again at any time.
#
#   make demo      the service with a sample product sending real events
#   make test      everything that must be green (`make check` is the same)
#   make setup     the Python environment and the built screen
#   make fix       format the code, and mend what can be mended by itself
#   make web       build the screen
#   make bench     1 million events through the service beside other engines; what capture costs
#   make test-frameworks   capture on products from PyPI, and on other interpreters and versions
#   make soak      the fault tests with the counts of a release; writes docs/soak/
#   make audit     known holes in the locked packages, and whether the SBOM is up to date
#   make fuzz      coverage-guided fuzzing for a minute each (SECONDS_EACH=60)
#   make vectors   make the golden vectors again
#   make clean     remove what the scripts made (not var/, where the demo keeps its data)

SHELL := /usr/bin/env bash
.DEFAULT_GOAL := help
PY := .venv/bin/python

.PHONY: help setup python web test check fix demo bench soak vectors clean audit fuzz test-frameworks

help:
	@sed -n 's/^#   //p' Makefile

python:
	@scripts/setup.sh

web: python
	@scripts/web.sh

setup: python web

test: python
	@$(PY) scripts/run_tests.py $(STAGES)

check: test

fix: python
	@scripts/fix.sh

demo: setup
	@exec $(PY) scripts/demo.py $(ARGS)

bench: python
	@$(PY) -m bench $(ARGS)
	@exec $(PY) -m bench.capture

test-frameworks: python
	@$(PY) scripts/test_frameworks.py $(ARGS)

soak: python
	@$(PY) scripts/soak.py $(ARGS)

audit: python
	@$(PY) scripts/audit.py

fuzz:
	@scripts/fuzz.sh $(SECONDS_EACH)

vectors: python
	@$(PY) scripts/make_vectors.py

clean:
	@scripts/clean.sh
