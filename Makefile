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
NODES		?= 1
APPEND		?=
DRIVES		?=
DISK		?= 0
SWAP		?= 0
ADD		?=
T		?=
CMD		?=
ROOT		?= busybox
QEMU		?= qemu-system-i386
# QEMU's own model has PAE, but not the NX that a kernel with PAE can use.
CPU		?= $(if $(filter 1,$(PAE)),qemu32$(comma)+pse36$(comma)+nx)

# DEV=1: link what compiles, let undefined symbols be 0. For work on a part of the kernel while
# another part is torn open; the image it makes is not one to rely on.
DEV		?= 0

comma	:= ,
one-of = $(if $(filter $($1),$2),,$(error $1=$($1): must be one of: $2))
only   = $(if $(filter $($1),$2),,$(error $1=$($1) is not implemented yet: only $1=$2))
$(call one-of,DEBUG,0 1)
$(call one-of,PAE,0 1)
$(call one-of,HIGHMEM,0 1)
$(call one-of,DEV,0 1)
$(call one-of,ROOT,busybox debian)
$(call one-of,PAGE_OFFSET,0xC0000000 0xB0000000 0xA0000000 0x90000000 0x80000000 0x70000000 \
	0x60000000 0x50000000 0x40000000)
ifeq ($(PAE),1)
ifeq ($(filter 0xC0000000 0x80000000 0x40000000,$(PAGE_OFFSET)),)
$(error PAE=1 PAGE_OFFSET=$(PAGE_OFFSET): an entry of the top table maps 1G, so the kernel begins \
	at 0xC0000000, 0x80000000 or 0x40000000)
endif
endif
$(if $(filter-out 0,$(DISK)),$(if $(ADD),$(error ADD= goes into the root in memory, DISK= boots without one)))
$(call only,SLAB,slab)
$(call only,SMP,1)
$(call only,NUMA,1)

suffix := $(if $(filter 1,$(DEBUG)),-debug)$(if $(filter 1,$(PAE)),-pae)$(if $(filter 0,$(HIGHMEM)),-nohighmem)
suffix := $(suffix)$(if $(filter-out 0xC0000000,$(PAGE_OFFSET)),-$(patsubst 0x%,%,$(PAGE_OFFSET)))
O	?= build$(suffix)

# ---- tools: set up before anything looks for a compiler ---------------------------------------------

NO_TOOLS := help clean
GOALS := $(or $(MAKECMDGOALS),all)
NEED_SETUP := all run run-kernel exec test test-linux check check-layers check-headers soak boot-loop bench bench-smp bench-files bench-reclaim mutants debug gdb record replay iso root \
	root-small root-debian tests user setup
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
	$(if $(filter 1,$(HIGHMEM)),-DCONFIG_HIGHMEM) $(if $(filter 1,$(PAE)),-DCONFIG_X86_PAE)

# Freestanding i686 without FPU and vector registers (they belong to user programs); no
# position-independent code, stack protector or CET marks, which some distributions switch on.
CFLAGS	:= -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter \
	-ffreestanding -nostdinc -isystem $(shell $(CC) -print-file-name=include) -I. \
	-m32 -march=i686 -msoft-float -mno-mmx -mno-sse -freg-struct-return \
	-fno-pic -fno-pie -fno-stack-protector -fcf-protection=none -fno-common \
	-fno-strict-aliasing -fno-strict-overflow -fno-delete-null-pointer-checks \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -fno-omit-frame-pointer
CFLAGS	+= $(if $(CLANG),-mstack-alignment=4 -Wno-gnu-variable-sized-type-not-at-end,-mpreferred-stack-boundary=2)
# A debug kernel has a return address on the stack for each call: whole backtraces, fail_alloc's sites.
CFLAGS	+= $(if $(filter 1,$(DEBUG)),-fno-optimize-sibling-calls)
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

SRCS	:=

# boot/ - from the loader to C
SRCS	+= boot/head.S                       # the first instructions
SRCS	+= boot/setup.c                      # take over what the loader left
SRCS	+= boot/trampoline.S                 # where another processor begins

# lib/ - knows nothing of the kernel; the host tests it too
SRCS	+= lib/bitmap.c                      # arrays of bits: filling, counting and searching
SRCS	+= lib/crc32.c                       # the CRC-32 of Ethernet, gzip and ext4
SRCS	+= lib/div64.c                       # a 64-bit number divided by a 64-bit number
SRCS	+= lib/inflate.c                     # unpack a gzip stream
SRCS	+= lib/interval_tree.c               # which intervals touch a given one
SRCS	+= lib/radix-tree.c                  # index -> pointer, with tags
SRCS	+= lib/random.c                      # a small generator of repeatable random numbers
SRCS	+= lib/rbtree.c                      # red-black trees: keeping the rules
SRCS	+= lib/sort.c                        # heapsort
SRCS	+= lib/string.c                      # memory and strings
SRCS	+= lib/strtox.c                      # text to numbers
SRCS	+= lib/vsnprintf.c                   # formatted text into a buffer

# kernel/arch/ - i386, the mechanism
SRCS	+= kernel/arch/cpu.c                 # which processor this is
SRCS	+= kernel/arch/fpu.c                 # saving and restoring arithmetic
SRCS	+= kernel/arch/gdt.c                 # segments, task state segments, TLS descriptors
SRCS	+= kernel/arch/i8259.c               # the two interrupt controllers
SRCS	+= kernel/arch/idt.c                 # the interrupt descriptor table
SRCS	+= kernel/arch/pit.c                 # the interval timer
SRCS	+= kernel/arch/reboot.c              # restart, power off, halt
SRCS	+= kernel/arch/rtc.c                 # reading the CMOS clock
SRCS	+= kernel/arch/switch.c              # what changes besides the stack
SRCS	+= kernel/arch/switch_to.S           # from one kernel stack to another
SRCS	+= kernel/arch/tlb.c                 # flushes that are not one instruction
SRCS	+= kernel/arch/uaccess.c             # copies that survive a bad pointer
SRCS	+= kernel/arch/percpu.c              # a processor's copy of the per-CPU section
SRCS	+= kernel/arch/mpspec.c              # processors and I/O APICs that there are
SRCS	+= kernel/arch/apic.c                # the local APIC, its timer, IPIs
SRCS	+= kernel/arch/io_apic.c             # where device lines enter
SRCS	+= kernel/arch/spin_thunk.S          # waiting for a lock, no register changed

# kernel/core/ - log, locks, time, self-tests
SRCS	+= kernel/core/cmdline.c             # options from the loader's command line
SRCS	+= kernel/core/completion.c          # waiting for an event that happens once
SRCS	+= kernel/core/irq.c                 # dispatching device interrupts
SRCS	+= kernel/core/kallsyms.c            # names for addresses
SRCS	+= kernel/core/ktest.c               # runs the in-kernel tests
SRCS	+= kernel/core/lockdep.c             # the lock checker: classes, and what each task holds
SRCS	+= kernel/core/lockdep_graph.c       # the lock checker: which class comes before which
SRCS	+= kernel/core/lockdep_proc.c        # /proc/lockdep and /proc/lock_stat
SRCS	+= kernel/core/lockdep_report.c      # the lock checker: what it says
SRCS	+= kernel/core/mutex.c               # sleeping locks with an owner
SRCS	+= kernel/core/panic.c               # reports of a broken kernel
SRCS	+= kernel/core/printk.c              # the log ring and the consoles
SRCS	+= kernel/core/proc_core.c           # /proc/cpuinfo and /proc/interrupts
SRCS	+= kernel/core/random.c              # random bytes by ChaCha20
SRCS	+= kernel/core/rcu.c                 # grace periods: freeing after the last reader
SRCS	+= kernel/core/refcount.c            # the report of a count that went wrong
SRCS	+= kernel/core/rwsem.c               # fair reader-writer semaphores
SRCS	+= kernel/core/semaphore.c           # counting semaphores on a wait queue
SRCS	+= kernel/core/seq_file.c            # printing into a buffer that may be too small
SRCS	+= kernel/core/sysctl.c              # numbers in files of /proc/sys
SRCS	+= kernel/core/spinlock.c            # the lock checker of debug builds
SRCS	+= kernel/core/smp.c                 # interrupts between processors
SRCS	+= kernel/core/sys_cpu.c             # /sys/devices/system/cpu: which processors there are
SRCS	+= kernel/core/time.c                # the clocks
SRCS	+= kernel/core/timer.c               # the timing wheel
SRCS	+= kernel/core/utsname.c             # the names of this system, and /proc's view of them
SRCS	+= kernel/core/watchdog.c            # noticing a processor that spins with interrupts off
SRCS	+= kernel/core/wait.c                # wait queues

# mm/phys/ - who owns which frame
SRCS	+= mm/phys/fail_alloc.c              # allocations that fail although there is memory
SRCS	+= mm/phys/fixmap.c                  # addresses that are known when the kernel is compiled
SRCS	+= mm/phys/highmem.c                 # windows onto pages that the direct map does not reach
SRCS	+= mm/phys/init.c                    # the final direct map, and all RAM to the page allocator
SRCS	+= mm/phys/kmalloc.c                 # memory by the byte: the general caches
SRCS	+= mm/phys/kstack.c                  # kernel stacks, each with an unmapped page below it
SRCS	+= mm/phys/memblock.c                # ranges of physical memory at boot, and /proc/iomem
SRCS	+= mm/phys/mempolicy.c               # pages from where somebody wants them
SRCS	+= mm/phys/mempool.c                 # reserves, so that memory can be freed without memory
SRCS	+= mm/phys/nodes.c                   # nodes, zones and mem_map, from ranges of RAM
SRCS	+= mm/phys/numa.c                    # from the firmware's tables to nodes
SRCS	+= mm/phys/page_alloc.c              # the buddy system, and the path of an allocation
SRCS	+= mm/phys/alloc_slow.c              # ... when memory is short: marks, reclaim, giving up
SRCS	+= mm/phys/page_check.c              # the page allocator watched: reports and invariants
SRCS	+= mm/phys/page_class.c              # what every frame is, and proof that the counters say so
SRCS	+= mm/phys/pageattr.c                # other rights for pages of the kernel
SRCS	+= mm/phys/pcp.c                     # per-CPU page lists: a few pages at hand, moved in batches
SRCS	+= mm/phys/pgalloc.c                 # pages for page tables, kept at hand on quicklists
SRCS	+= mm/phys/ptdump.c                  # the kernel's page tables as text, and W^X checked
SRCS	+= mm/phys/reclaim.c                 # when memory runs short: the shrinkers
SRCS	+= mm/phys/show_mem.c                # the state of all zones, to the log
SRCS	+= mm/phys/slab.c                    # the slab allocator
SRCS	+= mm/phys/slab_check.c              # looking at the caches: invariants, /proc/slabinfo, tests
SRCS	+= mm/phys/slab_debug.c              # catching those who misuse objects
SRCS	+= mm/phys/sys_node.c                # /sys/devices/system/node: memory by node
SRCS	+= mm/phys/commit.c                  # what has been promised: Committed_AS and its limit
SRCS	+= mm/phys/vmalloc.c                 # contiguous addresses for pages that are not
SRCS	+= mm/phys/vmstat.c                  # the counters, and the files of /proc that show them
SRCS	+= mm/phys/zonelists.c               # zonelists and watermarks: who may take how much from where

# kernel/sched/ - who runs
SRCS	+= kernel/sched/init_task.c          # the first task, made by the compiler
SRCS	+= kernel/sched/kthread.c            # kernel threads on request
SRCS	+= kernel/sched/pid.c                # numbers for tasks.  Theory: kernel/sched/pid.h
SRCS	+= kernel/sched/proc_sched.c         # /proc/stat and /proc/uptime
SRCS	+= kernel/sched/sched.c              # who runs next
SRCS	+= kernel/sched/wake.c               # to make a task runnable, and where
SRCS	+= kernel/sched/balance.c            # no processor idle while another has too much
SRCS	+= kernel/sched/sched_check.c       # are the run queues what they claim to be?
SRCS	+= kernel/sched/tick.c               # what each timer tick costs whom
SRCS	+= kernel/sched/user.c               # a struct for each user id that has something

# kernel/block/ - requests to disks
SRCS	+= kernel/block/bio.c                # one transfer between pages and a disk
SRCS	+= kernel/block/queue.c              # from a bio to the driver, and back
SRCS	+= kernel/block/elevator.c           # which request is next: by sector, and by age
SRCS	+= kernel/block/genhd.c              # disks and partitions, by name and by number
SRCS	+= kernel/block/partition.c          # which parts of a disk are disks of their own
SRCS	+= kernel/block/bounce.c             # pages for devices that do not reach all of memory
SRCS	+= kernel/block/diskstats.c          # what was transferred, and how long it took
SRCS	+= kernel/block/sys_block.c          # /sys/block: disks, partitions and queues as files

# kernel/drivers/ - devices
SRCS	+= kernel/drivers/kbd.c              # a PS/2 keyboard on the i8042
SRCS	+= kernel/drivers/firmware.c         # a window onto the firmware's tables
SRCS	+= kernel/drivers/acpi.c             # what ACPI says
SRCS	+= kernel/drivers/mptable.c          # what the MP table says
SRCS	+= kernel/drivers/serial.c           # 16550 UARTs
SRCS	+= kernel/drivers/pci.c              # the PCI bus: its devices
SRCS	+= kernel/drivers/virtio_ring.c      # virtio: queues of buffers
SRCS	+= kernel/drivers/virtio_pci.c       # virtio: a device's registers
SRCS	+= kernel/drivers/disk.c             # what drivers of disks share
SRCS	+= kernel/drivers/virtio_blk.c       # a disk by virtio
SRCS	+= kernel/drivers/ide.c              # IDE disks: requests become commands
SRCS	+= kernel/drivers/ide_dma.c          # IDE: bus mastering
SRCS	+= kernel/drivers/ide_probe.c        # IDE: which drives there are
SRCS	+= kernel/drivers/isadma.c           # direct memory access on the ISA bus
SRCS	+= kernel/drivers/floppy.c           # floppy disks
SRCS	+= kernel/drivers/bochs.c            # a linear framebuffer: QEMU's standard VGA
SRCS	+= kernel/drivers/vga.c              # 80 x 25 text

# mm/cache/ - which frames hold files
SRCS	+= mm/cache/buffer.c                 # buffer heads: made, locked, dirtied, written, taken apart
SRCS	+= mm/cache/buffer_check.c           # are the rings of buffers what they claim to be?
SRCS	+= mm/cache/buffer_dev.c             # blocks of a device by their number: metadata
SRCS	+= mm/cache/buffer_file.c            # pages of files to and from the blocks where they lie
SRCS	+= mm/cache/mpage.c                  # many pages at once
SRCS	+= mm/cache/filemap.c                # the page cache: lookup, insertion, removal, page locks
SRCS	+= mm/cache/readahead.c              # pages of a file read before they are asked for
SRCS	+= mm/cache/page_dirty.c             # dirty, being written, clean
SRCS	+= mm/cache/page_writeout.c          # the dirty pages of a file, written and waited for
SRCS	+= mm/cache/page_writeback.c         # how much may be dirty; bdflush and kupdate
SRCS	+= mm/cache/page_io.c                # a page of the swap cache to and from its slot
SRCS	+= mm/cache/anon_vma.c               # in which areas an anonymous page can be mapped
SRCS	+= mm/cache/anon_vma_check.c         # do the ways of an address space lead where they should?
SRCS	+= mm/cache/rmap.c                   # where a page is mapped: asked, and taken away
SRCS	+= mm/cache/swap.c                   # the lists of pages that could be given up
SRCS	+= mm/cache/swap_readahead.c         # neighbours of a page that comes back from swap
SRCS	+= mm/cache/swap_state.c             # the swap cache: a page and its slot, together for a while
SRCS	+= mm/cache/swap_check.c             # are the maps of swap areas what the counts say?
SRCS	+= mm/cache/swapfile.c               # the slots of swap areas: given out, counted, given back
SRCS	+= mm/cache/truncate.c               # pages of a file thrown away
SRCS	+= mm/cache/shmem_swap.c             # pages of tmpfs and shared memory go to swap, and come back
SRCS	+= mm/cache/vmscan.c                 # memory taken back: which page goes, and by which steps
SRCS	+= mm/cache/kswapd.c                 # ... who does it, and when: direct reclaim, kswapd, kreclaimd

# kernel/fs/ - files and names
SRCS	+= kernel/fs/d_path.c                # from a place back to a path
SRCS	+= kernel/fs/dcache.c                # dentries: the tree of names, and unused ones
SRCS	+= kernel/fs/bdev_check.c            # is every block in memory once?
SRCS	+= kernel/fs/blkdev_file.c           # an open block device: read, write, ioctl
SRCS	+= kernel/fs/block_dev.c             # disks and partitions as files
SRCS	+= kernel/fs/direct_io.c             # O_DIRECT: between the disk and a program's memory
SRCS	+= kernel/fs/dirops.c                # making, removing and renaming entries of directories
SRCS	+= kernel/fs/do_mounts.c             # root=: the kernel mounts its root from a disk
SRCS	+= kernel/fs/drop_caches.c           # get rid of what is only kept to be quick
SRCS	+= kernel/fs/fadvise.c               # what a program says it will do with a file
SRCS	+= kernel/fs/fifo.c                  # pipes with a name
SRCS	+= kernel/fs/file_table.c            # open files, and the tables that give them numbers
SRCS	+= kernel/fs/flock.c                 # flock(): whole files locked by agreement
SRCS	+= kernel/fs/fs_struct.c             # where a process stands: root, working directory, umask
SRCS	+= kernel/fs/fs_writeback.c          # dirty inodes: listed and written
SRCS	+= kernel/fs/generic_file.c          # reading, writing and mapping a file by its pages
SRCS	+= kernel/fs/icache.c                # inodes: made, found again, kept for a while, given back
SRCS	+= kernel/fs/initramfs.c             # unpack cpio archives into the root
SRCS	+= kernel/fs/inode.c                 # attributes of inodes: times, permissions, sizes
SRCS	+= kernel/fs/libfs.c                 # parts for file systems that live in memory
SRCS	+= kernel/fs/locks.c                 # record locks: ranges of a file locked by agreement
SRCS	+= kernel/fs/namei.c                 # walking a path
SRCS	+= kernel/fs/namespace.c             # the mounts: one tree made of several file systems
SRCS	+= kernel/fs/pivot_root.c            # another root for everybody
SRCS	+= kernel/fs/proc_mounts.c           # /proc/mounts, mountinfo: what is mounted where
SRCS	+= kernel/fs/open.c                  # from a name to an open file
SRCS	+= kernel/fs/pipe.c                  # the ring of pages behind pipes and FIFOs
SRCS	+= kernel/fs/anon_inodes.c           # files that are nothing but a descriptor
SRCS	+= kernel/fs/pipefs.c                # pipes without a name
SRCS	+= kernel/fs/select.c                # sleeping until one of several files is ready
SRCS	+= kernel/fs/super.c                 # types of file systems, and their instances
SRCS	+= kernel/fs/swapon.c                # devices and files become swap areas, and stop being one
SRCS	+= kernel/fs/sync.c                  # sync, fsync and their kin
SRCS	+= kernel/fs/ramfs/fallocate.c       # set memory of a file aside, or give it back
SRCS	+= kernel/fs/ramfs/memfd.c           # memory as a file descriptor, and promises about it
SRCS	+= kernel/fs/writeback_check.c       # is what is dirty known to be dirty?
SRCS	+= kernel/fs/ramfs/ramfs.c           # a file system that is its own cache
SRCS	+= kernel/fs/ramfs/shmem.c           # shared anonymous memory: files without a name
SRCS	+= kernel/fs/ext2/balloc.c           # which blocks are free
SRCS	+= kernel/fs/ext2/dir.c              # the entries of directories: finding and listing them
SRCS	+= kernel/fs/ext2/dir_change.c       # entries of directories come, change and go
SRCS	+= kernel/fs/ext2/file.c             # regular files, and fsync
SRCS	+= kernel/fs/ext2/freed.c            # what was freed, and may not be used again yet
SRCS	+= kernel/fs/ext2/ialloc.c           # which inodes are free, and where a new one should live
SRCS	+= kernel/fs/ext2/inode.c            # inodes between memory and their place in the inode table
SRCS	+= kernel/fs/ext2/map.c              # which block of the disk holds a block of a file
SRCS	+= kernel/fs/ext2/namei.c            # names: looked up, made, moved and removed
SRCS	+= kernel/fs/ext2/options.c          # what mount -o may say
SRCS	+= kernel/fs/ext2/super.c            # mounting, unmounting, and when the disk is wrong
SRCS	+= kernel/fs/ext2/symlink.c          # where a link leads
SRCS	+= kernel/fs/ext2/truncate.c         # taking blocks away from a file
SRCS	+= kernel/fs/ext2/validate.c         # which of the disk's numbers may be believed
SRCS	+= kernel/fs/ramfs/tmpfs.c           # ramfs with limits: how many pages, how many inodes
SRCS	+= kernel/fs/dev/chrdev.c            # from device numbers to drivers, and devtmpfs
SRCS	+= kernel/fs/dev/mem.c               # the devices that are no hardware
SRCS	+= kernel/fs/dev/fbmem.c             # /dev/fb0: the screen as memory
SRCS	+= kernel/fs/dev/devmem.c            # /dev/mem: the memory of devices, for programs that may
SRCS	+= kernel/fs/tty/job_control.c       # whose terminal it is
SRCS	+= kernel/fs/tty/n_tty.c             # the line discipline
SRCS	+= kernel/fs/tty/tty_io.c            # terminals as devices
SRCS	+= kernel/fs/tty/tty_ioctl.c         # settings of a terminal: termios, window size, queues
SRCS	+= kernel/fs/proc/file.c             # reading and writing what a show function prints
SRCS	+= kernel/fs/proc/proc_pid_dir.c     # /proc/self, /proc/PID, and what is below it
SRCS	+= kernel/fs/proc/sysfs.c            # /sys: what tools ask about processors and nodes
SRCS	+= kernel/fs/proc/proc_tree.c        # the fixed part of /proc, and the file system itself

# mm/space/ - what a process sees
SRCS	+= mm/space/accounting.c             # Committed_AS proved: areas and objects added up
SRCS	+= mm/space/copy.c                   # page-table entries copied, moved, re-coloured, made by drivers
SRCS	+= mm/space/gup.c                    # the kernel reads and writes another's memory
SRCS	+= mm/space/madvise.c                # what a program says it will do with its memory
SRCS	+= mm/space/huge_memory.c            # huge pages: advice that is noted
SRCS	+= mm/space/lazyfree.c               # entries made clean or old: MADV_FREE, MADV_COLD
SRCS	+= mm/space/memory.c                 # page faults: making the page tables say what the areas mean
SRCS	+= mm/space/mempolicy.c              # memory policies of areas
SRCS	+= mm/space/mincore.c                # which pages are in memory, and write them back
SRCS	+= mm/space/mlock.c                  # memory that stays
SRCS	+= mm/space/mm_check.c               # is an address space what it claims to be?
SRCS	+= mm/space/mm_struct.c              # the life of an address space
SRCS	+= mm/space/mmap.c                   # making and removing areas: mmap, munmap, brk, stacks
SRCS	+= mm/space/mprotect.c               # other rights for memory that is mapped already
SRCS	+= mm/space/mremap.c                 # a mapping gets larger, smaller, or another address
SRCS	+= mm/space/numa_maps.c              # /proc/PID/numa_maps: where an address space's pages lie
SRCS	+= mm/space/pagemap.c                # which page is where, and which was written to since
SRCS	+= mm/space/kpage.c                  # /proc/kpagecount, kpageflags: every frame, as a number
SRCS	+= mm/space/proc_mm.c                # an address space as text
SRCS	+= mm/space/smaps.c                  # /proc/PID/smaps: what is really there
SRCS	+= mm/space/stack.c                  # areas that grow down: made by exec, grown by page faults
SRCS	+= mm/space/swap_fault.c             # a page comes back from swap; swapoff
SRCS	+= mm/space/swap_users.c             # who holds each slot of swap, against what is counted
SRCS	+= mm/space/sysctl.c                 # /proc/sys/vm: the settings of address spaces
SRCS	+= mm/space/translate.c              # the way of one address, step by step
SRCS	+= mm/space/unmapped_area.c          # where mmap puts what has no place of its own
SRCS	+= mm/space/vma.c                    # areas on list and tree: found, linked, cut, joined
SRCS	+= mm/space/zap.c                    # taking pages and page tables away again

# kernel/proc/ - processes: born, changed, told, dead
SRCS	+= kernel/proc/deliver.c             # taking a signal on the way back to ring 3
SRCS	+= kernel/proc/elf.c                 # loading an ELF program, and its interpreter
SRCS	+= kernel/proc/elf_image.c           # one ELF file: read, checked, mapped
SRCS	+= kernel/proc/exec.c                # becoming another program
SRCS	+= kernel/proc/exit.c                # the end of a task
SRCS	+= kernel/proc/fork.c                # a new task is a copy of the one that asks
SRCS	+= kernel/proc/futex.c               # fast user-space locks: the slow part
SRCS	+= kernel/proc/hung_task.c           # noticing tasks that wait for ever
SRCS	+= kernel/proc/itimer.c              # interval timers, and limits on processor time
SRCS	+= kernel/proc/layout.c              # where the parts of a new address space go
SRCS	+= kernel/proc/oom_kill.c            # the last resort of memory allocation: who must go
SRCS	+= kernel/proc/oom_reaper.c          # ... his memory is taken at once
SRCS	+= kernel/proc/oom_report.c          # ... and what the log says
SRCS	+= kernel/proc/pidfd.c               # a process as a file descriptor
SRCS	+= kernel/proc/posix_timers.c        # timers that a process makes by number
SRCS	+= kernel/proc/proc_pid.c            # the files of /proc/PID
SRCS	+= kernel/proc/proc_fail.c           # /proc/PID/fail-nth: failures of allocations
SRCS	+= kernel/proc/proc_pid_mem.c        # the memory of another: mem, pagemap, clear_refs
SRCS	+= kernel/proc/proc_task.c           # /proc/PID: what a task is called, where it stands
SRCS	+= kernel/proc/script.c              # "#!": a file that names its interpreter
SRCS	+= kernel/proc/sigframe.c            # building a handler's frame, and coming back from it
SRCS	+= kernel/proc/sigaction.c           # handlers, and the stack for them
SRCS	+= kernel/proc/sigchld.c             # telling the parent
SRCS	+= kernel/proc/signal.c              # sending signals
SRCS	+= kernel/proc/signalfd.c            # signals by a file descriptor
SRCS	+= kernel/proc/sigqueue.c            # the queues of signals: what waits to be taken
SRCS	+= kernel/proc/vdso.c                # the page of code that the kernel gives to programs
SRCS	+= kernel/proc/vdso_image.S          # that page
SRCS	+= kernel/proc/wait.c                # waiting for children: wait4(), waitpid(), waitid()

# kernel/sys/ - system calls: decode, check, perform
SRCS	+= kernel/sys/fs_attr.c              # system calls that change or ask for attributes: mode, owner, times,
SRCS	+= kernel/sys/fs_dir.c               # system calls about names: directories, links, mounts
SRCS	+= kernel/sys/fs_fd.c                # system calls that make, copy, change and close descriptors
SRCS	+= kernel/sys/fs_lock.c              # flock and the record locks of fcntl
SRCS	+= kernel/sys/fs_poll.c              # poll and select in all their forms
SRCS	+= kernel/sys/fs_rw.c                # system calls that move bytes and offsets
SRCS	+= kernel/sys/fs_stat.c              # system calls that tell about files and file systems
SRCS	+= kernel/sys/fs_swap.c              # swapon and swapoff
SRCS	+= kernel/sys/fs_xattr.c             # system calls about extended attributes
SRCS	+= kernel/sys/misc_sys.c             # calls about the machine as a whole
SRCS	+= kernel/sys/misc_syslog.c          # syslog(2): the kernel's log for dmesg and klogd
SRCS	+= kernel/sys/mm_policy.c            # the system calls of memory policies
SRCS	+= kernel/sys/mm_calls.c             # the system calls of memory: decode, check, perform
SRCS	+= kernel/sys/proc_cred.c            # system calls about user and group ids
SRCS	+= kernel/sys/proc_futex.c           # futex(), in both widths of time
SRCS	+= kernel/sys/proc_limits.c          # system calls about resource limits and usage
SRCS	+= kernel/sys/proc_prctl.c           # system calls: prctl
SRCS	+= kernel/sys/proc_process.c         # system calls: making, ending and naming processes
SRCS	+= kernel/sys/proc_sched.c           # system calls about who runs when: nice and its kin
SRCS	+= kernel/sys/proc_signal.c          # system calls about signals
SRCS	+= kernel/sys/proc_time.c            # system calls about time: clocks and sleeping
SRCS	+= kernel/sys/proc_timers.c          # system calls about timers
SRCS	+= kernel/sys/syscall_table.c        # from a number to a function

# kernel/entry/ - the doors, and start_kernel
SRCS	+= kernel/entry/doublefault.c        # when the stack itself is gone
SRCS	+= kernel/entry/entry.S              # the doors into the kernel, and the one way out
SRCS	+= kernel/entry/fault.c              # page faults: whose fault is it?
SRCS	+= kernel/entry/init.c               # start_kernel(): the list of all beginnings
SRCS	+= kernel/entry/smpboot.c            # the start of the other processors
SRCS	+= kernel/entry/syscall.c            # calls that do not exist
SRCS	+= kernel/entry/traps.c              # exceptions

# Each file of the kernel stands above, so that the list is its table of contents.
unlisted := $(filter-out $(SRCS) kernel/proc/vdso/%,$(shell find boot kernel mm lib -name '*.[cS]'))
$(if $(unlisted),$(error not in the Makefile's list of sources: $(unlisted)))
# The self-tests: linked into every image, and freed at boot unless ktest= asks for them.
SRCS	+= $(sort $(shell find tests/kernel -name '*.c'))

# What runs in ring 3 though it comes from the kernel: the shared object of one page that
# kernel/proc/vdso_image.S takes in.
VDSOSRC	:= kernel/proc/vdso/note.S           # whose it is
VDSOSRC	+= kernel/proc/vdso/sigreturn.S      # where a signal handler returns to
VDSOSRC	+= kernel/proc/vdso/vclock.c         # what time it is
VDSOSRC	+= kernel/proc/vdso/vsyscall.S       # the door

OBJS	:= $(patsubst %,$(O)/%.o,$(basename $(SRCS)))
# Programs are the same for every kernel, and are built once: beside the others is a link to them.
U	:= build/user
PROGRAMS := $(if $(filter-out $(abspath build),$(abspath $(O))),$(O)/user)
USER	:= $(patsubst user/%.c,$(U)/bin/%,$(wildcard user/*.c))
UTESTS	:= $(patsubst tests/user/%.c,$(U)/tests/%,$(wildcard tests/user/*.c))
GUESTS	:= $(patsubst tests/system/guest/%.c,$(O)/guest/%,$(wildcard tests/system/guest/*.c))
BENCHES	:= $(addprefix $(O)/bench/,mmbench tiny bootinit smpfault filebench reclaimbench lockstep.so)
HTESTS	:= $(patsubst tests/host/%.c,$(O)/host/%,$(wildcard tests/host/*_test.c))
ROOTSRC	:= $(wildcard scripts/root/*)

# ---- targets -----------------------------------------------------------------------------------------

MINUTES	?= 30
export MINUTES

.PHONY: all disk kernel user host guests root root-small root-debian debian-if-there-is tests iso where run run-kernel exec test test-linux check soak bench bench-smp bench-files bench-reclaim mutants debug gdb \
	record replay setup clean help FORCE
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

all: kernel root
kernel: $(O)/octavo | $(PROGRAMS)
user: $(USER) $(UTESTS) | $(PROGRAMS)
guests: $(GUESTS)
benches: $(BENCHES)
host: $(HTESTS)
root: $(O)/root.cpio
root-small: $(O)/root-small.cpio
root-debian: $(O)/root-debian.cpio
tests: $(O)/tests.cpio
iso: $(O)/octavo.iso

remember = @mkdir -p $(@D); echo '$1' | cmp -s - $@ || echo '$1' >$@

$(O)/.options: FORCE
	$(call remember,$(CC) $(CFLAGS) | $(AFLAGS) | $(UFLAGS))
$(U)/.options: FORCE
	$(call remember,$(CC) $(UFLAGS))
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

# The vDSO: code for ring 3, position-independent, linked by its own script. vdso.so.dbg keeps the
# symbols for gdb.
VDSOFLAGS := -D__OCTAVO__ -std=gnu11 -O2 -g -Wall -Wextra -Werror -ffreestanding -nostdinc \
	-isystem $(shell $(CC) -print-file-name=include) -I. -m32 -march=i686 -fPIC \
	-fno-stack-protector -fcf-protection=none -fasynchronous-unwind-tables -fomit-frame-pointer
$(O)/vdso.so.dbg: $(VDSOSRC) kernel/proc/vdso/vdso.lds kernel/core/vdso_data.h lib/types.h $(O)/.options
	@echo '  VDSO    $@'; mkdir -p $(@D)
	@$(CC) $(VDSOFLAGS) -nostdlib -shared -Wl,-soname=linux-gate.so.1 -Wl,--hash-style=both -Wl,--eh-frame-hdr \
		-Wl,-Bsymbolic -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 -Wl,--build-id=none \
		-Wl,-T,kernel/proc/vdso/vdso.lds -o $@ $(VDSOSRC)
$(O)/vdso.so: $(O)/vdso.so.dbg
	@$(STRIP) -o $@ $<
$(O)/kernel/proc/vdso_image.o: $(O)/vdso.so
$(O)/kernel/proc/vdso_image.o: AFLAGS += -DVDSO_IMAGE='"$(O)/vdso.so"'

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

$(U)/bin/%: user/%.c $(U)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(UFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< $(tolerate)
$(U)/tests/%: tests/user/%.c $(U)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(UFLAGS) -MMD -MP -MF $@.d -MT $@ -o $@ $< $(tolerate)
# The same, with Debian's dynamic linker and C library: for a root that has them.
$(U)/dynamic/%: tests/user/%.c $(U)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(filter-out -static,$(UFLAGS)) -MMD -MP -MF $@.d -MT $@ -o $@ $<
$(U)/tests/run-tests: scripts/root/run-tests.c $(U)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(UFLAGS) -o $@ $<
ifneq ($(PROGRAMS),)
$(PROGRAMS): FORCE
	@mkdir -p $(O); [ -L $@ ] || { rm -rf $@; ln -s "$$(realpath -m --relative-to=$(O) $(U))" $@; }
endif
$(O)/guest/%: tests/system/guest/%.c $(O)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(UFLAGS) -o $@ $<
# Built as the Linux figures were (tests/bench): the same flags, so that the same code is measured.
BARE	:= -m32 -nostdlib -static -Wl,--build-id=none -Wl,-z,noseparate-code -s
$(O)/bench/mmbench: tests/bench/mmbench.c $(O)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) -m32 -static -O2 -Wall -Wextra -s -o $@ $<
$(O)/bench/smpfault $(O)/bench/filebench $(O)/bench/reclaimbench: $(O)/bench/%: tests/bench/%.c $(O)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) -m32 -static -O2 -Wall -Wextra -s -o $@ $<
# The one program here for the host: a plugin of QEMU.
$(O)/bench/lockstep.so: tests/bench/lockstep.c
	@echo '  HOSTCC  $<'; mkdir -p $(@D); $(HOSTCC) -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -shared -fPIC -o $@ $<
$(O)/bench/tiny: tests/bench/tiny.S $(O)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(BARE) -o $@ $<
$(O)/bench/bootinit: tests/bench/bootinit.c $(O)/.options
	@echo '  CC      $<'; mkdir -p $(@D); $(CC) $(BARE) -O2 -Wall -ffreestanding -fno-pie -no-pie \
		-fno-stack-protector $(if $(CLANG),,-fno-tree-loop-distribute-patterns) -o $@ $<


# Pure logic, on the host, under the sanitizers. Each test's first line names the sources it needs.
# The second may name sources of the kernel: these are compiled as the kernel is, for 32 bits (see
# tests/host/kernel.h); where the host has no 32-bit sanitizers, such a test skips itself.
HOSTCC	?= gcc
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
HFLAGS	:= -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-unused-parameter -I. $(SANITIZE)
KHFLAGS	= $(filter-out -mpreferred-stack-boundary=2 -mstack-alignment=4 -DCONFIG_DEBUG -DCONFIG_X86_PAE,$(CFLAGS)) \
	-mpreferred-stack-boundary=4 -include tests/host/kernel.h $(SANITIZE)
named_in_line = sed -n '$1s,^/\* $2: *\(.*[^ ]\) *\*/.*,\1,p' $<
$(O)/host/%: tests/host/%.c FORCE
	@mkdir -p $(@D); s=$$($(call named_in_line,1,host-test)); k=$$($(call named_in_line,2,kernel)); \
	[ -z "$$(find $< $$s lib tests/host $${k:+mm kernel} -newer $@ -name '*.[ch]' 2>&1)" ] || { \
		echo '  HOSTCC  $<'; scripts/host-test '$@' '$<' "$$s" "$$k" '$(HOSTCC)' '$(HFLAGS)' '$(KHFLAGS)'; }

# ---- root file system and ISO ------------------------------------------------------------------------

MKROOT := scripts/mkroot scripts/octavo.py $(ROOTSRC)
$(O)/root.cpio: $(USER) $(BUSYBOX) $(MKROOT)
	@echo '  ROOT    $@'
	@scripts/mkroot -o $@ --busybox $(BUSYBOX) --bin $(U)/bin
$(O)/root-small.cpio: $(BUSYBOX) $(MKROOT)
	@echo '  ROOT    $@'
	@scripts/mkroot -o $@ --busybox $(BUSYBOX)
$(O)/root-debian.cpio: $(USER) $(BUSYBOX) build/debian/packages $(MKROOT)
	@echo '  ROOT    $@'
	@scripts/mkroot -o $@ --debian build/debian/root --busybox $(BUSYBOX) --bin $(U)/bin
$(O)/tests.cpio: $(UTESTS) $(U)/tests/run-tests $(MKROOT)
	@echo '  ROOT    $@'
	@scripts/mkroot -o $@ --tests $(U)/tests
$(O)/add.cpio: FORCE
	@mkdir -p $(@D); scripts/mkroot -o $@ $(if $(ADD),--add '$(ADD)')

# Debian's packages, fetched when they are first asked for and kept by `make clean`.
build/debian/packages: scripts/debian-packages
	@scripts/debs build/debian $$(sed 's/#.*//' $<)

# Without them system.debian is skipped, nothing else.
debian-if-there-is:
	@[ build/debian/packages -nt scripts/debian-packages ] || $(MAKE) -s SETUP=0 build/debian/packages || \
		echo "make: Debian's packages cannot be had now: system.debian will be skipped" >&2

# Debian's own kernel for i386, the oracle of tests/user, and its modules for disks.
LINUX_MODULES := $(foreach m,drivers/virtio drivers/block fs/ext4 fs/jbd2 fs/mbcache.ko lib crypto,--only './lib/modules/*/kernel/$m')
build/linux/packages: scripts/debs
	@scripts/debs --only ./boot $(LINUX_MODULES) build/linux 'linux-image-686?'

# Below 24M our own programs (static, 0.7M each) stay out of the root: busybox alone.
SMALL	:= $(shell [ $(MEM) -le 24 ] && echo -small)
MODULES	:= $(O)/root$(if $(filter debian,$(ROOT)),-debian,$(SMALL)).cpio $(if $(ADD),$(O)/add.cpio)
CMDLINE	:= $(APPEND)
# DISK=: the root is on a disk that is made once and kept; the kernel gets no modules.
ifneq ($(DISK),0)
DISK_ROOT := $(O)/root$(if $(filter debian,$(ROOT)),-debian).cpio
DISK_IMAGE := build/disk-$(ROOT).img
MODULES	:=
CMDLINE	:= root=/dev/hda1 rw $(APPEND)
endif
# SWAP=: one more disk, behind those of DRIVES=; the root's init runs swapon on it.
ifneq ($(SWAP),0)
SWAP_DISK := virtio:swap$(SWAP)
CMDLINE	+= swap=/dev/vd$(word $(words x $(filter virtio:%,$(subst $(comma), ,$(DRIVES)))),a b c d e f g h i j)
endif
disk: $(DISK_ROOT)
	$(if $(DISK_IMAGE),@scripts/mkdisk $(DISK_IMAGE) $(DISK) $(DISK_ROOT))
$(O)/.options-iso: FORCE
	$(call remember,$(CMDLINE) $(MODULES))
$(O)/octavo.iso: $(O)/octavo $(MODULES) scripts/mkiso $(O)/.options-iso
	@echo '  ISO     $@'
	@scripts/mkiso $@ $(O)/octavo '$(CMDLINE)' $(MODULES)

# ---- running -----------------------------------------------------------------------------------------

empty	:=
space	:= $(empty) $(empty)
MANY	= $(if $(filter-out 1,$(NODES) $(CPUS))$(shell [ $(MEM) -le 3072 ] || echo large),$(shell python3 scripts/octavo.py $(NODES) $(MEM) $(CPUS) $(THREADS)))
MACHINE	= $(QEMU) -M pc -m $(MEM) -smp $(CPUS) $(MANY) $(addprefix -cpu ,$(CPU)) -display none -no-reboot -nic none
KERNEL	:= -kernel $(abspath $(O))/octavo -append '$(CMDLINE)' $(if $(MODULES),-initrd $(subst $(space),$(comma),$(strip $(MODULES))))
LEAVE	:= @echo 'Leave the machine by ^A x (^C goes to the guest).'
# $(call drives,cdrom or nothing): the disks of DISK= and DRIVES=
DISKS	:= $(subst $(space),$(comma),$(strip $(addprefix ide:,$(DISK_IMAGE)) $(DRIVES) $(SWAP_DISK)))
drives	= $(if $(DISKS),$(or $(shell python3 scripts/octavo.py '$(DISKS)' '$1'),$(error DRIVES=$(DRIVES))))
SETS	:= $(foreach v,DEBUG PAGE_OFFSET HIGHMEM PAE MEM CPUS NODES THREADS ROOT ADD APPEND DRIVES DISK SWAP,$(if $($v),$v='$($v)'))

run: iso disk
	$(LEAVE)
	@$(MACHINE) -serial mon:stdio -boot d -cdrom $(O)/octavo.iso $(call drives,cdrom)
run-kernel: kernel disk $(MODULES)
	$(LEAVE)
	@$(MACHINE) -serial mon:stdio $(KERNEL) $(call drives)
exec: kernel root
	@scripts/exec $(SETS) $(if $(LIMIT),LIMIT=$(LIMIT)) "$$CMD"
export CMD
test: $(if $(filter 0,$(SETUP)),,debian-if-there-is)
	@scripts/test $(if $(T),T='$(T)') $(if $(DRIVES),DRIVES='$(DRIVES)')
test-linux: root tests build/linux/packages
	@scripts/test-linux $(if $(T),T='$(T)')
check-layers:
	@scripts/check-layers
check-headers:
	@scripts/check-headers $(CC) $(CFLAGS)
check:
	@scripts/test --check
soak:
	@scripts/test --soak
boot-loop: kernel root
	@scripts/boot-loop $(or $(N),200) $(if $(filter-out 1,$(CPUS)),$(CPUS),4)
mutants:
	@scripts/mutants $(if $(T),'$(T)')
bench: kernel root benches
	@scripts/bench
bench-smp: kernel root benches
	@scripts/bench-smp
bench-files: kernel root benches build/linux/packages
	@scripts/bench-files

bench-reclaim: kernel root benches build/linux/packages
	@scripts/bench-reclaim

# gdb is told what to read: it would refuse a .gdbinit that lies outside its safe path.
GDB	?= gdb
PORT	?= 1234
debug: kernel disk $(MODULES)
	@echo 'The machine waits for `make gdb` in another terminal. Leave it by ^A x.'
	@$(MACHINE) -serial mon:stdio $(KERNEL) $(call drives) -S -gdb tcp:127.0.0.1:$(PORT)
gdb: kernel $(if $(PROG),user)
	@$(GDB) -q $(addprefix -x ,$(wildcard scripts/gdb/octavo.py)) -ex 'target remote 127.0.0.1:$(PORT)' \
		$(if $(PROG),-ex 'user-symbols $(PROG)') $(O)/octavo.elf
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

# Keeps what was downloaded.
clean:
	@find . -maxdepth 1 -name 'build-*' -exec rm -rf {} +
	@[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name busybox ! -name debian ! -name linux ! -name 'disk-*.img' -exec rm -rf {} +
	@rm -f compile_commands.json

help:
	@sed -n 's/^# help: \{0,1\}//p' Makefile

# help: make all                    the kernel and its root file system (the default)
# help: make run                    boot the ISO by GRUB; the shell is on this terminal (^A x leaves)
# help: make run-kernel             the same by QEMU's own loader, without an ISO
# help: make exec CMD='...'         run one command in the guest; its output, its exit status
# help: make test [T=NAME]          every test on every machine; or one: T=buddy, T=buddy.split_and_merge
# help: make test-linux [T=NAME]    the ring-3 tests on Debian's own kernel, which must pass them
# help: make check                  the short form, for before each commit (two minutes)
# help: make soak                   random tests with new seeds: MINUTES=30 on four processors, then a third of that on one
# help: make bench                  instructions per operation beside Linux's
# help: make bench-files            instructions for files on a disk beside Linux's, both counted now
# help: make bench-reclaim          the same, and pages swapped, when twice the memory is used
# help: make bench-smp              instructions per page fault on 1, 2, 4 processors, and the lock that limits
# help: make boot-loop [N=200]      boot with CPUS=4 processors N times; keeps the log of each that fails
# help: make mutants                plant faults and show the test that notices each
# help: make debug, make gdb        the machine stopped at its first instruction; gdb attached (PROG=brk: to a program, too)
# help: make record, make replay    record a run (CMD=... or T=...); debug it forwards and backwards
# help: make iso                    the GRUB rescue image alone
# help: make compile_commands.json  for editors
# help: make clean                  remove all that was made (not what was downloaded, nor the disk of DISK=)
# help: make setup                  find the tools, install what is missing (every target does this)
# help:
# help: options          default     values
# help: MEM CPUS NODES   128 1 1     MiB of memory; processors; nodes that share both
# help: CPU              found       QEMU's model of the processor: qemu32,+pse36,+nx with PAE=1; pentium3...
# help: THREADS          found       multi single: a thread of this computer for each processor, or one for all
# help: APPEND ADD CMD   -           kernel command line; folder put into the root; command for exec
# help: DRIVES           -           virtio:FILE,ide:FILE,floppy:FILE: disks; a number for FILE: empty, so many MiB
# help: DISK             0           MiB of a disk that the root is on and stays on (1: the usual 256): build/disk-ROOT.img
# help: SWAP             0           MiB of a disk to swap to
# help: LIMIT T          120 -       seconds until exec calls a hang; the name of a test
# help: DEBUG            0           0 1: poison, red zones, lock checks
# help: PAGE_OFFSET      0xC0000000  0x40000000 ... 0xB0000000: where the kernel's part begins
# help: ROOT             busybox    busybox debian: what the root file system holds (debian wants MEM=512)
# help: HIGHMEM          1           0 1: use memory above the direct map
# help: PAE              0           0 1: three-level page tables, memory above 4G, NX
# help: SLAB             slab        (one value yet)
# help: SMP NUMA         1 1         (one value yet)
# help: BUSYBOX CC QEMU  found       a file or program to use instead
# help: O                build...    the folder for all that is made; follows the options
# help: PORT MINUTES     1234 30     gdb's TCP port; how long soak runs

-include $(OBJS:.o=.d) $(addsuffix .d,$(USER) $(UTESTS))
