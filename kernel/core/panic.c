/*
 * kernel/core/panic.c - reports of a broken kernel.
 *
 * Theory.  A report is made by a kernel of which nothing is known to work.  So
 * it reads memory only by probe_kernel_read, follows frame pointers only upward
 * within one stack's size and only to kernel text, and takes no lock: the log's
 * is bust first.  Everything before the report that could fail again comes
 * after the line that says what happened.
 *
 * Nesting.  The first panic owns the report.  A fault inside it comes back here
 * with oops_in_progress set: see panic_enter().
 */
#include <kernel/core/panic.h>

#include <kernel/arch/irqflags.h>
#include <kernel/arch/processor.h>
#include <kernel/arch/ptrace.h>
#include <kernel/arch/reboot.h>
#include <kernel/arch/uaccess.h>
#include <kernel/core/bug.h>
#include <kernel/core/cmdline.h>
#include <kernel/core/kallsyms.h>
#include <kernel/core/percpu.h>
#include <kernel/core/printk.h>
#include <kernel/core/sched.h>
#include <kernel/core/smp.h>
#include <kernel/core/time.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <lib/strtox.h>
#include <lib/vsnprintf.h>

#define MAX_LINES	32	/* of one backtrace */
#define MAX_DEPTH	(THREAD_SIZE / sizeof(struct frame))
#define CODE_BYTES	24

bool oops_in_progress;
bool panic_exits;
unsigned int warn_count;
static int panic_timeout;	/* [c] seconds until restart; 0: halt */
static int panic_depth;

void __init panic_init(void)
{
	char value[16];

	panic_exits = cmdline_has("ktest");
	if (cmdline_find_option("panic", value, sizeof(value)) <= 0)
		return;
	if (strcmp(value, "exit") == 0)
		panic_exits = true;
	else
		panic_timeout = (int)simple_strtoul(value, NULL, 0);
}

struct frame {
	unsigned long ebp;
	unsigned long eip;
};

/* Move @f to its caller. => false at the end, or where the chain is broken */
static bool next_frame(struct frame *f)
{
	unsigned long at = f->ebp;
	struct frame up;

	if (at < PAGE_OFFSET || (at & 3) || probe_kernel_read(&up, (void *)at, sizeof(up)))
		return false;
	if (!is_kernel_text(up.eip))
		return false;
	if (up.ebp && (up.ebp <= at || up.ebp - at > THREAD_SIZE))
		up.ebp = 0;
	*f = up;
	return true;
}

static void print_address(unsigned long addr)
{
	printk(KERN_EMERG " [<%08lx>] %pS\n", addr, (void *)addr);
}

/* A call may be a function's last instruction: the byte before is surely the caller's. */
static void print_return_address(unsigned long addr)
{
	printk(KERN_EMERG " [<%08lx>] %pB\n", addr, (void *)addr);
}

/* A recursion is shown once, with how often it went round: its bottom is what matters. */
static void show_frames(unsigned long ebp)
{
	struct frame f = { ebp, 0 };
	unsigned long last = 0;
	unsigned int lines = 0, repeated = 0;
	bool more;

	for (unsigned int n = 0; n < MAX_DEPTH && lines < MAX_LINES; n++) {
		more = next_frame(&f);
		if (more && f.eip == last) {
			repeated++;
			continue;
		}
		if (repeated)
			printk(KERN_EMERG "  ... %u times more\n", repeated);
		repeated = 0;
		if (!more)
			return;
		print_return_address(f.eip);
		last = f.eip;
		lines++;
	}
	printk(KERN_EMERG "  ...\n");
}

void show_backtrace(unsigned long eip, unsigned long ebp)
{
	printk(KERN_EMERG "Call Trace:\n");
	if (eip)
		print_address(eip);
	show_frames(ebp);
}

/* The return addresses from the frame at @ebp on, without the first @skip. => how many */
static unsigned int save_frames(unsigned long ebp, unsigned long *entries, unsigned int max,
				unsigned int skip)
{
	struct frame f = { ebp, 0 };
	unsigned int n = 0;

	while (n < max && next_frame(&f)) {
		if (skip)
			skip--;
		else
			entries[n++] = f.eip;
	}
	return n;
}

unsigned int stack_trace_save(unsigned long *entries, unsigned int max, unsigned int skip)
{
	return save_frames((unsigned long)__builtin_frame_address(0), entries, max, skip);
}

unsigned int stack_trace_save_tsk(struct task_struct *task, unsigned long *entries,
				  unsigned int max, unsigned int skip)
{
	unsigned long ebp;

	if (task == current)
		return stack_trace_save(entries, max, skip);
	if (!READ_ONCE(task->state))
		return 0;
	/* As __switch_to() left its stack: edi, esi, ebx, and the frame. */
	ebp = READ_ONCE(task->thread.esp) + 3 * sizeof(long);
	return save_frames(ebp, entries, max, skip);
}

void dump_stack(void)
{
	show_backtrace(0, (unsigned long)__builtin_frame_address(0));
}

static void show_code(unsigned long eip)
{
	u8 bytes[CODE_BYTES];
	char line[CODE_BYTES * 3 + 1];
	int n = 0;

	if (!is_kernel_text(eip) || probe_kernel_read(bytes, (void *)eip, sizeof(bytes))) {
		printk(KERN_EMERG "Code: not readable\n");
		return;
	}
	for (int i = 0; i < CODE_BYTES; i++)
		n += scnprintf(line + n, sizeof(line) - n, " %02x", bytes[i]);
	printk(KERN_EMERG "Code:%s\n", line);
}

/* Name and number of the task that runs, as far as they can be read. */
static void show_task(void)
{
	struct task_struct *tsk = current;
	char comm[TASK_COMM_LEN] = "?";
	pid_t pid = -1;

	if (tsk) {
		probe_kernel_read(comm, tsk->comm, sizeof(comm));
		probe_kernel_read(&pid, &tsk->pid, sizeof(pid));
	}
	comm[sizeof(comm) - 1] = 0;
	printk(KERN_EMERG "CPU: %d PID: %d Comm: %s\n", smp_processor_id(), pid, comm);
}

static void show_regs_at(struct pt_regs *regs, unsigned long esp)
{
	unsigned long ss = user_mode(regs) ? regs->ss : __KERNEL_DS;
	char symbol[KSYM_SYMBOL_LEN];

	show_task();
	sprint_symbol(symbol, sizeof(symbol), regs->eip);
	printk(KERN_EMERG "EIP: %04lx:[<%08lx>] EFLAGS: %08lx\n", regs->cs & 0xffff, regs->eip,
	       regs->eflags);
	printk(KERN_EMERG "EIP is at %s\n", symbol);
	printk(KERN_EMERG "eax: %08lx ebx: %08lx ecx: %08lx edx: %08lx\n", regs->eax, regs->ebx,
	       regs->ecx, regs->edx);
	printk(KERN_EMERG "esi: %08lx edi: %08lx ebp: %08lx esp: %08lx\n", regs->esi, regs->edi,
	       regs->ebp, esp);
	printk(KERN_EMERG "ds: %04lx es: %04lx ss: %04lx cr0: %08lx cr2: %08lx cr3: %08lx\n",
	       regs->ds & 0xffff, regs->es & 0xffff, ss & 0xffff, read_cr0(), read_cr2(),
	       read_cr3());
	show_code(regs->eip);
}

void show_regs(struct pt_regs *regs)
{
	show_regs_at(regs, regs_stack_pointer(regs));
}

/* How a panic ends, by panic= on the command line. */
static __noreturn void panic_stop(void)
{
	if (panic_depth == 1)
		smp_show_stopped();
	if (panic_exits) {
		qemu_debug_exit(PANIC_EXIT_CODE);
		machine_power_off();
	}
	if (panic_timeout > 0) {
		printk(KERN_EMERG "Rebooting in %d seconds..\n", panic_timeout);
		for (int i = 0; i < panic_timeout * 1000; i++)
			udelay(1000);
		machine_restart();
	}
	machine_halt();
}

/*
 * Only the first comes back from here, with the log's locks bust.  The second,
 * a fault while reporting, names itself, shows again where the first came from
 * (whose own report may be cut off in the middle), and stops; it trusts no
 * console but the oldest.
 */
static void panic_enter(const char *what, unsigned long eip, unsigned long ebp)
{
	static unsigned long first_eip, first_ebp;
	static char first_what[128];

	static atomic_t owner = ATOMIC_INIT(-1);
	int was;

	local_irq_disable();
	was = atomic_cmpxchg(&owner, -1, smp_processor_id());
	if (was != -1 && was != smp_processor_id())
		for (;;)
			halt();		/* another processor reports; its NMI finds us here */
	if (++panic_depth == 1) {
		first_eip = eip;
		first_ebp = ebp;
		strlcpy(first_what, what, sizeof(first_what));
		oops_in_progress = true;
		smp_stop_others();
		printk_bust_locks();
		console_loglevel = 10;
		return;
	}
	if (panic_depth == 2) {
		console_keep_oldest();
		printk(KERN_EMERG "nested while panicking: %s\n", what);
		printk(KERN_EMERG "the first report was: %s\n", first_what);
		show_backtrace(first_eip, first_ebp);
		printk(KERN_EMERG "Kernel panic - not syncing: %s (nested)\n", first_what);
		panic_stop();
	}
	if (panic_exits)
		qemu_debug_exit(PANIC_EXIT_CODE);
	machine_halt();
}

void panic(const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	panic_enter(text, (unsigned long)__builtin_return_address(0),
		    (unsigned long)__builtin_frame_address(0));
	printk(KERN_EMERG "Kernel panic - not syncing: %s\n", text);
	show_task();
	dump_stack();
	printk(KERN_EMERG "---[ end Kernel panic - not syncing: %s\n", text);
	panic_stop();
}

static bool entered;	/* oops_enter() was called, die() is to follow */

void oops_enter(const char *what, const struct pt_regs *regs)
{
	panic_enter(what, regs->eip, regs->ebp);
	entered = true;
}

/*
 * The trace of an exception.  Frame pointers miss the caller of a function that
 * has no frame (a small leaf, or a jump through a bad pointer): then its return
 * address is the word at the stack's top.  Marked "?": it may be a stale one.
 */
static void show_trace_of(const struct pt_regs *regs, unsigned long esp)
{
	struct frame frame;
	unsigned long caller;

	printk(KERN_EMERG "Call Trace:\n");
	print_address(regs->eip);
	if (!probe_kernel_read(&caller, (void *)esp, sizeof(caller)) && is_kernel_text(caller) &&
	    (probe_kernel_read(&frame, (void *)regs->ebp, sizeof(frame)) || frame.eip != caller))
		printk(KERN_EMERG " [<%08lx>] ? %pB\n", caller, (void *)caller);
	show_frames(regs->ebp);
}

void die(const char *what, struct pt_regs *regs, long error_code)
{
	if (!entered)
		oops_enter(what, regs);
	entered = false;
	printk(KERN_EMERG "%s: %04lx\n", what, error_code & 0xffff);
	show_regs(regs);
	show_trace_of(regs, regs_stack_pointer(regs));
	printk(KERN_EMERG "Kernel panic - not syncing: %s\n", what);
	panic_stop();
}

void die_at(struct pt_regs *regs, unsigned long esp, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	panic_enter(text, regs->eip, regs->ebp);
	printk(KERN_EMERG "%s\n", text);
	show_regs_at(regs, esp);
	show_trace_of(regs, esp);
	printk(KERN_EMERG "Kernel panic - not syncing: %s\n", text);
	panic_stop();
}

void __bug(const char *file, int line, const char *what)
{
	panic("BUG at %s:%d: %s", file, line, what);
}

void __bug_val(const char *file, int line, const char *what, unsigned long a, unsigned long b)
{
	panic("BUG at %s:%d: %s = 0x%lx, 0x%lx", file, line, what, a, b);
}

void __warn(const char *file, int line, const char *what)
{
	warn_count++;
	printk(KERN_WARNING "WARNING at %s:%d: %s\n", file, line, what);
	dump_stack();
}

void __warn_printf(const char *file, int line, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	warn_count++;
	printk(KERN_WARNING "WARNING at %s:%d: %s\n", file, line, text);
	dump_stack();
}
