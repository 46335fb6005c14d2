# Everything a contributor or CI types. `make rehearse` and `make test` install what they need, once.
# Versions come from constraints.txt and package-lock.json, packages from whatever index this machine is set to use.

PYTHON ?= python3
BIN    := .venv/bin
CODE   := states tasks flows deploy

# What the code knows and docs/ repeats: modules that write a page, and with --check say whether it is stale.
DOCS   := deploy.inventory.schema deploy.docs deploy.postgresql.tables deploy.azure.roles

# Schedules of `make hostile`, and how many are played at once.
SEEDS  ?= 0-999
JOBS   ?= 2

.DEFAULT_GOAL := help
.PHONY: help .venv node_modules rehearse fleet faults test check docs docs-check site bench bench-fleet hostile crash soak fuzz mutants proofs sbom audit constraints clean

help:  ## say what can be made
	@sed -n 's/^\([a-z][a-z-]*\):.*  ## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

.venv: .venv/.ready  ## the Python environment, with the tested versions
.venv/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed and '$(PYTHON)' is not: name one, as in make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
	  { echo "this Python cannot make environments: install its venv package (Debian: python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@# A tool's optional validator builds 38 grammars in every process that imports Prefect: two seconds each, unused.
	@$(BIN)/python -m pip uninstall --quiet --yes rfc3987-syntax
	@# Imports take twice as long without the compiled files, and the first command should not pay for them.
	$(BIN)/python -m compileall -q .venv/lib $(CODE) >/dev/null || true
	@touch $@

node_modules: node_modules/.ready  ## the storage emulator
node_modules/.ready: package.json package-lock.json
	@command -v npm >/dev/null || { echo "node 20 or newer with npm is needed (Debian: nodejs npm)" >&2; exit 1; }
	npm ci --no-audit --no-fund --no-update-notifier --ignore-scripts --loglevel=error
	@touch $@

rehearse: .venv node_modules  ## seed the sample offices here (DATA=/dir, KEEP_UI=1, ARGS=...)
	$(BIN)/seeding rehearse $(if $(DATA),--data "$(DATA)") $(if $(KEEP_UI),--keep-ui) $(ARGS)

faults: .venv node_modules  ## every fault that can be rehearsed: expected and seen (FAULT=code,code)
	$(BIN)/seeding rehearse --fault "$(or $(FAULT),all)" $(ARGS)

fleet: .venv node_modules  ## rehearse fifty offices, worked by processes as in production (OFFICES=50)
	$(BIN)/seeding rehearse --offices $(or $(OFFICES),50) --size '25 MiB' $(ARGS)

test: .venv node_modules  ## the whole test suite (ARGS="-k journal")
	$(BIN)/python -m pytest $(ARGS)

check: .venv docs-check  ## what CI checks beside the tests: style, types, import directions, fresh docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv  ## write what the code knows into docs/
	@for page in $(DOCS); do $(BIN)/python -m $$page || exit 1; done

docs-check: .venv
	@for page in $(DOCS); do $(BIN)/python -m $$page --check || exit 1; done

site: .venv  ## the pages of docs/ as a site in build/site; needs no network
	$(BIN)/python -m sphinx -E -W --keep-going -q -b html docs build/site
	@echo "build/site/index.html"

bench: .venv  ## the benchmark of the media engine (ARGS=...)
	$(BIN)/python -m bench $(ARGS)

bench-fleet: .venv node_modules  ## the benchmark of 100 and 1,000 offices (ARGS=...)
	$(BIN)/python -m bench.fleet $(ARGS)

crash: .venv node_modules  ## the crash matrix: every verb dies at every boundary, of everything; prints the table
	$(BIN)/python -m pytest -m slow tests/crash --timeout 3600 $(ARGS)

hostile: .venv node_modules  ## a thousand runs against a hostile Azure (SEEDS=37 for one, JOBS=2)
	SEEDS=$(SEEDS) $(BIN)/python -m pytest -n $(JOBS) --dist=load --timeout 120 tests/hostile/test_hostile_azure.py \
	  -k no_schedule $(ARGS)

fuzz: .venv  ## hostile input, fifty times as often as in the suite, never the same (TRIES=50)
	TRIES=$(or $(TRIES),50) $(BIN)/python -m pytest tests/fuzz $(ARGS)

mutants: .venv  ## small changes to states/, which its tests must notice (ARGS="--sample 400 --seed 1", "'states.fold.*'")
	nice -n 15 $(BIN)/python tests/mutants/try_mutants.py $(ARGS)

soak: .venv node_modules  ## ten thousand simulated office-days of random faults, seed after seed (DAYS=500, ARGS="--chaos 300")
	$(BIN)/seeding rehearse --soak $(or $(DAYS),10000) $(ARGS)

proofs: .venv node_modules  ## the slow proofs: a rehearsal, a browser, kills by the hundred
	$(BIN)/python -m pytest -m slow --timeout 3600 $(ARGS)

sbom: .venv node_modules  ## what is installed, with licences, as two CycloneDX files in build/; needs no network
	@mkdir -p build
	$(BIN)/python -m cyclonedx_py environment .venv --pyproject pyproject.toml --output-reproducible --no-validate \
	  --output-format JSON --output-file build/sbom.cdx.json
	@npm sbom --sbom-format cyclonedx --package-lock-only --loglevel=error > build/sbom-emulator.cdx.json

audit: .venv  ## known vulnerabilities of the pinned versions; needs a network
	$(PYTHON) -m venv build/pip-audit
	build/pip-audit/bin/python -m pip install --quiet pip-audit
	build/pip-audit/bin/pip-audit --strict --no-deps --disable-pip --requirement constraints.txt
	npm audit --package-lock-only

constraints: .venv  ## write the versions of this environment into constraints.txt
	@{ head -n 1 constraints.txt; $(BIN)/python -m pip freeze --exclude-editable | grep -v -e '@' -e '://'; } > constraints.new
	@mv constraints.new constraints.txt

clean:  ## remove what make made; journals under .seeding stay
	rm -rf .venv node_modules build mutants *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find $(CODE) tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
