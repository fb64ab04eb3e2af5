/*
 * kernel/core/percpu.h - the name by which all above arch include per-CPU data.
 *
 * Theory and interface: kernel/arch/percpu.h, where the processor's own tables
 * need it too.
 */
#ifndef OCTAVO_KERNEL_CORE_PERCPU_H
#define OCTAVO_KERNEL_CORE_PERCPU_H

#include <kernel/arch/percpu.h>

#endif
