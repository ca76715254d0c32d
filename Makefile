PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo-office

.PHONY: demo test lint bench bench-quick bench-kill bench-lists bench-search bench-duplicates bench-seal bench-space bench-answers clean

demo: $(VENV)/.core
	$(BIN)/dateline demo $(DEMO)

$(VENV)/.core: pyproject.toml
	@if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	  echo "Dateline needs Python 3.11 or newer; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; fi
	@if ! $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
	  echo "This Python cannot make a virtual environment. On Debian or Ubuntu: apt install python3-venv" >&2; exit 1; fi
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.ready: $(VENV)/.core
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[postgres,dev]'
	@touch $@

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest --numprocesses auto

# What is measured and printed: bench/README.md. Say which part with ARGS="--deliveries 10k --databases sqlite".
bench: $(VENV)/.ready
	$(BIN)/python bench/send.py $(ARGS)

bench-quick: $(VENV)/.ready
	$(BIN)/python bench/send.py --deliveries 10k --processes 1 --dkim none --smtp-source 10k --nodemailer 3k $(ARGS)

bench-lists: $(VENV)/.ready
	$(BIN)/python bench/lists.py $(ARGS)

bench-kill: $(VENV)/.ready
	$(BIN)/python bench/kill.py $(ARGS)

# Full-text search among a million contacts: bench/README.md.
bench-search: $(VENV)/.ready
	$(BIN)/python bench/search.py $(ARGS)

bench-duplicates: $(VENV)/.ready
	$(BIN)/python bench/duplicates.py $(ARGS)

bench-seal: $(VENV)/.ready
	$(BIN)/python bench/seal.py $(ARGS)

bench-space: $(VENV)/.ready
	$(BIN)/python bench/space.py $(ARGS)

# Who received what, in an office with years of sending behind it: bench/README.md.
bench-answers: $(VENV)/.ready
	$(BIN)/python bench/answers.py $(ARGS)

clean:
	rm -rf $(VENV) $(DEMO) bench/.yardsticks
