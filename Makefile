# make demo    set everything up, make a synthetic city, scan it, show the night report
# make desk    the same city, and the reviewers' desk on it, in a browser
# make test    set everything up, run everything that CI runs
# make bench   print the figures this project holds itself to, measured here and now
# make long    the long profiles: thousands of generated examples, kills at random moments
# make fuzz    every door for bytes of others, SECONDS each (60; before a release 600)
# make spark   add Spark, the second engine (Java 17 or 21 is yours to install)
# make docs    write the reference pages anew from the code
# make lock    write requirements.lock anew from pyproject.toml

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2
SECONDS_EACH := $(if $(filter undefined,$(origin SECONDS)),60,$(SECONDS))

.DEFAULT_GOAL := help
.PHONY: axe docs help demo desk test lint types contracts unit bench long fuzz lock spark clean

help:
	@sed -n 's/^# //p' Makefile

# The lock names every package with its hash; nothing else is asked for, not even to build.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "auditwatch needs Python 3.11 or newer; say which: make PYTHON=python3.12 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: $(READY)
	@$(BIN)/auditwatch demo demo

desk: $(READY)
	@$(BIN)/auditwatch demo demo --desk

test: lint types contracts unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

# A file's tests stay together: what they share is made once. The few long ones begin.
unit: $(READY)
	$(BIN)/pytest -m "not bench and not long" -n $(WORKERS) --dist loadfile --no-loadscope-reorder

bench: $(READY)
	@$(BIN)/python -m tests.bench

long: $(READY)
	HYPOTHESIS_PROFILE=long $(BIN)/pytest -m "long" -n $(WORKERS) --timeout 3600

# The fuzzer is for those who fuzz: it is not in the lock, and has a folder of its own.
fuzz: $(READY)
	@test -d $(VENV)/fuzzer || $(BIN)/python -m pip install --quiet --no-deps --target $(VENV)/fuzzer atheris==3.0.0
	@PYTHONPATH=$(VENV)/fuzzer $(BIN)/python -m tests.fuzz --seconds $(SECONDS_EACH) $(TARGETS)

# Checks of accessibility are for tests only (MPL-2.0): not in the lock, in a folder of its own.
axe: $(READY)
	@test -d $(VENV)/axe || $(BIN)/python -m pip install --quiet --no-deps --target $(VENV)/axe axe-playwright-python==0.1.8

lock: $(READY)
	$(BIN)/pip-compile --quiet --extra dev --extra pdf --extra postgres --extra oidc --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host --no-emit-options --output-file requirements.lock pyproject.toml
	echo "pyspark>=4.0,<4.1" | $(BIN)/pip-compile --quiet --generate-hashes --no-header --no-emit-index-url \
		--no-emit-find-links --no-emit-trusted-host --no-emit-options --output-file requirements-spark.lock -

# A large extra that few need: it has a lock of its own, and is built with what the first one holds.
spark: $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-build-isolation \
		--requirement requirements-spark.lock

docs: $(READY)
	$(BIN)/python docs/build_reference.py

clean:
	rm -rf $(VENV) demo dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
