/*
 * kernel/arch/gdt.c - segments, task state segments, TLS descriptors.
 *
 * Theory.  See segment.h for the table.  A descriptor scatters its base and its
 * limit over two words for the sake of the 80286; make_desc() is the only place
 * that knows how.  The limit of the flat segments is 0xfffff with granularity
 * 4K, that is 4G.
 *
 * TLS.  A C library wants one segment per thread, reached by %gs.  Ring 3 may
 * only ask for 32-bit data segments of DPL 3 in entries 6..8: descriptors are
 * built here from checked fields, so no system descriptor and no DPL 0 can ever
 * be smuggled in.
 *
 * Locking: the table of a processor is written by that processor only.
 *
 * References: Intel SDM volume 3, figure 3-8; table 3-1 (types); section 7.2.
 */
#include <kernel/arch/desc.h>

#include <kernel/arch/irqflags.h>
#include <lib/compiler.h>
#include <lib/errno.h>
#include <lib/kernel.h>

#define FLAG_4K		0x8	/* granularity: the limit counts pages */
#define FLAG_32BIT	0x4
#define FLAG_AVL	0x1	/* ours: the `useable` bit of user_desc */

DEFINE_PER_CPU(struct desc_struct, gdt_table[GDT_ENTRIES]) __aligned(64);
DEFINE_PER_CPU(struct tss_area, cpu_tss) __aligned(128);

/* No task has an LDT; the register names a table of one null descriptor. */
static struct desc_struct default_ldt[1];

struct desc_struct make_desc(u32 base, u32 limit, u8 access, u8 flags)
{
	return (struct desc_struct){
		.a = (base & 0xffff) << 16 | (limit & 0xffff),
		.b = (base & 0xff000000) | (u32)(flags & 0xf) << 20 | (limit & 0xf0000) |
		     (u32)access << 8 | ((base >> 16) & 0xff),
	};
}

u32 desc_base(const struct desc_struct *desc)
{
	return (desc->a >> 16) | (desc->b & 0xff) << 16 | (desc->b & 0xff000000);
}

u32 desc_limit(const struct desc_struct *desc)
{
	return (desc->a & 0xffff) | (desc->b & 0xf0000);
}

static void __init load_segments(const struct desc_struct *gdt)
{
	struct desc_ptr gdtr = { sizeof(gdt_table) - 1, (u32)gdt };

	asm volatile("lgdt %0\n\t"
		     "ljmp %1, $1f\n"
		     "1:\n\t"
		     "movw %w2, %%ds\n\t"
		     "movw %w2, %%es\n\t"
		     "movw %w2, %%ss\n\t"
		     "movw %w3, %%fs\n\t"
		     "movw %w3, %%gs\n\t"
		     : : "m"(gdtr), "i"(__KERNEL_CS), "r"(__KERNEL_DS), "r"(0) : "memory");
}

void __init gdt_init(void)
{
	struct desc_struct *gdt = this_cpu_ptr(&gdt_table[0]);
	struct tss_struct *tss = this_cpu_ptr(&init_tss);
	const u8 flat = FLAG_4K | FLAG_32BIT;

	gdt[GDT_ENTRY_KERNEL_CS] = make_desc(0, 0xfffff, DESC_KERNEL_CODE, flat);
	gdt[GDT_ENTRY_KERNEL_DS] = make_desc(0, 0xfffff, DESC_KERNEL_DATA, flat);
	gdt[GDT_ENTRY_USER_CS] = make_desc(0, 0xfffff, DESC_USER_CODE, flat);
	gdt[GDT_ENTRY_USER_DS] = make_desc(0, 0xfffff, DESC_USER_DATA, flat);

	/* The idle task's: its stack is the one we are on, see struct stack_top. */
	tss->esp0 = ((u32)__builtin_frame_address(0) | (THREAD_SIZE - 1)) - 7;
	tss->ss0 = __KERNEL_DS;
	tss->io_bitmap_base = sizeof(*tss);
	gdt[GDT_ENTRY_TSS] = make_desc((u32)tss, sizeof(*tss) - 1,
					     DESC_TSS_AVAILABLE, 0);
	gdt[GDT_ENTRY_LDT] = make_desc((u32)default_ldt, sizeof(default_ldt) - 1,
					     DESC_LDT, 0);
	gdt[GDT_ENTRY_DOUBLEFAULT_TSS] = make_desc((u32)this_cpu_ptr(&doublefault_tss),
							 sizeof(doublefault_tss) - 1,
							 DESC_TSS_AVAILABLE, 0);
	load_segments(gdt);
	asm volatile("ltr %w0" : : "r"(__TSS_SELECTOR));
	asm volatile("lldt %w0" : : "r"(__LDT_SELECTOR));
}

/* The two requests that mean "clear this entry": the documented one, and all zeros. */
static bool user_desc_empty(const struct user_desc *info)
{
	return !info->base_addr && !info->limit && !info->contents && !info->seg_32bit &&
	       !info->limit_in_pages && !info->useable &&
	       info->read_exec_only == info->seg_not_present;
}

/*
 * Data and expand-down data, 32 bits, present.  A conforming code segment would run
 * at any level; a 16-bit one, loaded into ss, makes iret restore only half of esp and
 * show ring 3 the upper half of the kernel's.
 */
static bool user_desc_allowed(const struct user_desc *info)
{
	return info->seg_32bit && info->contents <= 1 && !info->seg_not_present;
}

static struct desc_struct user_to_desc(const struct user_desc *info)
{
	u8 access = 0x70;	/* DPL 3, not a system segment */
	u8 flags = 0;

	access |= info->contents << 2;
	if (!info->read_exec_only)
		access |= 0x2;
	if (!info->seg_not_present)
		access |= 0x80;
	if (info->limit_in_pages)
		flags |= FLAG_4K;
	if (info->seg_32bit)
		flags |= FLAG_32BIT;
	if (info->useable)
		flags |= FLAG_AVL;
	return make_desc(info->base_addr, info->limit, access, flags);
}

static int find_free_tls(const struct thread_struct *t)
{
	for (int i = 0; i < GDT_ENTRY_TLS_ENTRIES; i++)
		if (desc_empty(&t->tls_array[i]))
			return GDT_ENTRY_TLS_MIN + i;
	return -ESRCH;
}

int do_set_thread_area(struct thread_struct *t, struct user_desc *info, bool running)
{
	int entry = (int)info->entry_number;
	struct desc_struct desc = { 0, 0 };
	unsigned long flags;

	if (entry == -1) {
		entry = find_free_tls(t);
		if (entry < 0)
			return entry;
	}
	if (entry < GDT_ENTRY_TLS_MIN || entry > GDT_ENTRY_TLS_MAX)
		return -EINVAL;
	if (!user_desc_empty(info)) {
		if (!user_desc_allowed(info))
			return -EINVAL;
		desc = user_to_desc(info);
	}
	info->entry_number = entry;

	local_irq_save(flags);
	t->tls_array[entry - GDT_ENTRY_TLS_MIN] = desc;
	if (running)
		load_TLS(t);
	local_irq_restore(flags);
	return 0;
}

int do_get_thread_area(const struct thread_struct *t, struct user_desc *info)
{
	unsigned int entry = info->entry_number;
	const struct desc_struct *desc;

	if (entry < GDT_ENTRY_TLS_MIN || entry > GDT_ENTRY_TLS_MAX)
		return -EINVAL;
	desc = &t->tls_array[entry - GDT_ENTRY_TLS_MIN];
	*info = (struct user_desc){
		.entry_number = entry,
		.base_addr = desc_base(desc),
		.limit = desc_limit(desc),
		.seg_32bit = desc->b >> 22 & 1,
		.contents = desc->b >> 10 & 3,
		.read_exec_only = !(desc->b >> 9 & 1),
		.limit_in_pages = desc->b >> 23 & 1,
		.seg_not_present = !(desc->b >> 15 & 1),
		.useable = desc->b >> 20 & 1,
	};
	return 0;
}
