/*
 * kernel/entry/init.c - start_kernel(): the list of all beginnings.
 *
 * boot/head.S has turned paging on and jumped high; we run on init_stack with
 * interrupts off, as the task that will become the idle loop.  boot_order[] is
 * the whole start of the kernel, in the order in which it must happen; each
 * line says what exists after it.  Then a kernel thread takes over that may
 * sleep: it unpacks the root (with /dev on top) or mounts it (root=), opens the console and becomes
 * /init (or runs the self-tests), while the boot task halts in cpu_idle() whenever nobody runs.
 *
 * Nothing includes this file's layer; it may include everybody.
 */
#include <kernel/entry/init.h>

#include <boot/setup.h>
#include <kernel/arch/desc.h>
#include <kernel/arch/fpu.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/processor.h>
#include <kernel/arch/reboot.h>
#include <kernel/block/blkdev.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/irq.h>
#include <kernel/core/ktest.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/random.h>
#include <kernel/core/sched.h>
#include <kernel/core/time.h>
#include <kernel/drivers/acpi.h>
#include <kernel/drivers/disk.h>
#include <kernel/drivers/pci.h>
#include <kernel/drivers/serial.h>
#include <kernel/drivers/vga.h>
#include <kernel/drivers/kbd.h>
#include <kernel/fs/dev/dev.h>
#include <kernel/fs/do_mounts.h>
#include <kernel/fs/fs.h>
#include <kernel/fs/initramfs.h>
#include <kernel/fs/proc/proc.h>
#include <kernel/fs/tty/tty.h>
#include <kernel/proc/exec.h>
#include <kernel/proc/fork.h>
#include <kernel/proc/hung_task.h>
#include <kernel/proc/layout.h>
#include <kernel/proc/oom_kill.h>
#include <kernel/proc/posix_timers.h>
#include <kernel/proc/signal.h>
#include <kernel/proc/vdso.h>
#include <kernel/entry/smpboot.h>
#include <kernel/entry/traps.h>
#include <kernel/sched/kthread.h>
#include <kernel/sched/sched.h>
#include <lib/string.h>
#include <mm/cache/buffer_head.h>
#include <mm/cache/filemap.h>
#include <mm/cache/swap.h>
#include <mm/cache/swap_state.h>
#include <mm/cache/vmscan.h>
#include <mm/cache/writeback.h>
#include <mm/phys/highmem.h>
#include <mm/phys/init.h>
#include <mm/phys/kstack.h>
#include <mm/phys/mempolicy.h>
#include <mm/phys/numa.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pageattr.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/ptdump.h>
#include <mm/phys/slab.h>
#include <mm/phys/vmalloc.h>
#include <mm/space/mmap.h>

struct boot_step {
	void (*init)(void);
	const char *what;
};

#define STEP(fn, what) { fn, #fn ": " what }

static const struct boot_step boot_order[] __initdata = {
	STEP(percpu_init,	"what every processor's data starts as is kept"),
	/* the processor: from here on a fault is reported, not a reset */
	STEP(serial_early_init,	"printk reaches COM1"),
	STEP(cpu_init,		"GDT, TSS, double-fault TSS, feature flags"),
	STEP(trap_init,		"IDT: every exception has a handler"),
	STEP(setup_arch,	"the loader's memory map is in memblock; the command line is ours"),
	/* memory, from frames to objects */
	STEP(paging_init,	"the final direct map; text is read-only"),
	STEP(acpi_init,		"processors, nodes and soft-off by ACPI's tables"),
	STEP(mptable_init,	"processors by the MP table, if ACPI has none"),
	STEP(numa_init,		"it is decided which nodes there are"),
	STEP(free_area_init,	"nodes, zones, mem_map; all frames still reserved"),
	STEP(mem_init,		"free frames are in the buddy system: alloc_pages works"),
	STEP(kmem_cache_init,	"slab caches: kmalloc works"),
	STEP(kmap_init,		"windows onto high memory"),
	STEP(pgtable_cache_init, "top tables of page directories (PAE)"),
	STEP(vmalloc_init,	"vmalloc works"),
	STEP(kstack_init,	"kernel stacks with guard pages"),
	/* time and interrupts */
	STEP(sched_init,	"run queue; the boot task is the idle task"),
	STEP(init_IRQ,		"8259s remapped, all lines masked"),
	STEP(time_init,		"TSC calibrated, wall clock read"),
	STEP(fpu_init,		"FPU and SSE ready, lazily switched"),
	STEP(random_init,	"getrandom has a seed"),
	/* what processes are made of */
	STEP(mempolicy_init,	"memory policies can be made"),
	STEP(mmap_init,		"caches for mm_struct and vm_area_struct"),
	STEP(fork_init,		"task_struct cache, task limit"),
	STEP(layout_init,	"are addresses of programs random?"),
	STEP(vdso_init,		"the page of code that every program gets"),
	STEP(signals_init,	"sigqueue cache"),
	STEP(posix_timers_init,	"posix_timers cache"),
	/* files */
	STEP(filemap_init,	"page cache"),
	STEP(lru_init,		"lists of its pages that could be given up"),
	STEP(swap_init,		"areas to swap to: none yet"),
	STEP(swap_state_init,	"swap caches, empty"),
	STEP(block_init,	"bios and requests, with their reserves"),
	STEP(buffer_init,	"cache of buffer heads"),
	STEP(vfs_init,		"inode, dentry, file caches; rootfs mounted"),
	STEP(dev_init,		"character devices and /dev"),
	STEP(proc_init,		"/proc"),
	STEP(tty_init,		"terminals"),
	STEP(serial_init,	"serial input by interrupt"),
	STEP(vga_init,		"VGA text mirror"),
	STEP(pci_init,		"the devices of the PCI bus are listed"),
	STEP(fb_dev_init,	"pixels, if the adapter has them"),
	STEP(kbd_init,		"keyboard"),
	/* the others */
	STEP(smp_init,		"APICs in use; all processors run their idle loops"),
	STEP(sysfs_init,	"/sys"),
};

/* Open the console as files 0, 1 and 2 of the first process. */
static void open_console(void)
{
	if (kernel_open_console() < 0)
		pr_warn("Warning: unable to open an initial console.\n");
}

static void run_init_process(const char *path)
{
	static const char *argv[] = { NULL, NULL };
	static const char *envp[] = { "HOME=/", "TERM=linux", NULL };
	int err;

	argv[0] = path;
	err = kernel_execve(path, argv, envp);
	if (err != -ENOENT)
		pr_err("Failed to execute %s (error %d)\n", path, err);
}

/*
 * The first thread that may sleep; becomes process 1.
 */
static int kernel_init(void *unused)
{
	static const char *const candidates[] = { "/init", "/sbin/init", "/etc/init", "/bin/init",
						    "/bin/sh" };
	char path[64];
	unsigned int i;

	kswapd_init();
	oom_init();
	page_writeback_init();
	hung_task_init();
	disks_probe();
	populate_rootfs();
	mark_rodata_ro();
	if (ktest_requested())
		ktest_main();
	mount_root();
	free_initmem();
	free_ktestmem();
	debug_checkwx();
	open_console();
	if (cmdline_find_option("init", path, sizeof(path)) > 0)
		run_init_process(path);
	else
		for (i = 0; i < ARRAY_SIZE(candidates); i++)
			run_init_process(candidates[i]);
	panic("No working init found. Pass init= on the command line, or a root as a boot module.");
}

/* Called by boot/head.S. => never returns */
void __init start_kernel(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(boot_order); i++) {
		void (*init)(void) = READ_ONCE(boot_order[i].init);

		if (init)
			init();
		else
			printk("missing: %s\n", boot_order[i].what);
	}
	time_start_tick();
	local_irq_enable();
	kernel_thread_init(kernel_init);
	cpu_idle();
}
