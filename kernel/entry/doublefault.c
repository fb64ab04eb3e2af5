/*
 * kernel/entry/doublefault.c - when the stack itself is gone.
 *
 * Theory.  An exception pushes its frame on the kernel stack.  If that stack
 * has overflowed into its guard page, the push faults too, and the processor
 * raises #DF.  Pushing a third frame there would reset the machine.  So vector
 * 8 is a task gate: the processor saves all registers into the TSS that was
 * current (init_tss), loads all from doublefault_tss, a known good stack among
 * them, and comes here.  The report is about init_tss.
 *
 * Which task it was: init_tss.esp0 names the top of its stack and with it
 * struct stack_top; its stack pointer then tells an overflow from another cause.
 *
 * The page directory is the kernel's own: it has no user space, and all that
 * the kernel maps except what vmalloc has mapped since and a fault would bring
 * in; a stack that cannot be read ends the backtrace, nothing more.
 *
 * Reference: Intel SDM volume 3, sections 6.15 (interrupt 8), 7.3.
 */
#include <kernel/entry/traps.h>

#include <kernel/arch/desc.h>
#include <kernel/arch/irqflags.h>
#include <kernel/arch/pgtable.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/panic.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <lib/string.h>

DEFINE_PER_CPU(struct tss_struct, doublefault_tss) __aligned(128);
/* The boot processor's; the others get theirs from kernel/entry/smpboot.c. */
static unsigned char doublefault_stack[THREAD_SIZE] __aligned(THREAD_SIZE);

static struct stack_top *doublefault_top(void *stack)
{
	return (struct stack_top *)((char *)stack + THREAD_SIZE) - 1;
}

/* The interrupted registers in the form that reports print. */
static void tss_to_regs(const struct tss_struct *tss, struct pt_regs *regs)
{
	*regs = (struct pt_regs){
		.ebx = tss->ebx, .ecx = tss->ecx, .edx = tss->edx, .esi = tss->esi,
		.edi = tss->edi, .ebp = tss->ebp, .eax = tss->eax, .ds = tss->ds,
		.es = tss->es, .fs = tss->fs, .gs = tss->gs, .orig_eax = -1,
		.eip = tss->eip, .cs = tss->cs, .eflags = tss->eflags,
		.esp = tss->esp, .ss = tss->ss,
	};
}

static bool in_guard_page(unsigned long esp, unsigned long stack)
{
	/* The push that failed was up to a frame below esp. */
	return esp >= stack - PAGE_SIZE && esp < stack + sizeof(struct pt_regs);
}

static __noreturn void doublefault_fn(void)
{
	const struct tss_struct *tss = this_cpu_ptr(&init_tss);
	const struct stack_top *top = (const struct stack_top *)tss->esp0;
	unsigned long stack = (unsigned long)(top + 1) - THREAD_SIZE;
	struct task_struct *task = NULL;
	char comm[TASK_COMM_LEN] = "?";
	struct pt_regs regs;
	pid_t pid = -1;

	probe_kernel_read(&task, &top->task, sizeof(task));
	current_stack_top()->task = task;
	if (task) {
		probe_kernel_read(comm, task->comm, sizeof(comm));
		probe_kernel_read(&pid, &task->pid, sizeof(pid));
	}
	comm[sizeof(comm) - 1] = 0;
	tss_to_regs(tss, &regs);
	if (in_guard_page(tss->esp, stack))
		die_at(&regs, tss->esp,
		       "kernel stack overflow in task %s/%d (stack 0x%08lx..0x%08lx, esp 0x%08x)",
		       comm, pid, stack, stack + THREAD_SIZE, tss->esp);
	die_at(&regs, tss->esp, "double fault in task %s/%d (esp 0x%08x)", comm, pid,
	       tss->esp);
}

void __init doublefault_setup(void *stack)
{
	struct tss_struct *tss = this_cpu_ptr(&doublefault_tss);
	struct stack_top *top = doublefault_top(stack);

	top->task = current;
	top->percpu_offset = this_cpu_offset();
	tss->cr3 = __pa(swapper_pg_dir);
	tss->eip = (u32)doublefault_fn;
	tss->eflags = X86_EFLAGS_FIXED;
	tss->esp = (u32)top - 4;
	tss->esp0 = tss->esp;
	tss->ss0 = __KERNEL_DS;
	tss->cs = __KERNEL_CS;
	tss->ss = tss->ds = tss->es = __KERNEL_DS;
	tss->ldt = __LDT_SELECTOR;
	tss->io_bitmap_base = sizeof(*tss);
}

void __init doublefault_init(void)
{
	doublefault_setup(doublefault_stack);
	set_task_gate(8, __DOUBLEFAULT_TSS);
}
