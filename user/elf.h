/*
 * user/elf.h - reading an ELF file, for size and layout.
 */
#ifndef OCTAVO_USER_ELF_H
#define OCTAVO_USER_ELF_H

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A 32-bit ELF file in memory. => NULL after saying why not */
static inline Elf32_Ehdr *load_elf(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY);
	struct stat st;
	char *image;

	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(path);
		return NULL;
	}
	*size = (size_t)st.st_size;
	image = malloc(*size + 1);
	if (!image || read(fd, image, *size) != (ssize_t)*size) {
		perror(path);
		return NULL;
	}
	close(fd);
	if (*size < sizeof(Elf32_Ehdr) || memcmp(image, ELFMAG, SELFMAG) ||
	    image[EI_CLASS] != ELFCLASS32) {
		fprintf(stderr, "%s: not a 32-bit ELF file\n", path);
		return NULL;
	}
	return (Elf32_Ehdr *)image;
}

/* Does a table of @n entries of @entry bytes at @off lie inside the file? */
static inline int inside(size_t size, size_t off, size_t n, size_t entry)
{
	return off <= size && n * entry <= size - off;
}

#endif
