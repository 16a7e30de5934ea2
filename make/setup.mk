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
# Each line of --packages is one peer's; a peer whose packages cannot be had is left out.
setup-bench:
	@$(setup_run) build bench
	@if [ '$(SETUP)' != no ]; then /usr/bin/python3 -B bench/run.py --packages | sh make/optional.sh; fi
