# Installs the SDK: make -f sdk/install.mk install PREFIX=/usr/local DESTDIR=
# The header, the drop-in sys/sdt.h (in a folder of its own: it is used by -I alone), the files of pkg-config and CMake,
# and the stand-in for dtrace.
PREFIX ?= /usr/local
SDK := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
# The header has the version: TELLTALE_VERSION is major * 10000 + minor * 100 + patch.
VERSION := $(shell awk '$$2 == "TELLTALE_VERSION" { v = $$3; \
	printf "%d.%d.%d", v / 10000, v % 10000 / 100, v % 100 }' $(SDK)/telltale.h)
INCLUDE := $(DESTDIR)$(PREFIX)/include
SHARE := $(DESTDIR)$(PREFIX)/share
CMAKEDIR := $(DESTDIR)$(PREFIX)/lib/cmake/telltale
FILL = sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|'

install:
	install -d $(INCLUDE)/telltale/compat/sys $(SHARE)/pkgconfig $(CMAKEDIR) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(SDK)/telltale.h $(INCLUDE)/telltale.h
	install -m 644 $(SDK)/compat/sys/sdt-asm.h $(INCLUDE)/telltale/compat/sys/sdt-asm.h
	sed 's|"../../telltale.h"|<telltale.h>|' $(SDK)/compat/sys/sdt.h >$(INCLUDE)/telltale/compat/sys/sdt.h
	$(FILL) $(SDK)/pkgconfig/telltale.pc.in >$(SHARE)/pkgconfig/telltale.pc
	$(FILL) $(SDK)/pkgconfig/telltale-sdt.pc.in >$(SHARE)/pkgconfig/telltale-sdt.pc
	install -m 644 $(SDK)/cmake/telltaleConfig.cmake $(CMAKEDIR)/telltaleConfig.cmake
	$(FILL) $(SDK)/cmake/telltaleConfigVersion.cmake.in >$(CMAKEDIR)/telltaleConfigVersion.cmake
	install -m 755 $(SDK)/gen/telltale-dtrace $(DESTDIR)$(PREFIX)/bin/telltale-dtrace

.PHONY: install
