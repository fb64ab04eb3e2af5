/*
 * kernel/proc/pidfd.h - a process as a file descriptor.
 */
#ifndef OCTAVO_KERNEL_PROC_PIDFD_H
#define OCTAVO_KERNEL_PROC_PIDFD_H

#include <kernel/core/sched.h>

struct file;

/* A file that stands for a process yet to be named. => may sleep; ERR_PTR(-ENOMEM, -ENFILE) */
struct file *pidfd_getfile(unsigned int flags);
/* Name it: @tsk is the leader. => takes a reference on @tsk; once, before others see @file */
void pidfd_name(struct file *file, struct task_struct *tsk);
/* => the task with a reference, *nonblock told unless NULL; ERR_PTR(-EBADF): no pidfd */
struct task_struct *pidfd_get_task(unsigned int fd, bool *nonblock);

#endif
