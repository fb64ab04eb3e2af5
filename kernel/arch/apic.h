/*
 * kernel/arch/apic.h - the local APIC: a processor's own interrupt controller.
 *
 * Theory.  Each processor has one, at the same physical address, which is a
 * different one for each that reads there.  It takes interrupts from the I/O
 * APIC, from its own timer, and from other processors (IPIs), hands the one with
 * the highest vector to the processor, and wants an EOI when it is handled.
 *
 * Local vectors lie at the top, 0xf8..0xff; they enter by the same stubs as the
 * lines, as numbers NR_IRQS.. (kernel/core/irq.c calls their handlers).
 *
 * The registers are mapped by whoever can map (kernel/entry/smpboot.c).
 *
 * Reference: Intel SDM volume 3, chapter 10.
 */
#ifndef OCTAVO_KERNEL_ARCH_APIC_H
#define OCTAVO_KERNEL_ARCH_APIC_H

#include <kernel/arch/i8259.h>
#include <lib/types.h>

/* Numbers of the local interrupts; the vector is LOCAL_VECTOR_BASE + number. */
enum local_irq {
	LOCAL_TIMER, LOCAL_RESCHEDULE, LOCAL_CALL_FUNCTION, LOCAL_TLB_FLUSH, LOCAL_ERROR,
	LOCAL_RESERVED5, LOCAL_RESERVED6, LOCAL_SPURIOUS
};
static_assert(LOCAL_SPURIOUS + LOCAL_VECTOR_BASE == 0xff, "its low four bits are ones, always");
static_assert(LOCAL_SPURIOUS + 1 == NR_LOCAL_IRQS, "entry.S has a stub for each");

/* [c] after boot: local APICs are in use. */
extern bool apic_enabled;

/* Use the registers mapped at @regs. */
void apic_map(void *regs);
/* This processor's number among APICs. */
u8 apic_id(void);
/* Enable this processor's; the boot processor's LINT0 stays with the 8259 if @pic. */
void apic_setup_local(bool pic);
void apic_eoi(void);

/* Count bus ticks of one HZth second against the TSC. => false: the timer stands still */
bool apic_timer_calibrate(u32 tsc_khz, unsigned int hz);
/* LOCAL_TIMER, every 1/hz s, on this processor. */
void apic_timer_start(void);

/* Send to the processor whose APIC is @id. => interrupts off */
void apic_send_ipi(u8 id, enum local_irq irq);
void apic_send_nmi(u8 id);
/* INIT, which stops and resets it. => false: it was not accepted */
bool apic_send_init(u8 id);
/* Start in real mode at physical @start, a page below 1M. */
bool apic_send_startup(u8 id, u32 start);

#endif
