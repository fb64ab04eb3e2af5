/*
 * kernel/entry/fault.c - page faults: whose fault is it?
 *
 * Theory.  Vector 14 brings an address (CR2) and three bits: was an entry there
 * (else it was absent), was it a write, was it ring 3.  (A fourth, where there is
 * NX: was it the fetch of an instruction.)  That is enough to tell
 * four worlds apart:
 *
 *	address in the kernel's half, ring 0, absent	a page directory that has not
 *		heard of a new vmalloc page table: copy the entry, no lock
 *	ring 3, or uaccess code in ring 0		look up the area; if it allows the
 *		access, handle_mm_fault() delivers the page and the instruction is
 *		executed again
 *	... and it does not				SIGSEGV (or SIGBUS: a file ends
 *		before this page), or, in uaccess code, -EFAULT by __ex_table
 *	anything else in ring 0				the kernel is broken: say all we know
 *
 * A stack is an area too: an address below one that is VM_GROWSDOWN makes it
 * grow, as far as RLIMIT_STACK and the guard gap let it.
 *
 * The gate is an interrupt gate: CR2 must be read before another fault could
 * overwrite it.  Interrupts go on again as soon as that is done.
 *
 * Deadlock.  A broken kernel may fault while its task holds mmap_sem.  So ring 0
 * takes the lock only by trying, and if that fails waits for it only if the
 * instruction is one that is meant to touch user memory.
 *
 * Locking: mmap_sem for reading.
 * References: Intel SDM volume 3, sections 4.7 and 6.15 (interrupt 14).
 */
#include <kernel/entry/traps.h>

#include <kernel/arch/pgtable.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/hooks.h>
#include <kernel/core/irq.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/signal.h>
#include <kernel/core/time.h>
#include <kernel/fs/fs.h>
#include <mm/phys/highmem.h>
#include <mm/phys/vmalloc.h>
#include <mm/phys/vmstat.h>
#include <mm/space/memory.h>
#include <mm/space/mmap.h>

/* The error code. */
#define PF_PROT		0x1ul	/* an entry was there and forbade it; else: absent */
#define PF_WRITE	0x2ul
#define PF_USER		0x4ul
#define PF_RSVD		0x8ul	/* an entry has a bit set that this processor does not know */
#define PF_INSTR	(_PAGE_NX ? 0x10ul : 0ul)	/* it was to be executed; said where NX is */

#define X86_TRAP_PF	14

/* Messages about dying programs: so many, then silence until the period is over. */
#define SEGV_LOG_BURST	10
#define SEGV_LOG_PERIOD	(5 * HZ)

/* --- reports --------------------------------------------------------------------------------------- */

static bool segv_log_allowed(void)
{
	static unsigned long begin;
	static unsigned int printed;

	if (!printed || time_after(jiffies, begin + SEGV_LOG_PERIOD)) {
		begin = jiffies;
		printed = 0;
	}
	return printed++ < SEGV_LOG_BURST;
}

/* "name[pid]: segfault at ...", unless the program has a handler for it. => no locks held */
static void show_signal_msg(struct pt_regs *regs, unsigned long error_code, unsigned long address)
{
	struct task_struct *tsk = current;
	struct vm_area_struct *vma;
	char path[96];
	const char *name = "";

	if (tsk->sighand->action[SIGSEGV - 1].sa_handler || !segv_log_allowed())
		return;
	printk(KERN_INFO "%s[%d]: segfault at %lx ip %08lx sp %08lx error %lx", tsk->comm, tsk->pid,
	       address, regs->eip, regs->esp, error_code);
	down_read(&tsk->mm->mmap_sem);
	vma = find_vma(tsk->mm, regs->eip);
	if (vma && vma->vm_start <= regs->eip && vma->vm_file) {
		name = d_path(&vma->vm_file->f_path, path, sizeof(path));
		printk(KERN_CONT " in %s[%lx+%lx]", IS_ERR(name) ? "?" : name, vma->vm_start,
		       vma->vm_end - vma->vm_start);
	}
	up_read(&tsk->mm->mmap_sem);
	printk(KERN_CONT "\n");
}

/* The entries that the CPU went through. */
static void dump_pagetable(unsigned long address)
{
	pgd_t *pgd = current_pgd() + pgd_index(address);
	pmd_t *pmd = pmd_offset(pgd, address);

	printk(KERN_ALERT);
	if (PTRS_PER_PMD > 1)
		printk(KERN_CONT "*pdpt = " PTE_FMT " ", pgd_val(*pgd));
	if (pgd_present(*pgd)) {
		printk(KERN_CONT "*pde = " PTE_FMT, pmd_val(*pmd));
		if (pmd_present(*pmd) && !pmd_large(*pmd))
			printk(KERN_CONT " *pte = " PTE_FMT, pte_val(*pte_offset_map(pmd, address)));
	}
	printk(KERN_CONT "\n");
}

static __noreturn __cold void kernel_oops(struct pt_regs *regs, unsigned long error_code,
					  unsigned long address)
{
	oops_enter("Oops", regs);
	if (address < PAGE_SIZE)
		pr_alert("BUG: unable to handle kernel NULL pointer dereference at %08lx\n", address);
	else
		pr_alert("BUG: unable to handle kernel paging request at %08lx\n", address);
	if ((error_code & PF_INSTR) && (error_code & PF_PROT))
		pr_crit("kernel tried to execute NX-protected page - exploit attempt?\n");
	dump_pagetable(address);
	die("Oops", regs, (long)error_code);
}

/* --- faults that nobody resolves ---------------------------------------------------------------------- */

/* In ring 0: uaccess code goes on at its fixup, other code was never meant to fault. */
static void no_context(struct pt_regs *regs, unsigned long error_code, unsigned long address)
{
	if (!fixup_exception(regs))
		kernel_oops(regs, error_code, address);
}

static void bad_access(struct pt_regs *regs, unsigned long error_code, unsigned long address,
		       int sig, int code)
{
	struct task_struct *tsk = current;

	if (!user_mode(regs)) {
		no_context(regs, error_code, address);
		return;
	}
	if (sig == SIGSEGV)
		show_signal_msg(regs, error_code, address);
	tsk->thread.cr2 = address;
	/* Of the kernel's half, ring 3 learns only that it may not go there. */
	tsk->thread.error_code = error_code | (address >= TASK_SIZE ? PF_PROT : 0);
	tsk->thread.trap_no = X86_TRAP_PF;
	force_sig_fault(sig, code, address, tsk);
}

/* An address at or above TASK_SIZE. */
static void kernel_address_fault(struct pt_regs *regs, unsigned long error_code,
				 unsigned long address)
{
	if (!(error_code & (PF_PROT | PF_USER | PF_RSVD)) && !vmalloc_fault(address))
		return;
	if (regs->eflags & X86_EFLAGS_IF)
		local_irq_enable();
	bad_access(regs, error_code, address, SIGSEGV, SEGV_MAPERR);
}

/* --- the way through ------------------------------------------------------------------------------------ */

/* Is the faulting instruction one that is meant to touch user memory? */
static bool may_touch_user(const struct pt_regs *regs)
{
	const struct exception_table_entry *e;

	for (e = __start___ex_table; e < __stop___ex_table; e++)
		if (e->insn == regs->eip)
			return true;
	return false;
}

/* => mmap_sem held for reading, or false: ring 0 had no business here */
static bool lock_mm(struct pt_regs *regs, struct mm_struct *mm)
{
	if (likely(down_read_trylock(&mm->mmap_sem)))
		return true;
	if (!user_mode(regs) && !may_touch_user(regs))
		return false;
	down_read(&mm->mmap_sem);
	return true;
}

/* The area that @address belongs to, after growing a stack if that helps; or NULL. */
static inline struct vm_area_struct *find_faulting_vma(struct mm_struct *mm, unsigned long address)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (unlikely(!vma))
		return NULL;
	if (likely(vma->vm_start <= address))
		return vma;
	if (!(vma->vm_flags & VM_GROWSDOWN) || expand_stack(vma, address))
		return NULL;
	return vma;
}

/* A read needs any right: i386 pages that can be written or executed can be read. */
static inline bool access_allowed(const struct vm_area_struct *vma, unsigned long error_code)
{
	if (error_code & PF_WRITE)
		return vma->vm_flags & VM_WRITE;
	/* As on Linux the page comes first; its entry then forbids. */
	if ((error_code & PF_INSTR) && (error_code & PF_PROT))
		return vma->vm_flags & VM_EXEC;
	return vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC);
}

/* => mmap_sem not held any more */
static void fault_failed(struct pt_regs *regs, unsigned long error_code, unsigned long address,
			 vm_fault_t fault)
{
	switch (fault) {
	case VM_FAULT_OOM:
		/*
		 * The allocator has called the OOM killer if that was due. Whoever is
		 * dying now gives memory back; if it is us, the signal is on its way.
		 */
		if (!user_mode(regs))
			no_context(regs, error_code, address);
		else if (!signal_pending(current))
			yield();
		return;
	case VM_FAULT_SIGSEGV:
		bad_access(regs, error_code, address, SIGSEGV, SEGV_ACCERR);
		return;
	default:
		bad_access(regs, error_code, address, SIGBUS, BUS_ADRERR);
	}
}

/* A fault in user space's half. => interrupts on if they were */
static void user_address_fault(struct pt_regs *regs, unsigned long error_code,
			       unsigned long address)
{
	struct task_struct *tsk = current;
	struct mm_struct *mm = tsk->mm;
	unsigned int flags = error_code & PF_WRITE ? FAULT_FLAG_WRITE : 0;
	struct vm_area_struct *vma;
	vm_fault_t fault;

	do {
		if (unlikely(!lock_mm(regs, mm))) {
			no_context(regs, error_code, address);
			return;
		}
		vma = find_faulting_vma(mm, address);
		if (unlikely(!vma || !access_allowed(vma, error_code))) {
			up_read(&mm->mmap_sem);
			bad_access(regs, error_code, address, SIGSEGV,
				   vma ? SEGV_ACCERR : SEGV_MAPERR);
			return;
		}
		fault = handle_mm_fault(mm, vma, address, flags);
		up_read(&mm->mmap_sem);
	} while (unlikely(fault == VM_FAULT_RETRY));

	if (likely(fault == VM_FAULT_MINOR)) {
		tsk->min_flt++;
	} else if (fault == VM_FAULT_MAJOR) {
		tsk->maj_flt++;
		count_vm_event(PGMAJFAULT);
	} else {
		fault_failed(regs, error_code, address, fault);
	}
}

asmlinkage void do_page_fault(struct pt_regs *regs, unsigned long error_code,
			      unsigned long address)
{
	if (unlikely(address >= TASK_SIZE)) {
		kernel_address_fault(regs, error_code, address);
		return;
	}
	if (likely(regs->eflags & X86_EFLAGS_IF))
		local_irq_enable();
	/* A handler has disabled them too: do_IRQ. */
	if (unlikely(!current->mm || current->pagefault_disabled))
		no_context(regs, error_code, address);
	else
		user_address_fault(regs, error_code, address);
}
