/*
 * kernel/proc/vdso/note.S - whose vDSO this is: a C library reads the version of the
 * Linux interface from it (2.6.0) before it trusts the rest.
 */
	.section .note.Linux, "a", @note
	.p2align 2
	.long	2f - 1f, 4f - 3f, 0		/* name, description, type 0: the version */
1:	.asciz	"Linux"
2:	.p2align 2
3:	.long	2 << 16 | 6 << 8
4:	.p2align 2

	.section .note.GNU-stack, "", @progbits
