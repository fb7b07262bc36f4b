# Two commands on a fresh machine with Python 3.11 and npm:  make study  and  make test
# make study ARGS="--set split.pool_images=0"   passes options on
# make environment PYTHON=python3.12            chooses the interpreter
# make docs                                     builds the documentation site in dist/site and checks its links

.DEFAULT_GOAL := help
.PHONY: help environment study test docs clean
STUDY ?= studies/cifar10

help:
	@sed -n '1,4s/^# //p' Makefile

environment:
	@scripts/environment

study: environment
	.venv/bin/lowres study cifar10 --recipe quick --study $(STUDY) $(ARGS)

test: environment
	scripts/check $(ARGS)

docs: environment
	@.venv/bin/python -c 'import material, mkdocs, mkdocstrings_handlers.python' 2>/dev/null || \
		PIP_CONSTRAINT=constraints.txt .venv/bin/python -m pip install --quiet --no-compile \
		--disable-pip-version-check --editable '.[docs]'
	.venv/bin/python docsite/links.py
	NO_MKDOCS_2_WARNING=1 .venv/bin/python -m mkdocs build --quiet
	.venv/bin/python docsite/built_site.py dist/site

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov dist
