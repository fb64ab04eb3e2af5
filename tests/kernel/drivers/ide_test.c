/* tests/kernel/drivers/ide_test.c - disks by IDE; in scripts/test also one beyond 28 bits. */
#include <tests/kernel/drivers/disk_test.h>

DISK_TESTS(ide, "hd")

#define EACH	40u		/* transfers of each drive */

/* Two drives share a channel: their commands take turns, each gets its own data, none starves. */
KTEST(ide, two_drives)
{
	static struct transfers two[2];
	struct hd_struct *part[2] = { scratch_disk(t, "hda"), NULL };

	if (part[0])
		part[1] = scratch_disk(t, "hdb");
	if (!part[1])
		return;
	for (unsigned int rw = WRITE; rw <= WRITE; rw--) {
		for (unsigned int d = 0; d < 2; d++)
			transfers_init(&two[d], part[d]);
		for (unsigned int i = 0; i < EACH * 2; i++)
			transfer(&two[i % 2], rw, i / 2 * 17, 1 + i / 2 % 8,
				 rw == WRITE ? (unsigned char)(i + 1) : 0);
		for (unsigned int d = 0; d < 2; d++) {
			KEXPECT_TRANSFERS(t, &two[d]);
			for (unsigned int i = 0; i < EACH; i++)
				KEXPECT(t, transfer_holds(&two[d], i, 1 + i % 8,
							  (unsigned char)(2 * i + d + 1)));
			transfers_free(&two[d]);
		}
	}
	scratch_leave(t, part[0]);
	scratch_leave(t, part[1]);
}
