# Two commands need nothing but python3 >= 3.11, git and make:
#
#   make demo    starts Oncard with a sample organisation on http://127.0.0.1:$(PORT)
#   make test    installs what the tests need, and runs them all
#
# The rest: make install | check | format | lock
#
#   make crash KILLS=1000      kills the service again and again, and judges what the chat app received;
#                              with ARGS=--lines also what people received by SMS, calls and e-mail
#   make bench NAMES=latency   measures; without NAMES everything, which takes a while
#   make soak MINUTES=30       loads the service for so long, and watches what grows

PORT ?= 8000
KILLS ?= 20
DATABASE ?= sqlite
PROCESSES ?= 1
NAMES ?=
MINUTES ?= 30
RATE ?= 100
# More options for pytest, such as ARGS=-x. For a part of the tests call .venv/bin/pytest with its path.
ARGS ?=

BIN := .venv/bin
# uv leaves out where a package came from, so the lock files are right for every registry.
COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --all-extras --group build

.DELETE_ON_ERROR:
.PHONY: install demo test check format lock crash bench soak

install: .venv/runtime

demo: .venv/runtime
	$(BIN)/oncard demo --port $(PORT)

# What is compiled is kept, whatever the variable says: without that, each process that a test starts compiles everything.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/development
	tests/support/programs
	$(BIN)/python -m pytest --numprocesses=auto --dist=worksteal --cov --cov-report=term-missing $(ARGS)

crash: .venv/development
	$(BIN)/python -m tests.crash --kills $(KILLS) --database $(DATABASE) --processes $(PROCESSES) $(ARGS)

bench: .venv/development
	tests/support/programs wrk
	$(BIN)/python -m tests.bench $(NAMES)

soak: .venv/development
	$(BIN)/python -m tests.bench soak --minutes $(MINUTES) --rate $(RATE)

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
