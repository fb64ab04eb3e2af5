/*
 * kernel/entry/smpboot.c - bringing up the APICs and the other processors.
 *
 * Theory.  mp_config says which processors there are.  One after another gets
 * what it needs before it runs (its copy of the per-CPU data, an idle task, page
 * lists, slab stacks, a run queue, a stack for double faults), then
 *
 *	INIT			the processor stops and resets
 *	10 ms, STARTUP		it runs boot/trampoline.S, in real mode
 *	0.2 ms, STARTUP		once more, for those that missed it; others ignore it
 *
 * and comes by the trampoline to start_secondary(), on its idle task's stack.  It
 * loads its tables, says that it is here and waits for a word: only when the
 * boot processor has counted it in does it go on into its idle loop.  One that
 * does not come in time is reset again, so that it cannot come late, reported,
 * and left out; its number goes to the next.
 *
 * The code between the trampoline and callin is __init: a processor has left it
 * before the boot processor goes on, so before it is freed.
 *
 * References: Intel SDM volume 3, section 8.4.4; MP specification 1.4, appendix B.4.
 */
#include <kernel/entry/smpboot.h>

#include <boot/trampoline.h>
#include <kernel/arch/apic.h>
#include <kernel/arch/desc.h>
#include <kernel/arch/fpu.h>
#include <kernel/arch/io.h>
#include <kernel/arch/io_apic.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/mpspec.h>
#include <kernel/arch/reboot.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/irq.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/smp.h>
#include <kernel/core/time.h>
#include <kernel/core/watchdog.h>
#include <kernel/entry/traps.h>
#include <kernel/proc/fork.h>
#include <kernel/sched/sched.h>
#include <lib/string.h>
#include <mm/phys/fixmap.h>
#include <mm/phys/numa.h>
#include <mm/phys/page_alloc.h>
#include <mm/phys/pgalloc.h>
#include <mm/phys/slab.h>

#define IMCR_SELECT	0x22
#define IMCR_DATA	0x23
#define CALLIN_MS	5000	/* a processor of an emulator may be slow to get a turn */

static volatile int callin;	/* the number of the processor that has come */
static volatile int counted;	/* ... that may go on, and all before it */
static void *secondary_df_stack __initdata;

/* ---- on the new processor -------------------------------------------------------------------- */

static void secondary_tick(struct pt_regs *regs)
{
	watchdog_tick();
	if (tick_hook)
		tick_hook(user_mode(regs));
}

/* Not __init: whoever is here no longer stands on what will be freed. */
static noinline __noreturn void secondary_run(void)
{
	callin = smp_processor_id();
	tsc_compare(false);
	/* When the host lets us look again, the next may already have been counted. */
	while (counted < smp_processor_id())
		cpu_relax();
	apic_timer_start();
	local_irq_enable();
	cpu_idle();
}

static void __init start_secondary(void)
{
	load_cr3(swapper_pg_dir);
	if (__default_kernel_global)
		write_cr4(read_cr4() | X86_CR4_PGE);
	gdt_init();
	idt_init();
	doublefault_setup(secondary_df_stack);
	sysenter_setup();
	fpu_init();
	apic_setup_local(false);
	secondary_run();
}

/* ---- on the boot processor ------------------------------------------------------------------- */

/*
 * A directory in which the trampoline's page is where it is, and the kernel too.
 * => NULL: no memory
 */
static pgd_t *__init trampoline_pgd(void)
{
	pgd_t *pgd = pgd_alloc(&init_mm);
	pte_t *pte = pgd ? pte_alloc_one_kernel(&init_mm, 0) : NULL;

	if (!pte) {
		if (pgd)
			pgd_free(&init_mm, pgd);
		return NULL;
	}
	set_pte(pte + pte_index(TRAMPOLINE_PHYS),
		pfn_pte(PFN_DOWN(TRAMPOLINE_PHYS), __pgprot(__PAGE_KERNEL)));
	pmd_populate_kernel(&init_mm, pmd_offset(pgd, TRAMPOLINE_PHYS), pte);
	return pgd;
}

static void __init free_trampoline_pgd(pgd_t *pgd)
{
	pmd_t *pmd = pmd_offset(pgd, TRAMPOLINE_PHYS);
	pte_t *pte = pte_offset_kernel(pmd, 0);

	pte_clear(pte + pte_index(TRAMPOLINE_PHYS));
	pmd_clear(pmd);
	pte_free_kernel(&init_mm, pte);
	pgd_free(&init_mm, pgd);
}

/* All that processor @cpu, of @node, needs before it runs. => its idle task, or NULL: no memory */
static struct task_struct *__init prepare_cpu(int cpu, int node)
{
	unsigned int order = get_order(percpu_size());
	struct page *page = alloc_pages_node(node, GFP_KERNEL, order);
	void *area = page ? lowmem_page_address(page) : NULL;
	struct task_struct *idle;

	secondary_df_stack = (void *)__get_free_pages(GFP_KERNEL, THREAD_ORDER);
	if (!area || !secondary_df_stack) {
		free_pages((unsigned long)area, order);
		free_pages((unsigned long)secondary_df_stack, THREAD_ORDER);
		return NULL;
	}
	percpu_setup(cpu, area);
	idle = fork_idle(cpu);
	if (!idle || slab_cpu_up(cpu))
		return NULL;
	sched_cpu_up(cpu, idle);
	return idle;
}

static bool __init wait_for_callin(int cpu)
{
	u64 until = ktime_get_ns() + (u64)CALLIN_MS * NSEC_PER_MSEC;

	while (callin != cpu && ktime_get_ns() < until)
		udelay(100);
	return callin == cpu;
}

/* => true: it runs, and waits to be counted */
static bool __init wake_cpu(int cpu, u8 id, struct task_struct *idle, pgd_t *pgd)
{
	char *page = __va(TRAMPOLINE_PHYS);
	struct trampoline_data *data =
		(struct trampoline_data *)(page + (trampoline_data - trampoline_start));

	memcpy(page, trampoline_start, (size_t)(trampoline_end - trampoline_start));
	*data = (struct trampoline_data){
		.pgd = __pa(pgd), .cr4 = read_cr4() & (X86_CR4_PSE | X86_CR4_PAE),
		.efer = __page_nx ? EFER_NXE : 0,
		.esp = (u32)task_stack_top(idle),
		.entry = (u32)(id == cmdline_get_int("smp_mute", -1) ? machine_halt :
							      start_secondary),
	};
	smp_mb();
	if (!apic_send_init(id))
		return false;
	udelay(10000);
	for (int i = 0; i < 2; i++) {
		apic_send_startup(id, TRAMPOLINE_PHYS);
		udelay(200);
	}
	if (wait_for_callin(cpu)) {
		tsc_compare(true);
		return true;
	}
	apic_send_init(id);
	return false;
}

static void __init start_others(u8 boot_id, long max)
{
	struct task_struct *idle = NULL;
	pgd_t *pgd = trampoline_pgd();

	for (unsigned int i = 0; pgd && i < mp_config.nr_cpus; i++) {
		u8 id = mp_config.cpu_apic_id[i];

		if (id == boot_id || nr_cpus >= max || nr_cpus == NR_CPUS)
			continue;
		if (!idle)
			idle = prepare_cpu(nr_cpus, numa_cpu_node(nr_cpus, id));
		if (!idle) {
			pr_warn("smp: no memory for processor %d\n", nr_cpus);
			break;
		}
		numa_set_node(nr_cpus, numa_cpu_node(nr_cpus, id));
		pcp_cpu_up(nr_cpus);
		if (!wake_cpu(nr_cpus, id, idle, pgd)) {
			pr_warn("smp: the processor with APIC id %u does not answer, left out\n", id);
			continue;
		}
		cpu_to_apicid[nr_cpus] = id;
		idle = NULL;
		nr_cpus++;
		counted = nr_cpus - 1;
	}
	if (pgd)
		free_trampoline_pgd(pgd);
}

static void __init map_apics(void)
{
	set_fixmap_nocache(FIX_APIC_BASE, mp_config.lapic_address);
	apic_map((void *)fix_to_virt(FIX_APIC_BASE));
	for (unsigned int i = 0; i < mp_config.nr_io_apics; i++) {
		unsigned int slot = FIX_IO_APIC_BASE_0 + i;

		set_fixmap_nocache(slot, mp_config.io_apic[i].address);
		io_apic_map(i, (void *)(__fix_to_virt(slot) +
					(mp_config.io_apic[i].address & ~PAGE_MASK)));
	}
}

/* Device lines by the I/O APIC. => false: they stay with the 8259s */
static bool __init use_io_apics(void)
{
	if (cmdline_has("noapic") || !mp_config.nr_io_apics)
		return false;
	if (!io_apic_setup(cpu_to_apicid[0])) {
		pr_warn("smp: the I/O APIC misses lines\n");
		return false;
	}
	if (mp_config.imcr) {
		outb(0x70, IMCR_SELECT);
		outb(inb(IMCR_DATA) | 1, IMCR_DATA);
	}
	apic_setup_local(false);
	irq_use_io_apic();
	return true;
}

void __init smp_init(void)
{
	long max = cmdline_has("nosmp") ? 0 : cmdline_get_int("maxcpus", NR_CPUS);
	bool io_apic;

	if (max <= 0 || cmdline_has("nolapic") || !boot_cpu_has(X86_FEATURE_APIC) ||
	    !mp_config.nr_cpus) {
		pr_info("smp: one processor, interrupts by the 8259s\n");
		return;
	}
	map_apics();
	cpu_to_apicid[0] = apic_id();
	apic_setup_local(true);
	io_apic = use_io_apics();
	apic_enabled = true;
	smp_ipi_init();
	set_local_irq(LOCAL_TIMER, secondary_tick);
	if (mp_config.nr_cpus > 1 && tsc_khz && apic_timer_calibrate(tsc_khz, HZ))
		start_others(cpu_to_apicid[0], max);
	pr_info("smp: %d of %u processor(s) run (%s), interrupts by the %s\n", nr_cpus,
		mp_config.nr_cpus, mp_config.source, io_apic ? "I/O APIC" : "8259s");
	watchdog_init();
}
