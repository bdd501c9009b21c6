# make demo      the whole story on an embedded store, no account needed (ARGS=--keep leaves it running)
# make test      all tests
# make check     style, types, layers, sizes
# Each sets itself up: a virtual environment in .venv, with pinned and hashed packages, made anew when the pins change.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: demo test test-all check format requirements clean

demo: $(READY)
	@$(BIN)/bucketdrive demo $(ARGS)

test: $(READY)
	$(BIN)/pytest -n 2 -q

test-all: test

check: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_sizes.py src tests bench

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

$(READY): requirements/dev.txt pyproject.toml tools/set_up.sh
	@sh tools/set_up.sh "$(PYTHON)" "$(VENV)"

# Needs uv. Writes versions and hashes only, and no address of an index.
requirements:
	uv pip compile pyproject.toml --extra demo --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet --upgrade -o requirements/dev.txt

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
