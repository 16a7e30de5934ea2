# make install, with PREFIX, LIBDIR and DESTDIR; make uninstall.  The installed tree has the shape of BUILD: the programs find
# each other relative to their own places, so that a prefix can be moved as a whole.
#
#     make install PREFIX=/usr LIBDIR=lib/x86_64-linux-gnu DESTDIR=/tmp/stage BUILD=build-usr
#
# What is installed is one table, for both.  LIBDIR is built in: another one wants another BUILD.

INSTALL ?= install
VERSION = $(shell sed -n 's/^\#define COIL_VERSION "\(.*\)"/\1/p' proto/version.h)

installed_root = $(DESTDIR)$(PREFIX)
generated = $(BUILD)/generated

# Texts with places in them: packaging/NAME.in becomes generated/NAME.  Made each time, as PREFIX may be another.
# A program finds libcoil in the system's own folders without being told where it is.
TEMPLATES = $(patsubst packaging/%.in,$(generated)/%,$(wildcard packaging/*.in packaging/*/*.in packaging/*/*/*.in))
template_expand = sed -e 's|@prefix@|$(PREFIX)|g' -e 's|@libdir@|$(LIBDIR)|g' -e 's|@version@|$(VERSION)|g' \
	-e 's|@above_libdir@|$(ABOVE_LIBDIR)|g' -e 's|@soversion@|$(SOVERSION)|g' \
	-e 's|@rpath@|$(if $(filter /usr / ,$(PREFIX)/ $(PREFIX)),, -Wl,-rpath,$${libdir})|g'
$(TEMPLATES): $(generated)/%: packaging/%.in FORCE
	@mkdir -p $(@D)
	@$(template_expand) $< > $@

# Units of the system's daemon, and of one for each user.
UNITDIR = lib/systemd
UNITS = $(filter %.socket %.service,$(TEMPLATES))

# NAME.SECTION, and the functions that coil.h(3) tells about.
MANUALS = $(filter $(generated)/man/%,$(TEMPLATES))
FUNCTION_MANUALS = $(shell sed -n 's/.*[ *]\(coil_[a-z_]*\)(.*);$$/\1/p' client/coil.h)
OTHER_MANUALS = coild.service coild.socket coil-worker

# A file for each command, as packages may have only some of them.
COMPLETIONS = $(addprefix $(generated)/bash-completion/,coild coilctl coil-stubgen)
$(COMPLETIONS): packaging/bash-completion/coil
	@mkdir -p $(@D)
	@cp $< $@

# MODE:FOLDER:FILE, one word for each.
in_folder = $(foreach file,$(3),$(1):$(2):$(file))
INSTALLED = \
	$(call in_folder,755,bin,$(COILD) $(COILCTL) $(STUBGEN_BIN)) \
	$(call in_folder,755,libexec/coil,$(WORKER_BIN)) \
	$(call in_folder,644,$(LIBDIR),$(LIBCOIL).$(VERSION)) \
	$(call in_folder,644,$(LIBDIR)/coil,$(LIBHOST) $(SLOTS)) \
	$(call in_folder,644,$(LIBDIR)/pkgconfig,$(filter %.pc,$(TEMPLATES))) \
	$(call in_folder,644,$(LIBDIR)/cmake/Coil,$(filter %.cmake,$(TEMPLATES))) \
	$(call in_folder,644,$(UNITDIR)/system,$(filter-out %/user/coild.socket %/user/coild.service,$(UNITS))) \
	$(call in_folder,644,$(UNITDIR)/user,$(filter %/user/coild.socket %/user/coild.service,$(UNITS))) \
	$(call in_folder,644,lib/sysusers.d,packaging/sysusers.d/coil.conf) \
	$(call in_folder,644,lib/tmpfiles.d,packaging/tmpfiles.d/coil.conf) \
	$(foreach file,$(MANUALS),644:share/man/man$(subst .,,$(suffix $(file))):$(file)) \
	$(call in_folder,644,share/bash-completion/completions,$(COMPLETIONS)) \
	$(call in_folder,644,include,client/coil.h) \
	$(call in_folder,644,include/coil,client/stub.h proto/descriptor.h) \
	$(call in_folder,644,share/coil,LICENSE) \
	$(foreach file,$(wildcard stubgen/python/*/*.py),644:$(patsubst stubgen/%/,share/coil/%,$(dir $(file))):$(file))

# Names that lead to another one beside them: NAME:TARGET.
INSTALLED_LINKS = $(LIBDIR)/libcoil.so:libcoil.so.$(SOVERSION) $(LIBDIR)/libcoil.so.$(SOVERSION):libcoil.so.$(VERSION) \
	$(FUNCTION_MANUALS:%=share/man/man3/%.3:coil.h.3) $(OTHER_MANUALS:%=share/man/man8/%.8:coild.8) \
	share/man/man5/coild.conf.5:../man8/coild.8

installed_files = $(foreach entry,$(INSTALLED),$(word 2,$(subst :, ,$(entry)))/$(notdir $(word 3,$(subst :, ,$(entry))))) \
	$(foreach entry,$(INSTALLED_LINKS),$(firstword $(subst :, ,$(entry))))
own_folders = share/coil/python/cffi share/coil/python share/coil include/coil libexec/coil $(LIBDIR)/coil $(LIBDIR)/cmake/Coil

.PHONY: install uninstall
install: all
	@$(MAKE) --no-print-directory install-files
.PHONY: install-files
install-files: $(TEMPLATES) $(COMPLETIONS)
	@cp $(LIBCOIL) $(LIBCOIL).$(VERSION)
	@set -e; for entry in $(INSTALLED); do \
		mode=$${entry%%:*}; file=$${entry##*:}; folder=$${entry#*:}; folder=$${folder%:*}; \
		$(INSTALL) -D -m $$mode "$$file" "$(installed_root)/$$folder/$${file##*/}"; \
	done
	@set -e; for entry in $(INSTALLED_LINKS); do name=$${entry%%:*}; $(INSTALL) -d "$(installed_root)/$${name%/*}"; ln -sf "$${entry#*:}" "$(installed_root)/$${entry%%:*}"; done
	@echo "coil $(VERSION) is installed in $(installed_root)"

# Folders that others may use as well stay.
uninstall:
	@cd "$(installed_root)" && rm -f $(installed_files)
	@cd "$(installed_root)" && rmdir $(own_folders) 2>/dev/null || true
	@echo "coil $(VERSION) is no longer in $(installed_root)"
