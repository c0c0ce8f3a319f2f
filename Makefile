# telltale's build. `make help` lists what it can do.
#
# The include rules of the design are build rules here: a folder of tracer/ is compiled with one
# include directory, build/.../rooms/FOLDER, that has links to what its row allows and nothing else.

PREFIX ?= /usr/local
CC ?= gcc
CLANG ?= clang
OBJCOPY ?= objcopy
V ?= 0
SAN ?= 0

ifeq ($(SAN),1)
BUILD := build/san
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else
BUILD := build
SANFLAGS :=
endif

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-8s %s\n' $(1) $(2)
endif

# A table says what applies; the rest is zero.
WARNINGS := -Wall -Wextra -Werror -Wno-missing-field-initializers
CFLAGS ?= -O2 -g
TT_CFLAGS := -std=c11 -D_GNU_SOURCE $(WARNINGS) $(CFLAGS) $(SANFLAGS) -MMD -MP
LIBS := -lbpf -ldw -lelf -llzma -liberty -lpthread

# ---- rooms: who may include whom ----

ROOMS := base elf types symbols operand process probe lang compile engine engine/kernel engine/user engine/self output check cli
ALLOW_base :=
ALLOW_elf := base
ALLOW_types := base elf
# from addresses to names, of what processes have mapped
ALLOW_symbols := base elf types process
ALLOW_operand := base
ALLOW_process := base elf
# names and types of arguments may come from provider files
ALLOW_probe := base elf types operand process gen
# the language sees a probe as a description
ALLOW_lang := base types probe/probe.h
# and the compiler, through the language, sees its sites with their operands
ALLOW_compile := base types operand probe/probe.h lang plan.h bpf/abi.h
ALLOW_engine := base operand process plan.h bpf/abi.h
ALLOW_engine/kernel := $(ALLOW_engine) types engine
# the dynamic linker, whose symbols say where it can be watched
ALLOW_engine/user := $(ALLOW_engine) engine elf
# the machine that runs BPF is the user engine's
ALLOW_engine/self := $(ALLOW_engine) engine
ALLOW_output := base elf plan.h bpf/abi.h
ALLOW_cli := base libtelltale.h gen
ALLOW_top := base elf types symbols operand process probe lang compile engine output plan.h libtelltale.h bpf/abi.h
# contracts and expectations stand on a session
ALLOW_check := $(ALLOW_top) session.h
# the manuals are made of the tables of the command line, the language and the probes
ALLOW_docs := $(ALLOW_top) cli
ALLOW_tests := $(ALLOW_top) check cli gen tests session.h telltale_test.h bpf/cpus.bpf.c

# where a name of the lists above is in the tree
place = $(abspath $(if $(filter bpf/%,$(1)),$(1),$(if $(filter gen,$(1)),sdk/gen,$(if $(filter tests,$(1)),tests,tracer/$(1)))))

# rule for one view: $(1) the room; the stamp is remade when the list changes, and behind the one of the
# folder around it, which is made anew with all that is in it
define room_rule
$$(BUILD)/rooms/$(1).stamp: Makefile $(if $(findstring /,$(1)),$$(BUILD)/rooms/$(patsubst %/,%,$(dir $(1))).stamp)
	@rm -rf $$(BUILD)/rooms/$(1) && mkdir -p $$(BUILD)/rooms/$(1)
	@$$(foreach a,$$(ALLOW_$(1)) $$(filter-out top docs tests,$(firstword $(subst /, ,$(1)))),mkdir -p $$(BUILD)/rooms/$(1)/$$(dir $$(a)) && ln -sfn $$(call place,$$(a)) $$(BUILD)/rooms/$(1)/$$(a) && ) true
	@touch $$@
endef
$(foreach r,$(ROOMS) top docs tests,$(eval $(call room_rule,$(r))))

# ---- objects ----

room_sources = $(wildcard tracer/$(1)/*.c)
LIB_SOURCES := $(wildcard tracer/*.c) $(foreach r,$(filter-out cli,$(ROOMS)),$(call room_sources,$(r)))
CLI_SOURCES := $(call room_sources,cli)
GEN_SOURCES := $(wildcard sdk/gen/*.c)
GEN_OBJECTS := $(GEN_SOURCES:%.c=$(BUILD)/%.o)
LIB_OBJECTS := $(LIB_SOURCES:%.c=$(BUILD)/%.o) $(GEN_OBJECTS) $(BUILD)/bpf/runtime.o \
	$(BUILD)/tracer/probe/known.o
CLI_OBJECTS := $(CLI_SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libtelltale.a
TELLTALE := $(BUILD)/telltale

.DEFAULT_GOAL := all
all: $(TELLTALE) $(TEST_LIBRARY) samples docs

$(TELLTALE): $(CLI_OBJECTS) $(LIBRARY)
	$(call say,LD,$@)
	$(Q)$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(LIBRARY): $(LIB_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

# What a unit test links with: of all names in it only tt_... are seen from outside.
TEST_LIBRARY := $(BUILD)/libtelltale-test.a
$(TEST_LIBRARY): $(LIBRARY)
	$(call say,AR,$@)
	$(Q)$(LD) -r -o $(BUILD)/test-library.o -u tt_capture_begin $< && \
		$(OBJCOPY) --wildcard --keep-global-symbol='tt_*' $(BUILD)/test-library.o && \
		rm -f $@ && ar rcs $@ $(BUILD)/test-library.o

# $(1): the room, $(2): its folder below the root
define compile_rule
$(BUILD)/$(2)/%.o: $(2)/%.c $(BUILD)/rooms/$(1).stamp Makefile
	$$(call say,CC,$$<)
	$$(Q)mkdir -p $$(@D) && $$(CC) $$(TT_CFLAGS) -I$(BUILD)/rooms/$(1) -c -o $$@ $$<
endef
$(foreach r,$(ROOMS),$(eval $(call compile_rule,$(r),tracer/$(r))))
$(eval $(call compile_rule,top,tracer))

$(BUILD)/sdk/gen/%.o: sdk/gen/%.c Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(TT_CFLAGS) -Isdk -c -o $@ $<

# ---- BPF C: compiled by clang, checked and turned into a table by bpf/embed.c ----

BPF_SOURCES := $(wildcard bpf/*.bpf.c)
BPF_OBJECTS := $(BPF_SOURCES:%.c=$(BUILD)/%.o)

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c Makefile
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) -target bpf -mcpu=$(or $(BPF_CPU),v2) -O2 -g0 -Wall -Wextra -Werror -MMD -MP \
		-I/usr/include/$(shell uname -m)-linux-gnu -I. -c -o $@ $<

# Compare and exchange came with v3.
$(BUILD)/bpf/extreme.bpf.o: BPF_CPU := v3

$(BUILD)/bpf/embed: bpf/embed.c Makefile
	$(call say,HOSTCC,$@)
	$(Q)mkdir -p $(@D) && $(CC) $(TT_CFLAGS) -o $@ $< -lelf

$(BUILD)/bpf/runtime.c: $(BUILD)/bpf/embed $(BPF_OBJECTS)
	$(call say,EMBED,$@)
	$(Q)$(BUILD)/bpf/embed $(BPF_OBJECTS) > $@.new && mv $@.new $@

$(BUILD)/bpf/runtime.o: $(BUILD)/bpf/runtime.c $(BUILD)/rooms/compile.stamp
	$(call say,CC,$<)
	$(Q)$(CC) $(TT_CFLAGS) -I$(BUILD)/rooms/compile -c -o $@ $<

# ---- provider files of well-known software, as texts in the tracer ----

PROVIDER_FILES := $(wildcard tracer/probe/providers/*.d)
$(BUILD)/tracer/probe/known.c: $(PROVIDER_FILES) Makefile
	$(call say,EMBED,$@)
	$(Q)mkdir -p $(@D) && { echo '#include "probe/definition.h"'; echo; \
		echo 'const struct known_provider known_providers[] = {'; \
		for f in $(PROVIDER_FILES); do echo "{\"$$(basename $$f .d)\","; \
			sed 's/[\\"]/\\&/g; s/.*/"&\\n"/' $$f; echo '},'; done; \
		echo '{0, 0}};'; } > $@.new && mv $@.new $@

$(BUILD)/tracer/probe/known.o: $(BUILD)/tracer/probe/known.c $(BUILD)/rooms/probe.stamp
	$(call say,CC,$<)
	$(Q)$(CC) $(TT_CFLAGS) -I$(BUILD)/rooms/probe -c -o $@ $<

# ---- samples ----

SAMPLES := $(patsubst samples/%.c,$(BUILD)/samples/%,$(wildcard samples/*.c)) \
	$(patsubst samples/%.cc,$(BUILD)/samples/%,$(wildcard samples/*.cc))
samples: $(SAMPLES)

$(BUILD)/samples/%: samples/%.c sdk/telltale.h Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) -Isdk -o $@ $< -lpthread

$(BUILD)/samples/%: samples/%.cc sdk/telltale.h Makefile
	$(call say,CXX,$<)
	$(Q)mkdir -p $(@D) && $(CXX) $(WARNINGS) $(CFLAGS) -Isdk -o $@ $< -lpthread

# An example of a unit test; it needs cmocka, so that only the tests build it.
UNIT_SAMPLE := $(BUILD)/samples/unit/markers_test
$(UNIT_SAMPLE): samples/unit/markers_test.c sdk/telltale.h tracer/telltale_test.h $(TEST_LIBRARY) Makefile
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) $(SANFLAGS) -Isdk -Itracer -o $@ $< \
		$(TEST_LIBRARY) -lcmocka $(LIBS)

# ---- tests ----

C_TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/*.c tests/golden/*.c tests/kernel/*.c))
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHES := $(patsubst %.c,$(BUILD)/%,$(filter-out %.bpf.c,$(wildcard tests/bench/*.c)))

CLI_TEST_OBJECTS := $(filter-out $(BUILD)/tracer/cli/main.o,$(CLI_OBJECTS))
$(C_TESTS) $(BENCHES): $(BUILD)/tests/%: tests/%.c $(LIBRARY) $(CLI_TEST_OBJECTS) $(BUILD)/rooms/tests.stamp Makefile
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(TT_CFLAGS) -I$(BUILD)/rooms/tests -Isdk -o $@ $< $(CLI_TEST_OBJECTS) $(LIBRARY) \
		-lcmocka $(LIBS)

# The kernel's types of golden tests.
$(BUILD)/tests/golden/golden: $(BUILD)/tests/golden/kernel.btf
$(BUILD)/tests/golden/kernel.btf: tests/btf/kernel.c Makefile
	$(call say,BTF,$@)
	$(Q)mkdir -p $(@D) && $(CLANG) -target bpf -g -O2 -w -c -o $@.o $< && \
		$(OBJCOPY) -I elf64-little -O binary --only-section=.BTF --set-section-flags .BTF=alloc $@.o $@

# ---- manuals: templates, filled in with the program's own tables ----

MANUALS := $(patsubst docs/%.in,$(BUILD)/docs/%,$(wildcard docs/*.in))
docs: $(MANUALS)

$(eval $(call compile_rule,docs,docs))
DOCS_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard docs/*.c))
$(BUILD)/docs/fill: $(DOCS_OBJECTS) $(CLI_TEST_OBJECTS) $(LIBRARY)
	$(call say,LD,$@)
	$(Q)$(CC) $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(MANUALS): $(BUILD)/docs/%: docs/%.in $(BUILD)/docs/fill sdk/telltale.h
	$(call say,DOC,$@)
	$(Q)$(BUILD)/docs/fill $< sdk/telltale.h >$@

# The fuzzers have everything instrumented by clang, in a build of their own.
FUZZFLAGS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
fuzzers:
	$(Q)$(MAKE) --no-print-directory BUILD=build/fuzz CC=$(CLANG) SANFLAGS="$(FUZZFLAGS)" fuzz-programs
fuzz-programs: $(FUZZERS)
$(FUZZERS): $(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(LIBRARY) $(BUILD)/rooms/tests.stamp Makefile
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(TT_CFLAGS) -fsanitize=fuzzer -I$(BUILD)/rooms/tests -o $@ $< $(LIBRARY) $(LIBS)

test-programs: $(C_TESTS) $(UNIT_SAMPLE)

# Packages come first, in a make of their own, since they bring what the rules above need.
setup:
	@tests/setup.sh build

check:
	@tests/setup.sh build test
	@$(MAKE) --no-print-directory -j$(shell nproc) all test-programs $(if $(filter 1,$(SAN)),,fuzzers)
	@SAN=$(SAN) tests/run.sh

# The long forms of what check has short forms of, each under five minutes.
check-long:
	@tests/setup.sh build test
	@$(MAKE) --no-print-directory -j$(shell nproc) all test-programs
	@LONG=1 tests/run.sh kernel/stress kernel/kills kernel/exact kernel/targets kernel/soak

check-sdk:
	@tests/setup.sh build test sdk-matrix
	@tests/sdk/matrix.sh

fuzz:
	@tests/setup.sh build test
	@$(MAKE) --no-print-directory -j$(shell nproc) fuzzers
	@tests/fuzz/run.sh

demo:
	@tests/setup.sh build
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@samples/demo.sh

# QEMU with markers; qemu-demo/README.md. What is built and fetched is kept outside of the tree.
QEMU_BUILDS ?= telltale none # with markers; without, to see what they cost
PLUGIN := $(BUILD)/qemu-demo/markers.so
$(PLUGIN): qemu-demo/plugin/markers.c qemu-demo/plugin/qemu-plugin.h sdk/telltale.h Makefile
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 $(WARNINGS) $(CFLAGS) -fPIC -fvisibility=hidden -shared -Isdk -o $@ $<

qemu-demo:
	@tests/setup.sh build qemu
	@$(MAKE) --no-print-directory -j$(shell nproc) all $(PLUGIN)
	@qemu-demo/demo.sh

qemu-build:
	@tests/setup.sh build qemu
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@qemu-demo/build.sh $(QEMU_BUILDS)
	@tests/run.sh qemu/markers

bench:
	@tests/setup.sh build test
	@$(MAKE) --no-print-directory -j$(shell nproc) all bench-programs
	@tests/bench/run.sh
	@tests/bench/engines.sh
bench-programs: $(BENCHES) $(BUILD)/tests/bench/floor.bpf.o

# The hand-written BPF that telltale is held against; -g for the BTF that libbpf wants of maps.
$(BUILD)/tests/bench/%.bpf.o: tests/bench/%.bpf.c tests/bench/floor.h Makefile
	$(call say,BPF,$<)
	$(Q)mkdir -p $(@D) && $(CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror \
		-I/usr/include/$(shell uname -m)-linux-gnu -c -o $@ $<

# ---- the rest ----

install: $(TELLTALE) $(TEST_LIBRARY) docs
	install -D -m 755 $(TELLTALE) $(DESTDIR)$(PREFIX)/bin/telltale
	install -D -m 644 tracer/telltale_test.h $(DESTDIR)$(PREFIX)/include/telltale_test.h
	install -D -m 644 $(TEST_LIBRARY) $(DESTDIR)$(PREFIX)/lib/libtelltale-test.a
	install -d $(DESTDIR)$(PREFIX)/share/pkgconfig
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBS@|$(LIBS)|' tracer/telltale-test.pc.in \
		>$(DESTDIR)$(PREFIX)/share/pkgconfig/telltale-test.pc
	install -D -m 644 sdk/telltale.h $(DESTDIR)$(PREFIX)/include/telltale.h
	install -D -m 644 tracer/cli/completion.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/telltale
	install -D -m 644 tracer/cli/completion.zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_telltale
	install -D -m 644 tracer/cli/completion.fish \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/telltale.fish
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/man/,$(addprefix man,$(sort $(subst .,,$(suffix $(MANUALS))))))
	$(foreach m,$(MANUALS),install -m 644 $(m) $(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(m)))/ && ) true
	$(Q)$(MAKE) --no-print-directory -f sdk/install.mk DESTDIR=$(DESTDIR) PREFIX=$(PREFIX) install

format:
	clang-format -i $$(git ls-files '*.c' '*.h' '*.cc')

clean:
	rm -rf build

help:
	@echo 'make            build build/telltale and the samples'
	@echo 'make demo       install what is missing (Debian), build, watch a sample program'
	@echo 'make check      the same set-up, then all tests; SAN=1: under the sanitizers'
	@echo 'make qemu-build QEMU with its own markers, from Debian source (minutes, once)'
	@echo 'make qemu-demo  what a guest does, seen from its QEMU; what watching costs'
	@echo 'make check-long the long forms of the tests under load'
	@echo 'make check-sdk  the SDK against every compiler and linker'
	@echo 'make fuzz       the fuzzers, FUZZ_SECONDS=N each'
	@echo 'make bench      figures against other tools'
	@echo 'make docs       the manuals, build/docs'
	@echo 'make install    to PREFIX (/usr/local), below DESTDIR'
	@echo 'V=1 shows the commands'

.PHONY: all docs samples fuzzers fuzz-programs test-programs setup check check-long check-sdk fuzz demo bench bench-programs qemu-demo qemu-build install \
	format clean help
.DELETE_ON_ERROR:
.SECONDARY:

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(CLI_OBJECTS) $(GEN_OBJECTS) $(BPF_OBJECTS) $(DOCS_OBJECTS)) \
	$(addsuffix .d,$(C_TESTS) $(FUZZERS) $(BENCHES) $(BUILD)/bpf/embed)
