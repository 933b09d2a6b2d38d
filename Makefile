# make demo    set up, run every container's main job on test_data, write a report for each
# make test    set up, run the tests in WORKERS=2 processes, 2 GiB each, in the random order of seed ORDER=1
# make quick   set up, import every module, run the tests that another Python or package fails first; three minutes
# make fuzz    set up, try hostile inputs; COUNT=10000 cases and the rest in proportion, SEED= the date, KIND= all
# make check   format, lint, type and import checks, then the tests
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
REPORT ?= build/demo
COUNT  ?= 10000
WORKERS ?= 2
ORDER  ?= 1
CHALLENGES := $(notdir $(patsubst %/spec.py,%,$(wildcard containers/*/spec.py)))
QUICK := shared/hnseg training/hnseg_training containers tests/cli/test_main.py tests/inference/model/checkpoints \
	tests/inference/test_parity.py tests/rehearsal/test_trainer_search.py tests/training/cli/test_main.py \
	tests/training/fitting/test_fit.py tests/training/test_export.py
TORCH  := $(shell grep '^torch==' requirements.lock)

.PHONY: setup demo test quick fuzz lint check format clean
.DEFAULT_GOAL := test

setup: $(VENV)/.complete

# torch comes first and alone: see the head of requirements.lock.
$(VENV)/.complete: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "hnseg needs Python 3.10 or newer: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet $(TORCH)
	$(BIN)/pip install --quiet --no-deps --requirement requirements.lock
	$(BIN)/pip install --quiet --no-deps --editable .
	$(BIN)/python .ci/mend_torchvision.py
	touch $@

demo: setup
	for challenge in $(CHALLENGES); do \
		$(BIN)/hnseg rehearse containers/$$challenge --report $(REPORT)/$$challenge || exit 1; \
	done

# Where threads that wait spin, tests beside one another take several times as long.
test: setup
	OMP_WAIT_POLICY=passive $(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --randomly-seed $(ORDER)

quick: setup
	OMP_WAIT_POLICY=passive $(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --randomly-seed $(ORDER) -m "not slow and not engine" $(QUICK)

fuzz: setup
	$(BIN)/python -m tests.fuzz --count $(COUNT) $(if $(SEED),--seed $(SEED)) --kind "$(KIND)"

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/structure.py

check: lint test

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build
