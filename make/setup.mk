# What must be on the machine: found out without the network, installed only if missing.
#
#     make SETUP=no ...        skip this: everything needed is known to be there

SETUP ?= yes
setup_run = PYTHON='$(PYTHON)' CC='$(CC)' SETUP='$(SETUP)' sh make/setup.sh

.PHONY: setup setup-test setup-bench
setup:
	@$(setup_run) build
setup-test:
	@$(setup_run) build test
setup-bench:
	@$(setup_run) build bench
