/*
 * kernel/arch/idt.c - the interrupt descriptor table.
 *
 * An interrupt gate clears IF on entry, a trap gate leaves it.  DPL of a gate
 * says who may reach it by INT n; exceptions and device interrupts ignore it.
 * So ring 3 can call only the gates made with DPL 3 (int 0x80, int3, into);
 * INT to any other vector is a general protection fault.  When the start is over
 * the table is read-only: a stray store cannot redirect an interrupt.
 *
 * Reference: Intel SDM volume 3, sections 6.11 and 6.12.
 */
#include <kernel/arch/desc.h>

#include <lib/compiler.h>

#define GATE_TASK	0x85
#define GATE_INTERRUPT	0x8e
#define GATE_TRAP	0x8f
#define GATE_DPL3	0x60

struct desc_struct idt_table[256] __aligned(64) __ro_after_init;

static void set_gate(unsigned int n, u8 access, u16 selector, u32 offset)
{
	idt_table[n] = (struct desc_struct){
		.a = (u32)selector << 16 | (offset & 0xffff),
		.b = (offset & 0xffff0000) | (u32)access << 8,
	};
}

void set_intr_gate(unsigned int n, void (*handler)(void))
{
	set_gate(n, GATE_INTERRUPT, __KERNEL_CS, (u32)handler);
}

void set_system_gate(unsigned int n, void (*handler)(void))
{
	set_gate(n, GATE_TRAP | GATE_DPL3, __KERNEL_CS, (u32)handler);
}

void set_system_intr_gate(unsigned int n, void (*handler)(void))
{
	set_gate(n, GATE_INTERRUPT | GATE_DPL3, __KERNEL_CS, (u32)handler);
}

void set_task_gate(unsigned int n, u16 selector)
{
	set_gate(n, GATE_TASK, selector, 0);
}

void __init idt_init(void)
{
	struct desc_ptr idtr = { sizeof(idt_table) - 1, (u32)idt_table };

	asm volatile("lidt %0" : : "m"(idtr));
}
