# Two commands do everything on a fresh machine with Python >= 3.11, make and a package registry:
#   make demo    run the example suite and see what its AI costs
#   make test    pass the tests
PYTHON ?= python3
BINDIR := $(if $(filter Windows_NT,$(OS)),Scripts,bin)
DEV := .venv-dev/$(BINDIR)
PIP = $(1)/$(BINDIR)/python -m pip install --quiet --disable-pip-version-check

# $(call INSTALL,environment) arguments: by uv, in a tenth of the time; by pip, where uv is not to be had or reaches no
# registry (it reads no pip.conf).
INSTALL = into() { .venv-uv/$(BINDIR)/uv pip install --quiet --python $(1) "$$@" || \
  $(PIP) --no-compile "$$@"; }; into

# Tests start hundreds of Pythons: what one of them compiles, the others read; what none needs is not compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-slow check docs test-docs test-browser test-otel test-spark test-stores test-openai3 test-deepeval test-matrix matrix-table test-lowest test-highest fuzz validate constants published bench bench-quick lock clean
.DELETE_ON_ERROR:
.PRECIOUS: .venv-%/ready

.venv-uv/ready: locks/uv.txt
	$(PYTHON) -m venv --clear .venv-uv
	-$(call PIP,.venv-uv) --no-deps --require-hashes -r locks/uv.txt
	@touch $@

# One environment per lock. A lock is complete and holds versions and hashes only, so nothing is resolved here.
.venv-%/ready: locks/%.txt pyproject.toml | .venv-uv/ready
	$(PYTHON) -m venv --clear .venv-$*
	$(call INSTALL,.venv-$*) --no-deps --require-hashes -r locks/$*.txt
	$(call INSTALL,.venv-$*) --no-deps --no-build-isolation -e .
	@touch $@

demo: .venv-dev/ready
	$(DEV)/python -m pytest examples/helpdesk -q --jevons

test: .venv-dev/ready
	$(DEV)/python -m pytest -n 2 -m "not slow" --ignore=tests/stores

# What takes longest: whole sessions with and without jevons, all recorded suites.
test-slow: .venv-dev/ready
	$(DEV)/python -m pytest -n 2 -m slow --ignore=tests/matrix --ignore=tests/pages --ignore=tests/stores

check: .venv-dev/ready
	$(DEV)/ruff check .
	$(DEV)/ruff format --check .
	$(DEV)/mypy
	$(DEV)/lint-imports

# The documentation as a site in build/site: a broken link fails. Whoever follows a page sees what it shows: test-docs.
docs: export NO_MKDOCS_2_WARNING = 1
docs: .venv-docs/ready
	.venv-docs/$(BINDIR)/mkdocs build --strict

test-docs: .venv-dev/ready
	$(DEV)/python -m pytest -n 2 tests/pages

# Pages in a real Chromium, which the system brings.
test-browser: .venv-browser/ready
	.venv-browser/$(BINDIR)/python -m pytest tests/browser -m "not slow"

# OpenTelemetry's SDK and four instrumentations; Node's SDKs, on the Node that the environment brings.
test-otel: export PATH := $(CURDIR)/.venv-otel/$(BINDIR):$(PATH)
test-otel: .venv-otel/ready
	npm ci --silent --prefix tests/server/node || echo "Node's SDKs could not be installed: their test is skipped"
	.venv-otel/$(BINDIR)/python -m pytest tests/server/test_instrumented.py tests/server/test_traces.py \
	  tests/server/test_node.py tests/sources/logs/test_otlp.py

# A Spark cluster of three processes; needs a JDK 17.
test-spark: .venv-spark/ready
	.venv-spark/$(BINDIR)/python -m pytest tests/spark tests/ledger/test_engine.py

# An object store that is a real server, and a real Prometheus, which the system brings.
test-stores: .venv-stores/ready
	.venv-stores/$(BINDIR)/python -m pytest tests/stores

# The SDKs on httpx2, DeepEval's own runner, and the oldest and the newest versions that we say we work with.
test-openai3: .venv-openai3/ready
	.venv-openai3/$(BINDIR)/python -m pytest tests/sdk

test-deepeval: .venv-deepeval/ready
	.venv-deepeval/$(BINDIR)/python -m pytest tests/runners \
	  "tests/pages/test_examples.py::test_a_page_does_what_it_says[howto/deepeval]"

# Every SDK in every kind of trouble; and the same beside EcoLogits, as a table in Markdown.
test-matrix: .venv-matrix/ready
	.venv-matrix/$(BINDIR)/python -m pytest -n 2 tests/matrix -W ignore

matrix-table: .venv-matrix/ready
	.venv-matrix/$(BINDIR)/python tests/matrix/verdicts.py

# Random searches are `make test`'s: ten examples of each property show whether it holds with other versions.
test-lowest test-highest: export HYPOTHESIS_PROFILE = few
NARROW := tests -m "not slow" --ignore=tests/sdk --ignore=tests/matrix --ignore=tests/stores
test-lowest: .venv-lowest/ready
	.venv-lowest/$(BINDIR)/python -m pytest -n 2 $(NARROW)

test-highest: .venv-uv/ready
	$(PYTHON) -m venv --clear .venv-highest
	$(call PIP,.venv-highest) --upgrade pip
	$(call INSTALL,.venv-highest) -e '.[all]' --group narrow
	.venv-highest/$(BINDIR)/python -m pytest -n 2 $(NARROW)

# How well the energy model predicts, on measured rows that are not part of the project; WRITE=--write writes it down.
# Three minutes on two processors; chapters whose data is absent are left out. JEVONS_VERDICTS=full judges verdicts on
# every list, not on every tenth or so (ten minutes more), JEVONS_REBOUND=full rebound in every cell (half an hour).
DATA ?= ../shared/data
MEASUREMENTS ?= $(DATA)/energy/measurements.csv
validate: .venv-validation/ready
	OMP_NUM_THREADS=1 .venv-validation/$(BINDIR)/python validation/document.py $(MEASUREMENTS) \
	  --disclosures $(DATA)/energy/disclosures.csv --cases $(DATA)/papers/cases.json --factors $(DATA)/factors \
	  --evals $(DATA)/evals --suites $(DATA)/suites $(WRITE)

# Only whether the constants that ship are those that the rows give: a quarter of a minute.
constants: .venv-validation/ready
	OMP_NUM_THREADS=1 .venv-validation/$(BINDIR)/python validation/document.py $(MEASUREMENTS) --constants

# Published results through the product's own functions; JEVONS_CASES=FILE for other cases than ../shared/data's.
published: .venv-dev/ready
	$(DEV)/python validation/published.py

# Half a minute of coverage-guided fuzzing for each group of readers; FUZZ=3600 for an hour.
FUZZ := 30
fuzz: .venv-fuzz/ready
	.venv-fuzz/$(BINDIR)/python fuzz/readers.py -max_total_time=$(FUZZ)
	.venv-fuzz/$(BINDIR)/python fuzz/recordings.py -max_total_time=$(FUZZ)

bench: .venv-bench/ready
	.venv-bench/$(BINDIR)/python benchmarks/overhead.py
	.venv-bench/$(BINDIR)/python benchmarks/start.py
	.venv-bench/$(BINDIR)/python benchmarks/scan.py
	.venv-bench/$(BINDIR)/python benchmarks/draws.py
	.venv-bench/$(BINDIR)/python benchmarks/waste.py
	.venv-bench/$(BINDIR)/python benchmarks/proxy.py
	.venv-bench/$(BINDIR)/python benchmarks/imports.py 64
	.venv-bench/$(BINDIR)/python benchmarks/scale.py 1 10

# Shows that the benchmarks run; their figures need `make bench`.
bench-quick: .venv-dev/ready
	$(DEV)/python benchmarks/overhead.py --quick
	$(DEV)/python benchmarks/start.py --quick
	$(DEV)/python benchmarks/draws.py --quick
	$(DEV)/python benchmarks/waste.py --quick

# Only to change what is locked; needs uv.
EXPORT := uv export --quiet --no-emit-project --no-header --no-annotate --no-default-groups
lock:
	uv lock --upgrade
	$(EXPORT) --extra all --group test --group checks -o locks/dev.txt
	$(EXPORT) --group openai3 -o locks/openai3.txt
	$(EXPORT) --group deepeval -o locks/deepeval.txt
	$(EXPORT) --group matrix -o locks/matrix.txt
	$(EXPORT) --extra all --group test --group checks --group peers -o locks/bench.txt
	$(EXPORT) --group fuzz -o locks/fuzz.txt
	$(EXPORT) --group docs -o locks/docs.txt
	$(EXPORT) --extra report --extra scan --extra server --group browser -o locks/browser.txt
	$(EXPORT) --extra server --extra sources --group otel -o locks/otel.txt
	$(EXPORT) --extra report --extra shelf --extra spark --group spark -o locks/spark.txt
	$(EXPORT) --extra report --extra server --extra shelf --group stores -o locks/stores.txt
	$(EXPORT) --group validation -o locks/validation.txt
	uv pip compile --quiet --resolution lowest-direct --python-version 3.11 --universal --generate-hashes \
	  --no-header --no-annotate --extra all pyproject.toml --group narrow -o locks/lowest.txt
	echo uv | uv pip compile --quiet --python-version 3.11 --universal --generate-hashes --no-header --no-annotate - \
	  -o locks/uv.txt

clean:
	rm -rf .venv-* .jevons build tests/server/node/node_modules dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
