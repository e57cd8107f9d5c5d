# What another host changes in the Makefile: HOST=windows CC=x86_64-w64-mingw32-gcc-posix O=build/windows WIN_LIBS=(what libs.sh says).
# The same sources in any folder give the same bytes: paths are cut, nothing says when.
CROSS := x86_64-w64-mingw32-
BUILD_CC := cc
PLAT := win32
EXE := .exe
LIBDIR := -L$(WIN_LIBS)/lib
BFIO :=
# -mcmodel=small: libevtx and libregf are joined with their readers, and .refptr sections would stay shared
CFLAGS += -DUNICODE -D_UNICODE -D__USE_MINGW_ANSI_STDIO=1 -DYAML_DECLARE_STATIC -DLIBARCHIVE_STATIC -DHAVE_LIBBFIO=1 -mcmodel=small -ffile-prefix-map=$(CURDIR)=. -I$(WIN_LIBS)/include
# Windows 8 and Server 2012 on: a job inside a job
LDLIBS := -static -municode -Wl,--stack,8388608,--dynamicbase,--high-entropy-va,--nxcompat,--no-insert-timestamp \
    -Wl,--major-os-version,6,--minor-os-version,2,--major-subsystem-version,6,--minor-subsystem-version,2 $(LIBDIR) -lsqlite3 -lyaml -ldeflate $(UNPACK) -lbcrypt
RESOURCE := $(O)/whylogon.res.o
comma := ,
$(RESOURCE): src/plat/win32/whylogon.rc src/plat/win32/whylogon.manifest Makefile
	@mkdir -p $(@D)
	$(Q)$(CROSS)windres -DVERSION_TEXT='\"$(VERSION)\"' -DVERSION_NUMBERS=$(subst .,$(comma),$(VERSION)),0 $< $@

# Tests under Wine: Criterion and what of POSIX they ask are tests/win32's; not_here.tsv names those that stay here, with the reason
LIBCRITERION := $(O)/tests/win32/criterion.a
CRITERION := $(O)/libwhylogon.a
NOT_HERE := $(shell sed -n 's,^\(test_[a-z_]*\)\t.*,tests/\1.c,p' tests/win32/not_here.tsv)
$(O)/tests/%.o: CFLAGS += -Itests/win32 -include tests/win32/posix.h
$(LIBCRITERION): $(patsubst %,$(O)/tests/win32/%.o,criterion main posix)
	$(Q)rm -f $@ && $(CROSS)ar rcs $@ $^
$(O)/hold.exe: tests/win32/hold.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c17 $(WARN) -O1 -static -o $@ $<
tests: $(O)/hold.exe
