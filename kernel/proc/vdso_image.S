/*
 * kernel/proc/vdso_image.S - the vDSO, as the Makefile built it from kernel/proc/vdso/.
 *
 * vdso_init() copies it to a page of its own.
 */
	.section .init.rodata, "a", @progbits
	.p2align 2
	.globl	vdso_image_start
	.globl	vdso_image_end
vdso_image_start:
	.incbin	VDSO_IMAGE
vdso_image_end:

	.section .note.GNU-stack, "", @progbits
