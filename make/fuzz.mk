# Fuzzing: tests/fuzz/*.c with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer, built by clang.
#
#     make fuzz                              every target for FUZZ_SECONDS, from what is kept and what was found before
#     make fuzz FUZZ=message FUZZ_SECONDS=60   one of them
#     make run-fuzz                          a few seconds of each: part of make test

FUZZ_CC ?= $(firstword $(shell for name in clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14; do command -v $$name; done))
FUZZ_SECONDS ?= 300
FUZZ ?= *

FUZZ_BUILD = $(BUILD)/fuzz
FUZZ_CFLAGS = $(filter-out -fsanitize=%,$(COIL_CFLAGS)) -O1 -g -fno-omit-frame-pointer -fno-sanitize-recover=undefined
FUZZ_TARGETS = $(patsubst tests/fuzz/%.c,$(FUZZ_BUILD)/%,$(sort $(wildcard tests/fuzz/*.c)))

# A target sees its room, as unit tests do: NAME.c uses proto/; stubgen_NAME.c and worker_NAME.c also the room named.
fuzz_objects = $(patsubst %.c,$(FUZZ_BUILD)/obj/%.o,$(sort $(wildcard $(addsuffix /*.c,$(1)))))
fuzz_archive = $(FUZZ_BUILD)/$(or $(filter stubgen worker,$(firstword $(subst _, ,$(1)))),proto).a
$(FUZZ_BUILD)/proto.a: $(call fuzz_objects,proto)
$(FUZZ_BUILD)/stubgen.a: $(filter-out %/main.o,$(call fuzz_objects,stubgen proto))
$(FUZZ_BUILD)/worker.a: $(filter-out %/main.o,$(call fuzz_objects,daemon/worker proto))
$(FUZZ_BUILD)/%.a:
	@mkdir -p $(@D)
	rm -f $@
	$(AR) rcs $@ $^
$(FUZZ_BUILD)/obj/%.o: %.c | $(PUBLIC_HEADERS)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link,address,undefined -c $< -o $@
$(FUZZ_BUILD)/%: tests/fuzz/%.c $$(call fuzz_archive,$$*)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) -MF $@.d -fsanitize=fuzzer,address,undefined -o $@ $< $(call fuzz_archive,$*) -lmsgpackc $(LIBFFI)
-include $(wildcard $(FUZZ_BUILD)/*.d)
-include $(shell find $(FUZZ_BUILD)/obj -name '*.d' 2>/dev/null)

.PHONY: fuzz run-fuzz fuzz-targets
fuzz-targets: $(FUZZ_TARGETS)
fuzz: setup-test
	@+$(MAKE) --no-print-directory -j$(PARALLEL) programs fuzz-targets
	$(call run_folder,fuzz,--build $(BUILD) -k '$(FUZZ)' --seconds $(FUZZ_SECONDS) -j $(PARALLEL))
run-fuzz: programs
ifeq ($(FUZZ_CC),)
	@echo "== fuzz"; echo "skip fuzz: there is no clang here (Debian: clang and libclang-rt-dev)"
else
	@+$(MAKE) --no-print-directory -j$(PARALLEL) fuzz-targets
	$(call run_folder,fuzz,--build $(BUILD) --seconds 3 -j $(PARALLEL))
endif
