/*
 * kernel/arch/desc.h - the descriptor tables: GDT, IDT, TSS.
 *
 * Each processor has a GDT of its own (its TSS and the running task's three TLS
 * entries differ) and a TSS; the IDT is shared.  struct user_desc is what
 * set_thread_area() takes from user space.
 *
 * Of the TSS the processor uses ss0:esp0 only, at each entry from ring 3; the
 * I/O bitmap offset lies beyond the limit, so ring 3 has no ports.  The second
 * TSS serves the double fault: a task gate loads *all* registers from it, above
 * all a stack that is known to be good.
 *
 * References: Intel SDM volume 3, chapter 3.4.5, 6.11 (IDT descriptors), 7.2 (TSS).
 */
#ifndef OCTAVO_KERNEL_ARCH_DESC_H
#define OCTAVO_KERNEL_ARCH_DESC_H

#include <kernel/arch/percpu.h>
#include <kernel/arch/processor.h>
#include <kernel/arch/segment.h>

struct desc_ptr {
	u16 size;		/* limit: bytes - 1 */
	u32 address;
} __packed;

struct tss_struct {
	u16 back_link, __blh;
	u32 esp0;
	u16 ss0, __ss0h;
	u32 esp1;
	u16 ss1, __ss1h;
	u32 esp2;
	u16 ss2, __ss2h;
	u32 cr3, eip, eflags;
	u32 eax, ecx, edx, ebx, esp, ebp, esi, edi;
	u16 es, __esh, cs, __csh, ss, __ssh, ds, __dsh, fs, __fsh, gs, __gsh;
	u16 ldt, __ldth;
	u16 trace, io_bitmap_base;
};
static_assert(sizeof(struct tss_struct) == 104, "hardware TSS");
static_assert(__builtin_offsetof(struct tss_struct, esp0) == 4, "hardware TSS");
static_assert(__builtin_offsetof(struct tss_struct, io_bitmap_base) == 102, "hardware TSS");

/* The user ABI of set_thread_area and get_thread_area. */
struct user_desc {
	unsigned int entry_number;
	unsigned int base_addr;
	unsigned int limit;
	unsigned int seg_32bit:1;
	unsigned int contents:2;
	unsigned int read_exec_only:1;
	unsigned int limit_in_pages:1;
	unsigned int seg_not_present:1;
	unsigned int useable:1;
};

DECLARE_PER_CPU(struct desc_struct, gdt_table[GDT_ENTRIES]);
extern struct desc_struct idt_table[256];
/*
 * SYSENTER finds the address of esp0 in its stack pointer, so that one instruction
 * gets to the task's stack.  What comes before that instruction (an NMI, a single
 * step) has the words below to stand on: entry.S.
 */
struct tss_area {
	u32 sysenter_stack[32];
	struct tss_struct tss;
};
DECLARE_PER_CPU(struct tss_area, cpu_tss);
#define init_tss	(cpu_tss.tss)
DECLARE_PER_CPU(struct tss_struct, doublefault_tss);

/* Build a descriptor; @limit in bytes, or in pages if @flags has 0x8 (granularity). */
struct desc_struct make_desc(u32 base, u32 limit, u8 access, u8 flags);
u32 desc_base(const struct desc_struct *desc);
u32 desc_limit(const struct desc_struct *desc);

/* Load GDT, LDTR, TR of this processor and reload all segment registers. */
void gdt_init(void);
/* Load the IDT; gates are set by trap_init() and init_IRQ(). */
void idt_init(void);

/* Interrupt gate: IF off inside; ring 3 cannot call it by INT. */
void set_intr_gate(unsigned int n, void (*handler)(void));
/* Trap gate that ring 3 may call: IF stays on. */
void set_system_gate(unsigned int n, void (*handler)(void));
/* Interrupt gate that ring 3 may call (int3). */
void set_system_intr_gate(unsigned int n, void (*handler)(void));
/* The processor switches to the task of TSS selector @selector. */
void set_task_gate(unsigned int n, u16 selector);

static inline void load_TLS_at(struct desc_struct *gdt, const struct thread_struct *t)
{
	for (int i = 0; i < GDT_ENTRY_TLS_ENTRIES; i++)
		gdt[GDT_ENTRY_TLS_MIN + i] = t->tls_array[i];
}

/* Make @t's TLS descriptors the live ones. => interrupts off or not yet running */
static inline void load_TLS(const struct thread_struct *t)
{
	load_TLS_at(this_cpu_ptr(&gdt_table[0]), t);
}

static inline int desc_empty(const struct desc_struct *desc)
{
	return !(desc->a | desc->b);
}

/*
 * set_thread_area's core: check and store into @t; entry_number -1 picks a free
 * one and stores its number back.  The caller copies *info from and to user.
 * => 0, -EINVAL, or -ESRCH (no entry free); the live GDT follows if @t runs
 */
int do_set_thread_area(struct thread_struct *t, struct user_desc *info, bool running);
/* => 0 or -EINVAL */
int do_get_thread_area(const struct thread_struct *t, struct user_desc *info);

#endif
