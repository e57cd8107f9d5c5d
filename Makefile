# whylogon: make TARGET      V=1 shows commands, CC=clang-14 works, O=build/other builds elsewhere
#   all         the program, build/whylogon
#   test        every test program, on samples of our own and on the public corpus where it is present
#   asan        the same under AddressSanitizer and UndefinedBehaviorSanitizer
#   samples     samples/cases: evidence of our own, one case per cause
#   golden      samples/golden: keeps the reports of every sample as they are made now
#   fuzz        every fuzzer for SECONDS=60; fuzz-short: all in half a minute, always the same inputs; fuzz-coverage: what they reach
#   coverage    which lines the tests reach, what jailed workers and killed ones did included (as long as the tests)
#   campaign    damaged evidence in bulk: MODE=logs|hives|neighbours|kills N=1000 SEED=1; MODE=hosts: whole hosts whose cause is known, N=200
#   kills       kill -9 of batch and of those who have its tickets, N=100 times; --resume ends with the same bytes
#   slurm-test  samples/slurm on a real slurmctld with three nodes on loopback, N=10000 tickets (root, slurm-wlm, munge)
#   merge-bench merge of N=100000 made-up tickets in ten parts: time
#   mutate      breaks the program one place at a time; which break does nobody notice? BREAK='reports diagnose' N=12 SEED=1
#   faults      every allocation, system call and SQLite step fails once, all of them (minutes)
#   matrix      knowledge/MATRIX.md anew, from the rules
#   win32-names knowledge/codes/win32-names.tsv anew, from the headers of mingw-w64
#   format      every C file laid out as .clang-format says; format-check tells which are not, and lines of knowledge over 120
#   lint        shellcheck, cppcheck, clang-tidy and gcc -fanalyzer find nothing but what tests/lint.tsv excepts (a minute)
#   bench       the tables of README.md; BIG=1 adds 4 GB, PEERS=1 other readers
#   profile     where the time goes, by phase; MB=200 size of the logs
#   scale       what twice as much of one thing costs; FACTOR=10
#   windows     the program for Windows x64, build/windows/whylogon.exe: mingw-w64, libraries from Debian's sources (two minutes, once)
#   windows-test  the same program's tests, and the same bytes as here, under Wine (minutes)
#   release     $(O)/release: archives for Linux (any, and a .deb for Debian 12) and Windows, sources, licences, bills of materials, sums
#   release-check   are they what README.md says? (minutes)
#   redacted    the redacted reports and exports of every sample, searched for the names of its case (two minutes)
#   readers     the tools that exports are for (Timesketch's importer, sarif-tools, DuckDB …, 400 MB, from PyPI), for a test
#   install     PREFIX=/usr/local, DESTDIR=: the program, its man page, completions for bash, zsh and fish, README and licence
V ?= 0
Q := $(if $(filter 0,$(V)),@,)
CC ?= cc
O ?= build
PREFIX ?= /usr/local
VERSION := 0.1.0
CSTD := -std=c17 -I. -Isrc -D_GNU_SOURCE -DWHYLOGON_VERSION='"$(VERSION)"'
WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
OPT ?= -O2 -g
SAN ?=
CFLAGS += $(CSTD) $(WARN) $(OPT) $(SAN) -fno-strict-aliasing -fstack-protector-strong
HOST ?= linux
# libarchive and what it unpacks with, from the static libraries: every worker is this program started anew, and the shared libarchive brings libxml2, ICU and
# libstdc++ with it for formats that are never asked for (7.8 ms instead of 1.5 ms for a process that does nothing).
UNPACK := $(foreach l,archive z bz2 lzma zstd,-l:lib$(l).a)
ifeq ($(HOST),windows)
include src/plat/win32/windows.mk
.DEFAULT_GOAL := all
else
PLAT := posix
CRITERION := -lcriterion
LDLIBS := -lsqlite3 -lyaml -lcrypto -ldeflate -lseccomp $(UNPACK) -l:libnettle.a
# The program alone takes these from static libraries too, where a system has them: SQLite's calls of itself go through no table then, and every copy of a
# process has fewer mappings (a ticket of 70 kB: 129 -> 111 ms). ARCHIVES= for a package that is to have its distribution's libraries.
ARCHIVES := $(if $(SAN),,sqlite3 yaml crypto deflate seccomp)
BFIO := -l:libbfio.a
# What is called through a table is looked up once, when an original starts, and not in each of its copies, which would write to pages of their own for it.
NOW := -Wl,-z,now
endif

ROOMS := src/base src/case src/kb src/run src/fleet src/diagnose parsers/evtx parsers/registry parsers/sniff parsers/tools parsers/container reports
LIB_SRC := $(sort $(filter-out src/kb/embed.c src/diagnose/make_image.c,$(wildcard $(ROOMS:%=%/*.c))) $(wildcard src/plat/*_$(PLAT).c) \
    src/plat/jail.c src/plat/exit.c src/plat/file.c parsers/second/second.c src/cmd/cmd.c src/cmd/output.c src/cmd/swap.c src/cmd/given.c src/cmd/fleet_out.c)
CMD_SRC := $(sort $(wildcard src/cmd/cmd_*.c))
TEST_SRC := $(sort $(filter-out $(NOT_HERE),$(wildcard tests/test_*.c)))
BUILD_SRC := $(sort $(wildcard tests/build_*.c tests/mutate.c))
KNOWLEDGE := $(sort $(wildcard knowledge/*.sql knowledge/*/*.sql knowledge/*.yml knowledge/*/*.yml knowledge/*/*.tsv)) $(wildcard reports/style.css reports/report.schema.json)
obj = $(patsubst %.c,$(O)/%.o,$(1))
HERE = $(foreach l,$(ARCHIVES),$(if $(filter /%,$(shell $(CC) -print-file-name=lib$(l).a)),-l$(l)))
own = $(foreach l,$(LDLIBS),$(if $(filter $(l),$(1)),$(l:-l%=-l:lib%.a),$(l))) $(if $(1),-lm)

all: $(O)/whylogon$(EXE)
$(O)/whylogon$(EXE): $(call obj,src/cmd/main.c $(CMD_SRC)) $(RESOURCE) $(O)/libwhylogon.a
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) $(NOW) $(LDFLAGS) -o $@ $^ $(call own,$(HERE))
# libevtx and libregf carry hundreds of functions of the same names, each in a version of its own (759 in Debian 12's). Linked side by side, one would
# run the other's: so each second reader is joined with its library first, and shows only its own names.
SECOND := $(O)/parsers/second/second_evtx.lib.o $(O)/parsers/second/second_regf.lib.o
$(SECOND): $(O)/parsers/second/second_%.lib.o: $(O)/parsers/second/second_%.o $(O)/parsers/second/second_io.o
	@echo "  JOIN  $@"
	$(Q)$(CC) -r -nostdlib -Wl,-Map=$(@:.o=.map) -o $@ $^ $(LIBDIR) -l:lib$*.a $(BFIO) && $(CROSS)objcopy --wildcard -G 'second_[!i]*' -G __llvm_profile_counter_bias $@
$(O)/libwhylogon.a: $(call obj,$(LIB_SRC)) $(O)/kb_files.o $(O)/kb_image.o $(SECOND)
	@echo "  AR    $@"
	$(Q)rm -f $@ && $(CROSS)ar rcs $@ $^
# What the knowledge is after it was read, and a case that holds it: made by the program's own code, so that no run does it again.
$(O)/make_image: $(call obj,src/diagnose/make_image.c $(LIB_SRC)) $(O)/kb_files.o $(SECOND)
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
# A build for another machine names one that runs on this: make MAKE_IMAGE=build/make_image ...
MAKE_IMAGE ?= $(O)/make_image
$(O)/kb_image.S: $(MAKE_IMAGE)
	@echo "  IMAGE $@"
	$(Q)$(MAKE_IMAGE) $@
$(O)/kb_image.o: $(O)/kb_image.S
	$(Q)$(CC) -c -o $@ $<
$(O)/embed: src/kb/embed.c
	@mkdir -p $(@D)
	$(Q)$(or $(BUILD_CC),$(CC)) $(CSTD) $(WARN) -O1 -o $@ $<
$(O)/kb_files.c: $(O)/embed $(KNOWLEDGE)
	@echo "  EMBED $@"
	$(Q)$(O)/embed $@ $(KNOWLEDGE)
$(O)/kb_files.o: $(O)/kb_files.c
	$(Q)$(CC) $(CFLAGS) -c -o $@ $<
$(O)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<
-include $(shell find $(O) -name '*.d' 2>/dev/null)

# --- tests: each tests/test_<module>.c is one Criterion program; samples are built first, for those that read them
TESTS := $(patsubst tests/%.c,$(O)/%$(EXE),$(TEST_SRC))
$(O)/test_%$(EXE): $(O)/tests/test_%.o $(call obj,$(BUILD_SRC)) $(O)/libwhylogon.a $(LIBCRITERION)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS) $(CRITERION)
# this one lets each of these calls fail in turn
FAULTS := malloc calloc realloc strdup mmap open close write fsync rename link mkdtemp clone socketpair stat lstat fstat mkdir opendir readdir realpath pread poll sendmsg recv send recvmsg waitpid \
    unlink plat_child_copies $(addprefix sqlite3_,open_v2 prepare_v2 prepare_v3 step bind_text64 bind_int64 file_control)
$(O)/test_faults: $(O)/tests/test_faults.o $(call obj,$(CMD_SRC)) $(O)/libwhylogon.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(FAULTS:%=-Wl,--wrap=%) $(LDLIBS) -lcriterion
# this one sees who looks at evidence
$(O)/test_jail: $(O)/tests/test_jail.o $(call obj,$(CMD_SRC)) $(O)/libwhylogon.a | $(O)/whylogon $(O)/samples.stamp
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -Wl,--wrap=plat_map -Wl,--wrap=plat_read_at $(LDLIBS) -lcriterion
# this one sees what was read before it was unpacked to its end
$(O)/test_ahead: $(O)/tests/test_ahead.o $(call obj,$(BUILD_SRC)) $(O)/libwhylogon.a | $(O)/samples.stamp
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -Wl,--wrap=ahead_take,--wrap=ahead_end $(LDLIBS) -lcriterion
# and this one runs a program whose qsort puts equal rows in an order of its own
$(O)/whylogon-hostile: $(call obj,src/cmd/main.c $(CMD_SRC) tests/hostile_qsort.c) $(O)/libwhylogon.a
	@echo "  LINK  $@"
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -Wl,--wrap=qsort $(LDLIBS)
$(O)/test_golden: | $(O)/whylogon-hostile
$(O)/test_golden $(O)/test_proof $(O)/test_export $(O)/test_summary: | $(O)/cases.stamp
# every sample, analyzed once by the program of this build, for the tests that look at all of them; what fails leaves its words alone
$(O)/cases.stamp: $(O)/whylogon $(O)/samples.stamp
	@echo "  CASES $@"
	$(Q)rm -rf $(O)/cases && mkdir -p $(O)/cases
	$(Q)ls samples/cases | xargs -P 2 -I{} sh -c '$(O)/whylogon analyze --progress=none -o $(O)/cases/{} samples/cases/{} >$(O)/cases/{}.said 2>&1 || rm -rf $(O)/cases/{}'
	$(Q)touch $@
$(O)/test_browser: | $(O)/grow $(O)/whylogon $(O)/samples.stamp
$(O)/test_left_out $(O)/test_system: | $(O)/whylogon $(O)/samples.stamp
# samples/golden: the reports of every sample, to see what a change does to them
golden: $(O)/test_golden $(O)/cases.stamp
	$(Q)GOLDEN=write WHYLOGON=$(O)/whylogon $(O)/test_golden --filter 'golden/reports*'
# this one runs a program that counts its steps; those of a build for sanitizers are no others
TESTS := $(filter-out $(if $(SAN),$(O)/test_growth),$(TESTS))
$(O)/test_stop: | $(O)/grow $(O)/whylogon $(O)/samples.stamp
$(O)/test_growth: | $(O)/steps/whylogon $(O)/grow
$(O)/steps/whylogon: $(O)/whylogon $(O)/tests/steps.o
	$(Q)$(MAKE) --no-print-directory O=$(O)/steps OPT=-O1 SAN=-fsanitize-coverage=trace-pc \
	    LDLIBS='$(O)/tests/steps.o $(LDLIBS) -Wl,--wrap=sqlite3_open_v2' $@
tests: $(TESTS)
test: $(O)/whylogon $(TESTS) $(O)/cases.stamp
	$(Q)sh tests/run.sh $(O)
# `test` lets a part of all calls fail; this every one: half an hour
faults: $(O)/test_faults $(O)/samples.stamp
	$(Q)FAULT_STEP=1 $(O)/test_faults -j2
asan:
	$(Q)$(MAKE) --no-print-directory O=$(O)/asan OPT='-O1 -g' SAN='-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer' test

# --- damaged evidence in bulk: make campaign MODE=logs|hives|neighbours|kills N=1000 SEED=1
SEED ?= 1
N ?= 1000
MODE ?= logs
$(O)/campaign: $(O)/tests/campaign.o $(call obj,$(BUILD_SRC)) $(O)/libwhylogon.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
$(O)/campaign_hosts: $(O)/tests/campaign_hosts.o $(call obj,$(BUILD_SRC)) $(O)/libwhylogon.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
$(O)/test_campaign: | $(O)/campaign $(O)/campaign_hosts $(O)/whylogon
campaign: $(O)/campaign $(O)/campaign_hosts $(O)/whylogon $(O)/samples.stamp
	$(Q)$(if $(filter hosts,$(MODE)),$(O)/campaign_hosts $(SEED) $(N),$(O)/campaign $(SEED) $(N) $(MODE))

# --- do the tests notice a break? make mutate BREAK='reports diagnose' N=12 SEED=1; FILES='reports/html*.c' V=1
$(O)/break: tests/break.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) $(WARN) -O1 -o $@ $<
mutate: $(O)/break
	$(Q)SEED=$(SEED) N=$(or $(filter-out 1000,$(N)),12) V=$(V) bash tests/mutate.sh $(O) $(BREAK)

# --- kill -9 of batch and of those who have its tickets, N times (100); --resume ends with the same bytes
kills: $(O)/test_batch $(O)/whylogon $(O)/samples.stamp
	$(Q)KILLS=$(if $(filter 1000,$(N)),100,$(N)) WHYLOGON=$(O)/whylogon $(O)/test_batch --filter 'batch/killed_again_and_again'

# --- no name, address or SID is left in the redacted report and exports of any sample: two minutes
redacted: $(O)/whylogon $(O)/cases.stamp
	$(Q)tests/redact_all.sh $(O)/whylogon $(O)/redacted $(O)/cases

# --- samples/slurm on a real Slurm: N small tickets (10,000), a node killed, a task dead, another cancelled. Needs root,
# slurm-wlm and munge; a quarter of an hour on two cores
slurm-test: $(O)/whylogon $(O)/samples.stamp
	$(Q)tests/slurm.sh $(O)/whylogon $(O)/slurm-test $(if $(filter 1000,$(N)),10000,$(N)) || { c=$$?; [ $$c -eq 77 ] || exit $$c; }

# --- merge of N tickets (100,000) in ten parts: processor time and memory
$(O)/make_shards: tests/bench/make_shards.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) $(WARN) -O1 -o $@ $< -lsqlite3
merge-bench: $(O)/make_shards $(O)/whylogon $(O)/samples.stamp
	$(Q)rm -rf $(O)/merge-bench && mkdir -p $(O)/merge-bench/parts $(O)/merge-bench/in
	$(Q)cp -r samples/cases/only-system-log samples/cases/few-files samples/cases/clock-skew $(O)/merge-bench/in/
	$(Q)$(O)/whylogon batch --keep=none --progress=none -o $(O)/merge-bench/few $(O)/merge-bench/in >/dev/null
	$(Q)$(O)/make_shards $(O)/merge-bench/few/fleet.db $(O)/merge-bench/parts $(if $(filter 1000,$(N)),100000,$(N)) 10
	$(Q)bash -c 'time $(O)/whylogon merge -o $(O)/merge-bench/all $(O)/merge-bench/parts/*.db'

# --- evidence of our own
$(O)/make_samples: $(O)/tests/make_samples.o $(call obj,$(BUILD_SRC)) $(call obj,$(wildcard src/base/*.c))
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lcrypto -ldeflate
$(O)/samples.stamp: $(O)/make_samples
	@echo "  MAKE  samples/cases"
	$(Q)rm -rf samples/cases && $(O)/make_samples samples/cases && touch $@
samples: $(O)/samples.stamp

# --- knowledge/MATRIX.md: which artefact decides which cause, from the rules
matrix: $(O)/whylogon
	$(Q)$(O)/whylogon rules matrix --markdown > knowledge/MATRIX.md.new && mv knowledge/MATRIX.md.new knowledge/MATRIX.md

# --- names of all Win32 codes, from the headers of mingw-w64 (package mingw-w64-common)
win32-names:
	$(Q)sh src/kb/win32_names.sh > knowledge/codes/win32-names.tsv.new && mv knowledge/codes/win32-names.tsv.new knowledge/codes/win32-names.tsv

# --- fuzzing: SECONDS for each target
SECONDS ?= 60
FUZZ := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
$(O)/fuzz_%: $(O)/tests/fuzz/fuzz_%.o $(call obj,$(BUILD_SRC)) $(O)/libwhylogon.a
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)
$(O)/seeds $(O)/second: $(O)/%: $(O)/tests/fuzz/%.o $(call obj,$(BUILD_SRC)) $(O)/libwhylogon.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
FUZZ_SAN := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
fuzz fuzz-short: samples
	$(Q)$(MAKE) --no-print-directory CC=clang-14 O=$(O)/fuzz OPT='-O1 -g' SAN='$(FUZZ_SAN)' $(FUZZ:%=$(O)/fuzz/%) $(O)/fuzz/seeds
	$(Q)$(if $(filter fuzz-short,$@),FUZZ_SEED=1) sh tests/fuzz/run.sh $(O)/fuzz $(if $(filter fuzz-short,$@),2,$(SECONDS))
# which lines the tests reach, jailed workers and killed ones included; TESTS_OF='test_system test_regf' runs only these
coverage: samples
	$(Q)LLVM_PROFILE_FILE=/dev/null $(MAKE) --no-print-directory CC='$(filter ccache,$(CC)) clang-14' O=$(O)/cov OPT='-O1 -g' \
	    SAN='-fprofile-instr-generate -fcoverage-mapping -mllvm -runtime-counter-relocation' WARN= coverage-programs
	$(Q)sh tests/coverage.sh $(O)/cov $(TESTS_OF)
coverage-programs: $(O)/whylogon $(TESTS) $(O)/cases.stamp
# how much of parsers/ the corpora that `make fuzz` left reach
fuzz-coverage:
	$(Q)test -d $(O)/fuzz/fuzz_evtx.corpus || $(MAKE) --no-print-directory fuzz-short
	$(Q)$(MAKE) --no-print-directory CC=clang-14 O=$(O)/fuzz-cov OPT='-O1 -g' SAN='-fprofile-instr-generate -fcoverage-mapping' $(FUZZ:%=$(O)/fuzz-cov/%) $(O)/fuzz-cov/second
	$(Q)sh tests/fuzz/coverage.sh $(O)/fuzz-cov $(O)/fuzz

# --- the program for Windows; how is in src/plat/win32
MINGW ?= $(filter ccache,$(CC)) x86_64-w64-mingw32-gcc-posix
windows windows-tests: $(O)/make_image
	$(Q)libs=$$(src/plat/win32/libs.sh) && $(MAKE) --no-print-directory HOST=windows O=$(O)/windows MAKE_IMAGE=$(O)/make_image CC='$(MINGW)' WIN_LIBS="$$libs" \
	    $(if $(filter windows,$@),all,all tests)
# under Wine: its unit tests, and the same bytes as here
windows-test: windows-tests $(O)/whylogon $(O)/test_container $(O)/test_query $(O)/test_words $(O)/cases.stamp
	$(Q)bash tests/windows.sh $(O)

# --- benchmarks
$(O)/dump_bench $(O)/hive_bench $(O)/rule_bench $(O)/scan_bench: $(O)/%: $(O)/tests/bench/%.o $(O)/libwhylogon.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
$(O)/big_log $(O)/grow: $(O)/%: $(O)/tests/bench/%.o $(call obj,$(BUILD_SRC)) $(call obj,$(wildcard src/base/*.c))
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lcrypto -ldeflate
# where the time goes: one small ticket, noise, 40 logs, dump; MB=200
MB ?= 200
profile: $(O)/whylogon $(O)/big_log $(O)/samples.stamp
	$(Q)MB=$(MB) bash tests/bench/profile.sh $(O)
bench: $(O)/whylogon $(O)/dump_bench $(O)/hive_bench $(O)/rule_bench $(O)/scan_bench $(O)/big_log $(O)/grow
	$(Q)$(MAKE) --no-print-directory O=$(O)/nojail OPT='$(OPT) -DNO_JAIL' $(O)/nojail/whylogon
	$(Q)bash tests/bench/run.sh $(O)
	$(Q)$(O)/rule_bench
	$(Q)bash tests/bench/hives.sh $(O)
	$(Q)bash tests/bench/scale.sh $(O)
# what n, 2n and 4n of one thing cost: computers, failing hosts, tasks, folders of hives ...  FACTOR=10 for large cases
FACTOR ?= 1
scale: $(O)/whylogon $(O)/grow
	$(Q)bash tests/bench/scale.sh $(O) $(FACTOR)

# --- how C is laid out: .clang-format, by the version that wrote it
FORMAT := $(sort $(wildcard src/*/*.[ch] src/*/*/*.[ch] parsers/*/*.[ch] reports/*.[ch] tests/*.[ch] tests/*/*.[ch]))
format:
	$(Q)clang-format-14 -i $(FORMAT)
format-check:
	$(Q)clang-format-14 --dry-run -Werror $(FORMAT)
	$(Q)LC_ALL=C awk '{line = $$0; gsub(/[\200-\277]/, "", line)} length(line) > 110 {print FILENAME ":" FNR ": longer than 110"; long = 1} END {exit long}' $(FORMAT)
	$(Q)find knowledge -name '*.yml' -o -name '*.sql' | LC_ALL=C.UTF-8 xargs awk 'length($$0) > 120 {print FILENAME ":" FNR ": longer than 120"; long = 1} END {exit long}'

# --- what four tools say of the sources; each exception stands with its reason in tests/lint.tsv
lint:
	$(Q)sh tests/lint.sh

# --- what others run without building it, into $(O)/release: how is in src/plat/release
# The static program asks nothing of a system but the kernel: what the C library would do by the system's locales, code and resolvers is its own, or refused.
ALONE := setlocale nl_langinfo mbrtowc wcrtomb iconv_open iconv iconv_close dlopen dlsym dlclose dlerror dladdr getaddrinfo freeaddrinfo gai_strerror getnameinfo gethostbyname
STATIC := -static-pie -Wl,-z,now,--fatal-warnings
$(O)/whylogon-static: $(call obj,src/cmd/main.c $(CMD_SRC) src/plat/release/alone.c) $(O)/libwhylogon.a
	@echo "  LINK  $@"
	$(Q)$(CC) $(STATIC) $(ALONE:%=-Wl,--wrap=%) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lm
PLAIN := O=$(O)/plain ARCHIVES= OPT='-O2 -D_FORTIFY_SOURCE=2' LDFLAGS='-Wl,-z,now,-Map=$$@.map'
release: samples
	$(Q)$(MAKE) --no-print-directory $(PLAIN) $(O)/plain/whylogon $(O)/plain/whylogon-static
	$(Q)$(MAKE) --no-print-directory O=$(O)/plain OPT=-O2 LDFLAGS='-Wl,-Map=$$@.map' windows
	$(Q)+MAKE='$(MAKE)' LDLIBS='$(LDLIBS) -lm' ALONE='$(ALONE)' STATIC='$(STATIC)' sh src/plat/release/release.sh $(O) $(VERSION)
# do the archives keep what README.md says? Needs root for the bare root, and what ./quickstart release installs
release-check:
	$(Q)sh tests/release.sh $(O) $(VERSION)

READERS := $${XDG_CACHE_HOME:-$$HOME/.cache}/whylogon/readers-$$(sha256sum tests/readers.txt | cut -c1-16)
readers:
	$(Q)test -d "$(READERS)" || { mkdir -p "$(READERS)" && python3 -m venv "$(READERS).new" && \
	    "$(READERS).new/bin/pip" install -q --disable-pip-version-check -r tests/readers.txt && rmdir "$(READERS)" && mv "$(READERS).new" "$(READERS)" || \
	    { rm -rf "$(READERS)" "$(READERS).new"; exit 1; }; }

# the man page and the completions are printed by the program: one source with --help
SHARE = $(DESTDIR)$(PREFIX)/share
PRINTED := man/man1/whylogon.1:man bash-completion/completions/whylogon:bash zsh/site-functions/_whylogon:zsh fish/vendor_completions.d/whylogon.fish:fish
install: $(O)/whylogon
	install -D -m 755 $(O)/whylogon $(DESTDIR)$(PREFIX)/bin/whylogon
	$(Q)for p in $(PRINTED); do mkdir -p "$$(dirname "$(SHARE)/$${p%:*}")" && $(O)/whylogon --print $${p#*:} > "$(SHARE)/$${p%:*}" && \
	    chmod 644 "$(SHARE)/$${p%:*}" || exit 1; done
	install -D -m 644 LICENSE $(SHARE)/doc/whylogon/LICENSE
	install -D -m 644 README.md $(SHARE)/doc/whylogon/README.md
clean:
	rm -rf $(O) samples/cases
help:
	@sed -n '/^#/!q;s/^# //p' Makefile
.PHONY: all test tests faults asan golden mutate campaign kills redacted slurm-test merge-bench samples fuzz fuzz-short fuzz-coverage coverage coverage-programs windows windows-tests windows-test bench profile scale win32-names matrix format format-check lint release release-check install clean help
.SECONDARY:
