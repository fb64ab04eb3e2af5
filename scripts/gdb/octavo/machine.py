"""mm-gdt, mm-fixmap, mm-kmap: what the processor and the upper 128M hold."""
import re
import struct

import gdb

from .mem import (PAGE_SIZE, Command, control_register, kernel_ready, lookup_type, monitor_registers, paging_on,
                  phys_read)
from .percpu import STACK, idle_tasks, need_selected, nr_cpus, per_cpu, tasks
from .walk import FRAME, entries_of, read_entry, walk

SYSTEM_TYPES = {1: "TSS16 available", 2: "LDT", 3: "TSS16 busy", 5: "task gate",
                9: "TSS32 available", 11: "TSS32 busy"}
NAMES = {0x10: "__KERNEL_CS", 0x18: "__KERNEL_DS", 0x23: "__USER_CS", 0x2b: "__USER_DS"}


def linear_read(address, length):
    if not paging_on():
        return phys_read(address, length)
    return bytes(gdb.selected_inferior().read_memory(address, length))


def describe(low, high):
    """Base, limit and meaning of one 8-byte descriptor (SDM volume 3, 3.4.5)."""
    base = (low >> 16) | (high & 0xff) << 16 | (high & 0xff000000)
    limit = (low & 0xffff) | (high & 0xf0000)
    if high & 0x800000:
        limit = limit << 12 | 0xfff
    access = high >> 8 & 0xff
    kind = access & 0xf
    if not access & 0x80:
        return "not present"
    if not access & 0x10:
        what = SYSTEM_TYPES.get(kind, "system type %d" % kind)
    elif kind & 8:
        what = "code" + (" readable" if kind & 2 else "") + (" conforming" if kind & 4 else "")
    else:
        what = "data" + (" writable" if kind & 2 else "") + (" expand-down" if kind & 4 else "")
    return "base 0x%08x limit 0x%08x DPL %d %s%s" % (
        base, limit, access >> 5 & 3, what, " 16-bit" if access & 0x10 and not high & 0x400000 else "")


class Gdt(Command):
    """mm-gdt: the global descriptor table, decoded, and GDTR, LDTR and TR.

Each processor has its own: `thread N` chooses. Works at any stop: before the
kernel has loaded a table of its own it shows the one that the loader left."""

    name = "mm-gdt"

    def run(self, argv):
        registers = monitor_registers()
        match = re.search(r"GDT=\s*([0-9a-f]+) ([0-9a-f]+)", registers)
        base, limit = int(match.group(1), 16), int(match.group(2), 16)
        print("GDTR base 0x%08x limit 0x%04x (%d entries)" % (base, limit, (limit + 1) // 8))
        table = linear_read(base, limit + 1)
        for index in range((limit + 1) // 8):
            low, high = struct.unpack_from("<II", table, index * 8)
            if low == high == 0:
                continue
            selector = index * 8 | (high >> 13 & 3)
            print("%3d  selector 0x%02x %-12s %s"
                  % (index, selector, NAMES.get(selector, ""), describe(low, high)))
        for name in ("LDT", "TR"):
            match = re.search(r"^%s\s*=\s*([0-9a-f]+) ([0-9a-f]+)" % name, registers, re.M)
            print("%-4s selector 0x%02x base 0x%08x" % (name, int(match.group(1), 16),
                                                       int(match.group(2), 16)))
        if int(match.group(1), 16) and paging_on():
            self.tss(need_selected().cpu)

    @staticmethod
    def tss(cpu):
        """The one field of it that the processor uses here: where an entry from ring 3 gets its stack."""
        esp0 = int(per_cpu("cpu_tss", cpu)["tss"]["esp0"])
        owner = next((t for t in [*tasks(), *idle_tasks()] if int(t["stack"]) <= esp0 < int(t["stack"]) + STACK),
                     None)
        print("TSS  of cpu %d: esp0 0x%08x%s" % (cpu, esp0, "" if owner is None else
              ", the kernel stack of %s/%d" % (owner["comm"].string(), int(owner["pid"]))))


class Fixmap(Command):
    """mm-fixmap: the compile-time addresses at the top, and what each maps now.

Of the windows of kmap_atomic(), which each processor has for itself, those that
are open."""

    name = "mm-fixmap"

    def run(self, argv):
        kernel_ready("the fixmap")
        top = 0xfffff000
        cr3 = control_register(3)
        for field in lookup_type("enum fixed_addresses").fields():
            if field.name.startswith(("__end", "FIX_KMAP_")):
                continue
            address = top - (field.enumval << 12)
            physical = walk(address, cr3)[1]
            print("%3d %-22s 0x%08x %s" % (field.enumval, field.name, address,
                  "-> physical 0x%08x" % physical if physical is not None else "not mapped"))
        self.atomic_windows(top, cr3)
        print("    the last page       0xfffff000 %s" % (
            "not mapped" if walk(0xfffff000, cr3)[1] is None else "MAPPED, which is a bug"))


    @staticmethod
    def atomic_windows(top, cr3):
        kinds = {f.enumval: f.name for f in lookup_type("enum km_type").fields()}
        each, first = len(kinds) - 1, int(gdb.parse_and_eval("FIX_KMAP_BEGIN"))
        for index in range(each * nr_cpus()):
            address = top - (first + index << 12)
            physical = walk(address, cr3)[1]
            if physical is not None:
                print("%3d cpu %d %-16s 0x%08x -> physical 0x%08x"
                      % (first + index, index // each, kinds[index % each], address, physical))


class Kmap(Command):
    """mm-kmap: the windows of kmap() that are open, with frame and use count."""

    name = "mm-kmap"

    def run(self, argv):
        kernel_ready("kmap")
        try:
            counts = gdb.parse_and_eval("pkmap_count")
        except gdb.error:
            print("this kernel is built with HIGHMEM=0: kmap() is page_address()")
            return
        first, last = counts.type.range()
        base = 2 ** 32 - 2 * (last + 1 - first) * PAGE_SIZE  # memlayout.h: a table for it, one for the fixmap
        table = entries_of(base, control_register(3))[-2][2] & FRAME
        open_windows = 0
        for index in range(first, last + 1):
            count = int(counts[index])
            if count == 0:
                continue
            frame = (read_entry(table, index) & FRAME) >> 12
            open_windows += count > 1
            print("%4d 0x%08x -> frame 0x%05x %s" % (index, base + (index << 12), frame,
                  "used by %d" % (count - 1) if count > 1 else "free, waiting for a TLB flush"))
        print("%d of %d windows in use" % (open_windows, last - first + 1))


Gdt()
Fixmap()
Kmap()
