/*
 * kernel/core/hooks.h - the few calls that go up.
 *
 * Every include points to a lower layer.  Where control must go the other way
 * and an operations table would be ceremony, the lower layer declares the
 * function here and the upper layer named beside it defines it.  This is the
 * whole list: who reads it knows every upward edge of the kernel.
 */
#ifndef OCTAVO_KERNEL_CORE_HOOKS_H
#define OCTAVO_KERNEL_CORE_HOOKS_H

#include <kernel/arch/pgtable.h>
#include <lib/types.h>

struct mm_struct;
struct task_struct;
struct pt_regs;
struct zonelist;
struct file;
struct vm_area_struct;

/* kernel/proc/signal.c: a fault of @tsk's own making; unblocks the signal if it must. */
void force_sig_fault(int sig, int code, unsigned long addr, struct task_struct *tsk);
/* kernel/proc/signal.c: any context => 0 or -errno */
int send_sig(int sig, struct task_struct *tsk, int priv);
/* kernel/proc/signal.c: to every process of a group, from the terminal; any context */
int kill_pgrp_kernel(pid_t pgrp, int sig);
/* kernel/proc/signal.c: on the way back to ring 3, interrupts on */
void do_signal(struct pt_regs *regs);
/* kernel/proc/exit.c */
void do_exit(long code) __attribute__((noreturn));
void do_group_exit(int code) __attribute__((noreturn));

/* kernel/proc/fork.c: a task of the kernel alone. => may sleep; its pid or -errno */
pid_t kernel_thread(int (*fn)(void *), void *arg, unsigned long flags);
/*
 * kernel/proc/exit.c: no member of the group has a parent in another group of the
 * session, so nobody would ever continue it.  => takes tasklist_lock
 */
int is_orphaned_pgrp(pid_t pgrp);
/* kernel/proc/itimer.c: a tick hit @tsk, a process with CPU timers or limits. => interrupts off */
void cpu_timer_tick(struct task_struct *tsk, int user_mode);
/*
 * kernel/sched/sched.c: another processor flushes the address space of @pgd.  If the
 * task that runs here only borrows it, the loan ends.
 * => interrupts off; false: it is in use here, or not loaded
 */
bool leave_mm(const void *pgd);
/* mm/space/mmap.c: mm_count fell to 0 */
void __mmdrop(struct mm_struct *mm);

/*
 * kernel/proc/oom_kill.c: nothing could be freed for an allocation of 2^@order
 * pages; @nodes: a mask of the nodes that a policy allows, or 0.  => may sleep, no locks held; returns when trying again makes sense:
 * a victim has been chosen or is already dying.
 */
void out_of_memory(unsigned int gfp_mask, unsigned int order, unsigned long nodes);
/*
 * mm/cache/vmscan.c: free something, for an allocation with these flags.
 * => may sleep, no page locked; pages freed
 */
unsigned long try_to_free_pages(struct zonelist *zonelist, unsigned int order, unsigned int gfp_mask);

struct zone;
struct page;
/*
 * mm/cache/vmscan.c: up to @nr pages, SWAP_CLUSTER_MAX at most, of @zone's inactive clean list, the
 * oldest first, out of their caches: one reference to each, which is the caller's.
 * => process context, no spinlocks held; may not sleep; how many; 0: there are none
 */
unsigned int reclaim_page(struct zone *zone, struct page **pages, unsigned int nr);
/* mm/space/unuse.c, kernel/fs/ramfs: bring back all that area @type holds. => may sleep; 0, -ENOMEM, -EINTR, -EIO */
int unuse_mms(unsigned int type);
int shmem_unuse(unsigned int type);

/* kernel/proc: current's soft and hard limit, RLIMIT_* (kernel threads: init's). */
unsigned long rlimit(unsigned int limit);
unsigned long rlimit_max(unsigned int limit);

struct address_space;
/*
 * mm/space/memory.c: take bytes [@start, @start + @len) of a file (len 0: to the end) out of all
 * page tables, private copies too if @even_cows.  => may sleep, no page of the range locked
 */
void unmap_mapping_range(struct address_space *mapping, loff_t start, loff_t len, int even_cows);
/*
 * mm/space/copy.c, for a driver's mmap: the zero page, read-only, over [@from, @from + @size);
 * frames from @pfn on, uncounted (sets VM_IO | VM_PFNMAP | VM_DONTEXPAND).
 * => mmap_sem held for writing, nothing mapped there yet; may sleep; 0, -EINVAL or -ENOMEM
 */
int zeromap_page_range(struct vm_area_struct *vma, unsigned long from, unsigned long size,
		       pgprot_t prot);
int remap_pfn_range(struct vm_area_struct *vma, unsigned long from, unsigned long pfn,
		    unsigned long size, pgprot_t prot);
/*
 * kernel/fs/ramfs: an unlinked file of @size bytes for shared anonymous memory; @vm_flags:
 * VM_NORESERVE promises nothing yet.
 * => a reference, or ERR_PTR
 */
struct file *shmem_zero_setup_file(unsigned long size, unsigned long vm_flags);
struct page;
/*
 * mm/space/gup.c: @nr pages of current's memory from @start on, faulted in (for @write: as its own),
 * each with a reference.  => takes mmap_sem; how many from the first on, or -errno
 */
int pin_user_pages(unsigned long start, int nr, bool write, struct page **pages);
struct inode;
struct gendisk;
struct writeback_control;
/*
 * kernel/fs/fs_writeback.c: @inode has changed, I_DIRTY_*; a flusher will come by.
 * => any locks outside inode_lock; may not sleep
 */
void __mark_inode_dirty(struct inode *inode, unsigned int flags);
/* mm/cache/page_writeback.c: pages; from how many dirty ones on bdflush writes, writers wait */
void global_dirty_limits(unsigned long *background, unsigned long *dirty);
/* kernel/fs/fs_writeback.c: write dirty inodes, the oldest first, as @wbc says. => may sleep */
void writeback_inodes(struct writeback_control *wbc);
/* kernel/fs/block_dev.c: a disk or partition has come, or goes: its node in /dev. => may sleep */
void blkdev_announce(struct gendisk *disk, int partno);
void blkdev_withdraw(struct gendisk *disk, int partno);

/* kernel/block/queue.c: current is about to sleep: what it holds back goes to the driver. */
void blk_flush_plug(void);

/* kernel/entry/entry.S: leave for ring 3 with these registers (they lie at task_pt_regs()). */
void ret_to_user(struct pt_regs *regs) __attribute__((noreturn));
/* kernel/entry/entry.S: thread.eip of a new process, of a new kernel thread (ebx, ecx: fn, arg). */
void ret_from_fork(void);
void ret_from_kernel_thread(void);
/* kernel/sched: the first thing a new task does; @prev ran before it. => interrupts off */
void schedule_tail(struct task_struct *prev);
/* kernel/entry/syscall.c: what each hole of sys_call_table points to. */
long sys_ni_syscall(void);
/* kernel/sys/syscall_table.c: read by entry.S. */
extern void *const sys_call_table[];

#endif
