/*
 * kernel/arch/fpu.c - saving and restoring arithmetic.
 *
 * Theory.  See fpu.h.  Two flags per thread: fpu_used, the image in memory has
 * ever been filled; fpu_live, the registers hold this thread's state now (then
 * CR0.TS is clear and the thread runs).  fpu_live implies fpu_used.
 *
 * With FXSAVE (CR4.OSFXSR) the image is 512 bytes and includes SSE; without it
 * FSAVE's 108.  Signal frames always begin with an FSAVE image, so the two are
 * converted into each other: FXSAVE keeps one tag bit per register (empty or
 * not) where FSAVE has two, which are computed from the contents.
 *
 * References: Intel SDM volume 1, sections 8.1.7, 10.5; System V ABI i386.
 */
#include <kernel/arch/fpu.h>

#include <kernel/arch/irqflags.h>
#include <lib/errno.h>
#include <lib/string.h>

#define FPU_DEFAULT_CW	0x037f	/* all exceptions masked, 64-bit precision */
#define MXCSR_DEFAULT	0x1f80

static u32 mxcsr_mask = 0xffbf;	/* [c] bits that FXRSTOR accepts */

static bool has_fxsr(void)
{
	return boot_cpu_has(X86_FEATURE_FXSR);
}

static void fxsave(struct i387_fxsave_struct *to)
{
	asm volatile("fxsave %0" : "=m"(*to));
}

void fpu_init(void)
{
	struct i387_fxsave_struct probe;
	unsigned long cr0 = read_cr0();

	if (!boot_cpu_has(X86_FEATURE_FPU)) {
		write_cr0(cr0 | X86_CR0_EM | X86_CR0_TS);
		return;
	}
	if (has_fxsr())
		write_cr4(read_cr4() | X86_CR4_OSFXSR |
			  (boot_cpu_has(X86_FEATURE_XMM) ? X86_CR4_OSXMMEXCPT : 0));
	write_cr0((cr0 & ~(X86_CR0_EM | X86_CR0_TS)) | X86_CR0_MP | X86_CR0_NE);
	asm volatile("fninit");
	if (has_fxsr()) {
		memset(&probe, 0, sizeof(probe));
		fxsave(&probe);
		if (probe.mxcsr_mask)
			mxcsr_mask = probe.mxcsr_mask;
	}
	stts();
}

/* The state of a program that has not calculated yet. */
static void fpu_init_state(union fpu_state *fpu)
{
	memset(fpu, 0, sizeof(*fpu));
	if (has_fxsr()) {
		fpu->fxsave.cwd = FPU_DEFAULT_CW;
		fpu->fxsave.mxcsr = MXCSR_DEFAULT;
	} else {
		fpu->fsave.cwd = 0xffff0000 | FPU_DEFAULT_CW;
		fpu->fsave.swd = 0xffff0000;
		fpu->fsave.twd = 0xffffffff;
		fpu->fsave.fos = 0xffff0000;
	}
}

void fpu_restore(struct thread_struct *t)
{
	clts();
	if (!t->fpu_used) {
		fpu_init_state(&t->fpu);
		t->fpu_used = 1;
	}
	if (has_fxsr())
		asm volatile("fxrstor %0" : : "m"(t->fpu.fxsave));
	else
		asm volatile("frstor %0" : : "m"(t->fpu.fsave));
	t->fpu_live = 1;
}

void fpu_save(struct thread_struct *t)
{
	if (!t->fpu_live)
		return;
	if (has_fxsr())
		fxsave(&t->fpu.fxsave);
	else
		asm volatile("fnsave %0; fwait" : "=m"(t->fpu.fsave));
	t->fpu_live = 0;
	stts();
}

/* Bring the image up to date; the registers are given up. */
static void fpu_sync(struct thread_struct *t)
{
	unsigned long flags;

	local_irq_save(flags);
	fpu_save(t);
	local_irq_restore(flags);
}

void fpu_drop(struct thread_struct *t)
{
	unsigned long flags;

	local_irq_save(flags);
	if (t->fpu_live) {
		/* Pending exceptions belong to the state that goes. */
		asm volatile("fnclex");
		t->fpu_live = 0;
		stts();
	}
	t->fpu_used = 0;
	local_irq_restore(flags);
}

void fpu_copy(struct thread_struct *to, struct thread_struct *from)
{
	fpu_sync(from);
	to->fpu_live = 0;
	to->fpu_used = from->fpu_used;
	if (from->fpu_used)
		to->fpu = from->fpu;
}

u32 fpu_get_mxcsr(struct thread_struct *t)
{
	fpu_sync(t);
	return t->fpu_used && has_fxsr() ? t->fpu.fxsave.mxcsr : MXCSR_DEFAULT;
}

/* One register's FSAVE tag: 0 valid, 1 zero, 2 special; by exponent and mantissa. */
static u32 tag_of(const u32 *st)
{
	u32 exponent = st[2] & 0x7fff;

	if (exponent == 0x7fff)
		return 2;
	if (exponent == 0)
		return st[0] | st[1] ? 2 : 1;
	return st[1] >> 31 ? 0 : 2;
}

/* FXSAVE's tags are by physical register, its contents by stack position. */
static u32 twd_to_fsave(const struct i387_fxsave_struct *fx)
{
	unsigned int top = fx->swd >> 11 & 7;
	u32 tags = 0xffff0000;

	for (unsigned int i = 0; i < 8; i++) {
		u32 tag = 3;

		if (fx->twd >> i & 1)
			tag = tag_of(&fx->st_space[4 * ((i - top) & 7)]);
		tags |= tag << (2 * i);
	}
	return tags;
}

static u16 twd_to_fxsave(u32 fsave_tags)
{
	u16 tags = 0;

	for (unsigned int i = 0; i < 8; i++)
		if ((fsave_tags >> (2 * i) & 3) != 3)
			tags |= 1u << i;
	return tags;
}

static void fxsave_to_fsave(const struct i387_fxsave_struct *fx, struct i387_fsave_struct *fs)
{
	fs->cwd = fx->cwd | 0xffff0000;
	fs->swd = fx->swd | 0xffff0000;
	fs->twd = twd_to_fsave(fx);
	fs->fip = fx->fip;
	fs->fcs = (fx->fcs & 0xffff) | (u32)fx->fop << 16;
	fs->foo = fx->foo;
	fs->fos = fx->fos | 0xffff0000;
	for (int i = 0; i < 8; i++)
		memcpy(&fs->st_space[10 * i], &fx->st_space[4 * i], 10);
}

static void fsave_to_fxsave(const struct i387_fsave_struct *fs, struct i387_fxsave_struct *fx)
{
	fx->cwd = (u16)fs->cwd;
	fx->swd = (u16)fs->swd;
	fx->twd = twd_to_fxsave(fs->twd);
	fx->fop = (u16)(fs->fcs >> 16);
	fx->fip = fs->fip;
	fx->fcs = fs->fcs & 0xffff;
	fx->foo = fs->foo;
	fx->fos = fs->fos & 0xffff;
	for (int i = 0; i < 8; i++)
		memcpy(&fx->st_space[4 * i], &fs->st_space[10 * i], 10);
}

void fpu_get_fsave(struct thread_struct *t, struct i387_fsave_struct *out)
{
	union fpu_state fresh;
	const union fpu_state *fpu = &t->fpu;

	fpu_sync(t);
	if (!t->fpu_used) {
		fpu_init_state(&fresh);
		fpu = &fresh;
	}
	if (has_fxsr())
		fxsave_to_fsave(&fpu->fxsave, out);
	else
		*out = fpu->fsave;
}

int save_i387(struct thread_struct *t, struct _fpstate_ia32 *buf)
{
	if (!t->fpu_used)
		return 0;
	memset(buf, 0, sizeof(*buf));
	fpu_get_fsave(t, (struct i387_fsave_struct *)buf);
	buf->status = (u16)buf->sw;
	buf->magic = 0xffff;
	if (has_fxsr()) {
		memcpy(buf->_fxsr_env, &t->fpu.fxsave, sizeof(t->fpu.fxsave));
		buf->magic = X86_FXSR_MAGIC;
	}
	fpu_drop(t);
	return 1;
}

int restore_i387(struct thread_struct *t, const struct _fpstate_ia32 *buf)
{
	const struct i387_fsave_struct *fs = (const struct i387_fsave_struct *)buf;

	fpu_drop(t);
	if (has_fxsr()) {
		if (buf->magic == X86_FXSR_MAGIC)
			memcpy(&t->fpu.fxsave, buf->_fxsr_env, sizeof(t->fpu.fxsave));
		else
			fpu_init_state(&t->fpu);
		fsave_to_fxsave(fs, &t->fpu.fxsave);
		t->fpu.fxsave.mxcsr &= mxcsr_mask;
	} else {
		t->fpu.fsave = *fs;
	}
	t->fpu_used = 1;
	return 0;
}
