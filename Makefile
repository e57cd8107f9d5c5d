# whylogon. make [all|test|asan|bench|samples|install|clean|help]; V=1 shows commands, CC=clang-14 works.
V ?= 0
Q := $(if $(filter 0,$(V)),@,)
CC ?= cc
O ?= build
PREFIX ?= /usr/local
VERSION := 0.1.0
CSTD := -std=c17 -D_GNU_SOURCE -DWHYLOGON_VERSION='"$(VERSION)"'
WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
OPT ?= -O2 -g
SAN ?=
CFLAGS += $(CSTD) $(WARN) $(OPT) $(SAN) -fno-strict-aliasing
LDLIBS := -lsqlite3 -lyaml -lcrypto -ldeflate -levtx -lregf

LIB_SRC := $(sort $(wildcard src/base/*.c parsers/*.c reports/*.c) src/plat/plat_posix.c $(filter-out src/main.c src/embed.c src/cmd_%.c,$(wildcard src/*.c)))
CMD_SRC := $(sort $(wildcard src/cmd_*.c))
TEST_SRC := $(sort $(wildcard tests/test_*.c))
BUILD_SRC := $(sort $(wildcard tests/build_*.c tests/mutate.c))
KNOWLEDGE := $(sort $(wildcard knowledge/*.sql knowledge/*/*.yml))
obj = $(patsubst %.c,$(O)/%.o,$(1))

all: $(O)/whylogon
$(O)/whylogon: $(call obj,src/main.c $(CMD_SRC)) $(O)/libwhylogon.a
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
$(O)/libwhylogon.a: $(call obj,$(LIB_SRC)) $(O)/kb_files.o
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcs $@ $^
$(O)/embed: src/embed.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) $(WARN) -O1 -o $@ $<
$(O)/kb_files.c: $(O)/embed $(KNOWLEDGE)
	@echo "  EMBED $@"
	$(Q)$(O)/embed $@ $(KNOWLEDGE)
$(O)/kb_files.o: $(O)/kb_files.c
	$(Q)$(CC) $(CFLAGS) -Isrc -c -o $@ $<
$(O)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<
-include $(shell find $(O) -name '*.d' 2>/dev/null)

# Each tests/test_<module>.c is one Criterion program.
TESTS := $(patsubst tests/%.c,$(O)/%,$(TEST_SRC))
$(O)/test_%: $(O)/tests/test_%.o $(call obj,$(BUILD_SRC)) $(O)/libwhylogon.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS) -lcriterion
