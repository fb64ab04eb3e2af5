/*
 * kernel/proc/vdso_image.S - the vDSO, as the Makefile built it from kernel/proc/vdso/.
 *
 * Page-aligned, because it is mapped into programs as it lies here; in .data,
 * because vdso_init() may have to change four bytes.
 */
	.section .data..page_aligned, "aw", @progbits
	.p2align 12
	.globl	vdso_image_start
	.globl	vdso_image_end
vdso_image_start:
	.incbin	VDSO_IMAGE
vdso_image_end:
	.p2align 12

	.section .note.GNU-stack, "", @progbits
