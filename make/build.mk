# What is built, and from which rooms.
#
# The folder BUILD has the shape of an installed PREFIX, so that programs find each
# other the same way in both: bin/, lib/, libexec/coil/, include/, share/coil/.

.DEFAULT_GOAL := all
.SECONDARY:

# pkg-config is asked when a rule needs it, not when the Makefile is read: it may not be installed yet.
PKG_CONFIG ?= pkg-config
PYTHON_CONFIG = $(PYTHON) make/python_config.py
OBJCOPY ?= objcopy
LIBFFI = $$($(PKG_CONFIG) --libs libffi)

# Where libraries lie, seen from PREFIX; and the way back up from there.
LIBDIR ?= lib
empty :=
ABOVE_LIBDIR = $(subst $(empty) $(empty),/,$(patsubst %,..,$(subst /, ,$(LIBDIR))))
ifneq ($(filter /%,$(LIBDIR)),)
$(error LIBDIR=$(LIBDIR) has to be seen from PREFIX, as in LIBDIR=lib/x86_64-linux-gnu)
endif
SOVERSION = 0

room_objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard $(addsuffix /*.c,$(1)))))

# An archive, so that each program takes from proto/ only what it uses.
PROTO = $(BUILD)/obj/libproto.a
JEMALLOC = $(BUILD)/obj/libjemalloc.a
CLIENT = $(call room_objects,client client/remote client/inprocess)
HOST_LOAD = $(BUILD)/obj/daemon/host/load.o
HOST = $(filter-out $(HOST_LOAD),$(call room_objects,daemon/host))
WORKER = $(call room_objects,daemon/worker)
SUPERVISOR = $(call room_objects,daemon/supervisor)
CTL = $(call room_objects,daemon/ctl)
STUBGEN = $(call room_objects,stubgen)

PUBLIC_HEADERS = $(BUILD)/include/coil.h $(BUILD)/include/coil/stub.h $(BUILD)/include/coil/descriptor.h
STUBGEN_PYTHON = $(patsubst stubgen/python/%,$(BUILD)/share/coil/python/%,$(wildcard stubgen/python/*/*.py))

LIBCOIL = $(BUILD)/$(LIBDIR)/libcoil.so
LIBHOST = $(BUILD)/$(LIBDIR)/coil/libcoil-host.so
COILD = $(BUILD)/bin/coild
COILCTL = $(BUILD)/bin/coilctl
STUBGEN_BIN = $(BUILD)/bin/coil-stubgen
WORKER_BIN = $(BUILD)/libexec/coil/coil-worker
SLOTS = $(BUILD)/$(LIBDIR)/coil/slots
PROGRAMS = $(LIBCOIL) $(LIBHOST) $(COILD) $(COILCTL) $(STUBGEN_BIN) $(WORKER_BIN) $(SLOTS) $(STUBGEN_PYTHON)

.PHONY: all programs clean
all: setup
	@$(MAKE) --no-print-directory programs
programs: $(PROGRAMS) $(PUBLIC_HEADERS)
clean:
	rm -rf build build-*

$(BUILD)/include/coil.h: client/coil.h
$(BUILD)/include/coil/stub.h: client/stub.h
$(BUILD)/include/coil/descriptor.h: proto/descriptor.h
$(PUBLIC_HEADERS):
	@mkdir -p $(@D)
	cp $< $@
$(BUILD)/share/coil/python/%: stubgen/python/%
	@mkdir -p $(@D)
	cp $< $@

LOCATIONS = -DCOIL_LIBDIR='"$(LIBDIR)"' -DCOIL_ABOVE_LIBDIR='"$(ABOVE_LIBDIR)"'
$(BUILD)/obj/daemon/host/%.o: ROOM_CFLAGS = -ftls-model=initial-exec -fno-plt $$($(PYTHON_CONFIG) --cflags)
$(BUILD)/obj/proto/native.o: ROOM_CFLAGS = $$($(PKG_CONFIG) --cflags libffi)
$(HOST_LOAD): ROOM_CFLAGS = -DCOIL_LIBPYTHON='"$(shell $(PYTHON) make/python_config.py --library 2>/dev/null)"' \
	-DCOIL_PYTHON_VERSION='"$(shell $(PYTHON) make/python_config.py --version 2>/dev/null)"'
$(BUILD)/obj/client/%.o: ROOM_CFLAGS = -ftls-model=initial-exec -fno-plt $(LOCATIONS)
$(BUILD)/obj/daemon/worker/%.o: ROOM_CFLAGS = $(LOCATIONS)
$(BUILD)/obj/stubgen/%.o: ROOM_CFLAGS = $(LOCATIONS) -DCOIL_PYTHON_PROGRAM='"$(PYTHON)"'

# What is compiled for one Python is compiled again for another: this file changes when, and only when, PYTHON does.
PYTHON_STAMP = $(BUILD)/obj/python
$(PYTHON_STAMP): FORCE
	@mkdir -p $(@D)
	@library=$$($(PYTHON_CONFIG) --library) && version=$$($(PYTHON_CONFIG) --version) || \
		{ echo "PYTHON=$(PYTHON) does not tell what it is; name a Python 3 interpreter" >&2; exit 1; }; \
	echo "$(PYTHON) $$version $$library" | cmp -s - $@ || echo "$(PYTHON) $$version $$library" > $@
.PHONY: FORCE
FORCE:
$(HOST) $(HOST_LOAD) $(STUBGEN): $(PYTHON_STAMP)

$(BUILD)/obj/%.o: %.c | $(PUBLIC_HEADERS)
	@mkdir -p $(@D)
	$(CC) $(COIL_CFLAGS) $(ROOM_CFLAGS) $(CFLAGS) -c $< -o $@

$(BUILD)/obj/%.o: %.S
	@mkdir -p $(@D)
	$(CC) -I. -MMD -MP -c $< -o $@

# Code without relocations, which both sides map from this file.
$(SLOTS): $(BUILD)/obj/proto/slots_code.o
	@mkdir -p $(@D)
	$(OBJCOPY) -O binary -j .text $< $@
$(PROTO): $(call room_objects,proto) $(BUILD)/obj/proto/slots_resolve.o
	rm -f $@
	$(AR) rcs $@ $^
# The heap's allocator.  Linked into the worker under names of its own, so that Python and its extension modules keep the
# malloc() they would have anywhere else.
$(JEMALLOC): make/jemalloc.symbols
	@mkdir -p $(@D)
	@archive=$$($(CC) -print-file-name=libjemalloc_pic.a); test -f "$$archive" || \
		{ echo "libjemalloc_pic.a is missing: install libjemalloc-dev" >&2; exit 1; }; \
	echo "$(OBJCOPY) --redefine-syms=$< $$archive $@"; $(OBJCOPY) --redefine-syms=$< $$archive $@
$(LIBCOIL): $(CLIENT) $(PROTO) $(HOST_LOAD) client/libcoil.map
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-soname,libcoil.so.$(SOVERSION) -Wl,--version-script=client/libcoil.map -Wl,-z,nodelete $(if $(SANITIZE),,-Wl,-z,defs) \
		$(COIL_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) -lmsgpackc $(LIBFFI)
	ln -sf libcoil.so $@.$(SOVERSION)
$(LIBHOST): $(HOST) $(PROTO)
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-Bsymbolic $(COIL_LDFLAGS) $(LDFLAGS) -o $@ $^ $(LIBFFI)
$(WORKER_BIN): $(WORKER) $(PROTO) $(HOST_LOAD) $(JEMALLOC)
	@mkdir -p $(@D)
	$(CC) $(COIL_LDFLAGS) $(LDFLAGS) -o $@ $^ -lmsgpackc -lm
$(COILD): $(SUPERVISOR) $(PROTO)
	@mkdir -p $(@D)
	$(CC) $(COIL_LDFLAGS) $(LDFLAGS) -o $@ $^ -lmsgpackc -luv -linih
$(COILCTL): $(CTL) $(PROTO)
	@mkdir -p $(@D)
	$(CC) $(COIL_LDFLAGS) $(LDFLAGS) -o $@ $^ -lmsgpackc
$(STUBGEN_BIN): $(STUBGEN) $(PROTO)
	@mkdir -p $(@D)
	$(CC) $(COIL_LDFLAGS) $(LDFLAGS) -o $@ $^

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
