/*
 * kernel/proc/signalfd.h - signals by a file descriptor.
 */
#ifndef OCTAVO_KERNEL_PROC_SIGNALFD_H
#define OCTAVO_KERNEL_PROC_SIGNALFD_H

#include <kernel/core/signal.h>

/* => may sleep; a descriptor that takes the signals of @set; -ENOMEM, -EMFILE, -ENFILE */
int signalfd_create(const sigset_t *set, unsigned int flags);
/* From now on @set. => 0, -EBADF, -EINVAL: it is none */
int signalfd_change(unsigned int fd, const sigset_t *set);

#endif
