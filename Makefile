PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# How uv chooses versions, for other sets than the tested one: see `test-newest` and `test-lowest`.
VERSIONS ?= --constraints constraints.txt
# A Prefect of its own for every target: no server or profile of yours is touched.
PREFECT := env -u PREFECT_API_URL -u PREFECT_API_KEY -u PREFECT_PROFILE \
	PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS=120 PREFECT_SERVER_ANALYTICS_ENABLED=false \
	PREFECT_LOGGING_COLORS=false

# uv installs in a fraction of pip's time; pip does where uv can't be had.
install = if [ -x $(BIN)/uv ]; then $(BIN)/uv pip install -q --python $(BIN)/python $(VERSIONS) -e '.[$(1)]'; \
	else $(BIN)/pip install -q $(VERSIONS) -e '.[$(1)]'; fi

PACKAGES := libreoffice-calc-nogui gnumeric

.PHONY: demo test unit test-newest test-lowest test-long test-scale test-browser test-programs programs \
	lint docs faults bench pictures sandbox dist clean

demo: $(VENV)/ready
	@rm -rf .demo
	@$(PREFECT) $(BIN)/heymilo-prefect demo --folder .demo

test: lint unit

# make test-newest EXTRA=git+https://... installs something else as well.
test-newest:
	@$(MAKE) unit VENV=.venv-newest VERSIONS="--upgrade $(EXTRA)"

test-lowest:
	@$(MAKE) unit VENV=.venv-lowest VERSIONS="--resolution lowest-direct"

unit: $(VENV)/ready
	@$(BIN)/coverage erase
	@$(PREFECT) $(BIN)/coverage run -m pytest -n 2 --dist loadfile --no-loadscope-reorder
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report

lint: $(VENV)/ready
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check -q
	@$(BIN)/mypy
	@$(BIN)/lint-imports >$(VENV)/lint-imports.log || (cat $(VENV)/lint-imports.log; exit 1)

test-long: $(VENV)/ready
	@$(PREFECT) $(BIN)/python -m pytest -m long

test-scale: $(VENV)/ready
	@$(PREFECT) $(BIN)/python -m tests.scale

test-browser: $(VENV)/ready $(VENV)/browser $(VENV)/docs
	@$(PREFECT) $(BIN)/python -m pytest tests/browser -m browser

test-programs: $(VENV)/ready programs
	@$(PREFECT) $(BIN)/python -m pytest tests/programs -m programs

programs:
	@if command -v soffice >/dev/null && command -v ssconvert >/dev/null; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
		echo "LibreOffice and Gnumeric are needed: sudo apt-get install $(PACKAGES)"; exit 1; \
	fi; \
	echo "Installing $(PACKAGES), which takes a minute or two."; \
	apt-get update -qq && apt-get install -qq -y --no-install-recommends $(PACKAGES) >/dev/null

docs: $(VENV)/ready $(VENV)/docs
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

faults: $(VENV)/ready
	@PREFECT_HOME=$$(mktemp -d) $(PREFECT) $(BIN)/python -m tests.faults

bench: $(VENV)/ready
	@$(PREFECT) $(BIN)/python -m tests.benchmarks

pictures: $(VENV)/ready $(VENV)/browser
	@$(BIN)/python -m tests.pictures
	@$(PREFECT) $(BIN)/python -m pytest tests/browser -m browser --pictures

sandbox: $(VENV)/ready
	@$(PREFECT) $(BIN)/heymilo-prefect sandbox --candidates 30

dist: $(VENV)/ready
	@rm -rf dist
	@$(BIN)/python -m build $(if $(wildcard $(BIN)/uv),--installer uv) >$(VENV)/build.log 2>&1 || (cat $(VENV)/build.log; exit 1)
	@$(BIN)/twine check --strict dist/*

clean:
	rm -rf .venv* .demo .site .coverage* dist

$(VENV)/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	@echo "Installing into $(VENV), which takes up to a minute."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install -q -c constraints.txt uv >$(VENV)/install.log 2>&1 || true
	@($(call install,dev)) >>$(VENV)/install.log 2>&1 || (cat $(VENV)/install.log; exit 1)
	@touch $@

$(VENV)/docs $(VENV)/browser: $(VENV)/ready
	@($(call install,$(@F))) >$(VENV)/install.log 2>&1 || (cat $(VENV)/install.log; exit 1)
	@touch $@
