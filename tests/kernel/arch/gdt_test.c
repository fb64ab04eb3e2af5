/*
 * tests/kernel/arch/gdt_test.c - descriptor tables as the processor sees them.
 */
#include <kernel/arch/desc.h>

#include <kernel/arch/asm-offsets.h>
#include <kernel/arch/irqflags.h>
#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <lib/errno.h>
#include <lib/string.h>

static u16 selector_cs(void)
{
	u16 v;

	asm("movw %%cs, %0" : "=r"(v));
	return v;
}

static u16 selector_ds(void)
{
	u16 v;

	asm("movw %%ds, %0" : "=r"(v));
	return v;
}

/* The four flat segments have the selectors of the contract, base 0, 4G, and DPL 0 or 3. */
KTEST(gdt, flat_segments)
{
	static const struct { u16 selector; u8 access; } flat[] = {
		{ 0x10, 0x9a }, { 0x18, 0x92 }, { 0x23, 0xfa }, { 0x2b, 0xf2 },
	};

	for (unsigned int i = 0; i < 4; i++) {
		const struct desc_struct *d = &gdt_table[flat[i].selector >> 3];

		KEXPECT_EQ(t, desc_base(d), 0u);
		KEXPECT_EQ(t, desc_limit(d), 0xfffffu);
		KEXPECT_EQ(t, (d->b >> 20) & 0xf, 0xcu);
		/* The processor sets the accessed bit as it loads a segment. */
		KEXPECT_EQ(t, (d->b >> 8 & 0xff) & ~1u, (unsigned int)flat[i].access);
		KEXPECT_EQ(t, (unsigned int)DESC_DPL(flat[i].access), flat[i].selector & 3u);
	}
	KEXPECT_EQ(t, selector_cs(), __KERNEL_CS);
	KEXPECT_EQ(t, selector_ds(), __KERNEL_DS);
}

/* GDTR, TR and LDTR hold what gdt.c has made; the TSS is busy, its esp0 is this task's. */
KTEST(gdt, registers)
{
	struct desc_ptr gdtr;
	u16 tr, ldtr;
	const struct desc_struct *gdt = this_cpu_ptr(&gdt_table[0]);
	const struct tss_struct *tss = this_cpu_ptr(&init_tss);

	asm volatile("sgdt %0" : "=m"(gdtr));
	asm volatile("str %0" : "=r"(tr));
	asm volatile("sldt %0" : "=r"(ldtr));
	KEXPECT_EQ(t, gdtr.address, (u32)gdt);
	KEXPECT_EQ(t, gdtr.size, 12 * 8 - 1);
	KEXPECT_EQ(t, tr, __TSS_SELECTOR);
	KEXPECT_EQ(t, ldtr, __LDT_SELECTOR);
	KEXPECT_EQ(t, gdt[GDT_ENTRY_TSS].b >> 8 & 0xff, 0x8bu);
	KEXPECT_EQ(t, desc_base(&gdt[GDT_ENTRY_TSS]), (u32)tss);
	KEXPECT_EQ(t, tss->ss0, __KERNEL_DS);
	KEXPECT_EQ(t, tss->esp0, (u32)task_stack_top(current));
	KEXPECT(t, tss->io_bitmap_base >= desc_limit(&gdt[GDT_ENTRY_TSS]));
}

/* The double-fault task runs on a stack of its own, in the kernel's page directory. */
KTEST(gdt, doublefault_tss)
{
	const struct tss_struct *df = &doublefault_tss;

	KEXPECT_EQ(t, desc_base(&gdt_table[GDT_ENTRY_DOUBLEFAULT_TSS]), (u32)df);
	KEXPECT_EQ(t, gdt_table[GDT_ENTRY_DOUBLEFAULT_TSS].b >> 8 & 0xff, 0x89u);
	KEXPECT_EQ(t, df->cs, __KERNEL_CS);
	KEXPECT_EQ(t, df->ss, __KERNEL_DS);
	KEXPECT(t, df->esp < (u32)current->stack || df->esp > (u32)current->stack + THREAD_SIZE);
	KEXPECT_EQ(t, idt_table[8].a >> 16, (u32)__DOUBLEFAULT_TSS);
	KEXPECT_EQ(t, idt_table[8].b >> 8 & 0xff, 0x85u);
}

/* Base and limit survive being scattered over a descriptor. */
KTEST(gdt, make_desc_round_trip)
{
	struct desc_struct d = make_desc(0x12345678, 0xabcde, 0xf3, 0x4);

	KEXPECT_EQ(t, desc_base(&d), 0x12345678u);
	KEXPECT_EQ(t, desc_limit(&d), 0xabcdeu);
	KEXPECT_EQ(t, d.a, 0x5678bcdeu);
	KEXPECT_EQ(t, d.b, 0x124af334u);
}

/* set_thread_area gives entries 6, 7, 8 in turn, then -ESRCH; only data and code of DPL 3. */
KTEST(gdt, thread_area)
{
	static struct thread_struct thread;
	struct user_desc info = { .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1,
				  .useable = 1 };
	struct user_desc back;

	memset(&thread, 0, sizeof(thread));
	for (unsigned int n = 6; n <= 8; n++) {
		info.entry_number = (unsigned int)-1;
		info.base_addr = 0x8000000 + n;
		KASSERT_EQ(t, do_set_thread_area(&thread, &info, false), 0);
		KEXPECT_EQ(t, info.entry_number, n);
		KEXPECT_EQ(t, thread.tls_array[n - 6].b >> 8 & 0xff, 0xf2u);
	}
	info.entry_number = (unsigned int)-1;
	KEXPECT_EQ(t, do_set_thread_area(&thread, &info, false), -ESRCH);
	info.entry_number = GDT_ENTRY_KERNEL_CS;
	KEXPECT_EQ(t, do_set_thread_area(&thread, &info, false), -EINVAL);
	info.entry_number = 9;
	KEXPECT_EQ(t, do_set_thread_area(&thread, &info, false), -EINVAL);
	info.entry_number = 6;
	info.contents = 2;
	KEXPECT_EQ(t, do_set_thread_area(&thread, &info, false), -EINVAL);

	back.entry_number = 7;
	KASSERT_EQ(t, do_get_thread_area(&thread, &back), 0);
	KEXPECT_EQ(t, back.base_addr, 0x8000007u);
	KEXPECT_EQ(t, back.limit, 0xfffffu);
	KEXPECT(t, back.limit_in_pages);
	KEXPECT(t, back.useable);
	KEXPECT(t, !back.seg_not_present);
}

/* Exceptions are interrupt gates of DPL 0; what ring 3 may call is DPL 3; 0x80 leaves IF on. */
KTEST(idt, gates)
{
	struct desc_ptr idtr;

	asm volatile("sidt %0" : "=m"(idtr));
	KEXPECT_EQ(t, idtr.address, (u32)idt_table);
	KEXPECT_EQ(t, idtr.size, 256 * 8 - 1);
	for (unsigned int n = 0; n < 32; n++) {
		u32 access = n == 8 ? 0x85 : n >= 3 && n <= 5 ? 0xee : 0x8e;

		KEXPECT_EQ(t, idt_table[n].b >> 8 & 0xff, access);
	}
	KEXPECT_EQ(t, idt_table[0x80].b >> 8 & 0xff, 0xefu);
	for (unsigned int n = 0x20; n < 0x30; n++)
		KEXPECT_EQ(t, idt_table[n].b >> 8 & 0xff, 0x8eu);
	KEXPECT_EQ(t, idt_table[0x81].b, 0u);
}

/* The saved flags come back whichever way they were, nested too. */
KTEST(irqflags, save_and_restore)
{
	unsigned long outer, inner;

	KASSERT(t, !irqs_disabled());
	local_irq_save(outer);
	KEXPECT(t, irqs_disabled());
	local_irq_save(inner);
	local_irq_restore(inner);
	KEXPECT(t, irqs_disabled());
	local_irq_restore(outer);
	KEXPECT(t, !irqs_disabled());
}
