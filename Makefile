# One way in: `make` lists what there is to do. Everything may be repeated; what is done already costs nothing.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.SHELLFLAGS := -eu -c
.DELETE_ON_ERROR:
.PHONY: help install servers up down status demo test chaos bench simulate check fix clean

BIN := .venv/bin
SYNCED := .venv/.synced
WORKERS ?= 2
ARGS :=

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(SYNCED) ## Install uv where it is missing, and the locked packages into .venv

$(SYNCED): pyproject.toml uv.lock
	@uv=$$(sh deploy/setup/uv.sh); "$$uv" sync --locked --all-extras
	@touch $@

servers: ## Install RabbitMQ's package where it is missing (not with SVOY_AMQP_URL); nothing is started
	@test -n "$${SVOY_AMQP_URL:-}" || ls /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server >/dev/null 2>&1 \
		|| sh deploy/setup/apt.sh rabbitmq-server
	@test -n "$${SVOY_MONGO_URL:-}" || ldconfig -p | grep -q libcurl.so.4 || sh deploy/setup/apt.sh libcurl4

up: install servers ## Run everything here: RabbitMQ, MongoDB, the services; Ctrl-C stops them
	@exec $(BIN)/svoy up

down: install ## Stop what `svoy up --detach` left running
	@$(BIN)/svoy down

status: install ## Show what runs
	@$(BIN)/svoy status

demo: install servers ## Play a month of the business through the public doors
	@exec $(BIN)/svoy demo

test: install servers ## Run the tests on real servers of their own
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile --ignore=tests/chaos
	@$(BIN)/pytest tests/chaos

chaos: install servers ## Run only the tests that kill and freeze processes
	@$(BIN)/pytest tests/chaos

bench: install servers ## Measure the throughput and compare; figures go to build/bench
	@$(BIN)/python -m tests.bench

simulate: install ## Compare ways of giving work away on simulated companies, into build/bench; ARGS="--seeds 2 --days 14"
	@$(BIN)/python -m deploy.simulate $(ARGS)

check: install promtool ## Lint, types, architecture, alert rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@promtool check config deploy/prometheus/prometheus.yml
	@promtool test rules deploy/prometheus/tests/*.yml

.PHONY: promtool
promtool:
	@command -v promtool >/dev/null || sh deploy/setup/apt.sh prometheus

fix: install ## Put right what ruff can put right by itself
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

clean: ## Remove .venv, build and caches; the data of `svoy up` stay (svoy wipe removes them)
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
