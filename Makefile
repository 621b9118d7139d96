# Everything a newcomer needs, with only Python >= 3.11 and make: `make run`, `make test`.
# Paths are relative, so that the project may lie in a folder with spaces; GNU make 3.81 will do.

PYTHON  ?=              # python to make the environment with; empty = the first that is new enough
ARGS    ?=              # handed on: make run ARGS="mode=train model=catboost"
OUTPUTS ?= outputs
EXTRAS  ?= dev         # what the tests are run with; CI adds dask and spark
PORT    ?= 5000
DASHBOARD_PORT ?= 8081

IN_VENV := .venv/bin/python
PIP     := PIP_DISABLE_PIP_VERSION_CHECK=1 \
           $(IN_VENV) scripts/install.py pip install -c constraints.txt
PINS    := pyproject.toml constraints.txt $(wildcard hydra_plugins)  # what an installation rests on
CANDIDATES := $(or $(strip $(PYTHON)),python3 python3.13 python3.12 python3.11 python)
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PARALLEL := -n logical --maxprocesses 4 --dist worksteal  # ARGS=-n0 runs one test at a time
YAML    := configs .github .pre-commit-config.yaml .yamllint.yaml

.DEFAULT_GOAL := help
.PHONY: help run test test-quick install install-dev lint format ui serve image stack stack-status stack-stop dashboard notebook docs clean clean-outputs clean-venv

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: .venv/run.stamp ## set up, then run the main job on embedded data; ARGS="mode=train ..."
	@$(IN_VENV) scripts/run.py $(ARGS)

test: .venv/dev.stamp ## set up with the development tools, then run the tests; ARGS="-k gate"
	@$(IN_VENV) -m pytest $(PARALLEL) $(ARGS)

test-quick: .venv/dev.stamp ## the tests of the inner loop, within a minute: no whole commands
	@$(IN_VENV) -m pytest -m 'not slow' $(PARALLEL) $(ARGS)

install: .venv/run.stamp ## set up .venv with the pinned dependencies

install-dev: .venv/dev.stamp ## the same with the development tools, and git's pre-commit hook
	@if git rev-parse --git-dir >/dev/null 2>&1; \
	then $(IN_VENV) -m pre_commit install; \
	else echo 'No git checkout: no pre-commit hook to install.'; fi

lint: .venv/dev.stamp ## check style, format, types, layers and YAML
	$(IN_VENV) -m ruff check
	$(IN_VENV) -m ruff format --check
	$(IN_VENV) -m mypy
	.venv/bin/lint-imports --no-logo
	$(IN_VENV) -m yamllint --strict $(YAML)

format: .venv/dev.stamp ## rewrite the code in the house's format
	$(IN_VENV) -m ruff check --fix
	$(IN_VENV) -m ruff format

ui: .venv/run.stamp ## MLflow's pages, their links printed; OPEN=1 opens them; PORT=..., OUTPUTS=...
	@exec $(IN_VENV) -m spaceship.tracking.ui "$(OUTPUTS)" "$(PORT)" "$(OPEN)"

# A server has a port of its own unless PORT is given: MLflow's page may be open.
SERVE_PORT := $(if $(filter file,$(origin PORT)),8080,$(PORT))

serve: .venv/run.stamp ## the champion answers rows on http://127.0.0.1:8080; PORT=... TASK=... ARGS=...
	@exec $(IN_VENV) scripts/run.py mode=serve serve.port=$(SERVE_PORT) \
	  'paths.outputs=$(OUTPUTS)' $(if $(TASK),task=$(TASK)) $(ARGS)

image: .venv/run.stamp ## write the Dockerfile of the champion, with its own pins; TASK=... ARGS=...
	@exec $(IN_VENV) scripts/run.py mode=image 'paths.outputs=$(OUTPUTS)' \
	  $(if $(TASK),task=$(TASK)) $(ARGS)

# On 5001 and 5433 unless PORT and DATABASE_PORT are given, on loopback unless BIND is.
STACK ?= $(OUTPUTS)/stack
IN_STACK = $(IN_VENV) -m scripts.stack

stack: .venv/postgres.stamp ## PostgreSQL and an MLflow server for many machines; BIND=... PORT=... STACK=DIR
	@exec $(IN_STACK) start --folder '$(STACK)' $(if $(BIND),--host '$(BIND)') \
	  $(if $(filter file,$(origin PORT)),,--port $(PORT)) \
	  $(if $(DATABASE_PORT),--database-port $(DATABASE_PORT))

stack-status: .venv/postgres.stamp ## whether the stack runs, and how to use it
	@exec $(IN_STACK) status --folder '$(STACK)'

stack-stop: .venv/postgres.stamp ## stop the stack, keeping its data
	@exec $(IN_STACK) stop --folder '$(STACK)'

# A study is a journal file of its own; the one that changed last is opened unless STUDY names it.
dashboard: .venv/dashboard.stamp ## Optuna's page of a study on http://127.0.0.1:8081; STUDY=NAME
	@file=$$(ls -t "$(OUTPUTS)"/studies/$(or $(STUDY),*).journal 2>/dev/null | head -n 1); \
	test -n "$$file" || { \
	  echo 'There is no such study in $(OUTPUTS)/studies: python scripts/run.py mode=tune' >&2; \
	  exit 2; }; \
	echo "Optuna: http://127.0.0.1:$(DASHBOARD_PORT)  $$file  (Ctrl-C ends it)"; \
	exec .venv/bin/optuna-dashboard --host 127.0.0.1 --port $(DASHBOARD_PORT) --quiet \
	  --storage-class JournalFileStorage "$$file"

notebook: .venv/notebook.stamp ## Jupyter with the first steps from Python; ARGS=--no-browser
	@exec .venv/bin/jupyter-lab $(ARGS) notebooks/first_steps.ipynb

docs: .venv/dev.stamp ## build the documentation's pages: site/index.html
	@$(IN_VENV) -m scripts.reference
	@NO_MKDOCS_2_WARNING=true $(IN_VENV) -m mkdocs build --quiet --strict
	@echo 'Written: site/index.html'

clean: ## remove caches and build leftovers; keeps .venv and outputs
	rm -rf build dist site *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	rm -rf catboost_info notebooks/.ipynb_checkpoints
	find configs hydra_plugins scripts spaceship tests -name __pycache__ -prune \
	  -exec rm -rf {} + 2>/dev/null || true

clean-outputs: ## remove outputs after asking: champions, runs, data; YES=1 does not ask
	@if [ '$(YES)' != 1 ]; then \
	  echo 'This removes every champion, run and prepared data set in $(OUTPUTS), but no stack.'; \
	  printf 'Type yes to go on: '; read -r answer || answer=; \
	  [ "$$answer" = yes ] || { echo 'Nothing removed.'; exit 1; }; fi; \
	find "$(OUTPUTS)" -mindepth 1 -maxdepth 1 ! -name .gitkeep ! -name stack -exec rm -rf {} +

clean-venv: ## remove .venv, such as after moving the project or upgrading Python
	rm -rf .venv

# The stamps say what is installed, so that a second `make run` starts at once.

.venv/made.stamp:
	@if $(IN_VENV) -c '$(NEW_ENOUGH)' 2>/dev/null && $(IN_VENV) -m pip --version >/dev/null 2>&1; \
	then touch $@ && exit 0; fi; \
	for candidate in $(CANDIDATES); do \
	  "$$candidate" -c '$(NEW_ENOUGH)' 2>/dev/null || continue; \
	  echo "Making .venv with $$("$$candidate" --version)"; \
	  "$$candidate" scripts/install.py venv --clear .venv && touch $@ && exit 0; \
	  echo "$$candidate cannot make .venv, see above; on Debian and Ubuntu: apt install python3-venv" >&2; \
	  exit 2; \
	done; \
	echo 'Python >= 3.11 is needed, found none in: $(CANDIDATES). Name one: make run PYTHON=...' >&2; \
	exit 2

.venv/run.stamp: .venv/made.stamp $(PINS)
	@echo 'Installing the pinned packages (one to three minutes the first time)'
	@$(PIP) -e .
	@touch $@

.venv/dev.stamp: .venv/made.stamp $(PINS)
	@echo 'Installing the pinned packages and tools (two to four minutes the first time)'
	@$(PIP) -e '.[$(strip $(EXTRAS))]'
	@touch .venv/run.stamp $@

.venv/dashboard.stamp .venv/notebook.stamp .venv/postgres.stamp: .venv/run.stamp
	@$(PIP) -e '.[$(@:.venv/%.stamp=%)]'
	@touch $@
