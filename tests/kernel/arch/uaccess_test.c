/*
 * tests/kernel/arch/uaccess_test.c - bad pointers end in an error, not in a panic.
 *
 * A kernel thread has no user space, so every user address faults here: the
 * exception table must catch each kind of access.  Good copies are tested on
 * addresses of the kernel through the __ forms, which do not ask access_ok.
 */
#include <kernel/arch/uaccess.h>

#include <kernel/arch/pgtable.h>
#include <kernel/arch/tlb.h>
#include <kernel/core/ktest.h>
#include <kernel/core/sched.h>
#include <lib/string.h>

#define NOWHERE	((void *)0x1000)

KTEST(uaccess, access_ok_knows_the_border)
{
	KEXPECT(t, access_ok(0, TASK_SIZE));
	KEXPECT(t, access_ok(TASK_SIZE - 1, 1));
	KEXPECT(t, access_ok(TASK_SIZE, 0));
	KEXPECT(t, !access_ok(TASK_SIZE, 1));
	KEXPECT(t, !access_ok(TASK_SIZE - 1, 2));
	KEXPECT(t, !access_ok(1, ~0UL));
	KEXPECT(t, !access_ok(~0UL, 2));
}

/* Each copy reports all its bytes as missing, and copy_from_user leaves zeros. */
KTEST(uaccess, faults_are_counted)
{
	u8 buf[13];
	u32 word = 7;
	u64 dword = 7;
	u8 byte = 7;

	pagefault_disable();
	memset(buf, 0xaa, sizeof(buf));
	KEXPECT_EQ(t, copy_from_user(buf, NOWHERE, sizeof(buf)), 13ul);
	KEXPECT_EQ(t, buf[0], 0);
	KEXPECT_EQ(t, buf[12], 0);
	KEXPECT_EQ(t, copy_to_user(NOWHERE, buf, sizeof(buf)), 13ul);
	KEXPECT_EQ(t, clear_user(NOWHERE, 4096 + 3), 4099ul);
	KEXPECT_EQ(t, get_user(word, (u32 *)NOWHERE), -EFAULT);
	KEXPECT_EQ(t, word, 0u);
	KEXPECT_EQ(t, get_user(byte, (u8 *)NOWHERE), -EFAULT);
	KEXPECT_EQ(t, byte, 0);
	KEXPECT_EQ(t, get_user(dword, (u64 *)NOWHERE), -EFAULT);
	KEXPECT_EQ(t, dword, 0ull);
	KEXPECT_EQ(t, put_user(word, (u32 *)NOWHERE), -EFAULT);
	KEXPECT_EQ(t, put_user(dword, (u64 *)NOWHERE), -EFAULT);
	KEXPECT_EQ(t, strncpy_from_user((char *)buf, NOWHERE, sizeof(buf)), (long)-EFAULT);
	KEXPECT_EQ(t, strnlen_user(NOWHERE, 10), 0l);
	pagefault_enable();
}

/* The kernel's own addresses are refused before any access. */
KTEST(uaccess, kernel_addresses_are_refused)
{
	u32 secret = 0x5ec2e7, copy = 0;

	KEXPECT_EQ(t, copy_from_user(&copy, &secret, 4), 4ul);
	KEXPECT_EQ(t, copy, 0u);
	KEXPECT_EQ(t, copy_to_user(&secret, &copy, 4), 4ul);
	KEXPECT_EQ(t, secret, 0x5ec2e7u);
	KEXPECT_EQ(t, get_user(copy, &secret), -EFAULT);
	KEXPECT_EQ(t, put_user(1, &secret), -EFAULT);
	KEXPECT_EQ(t, strncpy_from_user((char *)&copy, (char *)&secret, 4), (long)-EFAULT);
	KEXPECT_EQ(t, strnlen_user((char *)&secret, 4), 0l);
}

/* Words and odd bytes, every small length: nothing missing, nothing beside. */
KTEST(uaccess, copies_are_exact)
{
	u8 from[24], to[24];

	for (unsigned int i = 0; i < sizeof(from); i++)
		from[i] = (u8)(i + 1);
	for (unsigned int n = 0; n <= 20; n++) {
		memset(to, 0xee, sizeof(to));
		KASSERT_EQ(t, __copy_from_user(to + 1, from, n), 0ul);
		KASSERT_EQ(t, to[0], 0xee);
		KASSERT_EQ(t, memcmp(to + 1, from, n), 0);
		KASSERT_EQ(t, to[n + 1], 0xee);
		KASSERT_EQ(t, __clear_user(to + 1, n), 0ul);
		KASSERT_EQ(t, to[n + 1], 0xee);
		KASSERT(t, !n || (to[1] == 0 && to[n] == 0));
	}
}

/* A read that runs off mapped memory says how much is missing, to the byte. */
KTEST(uaccess, probe_survives)
{
	u32 word = 1;

	KEXPECT_EQ(t, probe_kernel_read(&word, &word, sizeof(word)), 0l);
	KEXPECT_EQ(t, probe_kernel_read(&word, (void *)0xfffff000, 4), (long)-EFAULT);
	KEXPECT_EQ(t, probe_kernel_read(&word, (void *)0x1000, 4), (long)-EFAULT);
	KEXPECT_EQ(t, probe_kernel_read(&word, (void *)0xfffffffe, 4), (long)-EFAULT);
}

/* Text is read-only for ring 0 too: a store is caught, and changes nothing. */
KTEST(uaccess, text_is_read_only)
{
	u32 *text = (u32 *)(void *)&fixup_exception;
	u32 before = *text;

	KEXPECT_EQ(t, __put_user_4(text, ~before), -EFAULT);
	KEXPECT_EQ(t, *text, before);
}

/* A fault with an entry goes on at its fixup; an address without one is nobody's. */
KTEST(uaccess, exception_table)
{
	struct pt_regs regs = { .eip = __start___ex_table->insn };

	KASSERT(t, __stop___ex_table - __start___ex_table > 10);
	KEXPECT_EQ(t, fixup_exception(&regs), 1);
	KEXPECT_EQ(t, regs.eip, __start___ex_table->fixup);
	regs.eip = 1;
	KEXPECT_EQ(t, fixup_exception(&regs), 0);
	KEXPECT_EQ(t, regs.eip, 1ul);
}

/* Flushes count; one for an address space that is not loaded is skipped. */
KTEST(tlb, flushes_are_counted)
{
	unsigned long none = 0;
	static pgd_t elsewhere[1] __aligned(4096);
	struct tlb_stats before = tlb_stats_sum();

	flush_tlb_all();
	KEXPECT_EQ(t, tlb_stats_sum().flush_all, before.flush_all + num_online_cpus());
	tlb_flush_pgd(elsewhere, &none);
	KEXPECT_EQ(t, tlb_stats_sum().flush_skipped, before.flush_skipped + 1);
	tlb_flush_pgd(__va(read_cr3()), &none);
	KEXPECT_EQ(t, tlb_stats_sum().flush_mm, before.flush_mm + 1);
	tlb_flush_pgd_range(__va(read_cr3()), &none, 0, 3 * PAGE_SIZE);
	KEXPECT_EQ(t, tlb_stats_sum().flush_page, before.flush_page + 3);
}
