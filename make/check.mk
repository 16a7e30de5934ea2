# What is tested, and how much of it: `make check` before each commit (under a minute), `make test` everything,
# `make stress` what repeats things, repeated more often.

TESTS_PYTHON = /usr/bin/python3 -B
PARALLEL ?= $(shell nproc)

UNIT_SOURCES = $(sort $(wildcard tests/unit/*.c))
UNIT_TESTS = $(UNIT_SOURCES:tests/unit/%.c=$(BUILD)/tests/unit/%)

# A test sees its room: NAME.c uses proto/ and client/; supervisor_NAME.c, worker_NAME.c and stubgen_NAME.c use proto/
# and the room named.  Archives, so that each test gets the objects it names and no more.
unit_archive = $(BUILD)/tests/unit-$(or $(filter supervisor worker stubgen,$(firstword $(subst _, ,$(1)))),client).a
$(BUILD)/tests/unit-client.a: $(CLIENT) $(HOST_LOAD) $(PROTO)
$(BUILD)/tests/unit-supervisor.a: $(filter-out %/main.o,$(SUPERVISOR)) $(PROTO)
$(BUILD)/tests/unit-worker.a: $(filter-out %/main.o,$(WORKER)) $(HOST_LOAD) $(PROTO)
$(BUILD)/tests/unit-stubgen.a: $(filter-out %/main.o,$(STUBGEN)) $(PROTO)
$(BUILD)/tests/%.a:
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)
.SECONDEXPANSION:
$(BUILD)/tests/unit/%: tests/unit/%.c $$(call unit_archive,$$*) $(JEMALLOC)
	@mkdir -p $(@D)
	$(CC) $(COIL_CFLAGS) $(CFLAGS) -MF $@.d $(COIL_LDFLAGS) $(LDFLAGS) -o $@ $< $(call unit_archive,$*) $(PROTO) -lcmocka -lmsgpackc \
		$(if $(filter supervisor_%,$*),-luv -linih) $(if $(filter worker_%,$*),$(JEMALLOC) -lm) $(LIBFFI) -ldl
# Where libcoil's code in a test looks for coil's other files.
$(BUILD)/tests/unit/coil: | $(SLOTS)
	@mkdir -p $(@D)
	ln -sfn ../../$(LIBDIR)/coil $@
$(UNIT_TESTS): | $(BUILD)/tests/unit/coil
-include $(wildcard $(BUILD)/tests/unit/*.d)

# A test that hangs must not stop the run; CMOCKA prints which one it was.
UNIT_TIMEOUT ?= 120
E2E = $(TESTS_PYTHON) tests/run.py --build $(BUILD) -j $(PARALLEL) $(if $(SANITIZE),--sanitize $(SANITIZE))

STRESS = $(TESTS_PYTHON) tests/run.py --suite stress --build $(BUILD) -j 1 $(if $(SANITIZE),--sanitize $(SANITIZE))

INSTALL_TESTS ?= *

# Folders of tests with a runner of their own.
run_folder = @echo "== $(1)"; $(TESTS_PYTHON) tests/$(1)/run.py $(2)

.PHONY: check test demo model bench stress programs-and-units run-units run-stubgen run-layering run-e2e run-e2e-quick \
	run-stress run-install run-model run-sanitized run-tsan run-faults run-nth run-memcheck run-check run-test

programs-and-units: programs $(UNIT_TESTS)

# Side by side: some wait most of the time.
run-units: $(UNIT_TESTS)
	@echo "== unit"
	@printf '%s\n' $(UNIT_TESTS) | xargs -P $(PARALLEL) -I TEST sh -c 'test=TEST; \
		if timeout $(UNIT_TIMEOUT) $$test > $$test.log 2>&1; then echo "ok   $${test##*/}"; \
		else echo "FAIL $${test##*/} (status $$?)"; grep -vE "^\[ (RUN  |     *OK) \]" $$test.log; exit 1; fi'

run-stubgen: programs
	$(call run_folder,golden,--build $(BUILD))
	$(call run_folder,reject,--build $(BUILD))
	$(call run_folder,frontend,--build $(BUILD))
run-layering: programs
	$(call run_folder,layering,--build $(BUILD))
model: run-model
run-model:
	$(call run_folder,model)
run-e2e-quick: programs
	@echo "== end to end, the quick ones"
	@$(E2E) --quick
# What goes on for long, in a short form.
run-stress: programs
	@echo "== stress, for a short while"
	@$(STRESS)
run-e2e: programs
	@echo "== end to end"
	@$(E2E)
# The client library under valgrind, in the programs of the cases that are marked for it; Python is in its own process.
run-memcheck: programs
	@echo "== programs under valgrind"
	@$(E2E) --memcheck --mode daemon
run-install: programs
	$(call run_folder,install,--build $(BUILD) --make "$(MAKE)" -k '$(INSTALL_TESTS)')

# The steps run one after the other, whatever -j says: each uses the machine by itself.  All run, and what failed is named.
run_steps = failed=; for step in $(2); do $(MAKE) --no-print-directory $$step || failed="$$failed $$step"; done; \
	if [ -n "$$failed" ]; then echo "$(1): FAILED:$$failed"; exit 1; fi; echo "$(1): passed"
check: setup-test
	@+$(MAKE) --no-print-directory -j$(PARALLEL) programs-and-units
	@+$(call run_steps,check,run-units run-stubgen run-layering run-e2e-quick)
test: setup-test
	@+$(MAKE) --no-print-directory -j$(PARALLEL) programs-and-units
	@+$(call run_steps,test,run-units run-stubgen run-layering run-model run-tsan run-fuzz run-e2e run-memcheck run-stress run-faults run-nth run-install run-sanitized)

# A build of its own with AddressSanitizer and UndefinedBehaviorSanitizer: unit tests, the generator, everything end to end.
sanitized = SANITIZE=address,undefined BUILD=$(BUILD)-asan CFLAGS='-O1 -g'
run-sanitized:
	@echo "== built with AddressSanitizer and UndefinedBehaviorSanitizer"
	@+$(MAKE) --no-print-directory $(sanitized) -j$(PARALLEL) programs-and-units
	@+failed=; for step in run-units run-stubgen run-e2e; do $(MAKE) --no-print-directory $(sanitized) $$step || failed="$$failed $$step"; done; \
	if [ -n "$$failed" ]; then echo "sanitized: FAILED:$$failed"; exit 1; fi

# What threads share with each other, built with ThreadSanitizer: the unit tests that name it.  It cannot watch two processes,
# and has no room for windows, so the ring stands for all that is shared with workers.
TSAN_SOURCES = $(shell grep -l ThreadSanitizer $(UNIT_SOURCES))
run-tsan:
	@echo "== built with ThreadSanitizer"
	@+$(MAKE) --no-print-directory SANITIZE=thread BUILD=$(BUILD)-thread CFLAGS='-O1 -g -Wno-tsan' -j$(PARALLEL) \
		UNIT_SOURCES='$(TSAN_SOURCES)' run-units

# Every process killed at every step of what it does, in a build with fault points (proto/fault.h).
KILLS ?= --more 200
run-faults:
	@+$(MAKE) --no-print-directory FAULTS=1 BUILD=$(BUILD)-faults CFLAGS='-O1 -g' -j$(PARALLEL) programs
	@echo "== faults"
	@$(TESTS_PYTHON) tests/faults/kill.py --build $(BUILD)-faults -j $(PARALLEL) $(KILLS)

# Whatever libcoil and coild ask of the C library and the kernel, refused in its turn.
NTH ?=
run-nth: programs
	@echo "== the Nth thing that can fail does"
	@$(TESTS_PYTHON) tests/faults/nth.py --build $(BUILD) $(NTH)

demo: all
	@sh examples/demo.sh $(BUILD)

# Beside its peers, and by kind of parameter: about six minutes; QUICK=1 makes it one.
QUICK ?=
bench: setup-bench
	@+$(MAKE) --no-print-directory -j$(PARALLEL) programs
	@$(TESTS_PYTHON) bench/run.py --build $(BUILD) $(if $(QUICK),--quick) $(BENCH)
	@$(TESTS_PYTHON) bench/pointers/run.py --build $(BUILD) $(if $(QUICK),--turns 1 --rounds 3) $(BENCH_POINTERS)

# The long forms: hours.  make stress LEDGER_KILLS=1000 STRESS_SCALE=2 is a shorter one; make stress-ledger one of its steps.
STRESS_SCALE ?= 20
LEDGER_KILLS ?= 10000
.PHONY: stress-model stress-e2e stress-rounds stress-ledger stress-faults stress-nth stress-install
stress: setup-test
	@+$(MAKE) --no-print-directory -j$(PARALLEL) programs-and-units
	@+$(call run_steps,stress,stress-model stress-e2e stress-rounds stress-ledger stress-faults stress-nth stress-install soak)
stress-model:
	$(call run_folder,model,--long)
stress-e2e: programs
	@echo "== end to end, $(STRESS_SCALE) times as much"
	@$(E2E) --scale $(STRESS_SCALE)
stress-rounds: programs
	@for round in 1 2 3 4 5; do $(E2E) -k 'kill*' && $(E2E) -k '*thread*' && $(E2E) -k 'many*' || exit 1; done
stress-ledger: programs
	@LEDGER_KILLS=$(LEDGER_KILLS) $(STRESS) -k ledger
stress-faults:
	@+$(MAKE) --no-print-directory run-faults KILLS=--all
stress-nth:
	@+$(MAKE) --no-print-directory run-nth NTH=--all
stress-install: programs
	$(call run_folder,install,--build $(BUILD) --make "$(MAKE)" --long)

# Does anything grow?
SOAK_MINUTES ?= 10
.PHONY: soak
soak: setup-test
	@+$(MAKE) --no-print-directory -j$(PARALLEL) programs
	@SOAK_MINUTES=$(SOAK_MINUTES) $(STRESS) -k soak

# The end-to-end programs built by the real CFFI: proves that what they are expected to print is CFFI's behaviour.
.PHONY: test-expectations
test-expectations: setup-test setup-bench
	@$(E2E) --mode cffi
