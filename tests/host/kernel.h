/*
 * tests/host/kernel.h - kernel code in a program of the host: read before all else in its sources.
 *
 * Theory.  A test whose second line is "kernel: mm/space/vma.c ..." (in stars) is made of two
 * halves.  The test itself is an ordinary program with host.h.  The sources named there are
 * compiled as for the kernel, 32 bits, its flags, its headers and no others, but under the
 * sanitizers; one of them lies here and gives the rest what it calls in layers below (stubs),
 * and the test a few functions to call.
 *
 * Kernel code finds its task, and its processor's variables, at the top of its stack.  So it
 * is entered by call_on_stack(), which changes to a stack made for it; that one is larger than
 * in the kernel, because the sanitizers need room and because stubs may call the C library.
 */
#ifndef OCTAVO_TESTS_HOST_KERNEL_H
#define OCTAVO_TESTS_HOST_KERNEL_H

#include <kernel/arch/memlayout.h>

#undef THREAD_SIZE
#define THREAD_SIZE	(256 * 1024)

#endif
