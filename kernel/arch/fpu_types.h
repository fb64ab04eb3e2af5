/*
 * kernel/arch/fpu_types.h - the two images of the FPU's registers in memory.
 *
 * FSAVE (every FPU) writes 108 bytes: seven words of environment and eight
 * 10-byte registers in stack order.  FXSAVE (Pentium II on) writes 512 bytes,
 * 16-byte aligned: the registers in 16-byte steps and the SSE state.
 *
 * Reference: Intel SDM volume 1, sections 8.1.10 and 10.5.1.
 */
#ifndef OCTAVO_KERNEL_ARCH_FPU_TYPES_H
#define OCTAVO_KERNEL_ARCH_FPU_TYPES_H

#include <lib/compiler.h>
#include <lib/types.h>

struct i387_fsave_struct {
	u32 cwd, swd, twd;
	u32 fip, fcs, foo, fos;
	u8 st_space[80];
};

struct i387_fxsave_struct {
	u16 cwd, swd, twd, fop;
	u32 fip, fcs, foo, fos;
	u32 mxcsr, mxcsr_mask;
	u32 st_space[32];
	u32 xmm_space[32];
	u32 padding[56];
} __aligned(16);

union fpu_state {
	struct i387_fsave_struct fsave;
	struct i387_fxsave_struct fxsave;
};

static_assert(sizeof(struct i387_fsave_struct) == 108, "FSAVE image");
static_assert(sizeof(struct i387_fxsave_struct) == 512, "FXSAVE image");

#endif
