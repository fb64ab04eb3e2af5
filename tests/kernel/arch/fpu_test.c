/*
 * tests/kernel/arch/fpu_test.c - two threads' arithmetic does not mix.
 *
 * The kernel never computes with the FPU, so the tests do it in assembly, on
 * thread_structs of their own and with interrupts off: no switch comes between.
 */
#include <kernel/arch/fpu.h>

#include <kernel/arch/irqflags.h>
#include <kernel/core/ktest.h>
#include <lib/string.h>

static struct thread_struct a, b;

static void start(void)
{
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
}

static bool ts_is_set(void)
{
	return read_cr0() & X86_CR0_TS;
}

/* The top of the register stack as a 64-bit integer, rounded. */
static u64 pop_integer(void)
{
	u64 value;

	asm volatile("fistpll %0" : "=m"(value));
	return value;
}

static void push_integer(u64 value)
{
	asm volatile("fildll %0" : : "m"(value));
}

/* Registers filled under one thread come back under it, whatever another did meanwhile. */
KTEST(fpu, states_are_kept_apart)
{
	unsigned long flags;

	if (!boot_cpu_has(X86_FEATURE_FPU)) {
		ktest_skip(t, "no FPU");
		return;
	}
	start();
	local_irq_save(flags);
	fpu_restore(&a);
	push_integer(1111);
	fpu_save(&a);
	KEXPECT(t, ts_is_set());
	fpu_restore(&b);
	KEXPECT(t, !ts_is_set());
	push_integer(2222);
	fpu_save(&b);
	fpu_restore(&a);
	KEXPECT_EQ(t, pop_integer(), 1111ull);
	fpu_save(&a);
	fpu_restore(&b);
	KEXPECT_EQ(t, pop_integer(), 2222ull);
	fpu_drop(&b);
	local_irq_restore(flags);
	KEXPECT(t, ts_is_set());
	KEXPECT_EQ(t, a.fpu_used, 1u);
	KEXPECT_EQ(t, b.fpu_used, 0u);
}

/* SSE registers are part of the state. */
KTEST(fpu, xmm_is_kept)
{
	u32 in[4] = { 1, 2, 3, 0xfffffff0 }, out[4];
	unsigned long flags;

	if (!boot_cpu_has(X86_FEATURE_XMM)) {
		ktest_skip(t, "no SSE");
		return;
	}
	start();
	local_irq_save(flags);
	fpu_restore(&a);
	asm volatile("movups %0, %%xmm7" : : "m"(in));
	fpu_save(&a);
	fpu_restore(&b);
	asm volatile("xorps %%xmm7, %%xmm7" : :);
	fpu_save(&b);
	fpu_restore(&a);
	asm volatile("movups %%xmm7, %0" : "=m"(out));
	fpu_drop(&a);
	local_irq_restore(flags);
	KEXPECT_EQ(t, memcmp(in, out, sizeof(in)), 0);
}

/* A child starts with the parent's registers, and then they part. */
KTEST(fpu, fork_copies)
{
	unsigned long flags;

	if (!boot_cpu_has(X86_FEATURE_FPU)) {
		ktest_skip(t, "no FPU");
		return;
	}
	start();
	local_irq_save(flags);
	fpu_restore(&a);
	push_integer(77);
	fpu_copy(&b, &a);
	fpu_restore(&b);
	KEXPECT_EQ(t, pop_integer(), 77ull);
	fpu_drop(&b);
	fpu_restore(&a);
	KEXPECT_EQ(t, pop_integer(), 77ull);
	fpu_drop(&a);
	local_irq_restore(flags);
}

/* Through a signal frame and back: the FSAVE image is Linux's, and hostile bits are dropped. */
KTEST(fpu, signal_frame_round_trip)
{
	static struct _fpstate_ia32 frame;
	unsigned long flags;

	if (!boot_cpu_has(X86_FEATURE_FPU)) {
		ktest_skip(t, "no FPU");
		return;
	}
	start();
	KEXPECT_EQ(t, save_i387(&a, &frame), 0);
	local_irq_save(flags);
	fpu_restore(&a);
	push_integer(5);
	push_integer(0);
	KEXPECT_EQ(t, save_i387(&a, &frame), 1);
	local_irq_restore(flags);

	KEXPECT_EQ(t, a.fpu_used, 0u);
	KEXPECT_EQ(t, frame.cw & 0xffff, 0x037fu);
	/* Two values pushed: top is 6; register 7 valid, register 6 zero, the rest empty. */
	KEXPECT_EQ(t, frame.sw >> 11 & 7, 6u);
	KEXPECT_EQ(t, frame.tag & 0xffff, 0x1fffu);
	KEXPECT_EQ(t, frame.status, frame.sw & 0xffff);
	if (frame.magic == X86_FXSR_MAGIC)
		frame.mxcsr |= 0xffff0000;
	KEXPECT_EQ(t, restore_i387(&b, &frame), 0);
	local_irq_save(flags);
	fpu_restore(&b);
	KEXPECT_EQ(t, pop_integer(), 0ull);
	KEXPECT_EQ(t, pop_integer(), 5ull);
	fpu_drop(&b);
	local_irq_restore(flags);
}
