# Octavo - the one Makefile. `make help` lists the targets and the options.
#
# All that is made lies in $(O): build/ for the default options, build-debug/ and so on for others,
# so that one set of options never rebuilds another. $(O)/.options remembers the compiler and its
# flags; when they change, what they made is made again. Tools that are missing are found, and on
# Debian installed, by scripts/setup, which runs first whenever a target needs them.

# ---- options (architecture.md's table; also accepted as NAME=VALUE by scripts/exec) -----------------

DEBUG		?= 0
PAGE_OFFSET	?= 0xC0000000
HIGHMEM		?= 1
PAE		?= 0
SLAB		?= slab
SMP		?= 1
NUMA		?= 1
MEM		?= 128
CPUS		?= 1
APPEND		?=
ADD		?=
T		?=
CMD		?=
QEMU		?= qemu-system-i386

# DEV=1: link what compiles, let undefined symbols be 0. For work on a part of the kernel while
# another part is torn open; the image it makes is not one to rely on.
DEV		?= 0

one-of = $(if $(filter $($1),$2),,$(error $1=$($1): must be one of: $2))
only   = $(if $(filter $($1),$2),,$(error $1=$($1) is not implemented yet: only $1=$2))
$(call one-of,DEBUG,0 1)
$(call one-of,HIGHMEM,0 1)
$(call one-of,DEV,0 1)
$(call one-of,PAGE_OFFSET,0xC0000000 0xB0000000 0xA0000000 0x90000000 0x80000000 0x70000000 \
	0x60000000 0x50000000 0x40000000)
$(call only,PAE,0)
$(call only,SLAB,slab)
$(call only,SMP,1)
$(call only,NUMA,1)

suffix := $(if $(filter 1,$(DEBUG)),-debug)$(if $(filter 0,$(HIGHMEM)),-nohighmem)
suffix := $(suffix)$(if $(filter-out 0xC0000000,$(PAGE_OFFSET)),-$(patsubst 0x%,%,$(PAGE_OFFSET)))
O	?= build$(suffix)

# ---- tools: set up before anything looks for a compiler ---------------------------------------------

NO_TOOLS := help clean
GOALS := $(or $(MAKECMDGOALS),all)
NEED_SETUP := all run run-kernel exec test check check-layers check-headers soak bench mutants debug gdb record replay iso root \
	root-small tests user setup
ifneq ($(filter $(NEED_SETUP),$(GOALS)),)
ifneq ($(SETUP),0)
ifneq ($(shell scripts/setup $(if $(filter file command environment,$(origin BUSYBOX)),BUSYBOX='$(BUSYBOX)') \
	>&2 || echo failed),)
$(error scripts/setup could not provide the tools; see its message above)
endif
endif
endif

BUSYBOX	?= build/busybox/bin/busybox
ifeq ($(origin CC),default)
CC	:= $(if $(shell command -v gcc),gcc,clang)
endif
ifeq ($(origin LD),default)
LD	:= ld
endif
NM	?= nm
STRIP	?= strip
CLANG	:= $(findstring clang,$(shell $(CC) --version 2>/dev/null))

# ---- flags -------------------------------------------------------------------------------------------

CONFIG	:= -D__OCTAVO__ -DCONFIG_PAGE_OFFSET=$(PAGE_OFFSET) $(if $(filter 1,$(DEBUG)),-DCONFIG_DEBUG) \
	$(if $(filter 1,$(HIGHMEM)),-DCONFIG_HIGHMEM)

# Freestanding i686 without FPU and vector registers (they belong to user programs); no
# position-independent code, stack protector or CET marks, which some distributions switch on.
CFLAGS	:= -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
	-ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include) -I. \
	-m32 -march=i686 -msoft-float -mno-mmx -mno-sse -freg-struct-return \
	-fno-pic -fno-pie -fno-stack-protector -fcf-protection=none -fno-common \
	-fno-strict-aliasing -fno-strict-overflow -fno-delete-null-pointer-checks \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-omit-frame-pointer
CFLAGS	+= $(if $(CLANG),-mstack-alignment=4 -Wno-gnu-variable-sized-type-not-at-end,-mpreferred-stack-boundary=2)
CFLAGS	+= $(CONFIG)
AFLAGS	:= -D__ASSEMBLY__ -m32 -march=i686 -g -I. $(CONFIG)
LDFLAGS	:= -m elf_i386 -static -nostdlib -z noexecstack -z max-page-size=4096 --build-id=none \
	--orphan-handling=error --defsym=PAGE_OFFSET=$(PAGE_OFFSET) -T linker.ld
ifeq ($(DEV),1)
LDFLAGS	+= --warn-unresolved-symbols
endif

# Programs for ring 3 are plain static C programs; the same file runs on Linux.
UFLAGS	:= -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -I. -m32 -march=i686 -static \
	-fno-pie -fno-stack-protector -fno-omit-frame-pointer

# ---- sources -----------------------------------------------------------------------------------------

SRCS	:= $(sort $(shell find boot kernel mm lib tests/kernel \( -name '*.c' -o -name '*.S' \) 2>/dev/null))
OBJS	:= $(patsubst %,$(O)/%.o,$(basename $(SRCS)))
USER	:= $(patsubst user/%.c,$(O)/user/bin/%,$(wildcard user/*.c))
UTESTS	:= $(patsubst tests/user/%.c,$(O)/user/tests/%,$(wildcard tests/user/*.c))
BENCHES	:= $(addprefix $(O)/bench/,mmbench tiny bootinit)
HTESTS	:= $(patsubst tests/host/%.c,$(O)/host/%,$(wildcard tests/host/*_test.c))
ROOTSRC	:= $(wildcard scripts/root/*)

# ---- targets -----------------------------------------------------------------------------------------

MINUTES	?= 10
export MINUTES

.PHONY: all kernel user host root root-small tests iso where run run-kernel exec test check soak bench mutants debug gdb \
	record replay setup clean help FORCE
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

all: kernel root
kernel: $(O)/octavo
user: $(USER) $(UTESTS)
benches: $(BENCHES)
host: $(HTESTS)
root: $(O)/root.cpio
root-small: $(O)/root-small.cpio
tests: $(O)/tests.cpio
iso: $(O)/octavo.iso

remember = @mkdir -p $(@D); echo '$1' | cmp -s - $@ || echo '$1' >$@

$(O)/.options: FORCE
	$(call remember,$(CC) $(CFLAGS) | $(AFLAGS) | $(UFLAGS))
$(O)/.options-link: FORCE
	$(call remember,$(LD) $(LDFLAGS) $(OBJS))

compile = @echo '  CC      $<'; mkdir -p $(@D); $(CC) $1 -MMD -MP -c -o $@ $< $(tolerate)
ifeq ($(DEV),1)
tolerate = || { rm -f $@; echo '  FAILED  $<'; }
endif

$(O)/%.o: %.c $(O)/.options
	$(call compile,$(CFLAGS))
$(O)/%.o: %.S $(O)/.options
	$(call compile,$(AFLAGS))

# The image, linked until the symbol table inside it is right (see scripts/kallsyms).
objects = $(if $(filter 1,$(DEV)),$$(ls $(OBJS) 2>/dev/null),$(OBJS))
link = $(LD) $(LDFLAGS) -o $1 $(objects) $(O)/kallsyms.o
quiet = $(if $(filter 1,$(DEV)),2>/dev/null)
table = scripts/kallsyms $(NM) $1 >$(O)/kallsyms.S && $(CC) $(AFLAGS) -c -o $(O)/kallsyms.o $(O)/kallsyms.S

# An include that points to a higher layer fails the build.
HDRS	:= $(shell find boot kernel mm lib -name '*.h' 2>/dev/null)
$(O)/.layers: $(SRCS) $(HDRS) scripts/check-layers scripts/layers.txt
	@mkdir -p $(@D); scripts/check-layers >$@.tmp || { cat $@.tmp; exit 1; }; mv $@.tmp $@

$(O)/octavo.elf: $(OBJS) $(if $(filter 1,$(DEV)),,$(O)/.layers) $(O)/.options-link linker.ld scripts/kallsyms
	@echo '  LD      $@'
	@$(call table,)
	@$(call link,$@.tmp)
	@$(call table,$@.tmp)
	@$(call link,$@.tmp) $(quiet)
	@$(call table,$@.tmp)
	@$(call link,$@.tmp) $(quiet)
	@scripts/kallsyms $(NM) $@.tmp | cmp - $(O)/kallsyms.S
	@mv $@.tmp $@

# What is booted: the same without the symbols, which GRUB would load into the machine's memory.
$(O)/octavo: $(O)/octavo.elf
	@$(STRIP) -o $@ $<

$(O)/user/bin/%: user/%.c $(O)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(UFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< $(tolerate)
$(O)/user/tests/%: tests/user/%.c $(O)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(UFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< $(tolerate)
$(O)/user/tests/run-tests: scripts/root/run-tests.c $(O)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(UFLAGS) -o $@ $<
# Built as the Linux figures were (tests/bench): the same flags, so that the same code is measured.
BARE	:= -m32 -nostdlib -static -Wl,--build-id=none -Wl,-z,noseparate-code -s
$(O)/bench/mmbench: tests/bench/mmbench.c $(O)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) -m32 -static -O2 -Wall -Wextra -s -o $@ $<
$(O)/bench/tiny: tests/bench/tiny.S $(O)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(BARE) -o $@ $<
$(O)/bench/bootinit: tests/bench/bootinit.c $(O)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(BARE) -O2 -Wall -ffreestanding -fno-pie -no-pie \
		-fno-stack-protector $(if $(CLANG),,-fno-tree-loop-distribute-patterns) -o $@ $<


# Pure logic, on the host, under the sanitizers. Each test's first line names the sources it needs.
HOSTCC	?= gcc
HFLAGS	:= -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-unused-parameter -I. \
	-fsanitize=address,undefined -fno-sanitize-recover=all
$(O)/host/%: tests/host/%.c FORCE
	@mkdir -p $(@D); s=$$(sed -n '1s,^/\* host-test: *\(.*[^ ]\) *\*/.*,\1,p' $<); \
	[ -z "$$(find $< $$s lib tests/host -newer $@ -name '*.[ch]' 2>&1)" ] || { \
		echo '  HOSTCC  $<'; $(HOSTCC) $(HFLAGS) -o $@ $< $$s; }

# ---- root file system and ISO ------------------------------------------------------------------------

MKROOT := scripts/mkroot scripts/octavo.py $(ROOTSRC)
$(O)/root.cpio: $(USER) $(BUSYBOX) $(MKROOT)
	@echo '  ROOT    $@'
	@scripts/mkroot -o $@ --busybox $(BUSYBOX) --bin $(O)/user/bin
$(O)/root-small.cpio: $(BUSYBOX) $(MKROOT)
	@echo '  ROOT    $@'
	@scripts/mkroot -o $@ --busybox $(BUSYBOX)
$(O)/tests.cpio: $(UTESTS) $(O)/user/tests/run-tests $(MKROOT)
	@echo '  ROOT    $@'
	@scripts/mkroot -o $@ --tests $(O)/user/tests
$(O)/add.cpio: FORCE
	@mkdir -p $(@D); scripts/mkroot -o $@ $(if $(ADD),--add '$(ADD)')

# Below 24M our own programs (static, 0.7M each) stay out of the root: busybox alone.
SMALL	:= $(shell [ $(MEM) -le 24 ] && echo -small)
MODULES	:= $(O)/root$(SMALL).cpio $(if $(ADD),$(O)/add.cpio)
$(O)/.options-iso: FORCE
	$(call remember,$(APPEND) $(MODULES))
$(O)/octavo.iso: $(O)/octavo $(MODULES) scripts/mkiso $(O)/.options-iso
	@echo '  ISO     $@'
	@scripts/mkiso $@ $(O)/octavo '$(APPEND)' $(MODULES)

# ---- running -----------------------------------------------------------------------------------------

comma	:= ,
empty	:=
space	:= $(empty) $(empty)
MACHINE	:= $(QEMU) -M pc -m $(MEM) -smp $(CPUS) -display none -no-reboot -nic none
KERNEL	:= -kernel $(abspath $(O))/octavo -append '$(APPEND)' -initrd $(subst $(space),$(comma),$(MODULES))
LEAVE	:= @echo 'Leave the machine by ^A x (^C goes to the guest).'
SETS	:= $(foreach v,DEBUG PAGE_OFFSET HIGHMEM MEM CPUS ADD APPEND,$(if $($v),$v='$($v)'))

run: iso
	$(LEAVE)
	@$(MACHINE) -serial mon:stdio -boot d -cdrom $(O)/octavo.iso
run-kernel: kernel $(MODULES)
	$(LEAVE)
	@$(MACHINE) -serial mon:stdio $(KERNEL)
exec: kernel root
	@scripts/exec $(SETS) $(if $(LIMIT),LIMIT=$(LIMIT)) "$$CMD"
export CMD
test:
	@scripts/test $(if $(T),T='$(T)')
check-layers:
	@scripts/check-layers
check-headers:
	@scripts/check-headers $(CC) $(CFLAGS)
check:
	@scripts/test --check
soak:
	@scripts/test --soak
mutants:
	@scripts/mutants $(if $(T),'$(T)')
bench: kernel root benches
	@scripts/bench

# gdb is told what to read: it would refuse a .gdbinit that lies outside its safe path.
GDB	?= gdb
PORT	?= 1234
debug: kernel $(MODULES)
	@echo 'The machine waits for `make gdb` in another terminal. Leave it by ^A x.'
	@$(MACHINE) -serial mon:stdio $(KERNEL) -S -gdb tcp:127.0.0.1:$(PORT)
gdb: kernel
	@$(GDB) -q $(addprefix -x ,$(wildcard scripts/gdb/octavo.py)) -ex 'target remote 127.0.0.1:$(PORT)' \
		$(O)/octavo.elf
record replay: kernel root
	@scripts/record $@ $(SETS) PORT=$(PORT) $(if $(T),T='$(T)')

# ---- the rest ----------------------------------------------------------------------------------------

setup:
	@echo 'All that is needed is here.'

where:
	@echo $(O)

compile_commands.json: FORCE
	@{ echo '['; for f in $(SRCS); do echo "$$sep{ \"directory\": \"$(CURDIR)\", \"file\": \"$$f\"," \
		"\"command\": \"$(CC) $(CFLAGS) -c $$f\" }"; sep=,; done; echo ']'; } >$@

# Keeps what was downloaded (build/busybox).
clean:
	@find . -maxdepth 1 -name 'build-*' -exec rm -rf {} +
	@[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name busybox -exec rm -rf {} +
	@rm -f compile_commands.json

help:
	@sed -n 's/^# help: \{0,1\}//p' Makefile

# help: make all                    the kernel and its root file system (the default)
# help: make run                    boot the ISO by GRUB; the shell is on this terminal (^A x leaves)
# help: make run-kernel             the same by QEMU's own loader, without an ISO
# help: make exec CMD='...'         run one command in the guest; its output, its exit status
# help: make test [T=NAME]          every test on every machine; or one: T=buddy, T=buddy.split_and_merge
# help: make check                  the short form, for before each commit (two minutes)
# help: make soak                   random tests with new seeds until MINUTES=10 are over
# help: make bench                  instructions per operation beside Linux's
# help: make mutants                plant faults and show the test that notices each
# help: make debug, make gdb        the machine stopped at its first instruction; gdb attached to it
# help: make record, make replay    record a run (CMD=... or T=...); debug it forwards and backwards
# help: make iso                    the GRUB rescue image alone
# help: make compile_commands.json  for editors
# help: make clean                  remove all that was made (not what was downloaded)
# help: make setup                  find the tools, install what is missing (every target does this)
# help:
# help: options          default     values
# help: MEM CPUS         128 1       MiB of memory; processors
# help: APPEND ADD CMD   -           kernel command line; folder put into the root; command for exec
# help: LIMIT T          120 -       seconds until exec calls a hang; the name of a test
# help: DEBUG            0           0 1: poison, red zones, lock checks
# help: PAGE_OFFSET      0xC0000000  0x40000000 ... 0xB0000000: where the kernel's part begins
# help: HIGHMEM          1           0 1: use memory above the direct map
# help: PAE SLAB         0 slab      (one value yet)
# help: SMP NUMA         1 1         (one value yet)
# help: BUSYBOX CC QEMU  found       a file or program to use instead
# help: O                build...    the folder for all that is made; follows the options
# help: PORT MINUTES     1234 10     gdb's TCP port; how long soak runs

-include $(OBJS:.o=.d) $(addsuffix .d,$(USER) $(UTESTS))
