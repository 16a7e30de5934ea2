# coil: make demo, make test, make check, make bench, make install.
#
# Every room's objects are found by wildcard; a new file needs no line here.

PREFIX ?= /usr/local

# The Python that coil is built for: the distribution's, not the first in PATH.
PYTHON ?= /usr/bin/python3
ifeq ($(strip $(PYTHON)),)
override PYTHON := /usr/bin/python3
endif

# SANITIZE=address,undefined or SANITIZE=thread builds into a folder of its own.
SANITIZE ?=
# FAULTS=1 builds programs with fault points (proto/fault.h), into a folder of its own.
FAULTS ?=
BUILD ?= build$(if $(SANITIZE),-$(firstword $(subst $(comma), ,$(SANITIZE))))$(if $(FAULTS),-faults)
comma := ,

CC ?= cc
CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
COIL_CFLAGS = -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -pthread $(WARNINGS) -I. -I$(BUILD)/include \
	-MMD -MP $(if $(FAULTS),-DCOIL_FAULTS) \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=undefined $(PATTERN))
COIL_LDFLAGS = -pthread -Wl,--as-needed $(if $(SANITIZE),-fsanitize=$(SANITIZE))

# Locals that nobody has set are 0xfe bytes in such a build, and not by chance zero: GCC from 12 on, and clang.
PATTERN := $(if $(SANITIZE),$(shell $(CC) -ftrivial-auto-var-init=pattern -E -xc /dev/null >/dev/null 2>&1 && \
	echo -ftrivial-auto-var-init=pattern))

include make/setup.mk
include make/build.mk
include make/install.mk
include make/check.mk
include make/fuzz.mk
