# Two commands do everything on a fresh machine with Python >= 3.11, make and a package registry:
#   make demo    run the example suite and see what its AI costs
#   make test    pass the tests
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo test check bench lock clean
.DELETE_ON_ERROR:

# The lock holds versions and hashes only; it is complete, so nothing is resolved here.
$(VENV)/ready: locks/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --no-deps --require-hashes -r locks/dev.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: $(VENV)/ready
	$(BIN)/python -m pytest examples/helpdesk -q --jevons

test: $(VENV)/ready
	$(BIN)/python -m pytest

check: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Needs uv (https://docs.astral.sh/uv/), only to change what is locked.
EXPORT := uv export --quiet --no-emit-project --no-header --no-annotate --no-default-groups
lock:
	uv lock
	$(EXPORT) --all-extras --group test --group checks -o locks/dev.txt
	$(EXPORT) --group openai3 -o locks/openai3.txt
	$(EXPORT) --all-extras --group test --group peers -o locks/bench.txt

clean:
	rm -rf $(VENV) .venv-* .jevons build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
