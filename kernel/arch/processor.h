/*
 * kernel/arch/processor.h - the processor: identity, control registers, and
 * the part of a task that it keeps while it does not run.
 *
 * boot_cpu_has(X86_FEATURE_PSE) asks what CPUID leaf 1 said at boot.  Features
 * that an option turned off (nopse, nopge) read as absent, so that one test
 * decides.  A feature's number is its bit in EDX, or 32 + its bit in ECX, or
 * 64 + its bit in EDX of leaf 0x80000001.
 *
 * struct thread_struct is embedded in task_struct.  Its first fields are read
 * by switch_to.S.  The FPU area must be aligned to 16 bytes for FXSAVE.
 *
 * References: Intel SDM volume 2A, CPUID; volume 3, section 2.5 (control registers).
 */
#ifndef OCTAVO_KERNEL_ARCH_PROCESSOR_H
#define OCTAVO_KERNEL_ARCH_PROCESSOR_H

#define X86_CR0_PE	0x00000001
#define X86_CR0_MP	0x00000002
#define X86_CR0_EM	0x00000004
#define X86_CR0_TS	0x00000008
#define X86_CR0_NE	0x00000020
#define X86_CR0_WP	0x00010000
#define X86_CR0_AM	0x00040000
#define X86_CR0_PG	0x80000000
#define X86_CR4_TSD	0x0004
#define X86_CR4_PSE	0x0010
#define X86_CR4_PAE	0x0020
#define X86_CR4_PGE	0x0080
#define X86_CR4_OSFXSR	0x0200
#define X86_CR4_OSXMMEXCPT 0x0400

#define X86_FEATURE_FPU		0
#define X86_FEATURE_PSE		3
#define X86_FEATURE_TSC		4
#define X86_FEATURE_MSR		5
#define X86_FEATURE_PAE		6
#define X86_FEATURE_APIC	9
#define X86_FEATURE_SEP		11
#define X86_FEATURE_PGE		13
#define X86_FEATURE_CMOV	15
#define X86_FEATURE_PSE36	17
#define X86_FEATURE_CLFLUSH	19
#define X86_FEATURE_MMX		23
#define X86_FEATURE_FXSR	24
#define X86_FEATURE_XMM		25
#define X86_FEATURE_XMM2	26
#define X86_FEATURE_HT		28
#define X86_FEATURE_HYPERVISOR	(32 + 31)	/* this is a virtual machine */
#define X86_FEATURE_NX		(64 + 20)	/* entries of page tables may forbid to execute */

#define MSR_EFER	0xc0000080
#define EFER_NXE	0x800		/* bit 63 of an entry means NX; else it is reserved */

#ifndef __ASSEMBLER__

#include <kernel/arch/fpu_types.h>
#include <kernel/arch/memlayout.h>
#include <kernel/arch/segment.h>
#include <lib/bitops.h>
#include <lib/compiler.h>
#include <lib/types.h>

struct cpuinfo_x86 {
	u8 family;
	u8 model;
	u8 stepping;
	int cpuid_level;
	u32 capability[3];	/* leaf 1: EDX, ECX; 0x80000001: EDX; less what options took away */
	u8 max_siblings;	/* a package has room for: so many APIC ids */
	u8 max_cores;		/* and so many cores */
	u8 clflush_size;	/* bytes of a cache line */
	u8 phys_bits, virt_bits; /* of an address */
	char vendor[16];
	char brand[52];		/* marketing name, or "family/model" spelled out */
};

/* [c] after identify_cpu() */
extern struct cpuinfo_x86 boot_cpu_data;

static inline int boot_cpu_has(unsigned int feature)
{
	return (boot_cpu_data.capability[feature / 32] >> (feature % 32)) & 1;
}

/* Forget a feature that an option or a missing partner rules out. */
static inline void setup_clear_cpu_cap(unsigned int feature)
{
	boot_cpu_data.capability[feature / 32] &= ~(1u << (feature % 32));
}

/* This processor: GDT, TSS, IDT loaded, boot_cpu_data filled. */
void cpu_init(void);
void identify_cpu(void);
/* Boot: NX is used from here on, where it can be. */
void x86_configure_nx(void);
/* The flags as /proc/cpuinfo shows them. => characters written */
int cpu_flags_string(char *buf, size_t size);

static inline void cpuid(u32 leaf, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx)
{
	asm volatile("cpuid" : "=a"(*eax), "=b"(*ebx), "=c"(*ecx), "=d"(*edx)
		     : "0"(leaf), "2"(0));
}

#define __READ_CR(n)							\
static inline unsigned long read_cr##n(void)				\
{									\
	unsigned long value;						\
									\
	asm volatile("movl %%cr" #n ", %0" : "=r"(value) : : "memory");	\
	return value;							\
}
#define __WRITE_CR(n)							\
static inline void write_cr##n(unsigned long value)			\
{									\
	asm volatile("movl %0, %%cr" #n : : "r"(value) : "memory");	\
}
__READ_CR(0)
__READ_CR(2)
__READ_CR(3)
__READ_CR(4)
__WRITE_CR(0)
__WRITE_CR(2)
__WRITE_CR(3)
__WRITE_CR(4)

/* Use the page directory at physical address @pgdir; drops non-global TLB entries. */
#define load_cr3(pgdir)		write_cr3((unsigned long)(pgdir) - PAGE_OFFSET)

static inline void invlpg(unsigned long addr)
{
	asm volatile("invlpg (%0)" : : "r"(addr) : "memory");
}

static inline void clts(void)
{
	asm volatile("clts");
}

static inline void stts(void)
{
	write_cr0(read_cr0() | X86_CR0_TS);
}

#define MSR_IA32_SYSENTER_CS	0x174
#define MSR_IA32_SYSENTER_ESP	0x175
#define MSR_IA32_SYSENTER_EIP	0x176

static inline void wrmsr(u32 msr, u32 low, u32 high)
{
	asm volatile("wrmsr" : : "c"(msr), "a"(low), "d"(high) : "memory");
}

static inline u64 rdmsr(u32 msr)
{
	u64 value;

	asm volatile("rdmsr" : "=A"(value) : "c"(msr));
	return value;
}

static inline u64 rdtsc(void)
{
	u64 value;

	asm volatile("rdtsc" : "=A"(value));
	return value;
}

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}

static inline void halt(void)
{
	asm volatile("hlt" : : : "memory");
}

/* Interrupts on and sleep: sti holds them off for one instruction, so none is lost. */
static inline void safe_halt(void)
{
	asm volatile("sti; hlt" : : : "memory");
}

struct thread_struct {
	unsigned long esp0;	/* top of the kernel stack: TSS.esp0 */
	unsigned long esp;	/* kernel stack pointer while not running */
	unsigned long eip;	/* where it goes on */
	unsigned long fs;	/* user selectors, valid while not running */
	unsigned long gs;
	unsigned long cr2;	/* the last fault, for the signal frame */
	unsigned long trap_no;
	unsigned long error_code;
	struct desc_struct tls_array[GDT_ENTRY_TLS_ENTRIES];
	unsigned int fpu_used;	/* fpu holds a state (used_math) */
	unsigned int fpu_live;	/* the registers hold it now; fpu may be stale */
	union fpu_state fpu;
};

#endif
#endif
