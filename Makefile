# Two commands on a fresh machine with Python 3.11 and npm:  make study  and  make test
# make study ARGS="--set split.pool_images=0"   passes options on
# make environment PYTHON=python3.12            chooses the interpreter

.DEFAULT_GOAL := help
.PHONY: help environment study test clean
STUDY ?= studies/cifar10

help:
	@sed -n '1,3s/^# //p' Makefile

environment:
	@scripts/environment

study: environment
	.venv/bin/lowres study cifar10 --recipe quick --study $(STUDY) $(ARGS)

test: environment
	scripts/check $(ARGS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov dist
