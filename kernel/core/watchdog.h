/*
 * kernel/core/watchdog.h - noticing a processor that spins with interrupts off.
 *
 * Options: nmi_watchdog=0 switches it off; watchdog_thresh=SECONDS (10).
 */
#ifndef OCTAVO_KERNEL_CORE_WATCHDOG_H
#define OCTAVO_KERNEL_CORE_WATCHDOG_H

#include <lib/types.h>

struct pt_regs;

/* On each processor's every tick. => interrupts off */
void watchdog_tick(void);
/* An NMI came: was it a question of the watchdog's? => may not return: the processor is stuck */
bool watchdog_nmi(struct pt_regs *regs);
/* Known to take long with interrupts off: nothing is wrong here. */
void touch_nmi_watchdog(void);
/* ... on other processors too, which wait for what we hold. */
void touch_nmi_watchdogs(void);
/* => after all processors are up */
void watchdog_init(void);

#endif
