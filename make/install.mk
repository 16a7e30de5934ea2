# make install, with DESTDIR and PREFIX; make uninstall.  The installed tree has the shape of BUILD.

INSTALL ?= install
VERSION = $(shell sed -n 's/^\#define COIL_VERSION "\(.*\)"/\1/p' proto/version.h)

# The programs find each other relative to their own places, so only PREFIX can be chosen freely.
installed_root = $(DESTDIR)$(PREFIX)
installed_files = bin/coild bin/coilctl bin/coil-stubgen libexec/coil/coil-worker libexec/coil/slots lib/libcoil.so lib/libcoil.so.0 \
	lib/coil/libcoil-host.so include/coil.h include/coil/stub.h include/coil/descriptor.h \
	lib/pkgconfig/coil.pc lib/pkgconfig/coil-stubgen.pc share/coil/LICENSE
pc_expand = sed -e 's|@prefix@|$(PREFIX)|g' -e 's|@version@|$(VERSION)|g'

.PHONY: install uninstall
install: all
	$(INSTALL) -d $(addprefix $(installed_root)/,bin lib/coil lib/pkgconfig libexec/coil include/coil share/coil)
	$(INSTALL) -m 755 $(COILD) $(COILCTL) $(STUBGEN_BIN) $(installed_root)/bin/
	$(INSTALL) -m 755 $(WORKER_BIN) $(installed_root)/libexec/coil/
	$(INSTALL) -m 644 $(SLOTS) $(installed_root)/libexec/coil/
	$(INSTALL) -m 644 $(LIBCOIL) $(installed_root)/lib/libcoil.so.0
	ln -sf libcoil.so.0 $(installed_root)/lib/libcoil.so
	$(INSTALL) -m 644 $(LIBHOST) $(installed_root)/lib/coil/
	$(INSTALL) -m 644 client/coil.h $(installed_root)/include/
	$(INSTALL) -m 644 client/stub.h proto/descriptor.h $(installed_root)/include/coil/
	cd stubgen/python && find . -name '*.py' -exec $(INSTALL) -D -m 644 {} $(abspath $(installed_root))/share/coil/python/{} \;
	$(INSTALL) -m 644 LICENSE $(installed_root)/share/coil/
	$(pc_expand) make/coil.pc.in > $(installed_root)/lib/pkgconfig/coil.pc
	$(pc_expand) make/coil-stubgen.pc.in > $(installed_root)/lib/pkgconfig/coil-stubgen.pc
	chmod 644 $(installed_root)/lib/pkgconfig/coil.pc $(installed_root)/lib/pkgconfig/coil-stubgen.pc

uninstall:
	rm -f $(addprefix $(installed_root)/,$(installed_files))
	rm -rf $(installed_root)/share/coil/python
	rmdir $(addprefix $(installed_root)/,include/coil lib/coil libexec/coil share/coil) 2>/dev/null || true
