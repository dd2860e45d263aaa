# Two commands need nothing but python3 >= 3.11, git and make:
#
#   make demo    starts Oncard with a sample organisation on http://127.0.0.1:$(PORT)
#   make test    installs what the tests need, and runs them all
#
# The rest: make install | check | format | lock

PORT ?= 8000
# More options for pytest, such as ARGS=-x. For a part of the tests call .venv/bin/pytest with its path.
ARGS ?=

BIN := .venv/bin
# uv leaves out where a package came from, so the lock files are right for every registry.
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --all-extras --group build

.DELETE_ON_ERROR:
.PHONY: install demo test check format lock

install: .venv/runtime

demo: .venv/runtime
	$(BIN)/oncard demo --port $(PORT)

test: .venv/development
	tests/support/programs
	$(BIN)/python -m pytest --cov --cov-report=term-missing $(ARGS)

check: .venv/development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: .venv/development
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# `make lock UPGRADE=--upgrade` takes the newest of everything, else only what pyproject.toml asks for changes.
lock: .venv/development
	$(COMPILE) $(UPGRADE) --output-file requirements.lock
	$(COMPILE) $(UPGRADE) --group dev --constraint requirements.lock --output-file requirements-dev.lock

.venv/bin/python:
	.ci/venv

.venv/runtime: requirements.lock pyproject.toml | .venv/bin/python
	.ci/install requirements.lock
	touch $@

.venv/development: requirements-dev.lock pyproject.toml | .venv/bin/python
	.ci/install requirements-dev.lock
	touch .venv/runtime $@
