/*
 * kernel/proc/sigframe.c - building a handler's frame, and coming back from it.
 *
 * Theory.  To "call" a handler is to save the interrupted context on the user
 * stack (or the alternate one) and to change the registers in pt_regs.  To come
 * back is to read that context again, by then under the program's control: nothing
 * in it is believed.  Selectors get RPL 3, so that at worst iret faults, which is
 * a SIGSEGV; of eflags only the arithmetic, direction, trap and alignment bits are
 * taken; the FPU image is cleaned by restore_i387().
 *
 * The frame is built in kernel memory and copied out in one go.  The part of a
 * struct sigframe that only keeps a distance (fpstate_unused) is not written.
 *
 * The handler gets its arguments both on the stack and in eax, edx, ecx.
 *
 * References: sigframe.h; Intel SDM volume 1, section 3.4.3 (eflags).
 */
#include <kernel/proc/sigframe.h>

#include <kernel/arch/switch.h>
#include <kernel/arch/uaccess.h>
#include <kernel/proc/signal.h>
#include <kernel/proc/vdso.h>
#include <lib/errno.h>
#include <lib/kernel.h>
#include <lib/string.h>
#include <mm/types/mm_types.h>

#define FPSTATE_FSAVE_SIZE	offsetof(struct _fpstate_ia32, _fxsr_env)
#define FPSTATE_ALIGN		64UL

/* CF PF AF ZF SF TF DF OF, RF, AC */
#define USER_EFLAGS	(0x001UL | 0x004UL | 0x010UL | 0x040UL | 0x080UL | 0x100UL | 0x400UL | \
			 0x800UL | 0x10000UL | 0x40000UL)

/* popl %eax; movl $119, %eax; int $0x80 */
static const u8 sigreturn_code[RETCODE_SIZE] = { 0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80 };
/* movl $173, %eax; int $0x80 */
static const u8 rt_sigreturn_code[RETCODE_SIZE] = { 0xb8, 173, 0, 0, 0, 0xcd, 0x80, 0 };

/* ---- going in -------------------------------------------------------------------------------- */

static void fill_sigcontext(struct sigcontext_32 *sc, const struct pt_regs *regs,
			    unsigned long fpstate, u32 mask)
{
	memset(sc, 0, sizeof(*sc));
	sc->gs = (u16)get_user_gs();
	sc->fs = (u16)get_user_fs();
	sc->es = (u16)regs->es;
	sc->ds = (u16)regs->ds;
	sc->di = (u32)regs->edi;
	sc->si = (u32)regs->esi;
	sc->bp = (u32)regs->ebp;
	sc->sp = regs->esp;
	sc->bx = (u32)regs->ebx;
	sc->dx = (u32)regs->edx;
	sc->cx = (u32)regs->ecx;
	sc->ax = (u32)regs->eax;
	sc->trapno = current->thread.trap_no;
	sc->err = current->thread.error_code;
	sc->ip = regs->eip;
	sc->cs = (u16)regs->cs;
	sc->flags = regs->eflags;
	sc->sp_at_signal = regs->esp;
	sc->ss = (u16)regs->ss;
	sc->fpstate = fpstate;
	sc->oldmask = mask;
	sc->cr2 = current->thread.cr2;
}

/* Where the FPU state begins that lies below @esp, if there is one. */
static unsigned long fpstate_below(unsigned long esp)
{
	return current->thread.fpu_used ?
	       ALIGN_DOWN(esp - sizeof(struct _fpstate_ia32), FPSTATE_ALIGN) : esp;
}

/* Save the FPU state below *esp. => 0, or -EFAULT; *addr 0: there is none */
static int save_fpstate(unsigned long *esp, unsigned long *addr)
{
	struct _fpstate_ia32 buf;
	unsigned long size;

	*addr = 0;
	if (!current->thread.fpu_used)
		return 0;
	*esp = fpstate_below(*esp);
	memset(&buf, 0, sizeof(buf));
	if (!save_i387(&current->thread, &buf))
		return 0;
	size = buf.magic == X86_FXSR_MAGIC ? sizeof(buf) : FPSTATE_FSAVE_SIZE;
	*addr = *esp;
	return copy_to_user((void *)*esp, &buf, size) ? -EFAULT : 0;
}

/* The ABI wants the handler to see (esp + 4) % 16 == 0. */
static unsigned long frame_below(unsigned long esp, unsigned long size)
{
	return ALIGN_DOWN(esp - size + 4, 16UL) - 4;
}

/*
 * Choose the stack and make room.
 * => the frame's address, or 0: no room; *fpstate as above
 */
static unsigned long get_sigframe(const struct k_sigaction *ka, const struct pt_regs *regs,
				  unsigned long size, unsigned long *fpstate)
{
	unsigned long esp = regs->esp;
	bool onstack = on_sig_stack(esp);

	if ((ka->sa_flags & SA_ONSTACK) && !sas_ss_flags(esp)) {
		esp = current->sas_ss_sp + current->sas_ss_size;
		onstack = true;
	}
	if (esp > TASK_SIZE)
		return 0;
	/* The alternate stack is full: do not write below it. */
	if (onstack && !__on_sig_stack(frame_below(fpstate_below(esp), size)))
		return 0;
	if (save_fpstate(&esp, fpstate))
		return 0;
	return frame_below(esp, size);
}

static void enter_handler(struct pt_regs *regs, const struct k_sigaction *ka, unsigned long frame)
{
	regs->esp = frame;
	regs->eip = (unsigned long)ka->sa_handler;
	regs->ds = regs->es = regs->ss = __USER_DS;
	regs->cs = __USER_CS;
	regs->eflags &= ~X86_EFLAGS_DF;
}

/* The program's own, the vDSO's, or what lies in the frame. */
static u32 return_address(const struct k_sigaction *ka, enum vdso_symbol symbol,
			  unsigned long retcode)
{
	if (ka->sa_flags & SA_RESTORER)
		return (u32)ka->sa_restorer;
	return current->mm->vdso ? vdso_symbol(current->mm, symbol) : retcode;
}

int setup_frame(int sig, const struct k_sigaction *ka, const sigset_t *set, struct pt_regs *regs)
{
	struct {
		u32 pretcode;
		int sig;
		struct sigcontext_32 sc;
	} head;
	struct {
		u32 extramask[1];
		u8 retcode[RETCODE_SIZE];
	} tail;
	unsigned long addr, fpstate;
	struct sigframe *frame;

	static_assert(sizeof(head) == offsetof(struct sigframe, fpstate_unused), "same layout");
	static_assert(sizeof(tail) == sizeof(*frame) - offsetof(struct sigframe, extramask), "");
	addr = get_sigframe(ka, regs, sizeof(*frame), &fpstate);
	if (!addr)
		return -EFAULT;
	frame = (struct sigframe *)addr;
	head.pretcode = return_address(ka, VDSO_SIGRETURN, (unsigned long)frame->retcode);
	head.sig = sig;
	fill_sigcontext(&head.sc, regs, fpstate, set->sig[0]);
	tail.extramask[0] = set->sig[1];
	memcpy(tail.retcode, sigreturn_code, RETCODE_SIZE);
	if (copy_to_user(frame, &head, sizeof(head)) ||
	    copy_to_user(frame->extramask, &tail, sizeof(tail)))
		return -EFAULT;
	enter_handler(regs, ka, addr);
	regs->eax = sig;
	regs->edx = 0;
	regs->ecx = 0;
	return 0;
}

int setup_rt_frame(int sig, const struct k_sigaction *ka, const siginfo_t *info,
		   const sigset_t *set, struct pt_regs *regs)
{
	unsigned long addr, fpstate;
	struct rt_sigframe *user, frame;

	addr = get_sigframe(ka, regs, sizeof(frame), &fpstate);
	if (!addr)
		return -EFAULT;
	user = (struct rt_sigframe *)addr;
	memset(&frame.uc, 0, sizeof(frame.uc));
	frame.pretcode = return_address(ka, VDSO_RT_SIGRETURN, (unsigned long)user->retcode);
	frame.sig = sig;
	frame.pinfo = (u32)&user->info;
	frame.puc = (u32)&user->uc;
	frame.info = *info;
	frame.uc.uc_stack.ss_sp = (void *)current->sas_ss_sp;
	frame.uc.uc_stack.ss_flags = current->sas_ss_flags;
	frame.uc.uc_stack.ss_size = current->sas_ss_size;
	fill_sigcontext(&frame.uc.uc_mcontext, regs, fpstate, set->sig[0]);
	frame.uc.uc_sigmask = *set;
	memcpy(frame.retcode, rt_sigreturn_code, RETCODE_SIZE);
	if (copy_to_user(user, &frame, sizeof(frame)))
		return -EFAULT;
	enter_handler(regs, ka, addr);
	regs->eax = sig;
	regs->edx = (long)&user->info;
	regs->ecx = (long)&user->uc;
	return 0;
}

int copy_siginfo_to_user(siginfo_t *to, const siginfo_t *from)
{
	return copy_to_user(to, from, sizeof(*from)) ? -EFAULT : 0;
}

/* ---- coming back ----------------------------------------------------------------------------- */

/* => 0 or -EFAULT, -EINVAL */
static int restore_fpstate(unsigned long addr)
{
	struct _fpstate_ia32 buf;

	if (!addr) {
		fpu_drop(&current->thread);
		return 0;
	}
	memset(&buf, 0, sizeof(buf));
	if (copy_from_user(&buf, (const void *)addr, FPSTATE_FSAVE_SIZE))
		return -EFAULT;
	if (buf.magic == X86_FXSR_MAGIC && copy_from_user(&buf, (const void *)addr, sizeof(buf)))
		return -EFAULT;
	return restore_i387(&current->thread, &buf);
}

static int restore_sigcontext(struct pt_regs *regs, const struct sigcontext_32 *sc)
{
	current->restart_fn = NULL;
	if (regs->eip == current->mm->sysenter_return)
		set_tsk_work(current, TIF_IRET);
	set_user_gs(sc->gs);
	set_user_fs(sc->fs);
	regs->es = sc->es | 3u;
	regs->ds = sc->ds | 3u;
	regs->edi = (long)sc->di;
	regs->esi = (long)sc->si;
	regs->ebp = (long)sc->bp;
	regs->esp = sc->sp;
	regs->ebx = (long)sc->bx;
	regs->edx = (long)sc->dx;
	regs->ecx = (long)sc->cx;
	regs->eax = (long)sc->ax;
	regs->eip = sc->ip;
	regs->cs = sc->cs | 3u;
	regs->ss = sc->ss | 3u;
	regs->eflags = (regs->eflags & ~USER_EFLAGS) | (sc->flags & USER_EFLAGS);
	regs->orig_eax = -1;	/* not the end of an interrupted call */
	return restore_fpstate(sc->fpstate);
}

static void restore_mask(sigset_t *set)
{
	sigdelset(set, SIGKILL);
	sigdelset(set, SIGSTOP);
	set_current_blocked(set);
}

/* retcode has popped the signal number, and ret the address. */
long do_sigreturn(struct pt_regs *regs)
{
	const struct sigframe *frame = (const struct sigframe *)(regs->esp - 8);
	struct sigcontext_32 sc;
	sigset_t set;

	if (copy_from_user(&sc, &frame->sc, sizeof(sc)) ||
	    get_user(set.sig[1], &frame->extramask[0]))
		goto badframe;
	set.sig[0] = sc.oldmask;
	restore_mask(&set);
	if (restore_sigcontext(regs, &sc))
		goto badframe;
	return regs->eax;
badframe:
	force_sig(SIGSEGV, current);
	return 0;
}

long do_rt_sigreturn(struct pt_regs *regs)
{
	const struct rt_sigframe *frame = (const struct rt_sigframe *)(regs->esp - 4);
	struct ucontext_32 uc;

	if (copy_from_user(&uc, &frame->uc, sizeof(uc)))
		goto badframe;
	restore_mask(&uc.uc_sigmask);
	if (restore_sigcontext(regs, &uc.uc_mcontext))
		goto badframe;
	/* A stack that does not make sense is left as it was, as Linux does. */
	if (!same_sig_stack(&uc.uc_stack))
		do_sigaltstack(&uc.uc_stack, NULL, regs->esp);
	return regs->eax;
badframe:
	force_sig(SIGSEGV, current);
	return 0;
}
