/*
 * kernel/arch/io.h - the processor's I/O ports.
 *
 * Ports are a second address space of 64K bytes, reached by IN and OUT only.
 * The string forms move @count items to or from memory in one instruction.
 *
 * io_wait() lets a slow old controller settle between two accesses: a write to
 * port 0x80 (the POST code display, which no device minds) costs about 1 us.
 *
 * Reference: Intel SDM volume 1, chapter 19 (Input/Output).
 */
#ifndef OCTAVO_KERNEL_ARCH_IO_H
#define OCTAVO_KERNEL_ARCH_IO_H

#include <lib/compiler.h>
#include <lib/types.h>

static inline void outb(u8 value, u16 port)
{
	asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outw(u16 value, u16 port)
{
	asm volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline void outl(u32 value, u16 port)
{
	asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline u16 inw(u16 port)
{
	u16 value;

	asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline u32 inl(u16 port)
{
	u32 value;

	asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void insb(u16 port, void *to, unsigned long count)
{
	asm volatile("rep insb" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}

static inline void outsb(u16 port, const void *from, unsigned long count)
{
	asm volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

static inline void insw(u16 port, void *to, unsigned long count)
{
	asm volatile("rep insw" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}

static inline void outsw(u16 port, const void *from, unsigned long count)
{
	asm volatile("rep outsw" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

static inline void insl(u16 port, void *to, unsigned long count)
{
	asm volatile("rep insl" : "+D"(to), "+c"(count) : "d"(port) : "memory");
}

static inline void outsl(u16 port, const void *from, unsigned long count)
{
	asm volatile("rep outsl" : "+S"(from), "+c"(count) : "d"(port) : "memory");
}

static inline void io_wait(void)
{
	outb(0, 0x80);
}

#endif
