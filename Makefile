PYTHON ?= python3
BIN := .venv/bin
# A Prefect of its own for every target: no server or profile of yours is touched.
PREFECT := env -u PREFECT_API_URL -u PREFECT_API_KEY -u PREFECT_PROFILE \
	PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS=120 PREFECT_SERVER_ANALYTICS_ENABLED=false \
	PREFECT_LOGGING_COLORS=false

PACKAGES := libreoffice-calc-nogui gnumeric

.PHONY: demo test test-long test-scale test-browser test-programs programs lint docs faults bench pictures sandbox clean

demo: .venv/ready
	@rm -rf .demo && mkdir .demo
	@PREFECT_HOME=$(CURDIR)/.demo/prefect $(PREFECT) $(BIN)/python flows/talent_pipeline.py

test: lint
	@$(BIN)/coverage erase
	@$(PREFECT) $(BIN)/coverage run -m pytest -n 2 --dist loadfile --no-loadscope-reorder
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report

lint: .venv/ready
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check -q
	@$(BIN)/mypy
	@$(BIN)/lint-imports >.venv/lint-imports.log || (cat .venv/lint-imports.log; exit 1)

test-long: .venv/ready
	@$(PREFECT) $(BIN)/python -m pytest -m long

test-scale: .venv/ready
	@$(PREFECT) $(BIN)/python -m tests.scale

test-browser: .venv/ready .venv/browser
	@$(PREFECT) $(BIN)/python -m pytest tests/browser -m browser

test-programs: .venv/ready programs
	@$(PREFECT) $(BIN)/python -m pytest tests/programs -m programs

programs:
	@if command -v soffice >/dev/null && command -v ssconvert >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "LibreOffice and Gnumeric are needed: sudo apt-get install $(PACKAGES)"; exit 1; \
	fi; \
	echo "Installing $(PACKAGES), which takes a minute or two."; \
	apt-get update -qq && apt-get install -qq -y --no-install-recommends $(PACKAGES) >/dev/null

docs: .venv/ready .venv/docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

faults: .venv/ready
	@PREFECT_HOME=$$(mktemp -d) $(PREFECT) $(BIN)/python -m tests.faults

bench: .venv/ready
	@$(PREFECT) $(BIN)/python -m tests.benchmarks

pictures: .venv/ready .venv/browser
	@$(BIN)/python -m tests.pictures
	@$(PREFECT) $(BIN)/python -m pytest tests/browser -m browser --pictures

sandbox: .venv/ready
	@$(PREFECT) $(BIN)/python -m heymilo_prefect.sandbox --candidates 30

clean:
	rm -rf .venv .demo .site .coverage*

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@echo "Installing into .venv, which takes a minute or two."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q -c constraints.txt -e '.[dev]' >.venv/install.log 2>&1 || (cat .venv/install.log; exit 1)
	@touch $@

.venv/docs .venv/browser: .venv/ready
	@$(BIN)/pip install -q -c constraints.txt -e '.[$(@F)]' >.venv/install.log 2>&1 || (cat .venv/install.log; exit 1)
	@touch $@
