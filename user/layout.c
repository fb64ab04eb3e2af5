/*
 * layout [PID] - a process's addresses, held against its ELF file.
 *
 * Prints each area of /proc/PID/maps with what it is (text, rodata, data, bss, heap, mmap,
 * stack), then for each segment of the program's file whether the areas are where, as long as,
 * and allowed what the file says.  Exit status 1 if they are not.
 */
#include <user/elf.h>

#define PAGE		4096ul
#define MAX_AREAS	512

struct area {
	unsigned long start, end;
	char prot[5], name[256];
};

static struct area areas[MAX_AREAS];
static int nr_areas;
static Elf32_Phdr *loads[16], *relro;
static int nr_loads;

static void read_maps(const char *pid)
{
	char path[64], line[512];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		exit(2);
	}
	while (nr_areas < MAX_AREAS && fgets(line, sizeof(line), f)) {
		struct area *a = &areas[nr_areas];

		a->name[0] = '\0';
		if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %255[^\n]", &a->start, &a->end, a->prot,
			   a->name) >= 3)
			nr_areas++;
	}
	fclose(f);
}

static void read_segments(Elf32_Ehdr *eh, size_t bytes)
{
	Elf32_Phdr *ph = (Elf32_Phdr *)((char *)eh + eh->e_phoff);

	if (!inside(bytes, eh->e_phoff, eh->e_phnum, sizeof(*ph)))
		exit(2);
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && nr_loads < 16)
			loads[nr_loads++] = &ph[i];
		if (ph[i].p_type == PT_GNU_RELRO)
			relro = &ph[i];
	}
}

static unsigned long page_up(unsigned long addr)
{
	return (addr + PAGE - 1) & ~(PAGE - 1);
}

/* Where bytes of the segment's file part, and of the segment, end. */
static unsigned long file_end(const Elf32_Phdr *ph)
{
	return page_up(ph->p_vaddr + ph->p_filesz);
}

static unsigned long mem_end(const Elf32_Phdr *ph)
{
	return page_up(ph->p_vaddr + ph->p_memsz);
}

static const char *kind(const struct area *a, unsigned long bias)
{
	/* Without a gap between them, bss and heap are anonymous memory with equal rights: one area. */
	if (!strcmp(a->name, "[heap]"))
		return nr_loads && a->start < bias + mem_end(loads[nr_loads - 1]) ? "bss+heap" : "heap";
	if (!strcmp(a->name, "[stack]"))
		return "stack";
	if (a->name[0] == '[')
		return "kernel's";
	for (int i = 0; i < nr_loads; i++) {
		Elf32_Phdr *ph = loads[i];

		if (a->start < bias + (ph->p_vaddr & ~(PAGE - 1)) || a->start >= bias + mem_end(ph))
			continue;
		if (ph->p_flags & PF_X)
			return "text";
		if (!(ph->p_flags & PF_W))
			return "rodata";
		return a->start >= bias + file_end(ph) ? "bss" : "data";
	}
	return "mmap";
}

/* Is @addr mapped with the rights of @ph (or less, where the loader took the right to write)? */
static int page_agrees(unsigned long addr, const Elf32_Phdr *ph, unsigned long bias)
{
	for (int i = 0; i < nr_areas; i++) {
		struct area *a = &areas[i];
		int frozen = relro && addr >= bias + (relro->p_vaddr & ~(PAGE - 1)) &&
			     addr < bias + relro->p_vaddr + relro->p_memsz;

		if (addr < a->start || addr >= a->end)
			continue;
		return (a->prot[0] == 'r') == !!(ph->p_flags & PF_R) &&
		       (frozen || (a->prot[1] == 'w') == !!(ph->p_flags & PF_W)) &&
		       (a->prot[2] == 'x') == !!(ph->p_flags & PF_X) && a->prot[3] == 'p';
	}
	return 0;
}

static int check_segment(const Elf32_Phdr *ph, unsigned long bias)
{
	unsigned long start = bias + (ph->p_vaddr & ~(PAGE - 1)), addr;
	int good = 1;

	for (addr = start; addr < bias + mem_end(ph); addr += PAGE)
		good &= page_agrees(addr, ph, bias);
	printf("  %08lx-%08lx %c%c%c  file %6lu  memory %6lu bytes  %s\n", start,
	       bias + mem_end(ph), ph->p_flags & PF_R ? 'r' : '-', ph->p_flags & PF_W ? 'w' : '-',
	       ph->p_flags & PF_X ? 'x' : '-', (unsigned long)ph->p_filesz,
	       (unsigned long)ph->p_memsz, good ? "agrees" : "DIFFERS");
	return good;
}

/* A position-independent program lies where its first area is. */
static unsigned long load_bias(Elf32_Ehdr *eh, const char *exe)
{
	char real[256];
	ssize_t n = readlink(exe, real, sizeof(real) - 1);

	if (eh->e_type != ET_DYN || n < 0 || !nr_loads)
		return 0;
	real[n] = '\0';
	for (int i = 0; i < nr_areas; i++)
		if (!strcmp(areas[i].name, real))
			return areas[i].start - (loads[0]->p_vaddr & ~(PAGE - 1));
	return 0;
}

int main(int argc, char **argv)
{
	const char *pid = argc > 1 ? argv[1] : "self";
	unsigned long bias;
	Elf32_Ehdr *eh;
	char exe[64];
	size_t bytes;
	int good = 1, i;

	if (argc > 2 || (argc == 2 && strspn(pid, "0123456789") != strlen(pid))) {
		fprintf(stderr, "usage: layout [PID]\n");
		return 2;
	}
	snprintf(exe, sizeof(exe), "/proc/%s/exe", pid);
	eh = load_elf(exe, &bytes);
	if (!eh)
		return 2;
	read_segments(eh, bytes);
	read_maps(pid);
	bias = load_bias(eh, exe);
	printf("%-8s %-17s %-4s %8s  %s\n", "what", "addresses", "may", "kB", "name");
	for (i = 0; i < nr_areas; i++)
		printf("%-8s %08lx-%08lx %s %8lu  %s\n", kind(&areas[i], bias), areas[i].start,
		       areas[i].end, areas[i].prot, (areas[i].end - areas[i].start) >> 10,
		       areas[i].name);
	printf("segments of the file:\n");
	for (i = 0; i < nr_loads; i++)
		good &= check_segment(loads[i], bias);
	return !good;
}
