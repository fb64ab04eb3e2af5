/*
 * kernel/arch/irqflags.h - the interrupt flag of this processor.
 *
 * local_irq_save() remembers whether interrupts were on and turns them off;
 * local_irq_restore() puts back what was.  They nest, which cli/sti do not, so
 * code that can be called either way uses the pair.  All of them are compiler
 * barriers: what is written inside stays inside.
 *
 * Reference: Intel SDM volume 3, section 6.8.1 (masking maskable interrupts).
 */
#ifndef OCTAVO_KERNEL_ARCH_IRQFLAGS_H
#define OCTAVO_KERNEL_ARCH_IRQFLAGS_H

#define X86_EFLAGS_CF	0x00000001
#define X86_EFLAGS_FIXED 0x00000002
#define X86_EFLAGS_PF	0x00000004
#define X86_EFLAGS_AF	0x00000010
#define X86_EFLAGS_ZF	0x00000040
#define X86_EFLAGS_SF	0x00000080
#define X86_EFLAGS_TF	0x00000100
#define X86_EFLAGS_IF	0x00000200
#define X86_EFLAGS_DF	0x00000400
#define X86_EFLAGS_OF	0x00000800
#define X86_EFLAGS_IOPL	0x00003000
#define X86_EFLAGS_NT	0x00004000
#define X86_EFLAGS_RF	0x00010000
#define X86_EFLAGS_VM	0x00020000
#define X86_EFLAGS_AC	0x00040000
#define X86_EFLAGS_ID	0x00200000

#ifndef __ASSEMBLER__

static inline unsigned long local_save_flags(void)
{
	unsigned long flags;

	asm volatile("pushfl; popl %0" : "=g"(flags) : : "memory");
	return flags;
}

static inline void local_irq_disable(void)
{
	asm volatile("cli" : : : "memory");
}

static inline void local_irq_enable(void)
{
	asm volatile("sti" : : : "memory");
}

static inline unsigned long __local_irq_save(void)
{
	unsigned long flags = local_save_flags();

	local_irq_disable();
	return flags;
}

static inline void local_irq_restore(unsigned long flags)
{
	asm volatile("pushl %0; popfl" : : "g"(flags) : "memory", "cc");
}

/* A macro because it assigns to its argument, as everywhere in Linux. */
#define local_irq_save(flags)	do { (flags) = __local_irq_save(); } while (0)

static inline int irqs_disabled_flags(unsigned long flags)
{
	return !(flags & X86_EFLAGS_IF);
}

static inline int irqs_disabled(void)
{
	return irqs_disabled_flags(local_save_flags());
}

#endif
#endif
