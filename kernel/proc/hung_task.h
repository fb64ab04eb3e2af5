/*
 * kernel/proc/hung_task.h - noticing tasks that wait for ever.  Theory: hung_task.c
 */
#ifndef OCTAVO_KERNEL_PROC_HUNG_TASK_H
#define OCTAVO_KERNEL_PROC_HUNG_TASK_H

/* Where each task of the machine is, to the log. => takes tasklist_lock; any task */
void show_state(void);
/* Boot: start khungtaskd. => may sleep */
void hung_task_init(void);

#endif
