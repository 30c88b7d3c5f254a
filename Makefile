# Every verb of this project. `make` alone lists them.

PYTHON ?= python3
UV_VERSION := 0.13.9
UV  := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
RUN := $(UV) run --locked

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

##@ First

.PHONY: help
help: ## List the verbs
	@awk 'BEGIN {FS = ":.*## "} \
	/^##@ / {printf "\n%s\n", substr($$0, 5)} \
	/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/.ready ## Build .venv exactly as locked (uv comes by pip where it is absent)

# Not into .venv: `uv sync` is exact and would remove itself.
.tools/bin/uv:
	$(PYTHON) -m pip install --quiet --root-user-action=ignore --target .tools uv==$(UV_VERSION)

.venv/.ready: uv.lock pyproject.toml | $(UV)
	$(UV) sync --locked --quiet
	@touch $@

##@ The code

.PHONY: check
check: lint types imports ## The static part: lint, types, imports

.PHONY: format
format: setup ## Bring the code into its form
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

.PHONY: lint
lint: setup ## ruff, every rule but those with a reason
	$(RUN) ruff format --check .
	$(RUN) ruff check .

.PHONY: types
types: setup ## mypy --strict, tests included
	$(RUN) mypy .

.PHONY: imports
imports: setup ## Who may import whom
	$(RUN) lint-imports

# The browser tests want Debian's chromium, the webhook tests Node.js with npm, the production server
# PostgreSQL and Go: setup brings none of them, a test without them says how to.
# The tests mostly wait, so a few more than cores.
WORKERS ?= 3

.PHONY: test
test: setup ## Every tier; missing Temporal servers are found, downloaded or built
	@.venv/bin/python -m devstack temporal
	@.venv/bin/python -m devstack server
	$(RUN) pytest -n $(WORKERS) --dist loadfile

.PHONY: test-quick
test-quick: setup ## The unit tier: no server, under a minute
	$(RUN) pytest tests/unit -n 2

.PHONY: histories
histories: setup ## Record the paths of tests/replay anew; ONLY=name for one of them
	$(RUN) pytest tests/replay/recording.py -k 'kept $(if $(ONLY),and $(ONLY))'

##@ What it withstands

.PHONY: hostile
hostile: setup ## A million forged tokens, 10,000 bent bodies a parser, 2,000 sequences of moves
	.venv/bin/python -m tests.hostile tokens
	.venv/bin/python -m tests.hostile bodies
	.venv/bin/python -m tests.hostile moves
	.venv/bin/python -m tests.hostile flood

RUNS ?= 120
SEED ?= 1

# What must hold is in tests/reliability/invariants.py.
.PHONY: chaos
chaos: setup ## RUNS=120 runs made from SEED=1, faults and kills in them, held against the ledger; ONLY=17 plays one
	@.venv/bin/python -m devstack temporal
	@.venv/bin/python -m tests.chaos --runs $(RUNS) --seed $(SEED) $(if $(ONLY),--only $(ONLY) --verbose)

.PHONY: mutants
mutants: setup ## Break guards one at a time in a private copy: do the tests notice?
	@.venv/bin/python -m devstack temporal
	.venv/bin/python -m tests.mutants

# Every measurement keeps its figures in docs/reliability.json when RECORD=1.
.PHONY: reliability
reliability: export RECORD = 1
reliability: setup hostile mutants ## Measure everything that docs/reliability.md tells, for hours, and write it anew
	.venv/bin/python -m pytest tests/e2e
	.venv/bin/python -m tests.chaos --runs 2000
	.venv/bin/python -m tests.reliability

##@ What it costs

STORE ?= postgresql
ROUNDS ?= 3

.PHONY: bench
bench: setup ## Measure beside others on PostgreSQL, in 25 minutes, into docs/performance.json; STORE=sqlite
	@exec .venv/bin/python -m benchmarks run --store $(STORE) --rounds $(ROUNDS) --seed $(SEED) --out docs/performance.json

.PHONY: bench-quick
bench-quick: setup ## A look at the same in about 90 s; STORE=sqlite
	@exec .venv/bin/python -m benchmarks run --quick --store $(STORE) --seed $(SEED)

.PHONY: picture
picture: setup ## Draw docs/performance.json into docs/performance.png
	@exec .venv/bin/python -m benchmarks picture

##@ The whole thing on this machine

# Of the command line only: some shells export a HOST of their own.
UP_HOST = $(if $(filter command,$(origin HOST)),--host '$(HOST)')

.PHONY: messages
messages: setup ## Collect the pages' messages into web/locale for translators
	$(RUN) python -m web.locale_update

.PHONY: api
api: setup ## Write the API's documents anew: docs/openapi.json, docs/problems.md
	$(RUN) python -m web.api.document >docs/openapi.json
	$(RUN) python -m web.api.catalogue >docs/problems.md

.PHONY: demo
demo: setup ## One person from invitation to video, a killed worker included
	@exec .venv/bin/python -m devstack demo

.PHONY: up
up: setup ## Keep it running to play with; HOST=auto lets a phone in, UP_REAL=1 takes your own servers
	@exec .venv/bin/python -m devstack up $(UP_HOST)

.PHONY: down
down: setup ## End what `make up` started; what it knows stays in .likeness/
	@exec .venv/bin/python -m devstack down

.PHONY: screens
screens: setup ## Take a picture of every page a person can see, into docs/screens
	@exec .venv/bin/python -m devstack screens

##@ One process, from its own variables alone

.PHONY: worker
worker: setup ## Workflows and activities
	@exec .venv/bin/python worker.py

.PHONY: web
web: setup ## The person's pages, the callback relay, the admin listener
	@exec .venv/bin/python -m web

PORT ?= 9000
.PHONY: simulator
simulator: setup ## APIMart, pretended, on PORT (9000)
	@exec .venv/bin/python -m simulator --port $(PORT)

##@ Last

.PHONY: clean
clean: ## Remove what was built and cached here; .likeness/ stays
	rm -rf .venv .tools build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
